//! Brings images to the Docker host.

use std::collections::BTreeMap;
use std::time::Instant;

use bollard::models::CreateImageInfo;
use bollard::query_parameters::CreateImageOptionsBuilder;
use engine::{Event, EventKind, EventSink, FailureReport, Progress, Verb};
use futures_util::stream::{self, StreamExt as _, TryStreamExt as _};

use crate::docker::Docker;
use crate::error::Error;
use crate::image::{Images, image_id};
use crate::settings::ImageSet;

/// Docker pulls three layers of an image at once; more images than this only share the same line.
const AT_ONCE: usize = 2;

/// Pulls what is missing of `images`, and gives them back with their ids. Each image is reported to
/// `sink` as a resource of its own, with the bytes of each layer.
///
/// # Errors
/// [`Error::NoKit`] when images of the kit are missing, which no registry has; [`Error::Pull`] for
/// the first image that could not be had, after the others were tried.
pub async fn pull(
    docker: &Docker,
    mut images: Images,
    set: ImageSet,
    sink: EventSink,
) -> Result<Images, Error> {
    let unbuilt = images.missing_of_kit();
    if !unbuilt.is_empty() {
        return Err(Error::NoKit { images: unbuilt });
    }
    let missing: Vec<String> = images.missing().into_iter().map(str::to_owned).collect();
    let began = Instant::now();
    let pulled: Vec<Result<(String, String), Error>> = stream::iter(missing)
        .map(|reference| {
            let sink = sink.clone();
            async move {
                let id = pull_one(docker, &reference, set, began, &sink).await?;
                Ok((reference, id))
            }
        })
        .buffer_unordered(AT_ONCE)
        .collect()
        .await;
    for result in pulled {
        let (reference, id) = result?;
        images.found(&reference, &id);
    }
    Ok(images)
}

async fn pull_one(
    docker: &Docker,
    reference: &str,
    set: ImageSet,
    began: Instant,
    sink: &EventSink,
) -> Result<String, Error> {
    let resource = format!("image `{reference}`");
    let send = |kind: EventKind| {
        sink(Event {
            elapsed_ms: millis(began),
            kind,
        });
    };
    send(EventKind::Started {
        resource: resource.clone(),
        verb: Verb::Create,
        cause: "not on this Docker host".to_owned(),
    });
    let started = Instant::now();
    let result = stream_layers(
        docker,
        reference,
        set,
        &Progress::new(&resource, sink.clone()),
    )
    .await;
    let took_ms = millis(started);
    send(match &result {
        Ok(_) => EventKind::Finished {
            resource,
            verb: Verb::Create,
            took_ms,
        },
        Err(error) => EventKind::Failed {
            resource,
            verb: Verb::Create,
            took_ms,
            error: FailureReport::new(error),
        },
    });
    result
}

async fn stream_layers(
    docker: &Docker,
    reference: &str,
    set: ImageSet,
    progress: &Progress,
) -> Result<String, Error> {
    let failed = |source: bollard::errors::Error| Error::Pull {
        image: reference.to_owned(),
        official: set == ImageSet::Official,
        source: Box::new(source),
    };
    // The whole reference, tag or digest included, is what the engine calls `fromImage`.
    let options = CreateImageOptionsBuilder::default()
        .from_image(reference)
        .build();
    let mut lines = docker.client.create_image(Some(options), None, None);
    let mut layers = BTreeMap::new();
    while let Some(line) = lines.try_next().await.map_err(failed)? {
        if let Some((what, current, total)) = advance(&mut layers, line) {
            progress.advanced(what, current, total);
        }
    }
    let absent = || {
        failed(bollard::errors::Error::DockerStreamError {
            error: "the engine pulled it and does not have it".to_owned(),
        })
    };
    image_id(docker, reference).await?.ok_or_else(absent)
}

/// What a line of the pull says of a layer, when it says something new.
fn advance(
    layers: &mut BTreeMap<String, (String, u64)>,
    line: CreateImageInfo,
) -> Option<(String, u64, Option<u64>)> {
    let layer = line.id?;
    let status = line.status?.to_lowercase();
    let (current, total) = match line.progress_detail {
        Some(detail) => (
            detail
                .current
                .and_then(|bytes| u64::try_from(bytes).ok())
                .unwrap_or(0),
            detail.total.and_then(|bytes| u64::try_from(bytes).ok()),
        ),
        None => (0, None),
    };
    let news = (status.clone(), current);
    if layers.get(&layer) == Some(&news) {
        return None;
    }
    layers.insert(layer.clone(), news);
    Some((format!("layer {layer}: {status}"), current, total))
}

fn millis(since: Instant) -> u64 {
    u64::try_from(since.elapsed().as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use bollard::models::ProgressDetail;

    use super::*;

    #[test]
    fn each_layer_is_reported_with_its_bytes_and_only_when_something_is_new() {
        let mut layers = BTreeMap::new();
        let mut line = |status: &str, bytes: Option<(i64, i64)>| {
            let progress_detail = bytes.map(|(current, total)| ProgressDetail {
                current: Some(current),
                total: Some(total),
            });
            let line = CreateImageInfo {
                id: Some("3f2a".to_owned()),
                status: Some(status.to_owned()),
                progress_detail,
                ..CreateImageInfo::default()
            };
            advance(&mut layers, line)
        };
        assert_eq!(
            line("Waiting", None),
            Some(("layer 3f2a: waiting".to_owned(), 0, None))
        );
        assert_eq!(line("Waiting", None), None);
        assert_eq!(
            line("Downloading", Some((10, 90))),
            Some(("layer 3f2a: downloading".to_owned(), 10, Some(90)))
        );
        assert_eq!(
            line("Pull complete", None),
            Some(("layer 3f2a: pull complete".to_owned(), 0, None))
        );
    }
}
