//! The shared ingress.

use std::collections::{BTreeSet, HashMap};
use std::time::Duration;

use bollard::models::NetworkConnectRequest;
use bollard::query_parameters::ListNetworksOptionsBuilder;
use engine::Known;

use super::container::{ready, start};
use super::making::made;
use super::removal::{self, remove, stop};
use super::{Site, neighbours, network, ours, volume};
use crate::body;
use crate::caddyfile::SITES;
use crate::command;
use crate::error::{Error, status};
use crate::id::{INGRESS, Id, NetworkRole, VolumeRole};
use crate::labels;
use crate::lock::Lock;
use crate::observe::site_file;
use crate::resource::{Attributes, Container, LiveContainer, Mark, Network, Resource, Volume};

/// How long another masto may hold the ingress: it starts one container at most.
const PATIENCE: Duration = Duration::from_secs(120);

/// Nobody else of this user changes the ingress while this is held.
pub(super) async fn hold(site: Site<'_>) -> Result<Lock, Error> {
    let progress = site.progress;
    Lock::acquire(
        &site.paths.ingress_lock(),
        "change the ingress",
        PATIENCE,
        |_| {
            progress.waiting("the ingress is free", "another masto changes it");
        },
    )
    .await
    .map_err(Error::IngressLock)
}

/// How often it is made again because a neighbour went away in between.
const ATTEMPTS: usize = 5;

/// Makes and starts it, connected to every deployment that left a site file in its volume.
pub(super) async fn create(site: Site<'_>, container: &Container) -> Result<Attributes, Error> {
    let _held = hold(site).await?;
    ensure(site, container).await
}

/// Makes it with everything it stands on, unless it runs. Whoever calls this holds the ingress.
pub(super) async fn restore(site: Site<'_>, container: &Container) -> Result<(), Error> {
    let running = match site.docker.client.inspect_container(INGRESS, None).await {
        Err(error) if status(&error) == Some(404) => false,
        Err(error) => return Err(Error::call("look at", Id::Ingress)(error)),
        Ok(found) => found
            .state
            .is_some_and(|state| state.running == Some(true) && state.paused != Some(true)),
    };
    if running {
        return Ok(());
    }
    ensure(site, container).await.map(drop)
}

async fn ensure(site: Site<'_>, container: &Container) -> Result<Attributes, Error> {
    let resource = Resource::Container(Box::new(container.clone()));
    let network = Network::new(NetworkRole::Ingress, site.name);
    let volume = Volume::new(VolumeRole::Ingress, site.name);
    let mut attempt = 1;
    let (container_id, gone, inputs) = loop {
        // A neighbour that was the last one took all of it away, maybe since this was planned.
        let inputs = Known::<Resource>::from([
            (
                Id::Network(network.role),
                network::ensure(site, &network).await?,
            ),
            (
                Id::Volume(volume.role),
                volume::create(site, &volume).await?,
            ),
        ]);
        let site = Site {
            inputs: &inputs,
            ..site
        };
        match begun(site, &resource, container).await {
            Err(error) if attempt < ATTEMPTS && is_gone(&error) => {
                attempt += 1;
                remove(site.docker, INGRESS, &container.id.to_string()).await?;
            }
            other => {
                let (container_id, gone) = other?;
                break (container_id, gone, inputs);
            }
        }
    };
    let site = Site {
        inputs: &inputs,
        ..site
    };
    let attributes = ready(site, container, container_id).await?;
    forget(site, &gone).await?;
    Ok(attributes)
}

async fn begun(
    site: Site<'_>,
    resource: &Resource,
    container: &Container,
) -> Result<(String, Vec<String>), Error> {
    let container_id = made(site, resource, container).await?;
    let gone = connect_neighbours(site, container, &container_id).await?;
    start(site, container, &container_id).await?;
    Ok((container_id, gone))
}

/// Removes what deployments that were taken away by hand left behind: another one may want their
/// host names.
async fn forget(site: Site<'_>, gone: &[String]) -> Result<(), Error> {
    if gone.is_empty() {
        return Ok(());
    }
    let files = gone
        .iter()
        .map(|name| format!("{} {SITES}/{name}", site_file(name)));
    let script = format!("rm -rf {}", files.collect::<Vec<_>>().join(" "));
    let command = ["sh", "-c", &script].map(str::to_owned);
    let resource = Id::Ingress.to_string();
    command::run(site.docker, INGRESS, &resource, &command, command::BOUND).await?;
    Ok(())
}

