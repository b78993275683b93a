//! Waiting for a started container: until it is ready, or until it has ended.
//!
//! Its end comes from the engine the moment it happens; its readiness is looked at, densely at
//! first.

use std::collections::BTreeMap;
use std::net::Ipv4Addr;
use std::time::Duration;

use bollard::models::ContainerInspectResponse;
use bollard::query_parameters::{LogsOptionsBuilder, WaitContainerOptionsBuilder};
use engine::Progress;
use engine::wait::{self, Condition, Poll, WaitError};
use futures_util::StreamExt as _;
use jiff::Timestamp;
use mastodon::Secrets;

use crate::docker::Docker;
use crate::error::{Error, Exit};
use crate::probe::{self, Probe};
use crate::resource::{Container, Ready};
use crate::tail;

/// Waits until `container` is ready. Where it ends instead, it is stopped, so that the engine does
/// not start it over and over.
pub(crate) async fn until_ready(
    docker: &Docker,
    container: &Container,
    container_id: &str,
    secrets: &Secrets,
    gateways: &BTreeMap<String, Ipv4Addr>,
    progress: &Progress,
) -> Result<(), Error> {
    let resource = container.id.to_string();
    let inspected = docker
        .client
        .inspect_container(container_id, None)
        .await
        .map_err(Error::call("look at", &resource))?;
    let address = match probe::reachable(&addresses(&inspected, gateways)) {
        Some(address) if probe::is_there(address, &container.ready).await => Some(address),
        _ => None,
    };
    let probe = Probe {
        docker,
        container,
        container_id,
        secrets,
        address,
        started: started(&inspected),
    };
    let condition = Condition::new(probe.condition(), container.bound).poll(pace(&probe));
    tracing::debug!(
        container = container.name,
        direct = address.is_some(),
        "waiting until {}",
        condition.name
    );
    let ready = wait::until(&condition, Some(progress), || probe.look());
    tokio::select! {
        biased;
        ended = ended(docker, container_id, &resource) => {
            let exit = ended?;
            let tail = tail::lines(docker, container_id, tail::LINES).await;
            // The first cause is reported; a failure to stop would only hide it.
            let _ = docker.client.stop_container(container_id, None).await;
            Err(Error::Ended { resource, exit, tail })
        }
        ready = ready => match ready {
            Ok(()) => Ok(()),
            Err(WaitError::Look { source, .. }) => Err(source),
            Err(WaitError::Timeout { condition, bound, state, .. }) => {
                let tail = tail::lines(docker, container_id, tail::LINES).await;
                Err(Error::NotReady { resource, condition, state, bound, tail })
            }
        },
    }
}

/// A direct look costs next to nothing, one through the engine a few milliseconds, and a command
/// in the container a tenth of a second of its CPU.
fn pace(probe: &Probe<'_>) -> Poll {
    let millis = Duration::from_millis;
    match (&probe.container.ready, probe.address) {
        (Ready::File { .. }, _) => Poll::adaptive(millis(20), millis(200), 1.25),
        (_, Some(_)) => Poll::adaptive(millis(5), millis(100), 1.2),
        (_, None) => Poll::adaptive(millis(200), millis(1000), 1.25),
    }
}

/// The host's own address in each of the container's networks, and the container's.
fn addresses(
    inspected: &ContainerInspectResponse,
    gateways: &BTreeMap<String, Ipv4Addr>,
) -> BTreeMap<Ipv4Addr, Ipv4Addr> {
    let networks = inspected
        .network_settings
        .as_ref()
        .and_then(|settings| settings.networks.as_ref());
    let endpoints = networks.into_iter().flatten();
    endpoints
        .filter_map(|(name, endpoint)| {
            let own = endpoint.ip_address.as_ref()?.parse().ok()?;
            // A network without a way out shows no gateway to its containers.
            let gateway = endpoint.gateway.as_ref().and_then(|text| text.parse().ok());
            Some((gateway.or_else(|| gateways.get(name).copied())?, own))
        })
        .collect()
}

fn started(inspected: &ContainerInspectResponse) -> Option<Timestamp> {
    inspected.state.as_ref()?.started_at.as_ref()?.parse().ok()
}

/// Resolves when the container is not running, with how it ended.
async fn ended(docker: &Docker, container_id: &str, resource: &str) -> Result<Exit, Error> {
    let options = WaitContainerOptionsBuilder::default()
        .condition("not-running")
        .build();
    let mut waiting = docker.client.wait_container(container_id, Some(options));
    let code = match waiting.next().await {
        Some(Ok(ended)) => ended.status_code,
        Some(Err(bollard::errors::Error::DockerContainerWaitError { code, .. })) => code,
        Some(Err(error)) => return Err(Error::call("wait for", resource)(error)),
        // The engine hung up.
        None => {
            let gone = std::io::Error::from(std::io::ErrorKind::UnexpectedEof);
            return Err(Error::call("wait for", resource)(gone.into()));
        }
    };
    tail::exit(docker, container_id, resource, code).await
}

/// Waits until the job `container` has ended, and shows its last line meanwhile.
pub(crate) async fn until_ended(
    docker: &Docker,
    container: &Container,
    container_id: &str,
    progress: &Progress,
) -> Result<(), Error> {
    let resource = container.id.to_string();
    let bound = container.bound;
    progress.waiting("it has ended", "");
    let exit = tokio::select! {
        ended = tokio::time::timeout(bound, ended(docker, container_id, &resource)) => ended,
        never = show_lines(docker, container_id, progress) => match never {},
    };
    let Ok(exit) = exit else {
        let tail = tail::lines(docker, container_id, tail::LINES).await;
        return Err(Error::JobTooLong {
            resource,
            bound,
            tail,
        });
    };
    match exit? {
        Exit { code: 0, .. } => Ok(()),
        exit => {
            let tail = tail::lines(docker, container_id, tail::LINES).await;
            Err(Error::JobFailed {
                resource,
                exit,
                tail,
            })
        }
    }
}

/// Reports each new last line of the container, for ever.
async fn show_lines(
    docker: &Docker,
    container_id: &str,
    progress: &Progress,
) -> std::convert::Infallible {
    let options = LogsOptionsBuilder::default()
        .stdout(true)
        .stderr(true)
        .follow(true)
        .build();
    // A burst of lines is one piece of news.
    let mut bursts = docker
        .client
        .logs(container_id, Some(options))
        .ready_chunks(256);
    while let Some(burst) = bursts.next().await {
        let lines = burst
            .iter()
            .rev()
            .flatten()
            .map(|chunk| String::from_utf8_lossy(chunk.as_ref()));
        if let Some(line) = lines
            .map(|line| line.trim().to_owned())
            .find(|line| !line.is_empty())
        {
            let last = line.lines().last().unwrap_or_default();
            progress.waiting("it has ended", last.trim());
        }
    }
    std::future::pending().await
}
