//! The ingress in the networks of every deployment, in each under the host names of all: servers
//! on one Docker host find each other by their own names, through the ingress, as they would find
//! anybody.

use std::collections::BTreeSet;

use bollard::models::{ContainerInspectResponse, NetworkConnectRequest};

use super::Site;
use super::route::disconnect;
use crate::archive;
use crate::body;
use crate::caddyfile::SITES;
use crate::error::{Error, status};
use crate::id::{INGRESS, Id};
use crate::resource::{Mark, Route};

/// What each deployment left at the head of its site file in the volume of `container`.
pub(super) async fn marks(site: Site<'_>, container: &str) -> Result<Vec<Mark>, Error> {
    let files = archive::read_all(site.docker, container, &format!("{SITES}/sites")).await?;
    Ok(files
        .iter()
        .filter_map(|text| text.lines().next().and_then(Mark::read))
        .collect())
}

/// Every host name that the ingress answers.
pub(super) fn names(marks: &[Mark]) -> BTreeSet<String> {
    marks.iter().flat_map(|mark| mark.hosts.clone()).collect()
}

/// Has the running ingress found under the names of all deployments in the network of `route` and
/// in those of its neighbours. A network that is gone had its deployment taken away by hand.
pub(super) async fn introduce(site: Site<'_>, route: &Route) -> Result<(), Error> {
    let marks = marks(site, INGRESS).await?;
    let mut all = names(&marks);
    all.extend(route.hosts.iter().cloned());
    let inspected = site.docker.client.inspect_container(INGRESS, None).await;
    let inspected = inspected.map_err(Error::call("look at", Id::Ingress))?;
    let own = route.network();
    connect(site, &inspected, &own, &all).await?;
    for mark in marks.iter().filter(|mark| mark.network != own) {
        match connect(site, &inspected, &mark.network, &all).await {
            Err(error) if error.status() == Some(404) => {}
            other => other?,
        }
    }
    Ok(())
}

async fn connect(
    site: Site<'_>,
    ingress: &ContainerInspectResponse,
    network: &str,
    names: &BTreeSet<String>,
) -> Result<(), Error> {
    match names_in(ingress, network) {
        Some(known) if names.is_subset(&known) => return Ok(()),
        // The names of a place in a network cannot be changed.
        Some(_) => disconnect(site, network).await?,
        None => {}
    }
    let request = NetworkConnectRequest {
        container: INGRESS.to_owned(),
        endpoint_config: Some(body::endpoint(names)),
    };
    match site.docker.client.connect_network(network, request).await {
        // Connected already, by somebody who came between.
        Err(error) if status(&error) == Some(403) => Ok(()),
        other => other.map_err(Error::call("connect", Id::Ingress)),
    }
}

/// The names that the container has in `network`; `None` when it is not in it.
fn names_in(container: &ContainerInspectResponse, network: &str) -> Option<BTreeSet<String>> {
    let networks = container.network_settings.as_ref()?.networks.as_ref()?;
    let aliases = networks.get(network)?.aliases.clone().unwrap_or_default();
    Some(aliases.into_iter().collect())
}
