//! Containers made, but not started: with all their networks and files.

use std::collections::BTreeMap;
use std::time::Duration;

use bollard::models::{ContainerCreateBody, ContainerInspectResponse, NetworkConnectRequest};
use bollard::query_parameters::CreateContainerOptionsBuilder;
use engine::wait::{self, Condition, Look};
use engine::{Known, Resource as _};
use futures_util::future::try_join_all;
use futures_util::try_join;

use super::removal::{Idle, remove, remove_idle, stop};
use super::{Site, not_ready, ours};
use crate::archive;
use crate::body::{self, Ground};
use crate::docker::Docker;
use crate::error::{Error, status};
use crate::id::Id;
use crate::labels;
use crate::resource::{Container, Resource};
use crate::template::MissingSecret;

/// The container of `resource`, not yet started: as it was made ahead of its turn, or made now.
pub(super) async fn made(
    site: Site<'_>,
    resource: &Resource,
    container: &Container,
) -> Result<String, Error> {
    if let Some(container_id) = site.ahead.take(&container.id).await {
        return Ok(container_id);
    }
    let ground = Ground {
        deployment: site.name,
        secrets: site.secrets,
        depends_on: resource.depends_on(),
        holds: holds(resource, site.inputs),
        subnet: site.subnet(),
        is_job: matches!(resource, Resource::Job(_)),
    };
    make(site.docker, container, &ground).await
}

/// The identities of what `resource` holds.
pub(crate) fn holds(resource: &Resource, known: &Known<Resource>) -> BTreeMap<Id, String> {
    let held = resource.holds().into_iter();
    held.filter_map(|id| {
        let identity = known.get(&id)?.identity.clone();
        Some((id, identity))
    })
    .collect()
}

/// Makes the container with its networks and files, without starting it.
pub(crate) async fn make(
    docker: &Docker,
    container: &Container,
    ground: &Ground<'_>,
) -> Result<String, Error> {
    let resource = container.id.to_string();
    let missing = |missing| render_error(&resource, missing);
    let body = body::body(container, ground).map_err(missing)?;
    let files = body::files(container, ground).map_err(missing)?;
    let container_id = match created(docker, container, ground, body).await? {
        Made::New(container_id) => container_id,
        Made::Adopted(container_id) => {
            tracing::debug!(
                container = container.name,
                "it is there and started already"
            );
            return Ok(container_id);
        }
    };
    let networks = body::networks(container, ground.deployment)
        .into_iter()
        .skip(1);
    let connect = try_join_all(networks.map(|(network, endpoint)| {
        let request = NetworkConnectRequest {
            container: container_id.clone(),
            endpoint_config: Some(endpoint),
        };
        async move { docker.client.connect_network(&network, request).await }
    }));
    let connect = async { connect.await.map_err(Error::call("connect", &resource)) };
    let put = async {
        if files.is_empty() {
            return Ok(());
        }
        archive::write(docker, &container_id, &resource, &files).await
    };
    try_join!(connect, put)?;
    tracing::debug!(container = container.name, "made");
    Ok(container_id)
}

/// How a container came about.
enum Made {
    /// It still lacks its files and all networks but the first.
    New(String),
    /// It was there, whole and started.
    Adopted(String),
}

/// Has the engine make the container. Its name may be taken by one that an earlier masto made, or
/// asked for the moment before it was killed: the engine keeps the name while it is still at it.
async fn created(
    docker: &Docker,
    container: &Container,
    ground: &Ground<'_>,
    body: ContainerCreateBody,
) -> Result<Made, Error> {
    let resource = container.id.to_string();
    let condition = Condition::new("its name is free", Duration::from_secs(60));
    let look = || async {
        let options = CreateContainerOptionsBuilder::default()
            .name(&container.name)
            .build();
        match docker
            .client
            .create_container(Some(options), body.clone())
            .await
        {
            Ok(made) => return Ok(Look::Ready(Made::New(made.id))),
            Err(error) if status(&error) == Some(409) => {}
            Err(error) => return Err(Error::call("create", &resource)(error)),
        }
        Ok(match adopt_or_remove(docker, container, ground).await? {
            Some(container_id) => Look::Ready(Made::Adopted(container_id)),
            None => Look::NotYet("another container has it".to_owned()),
        })
    };
    wait::until(&condition, None, look)
        .await
        .map_err(|error| not_ready(&resource, error))
}

/// A secret that is not there, as an error of `resource`.
pub(crate) fn render_error(resource: &str, missing: MissingSecret) -> Error {
    Error::NoSecret {
        resource: resource.to_owned(),
        secret: missing.0,
    }
}

/// What to do about a container that has the name already. Ours, as it should be, and started: it
/// is the one, and the answer to its creation or start was lost. Ours and never started: it may be
/// half made, and goes.
async fn adopt_or_remove(
    docker: &Docker,
    container: &Container,
    ground: &Ground<'_>,
) -> Result<Option<String>, Error> {
    let resource = container.id.to_string();
    let found = match docker.client.inspect_container(&container.name, None).await {
        Err(error) if status(&error) == Some(404) => return Ok(None),
        other => other.map_err(Error::call("look at", &resource))?,
    };
    let marks = found
        .config
        .as_ref()
        .and_then(|config| config.labels.as_ref());
    ours("container", &container.name, marks, ground.deployment)?;
    let hash = marks.and_then(|marks| marks.get(labels::CONFIG_HASH));
    let same = hash == Some(&engine::hash::config_hash(&container.config));
    let container_id = found.id.clone().unwrap_or_default();
    if same && was_started(&found) {
        return Ok(Some(container_id));
    }
    match remove_idle(docker, &container_id, &resource).await? {
        Idle::Gone => Ok(None),
        // Its start was under way.
        Idle::Runs if same => Ok(Some(container_id)),
        Idle::Runs => {
            stop(docker, &container_id, &resource).await?;
            remove(docker, &container_id, &resource).await?;
            Ok(None)
        }
    }
}

fn was_started(container: &ContainerInspectResponse) -> bool {
    let started = container
        .state
        .as_ref()
        .and_then(|state| state.started_at.as_deref());
    started.is_some_and(|time| !time.is_empty() && !time.starts_with("0001-"))
}