/// Starts it again, or makes it anew where it, or a network that it remembers, is gone.
pub(super) async fn repair(
    site: Site<'_>,
    container: &Container,
    live: &LiveContainer,
) -> Result<Attributes, Error> {
    let _held = hold(site).await?;
    match super::container::repair(site, container, live).await {
        Err(error) if is_gone(&error) => {
            remove(site.docker, &live.container_id, &Id::Ingress.to_string()).await?;
            ensure(site, container).await
        }
        other => other,
    }
}

/// Removes it, unless it is to be replaced or a neighbour came since this was planned.
pub(super) async fn delete(site: Site<'_>, live: &LiveContainer) -> Result<(), Error> {
    let _held = hold(site).await?;
    if !site.is_replacement && is_shared(site).await? {
        return Ok(());
    }
    removal::delete(site, live).await
}

/// Takes the ingress along where nobody shares it any more. Of several that go at the same time
/// each plans to leave it to the others; the last network to go is whose `down` clears up.
pub(super) async fn leave(site: Site<'_>) -> Result<(), Error> {
    let _held = hold(site).await?;
    if is_shared(site).await? {
        return Ok(());
    }
    let client = &site.docker.client;
    let left = match client.inspect_container(INGRESS, None).await {
        Err(error) if status(&error) == Some(404) => None,
        other => Some(other.map_err(Error::call("look at", Id::Ingress))?),
    };
    if let Some(left) = left {
        let marks = left.config.and_then(|config| config.labels);
        ours("container", INGRESS, marks.as_ref(), site.name)?;
        let container_id = left.id.unwrap_or_default();
        let resource = Id::Ingress.to_string();
        stop(site.docker, &container_id, &resource).await?;
        remove(site.docker, &container_id, &resource).await?;
    }
    network::clear_shared(site).await?;
    volume::clear_shared(site).await
}

/// Whether another deployment has a network on this engine now.
pub(super) async fn is_shared(site: Site<'_>) -> Result<bool, Error> {
    let filters = HashMap::from([("label", vec![labels::DEPLOYMENT])]);
    let options = ListNetworksOptionsBuilder::default()
        .filters(&filters)
        .build();
    let list = site.docker.client.list_networks(Some(options)).await;
    let found = list.map_err(Error::call("look for neighbours of", Id::Ingress))?;
    Ok(found
        .iter()
        .filter_map(|network| network.labels.as_ref()?.get(labels::DEPLOYMENT))
        .any(|owner| owner != labels::SHARED && owner != site.name.as_str()))
}

/// It, or what it stands on, is not there any more. A container cannot be started while one of its
/// networks is gone, nor be taken out of it.
pub(super) fn is_gone(error: &Error) -> bool {
    error.status() == Some(404)
}

/// Connects the ingress to everybody who left a site file, under the names of all of them; gives
/// the names of those who are gone.
async fn connect_neighbours(
    site: Site<'_>,
    container: &Container,
    container_id: &str,
) -> Result<Vec<String>, Error> {
    let marks = neighbours::marks(site, container_id).await?;
    let all = neighbours::names(&marks);
    let mut gone = Vec::new();
    for mark in &marks {
        if !connect(site, container_id, mark, &all, &container.id.to_string()).await? {
            gone.extend(mark.deployment().map(str::to_owned));
        }
    }
    Ok(gone)
}

/// Whether the network is there, and the ingress now in it. A network that is gone had its
/// deployment taken away by hand. The engine does not say so: it takes any name for a container
/// that is not started, and then cannot start it.
async fn connect(
    site: Site<'_>,
    container_id: &str,
    mark: &Mark,
    names: &BTreeSet<String>,
    resource: &str,
) -> Result<bool, Error> {
    let network = match site
        .docker
        .client
        .inspect_network(&mark.network, None)
        .await
    {
        Err(error) if status(&error) == Some(404) => return Ok(false),
        other => other.map_err(Error::call("look at a network of", resource))?,
    };
    let request = NetworkConnectRequest {
        container: container_id.to_owned(),
        endpoint_config: Some(body::endpoint(names)),
    };
    let id = network.id.unwrap_or_default();
    match site.docker.client.connect_network(&id, request).await {
        // 403: it is in that network already.
        Err(error) if !matches!(status(&error), Some(403 | 404)) => {
            Err(Error::call("connect", resource)(error))
        }
        _ => Ok(true),
    }
}
