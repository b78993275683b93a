//! Containers of every kind: started, awaited, repaired.

use bollard::models::NetworkConnectRequest;

use super::Site;
use super::making::made;
use super::removal::{remove, stop};
use crate::body;
use crate::error::Error;
use crate::id::Id;
use crate::port_owner;
use crate::resource::{Attributes, Container, LiveContainer, Resource};
use crate::state::{Health, State};
use crate::waiting;

/// Makes `resource`, which is `container`, starts it and waits until it is ready.
pub(super) async fn create(
    site: Site<'_>,
    resource: &Resource,
    container: &Container,
) -> Result<Attributes, Error> {
    let container_id = made(site, resource, container).await?;
    start(site, container, &container_id).await?;
    ready(site, container, container_id).await
}

pub(super) async fn ready(
    site: Site<'_>,
    container: &Container,
    container_id: String,
) -> Result<Attributes, Error> {
    let Site {
        docker,
        secrets,
        progress,
        ..
    } = site;
    let gateways = site.gateways();
    waiting::until_ready(
        docker,
        container,
        &container_id,
        secrets,
        &gateways,
        progress,
    )
    .await?;
    Ok(Attributes {
        identity: container_id,
        ..Attributes::default()
    })
}

/// Starts it; one that runs already is left alone.
///
/// Starts wait for each other in the order they are asked for, which is the plan's: on two
/// processors five at once take as long as all five together, and what everything else waits for
/// would be done last.
pub(super) async fn start(
    site: Site<'_>,
    container: &Container,
    container_id: &str,
) -> Result<(), Error> {
    let Site { docker, .. } = site;
    let started = {
        let _turn = site.starts.acquire().await;
        docker.client.start_container(container_id, None).await
    };
    site.ahead.started(&container.id);
    tracing::debug!(
        container = container.name,
        well = started.is_ok(),
        "start asked for"
    );
    let Err(error) = started else { return Ok(()) };
    let error = Error::call("start", &container.id)(error);
    Err(match port_owner::taken_port(&error, container) {
        Some(port) => port_owner::explain(docker, port, container).await,
        None => error,
    })
}

/// Undoes what somebody or an accident did to it.
pub(super) async fn repair(
    site: Site<'_>,
    container: &Container,
    live: &LiveContainer,
) -> Result<Attributes, Error> {
    let Site { docker, .. } = site;
    let id = &container.id;
    let container_id = live.container_id.as_str();
    for other in &live.others {
        remove(docker, other, &id.to_string()).await?;
    }
    connect_missing(site, container, live).await?;
    match live.state {
        State::Paused => {
            let resumed = docker.client.unpause_container(container_id).await;
            resumed.map_err(Error::call("resume", id))?;
        }
        State::Running if live.health != Some(Health::Unhealthy) => {}
        State::Running | State::Restarting => {
            stop(docker, container_id, &id.to_string()).await?;
            start(site, container, container_id).await?;
        }
        State::Exited(_) | State::Created => start(site, container, container_id).await?,
        State::Removing | State::Dead => {}
    }
    ready(site, container, live.container_id.clone()).await
}

async fn connect_missing(
    site: Site<'_>,
    container: &Container,
    live: &LiveContainer,
) -> Result<(), Error> {
    for (role, aliases) in &container.networks {
        let network = Id::Network(*role);
        let Some(attributes) = site.inputs.get(&network) else {
            continue;
        };
        if live.networks.contains(&attributes.identity) {
            continue;
        }
        let request = NetworkConnectRequest {
            container: live.container_id.clone(),
            endpoint_config: Some(body::endpoint(aliases)),
        };
        let connected = site
            .docker
            .client
            .connect_network(&attributes.identity, request)
            .await;
        connected.map_err(Error::call("connect", &container.id))?;
    }
    Ok(())
}
