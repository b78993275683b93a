//! Containers of every kind: made, started, repaired, removed.

use std::collections::{BTreeMap, BTreeSet};

use bollard::models::{ContainerInspectResponse, NetworkConnectRequest};
use bollard::query_parameters::{CreateContainerOptionsBuilder, RemoveContainerOptionsBuilder};
use engine::wait::{self, Condition, Look, WaitError};
use engine::{Known, Resource as _};
use futures_util::future::try_join_all;
use futures_util::try_join;
use std::time::Duration;

use super::{Site, ours};
use crate::archive;
use crate::body::{self, Ground};
use crate::docker::Docker;
use crate::error::{Error, status};
use crate::id::Id;
use crate::labels;
use crate::port_owner;
use crate::resource::{Attributes, Container, LiveContainer, Resource};
use crate::state::{Health, State};
use crate::template::MissingSecret;
use crate::waiting;

/// Makes `resource`, which is `container`, starts it and waits until it is ready.
pub(super) async fn create(
    site: Site<'_>,
    resource: &Resource,
    container: &Container,
) -> Result<Attributes, Error> {
    let container_id = made(site, resource, container).await?;
    start(site.docker, container, &container_id).await?;
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
    let options = || {
        Some(
            CreateContainerOptionsBuilder::default()
                .name(&container.name)
                .build(),
        )
    };
    let made = match docker
        .client
        .create_container(options(), body.clone())
        .await
    {
        Err(error) if status(&error) == Some(409) => {
            if let Some(container_id) = adopt_or_remove(docker, container, ground).await? {
                return Ok(container_id);
            }
            docker.client.create_container(options(), body).await
        }
        other => other,
    };
    let container_id = made.map_err(Error::call("create", &resource))?.id;
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
    Ok(container_id)
}

/// A secret that is not there, as an error of `resource`.
pub(crate) fn render_error(resource: &str, missing: MissingSecret) -> Error {
    Error::NoSecret {
        resource: resource.to_owned(),
        secret: missing.0,
    }
}

/// What to do about a container that has the name already. Ours and started: it is the one, and the
/// answer to its creation or start was lost. Ours and never started: it may be half made, and goes.
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
    let container_id = found.id.clone().unwrap_or_default();
    if hash == Some(&engine::hash::config_hash(&container.config)) && was_started(&found) {
        return Ok(Some(container_id));
    }
    remove(docker, &container_id, &resource).await?;
    Ok(None)
}

fn was_started(container: &ContainerInspectResponse) -> bool {
    let started = container
        .state
        .as_ref()
        .and_then(|state| state.started_at.as_deref());
    started.is_some_and(|time| !time.is_empty() && !time.starts_with("0001-"))
}

/// Starts it; one that runs already is left alone.
pub(super) async fn start(
    docker: &Docker,
    container: &Container,
    container_id: &str,
) -> Result<(), Error> {
    let Err(error) = docker.client.start_container(container_id, None).await else {
        return Ok(());
    };
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
        State::Running if live.health == Some(Health::Unhealthy) => {
            let stopped = docker.client.stop_container(container_id, None).await;
            stopped.map_err(Error::call("stop", id))?;
            start(docker, container, container_id).await?;
        }
        State::Restarting => {
            let stopped = docker.client.stop_container(container_id, None).await;
            stopped.map_err(Error::call("stop", id))?;
            start(docker, container, container_id).await?;
        }
        State::Exited(_) | State::Created => start(docker, container, container_id).await?,
        State::Running | State::Removing | State::Dead => {}
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

/// Stops it as it wants to be stopped, and removes it with whatever has its label.
pub(super) async fn delete(site: Site<'_>, live: &LiveContainer) -> Result<(), Error> {
    let Site { docker, .. } = site;
    let resource = live.id.to_string();
    let running = matches!(
        live.state,
        State::Running | State::Paused | State::Restarting
    );
    if running {
        // Without a time of ours: the container carries its own grace period.
        match docker.client.stop_container(&live.container_id, None).await {
            Err(error) if status(&error) != Some(404) => {
                return Err(Error::call("stop", &resource)(error));
            }
            _ => {}
        }
    }
    let all: BTreeSet<&String> = live.others.iter().chain([&live.container_id]).collect();
    for container_id in all {
        remove(docker, container_id, &resource).await?;
    }
    Ok(())
}

/// Removes the container with its anonymous volumes, whatever it does, and waits until it is gone.
pub(super) async fn remove(
    docker: &Docker,
    container_id: &str,
    resource: &str,
) -> Result<(), Error> {
    let options = RemoveContainerOptionsBuilder::default()
        .force(true)
        .v(true)
        .build();
    match docker
        .client
        .remove_container(container_id, Some(options))
        .await
    {
        Ok(()) => Ok(()),
        Err(error) if status(&error) == Some(404) => Ok(()),
        // Somebody else's removal is under way.
        Err(error) if status(&error) == Some(409) => gone(docker, container_id, resource).await,
        Err(error) => Err(Error::call("remove", resource)(error)),
    }
}

async fn gone(docker: &Docker, container_id: &str, resource: &str) -> Result<(), Error> {
    let bound = Duration::from_secs(60);
    let condition = Condition::new("it is gone", bound);
    let look = || async {
        match docker.client.inspect_container(container_id, None).await {
            Err(error) if status(&error) == Some(404) => Ok(Look::Ready(())),
            Err(error) => Err(Error::call("look at", resource)(error)),
            Ok(_) => Ok(Look::NotYet("removal under way".to_owned())),
        }
    };
    wait::until(&condition, None, look)
        .await
        .map_err(|error| match error {
            WaitError::Look { source, .. } => source,
            WaitError::Timeout {
                condition,
                state,
                bound,
                ..
            } => Error::NotReady {
                resource: resource.to_owned(),
                condition,
                state,
                bound,
                tail: Vec::new(),
            },
        })
}
