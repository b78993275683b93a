//! Networks.

use std::collections::HashMap;

use bollard::models::{Network as Found, NetworkCreateRequest};
use bollard::query_parameters::{
    ListContainersOptionsBuilder, ListNetworksOptionsBuilder, RemoveContainerOptionsBuilder,
};

use super::ingress::{self, hold};
use super::{Site, ours, route};
use crate::error::{Error, status};
use crate::id::{Id, NetworkRole};
use crate::labels;
use crate::resource::{Attributes, LiveNetwork, Network};

pub(super) async fn create(site: Site<'_>, network: &Network) -> Result<Attributes, Error> {
    let _held = match network.role {
        NetworkRole::Ingress => Some(hold(site).await?),
        NetworkRole::Stores | NetworkRole::Processes => None,
    };
    ensure(site, network).await
}

/// Of the shared one there would be two if two deployments made it at once: whoever calls this for
/// it holds the ingress.
pub(super) async fn ensure(site: Site<'_>, network: &Network) -> Result<Attributes, Error> {
    let id = Id::Network(network.role);
    // Before API 1.44 the engine makes a second one of the same name without a word.
    if let Some(found) = ours_named(site, &id, &network.name).await? {
        return Ok(attributes(found));
    }
    let request = NetworkCreateRequest {
        name: network.name.clone(),
        driver: Some("bridge".to_owned()),
        internal: Some(network.internal),
        labels: Some(labels::common(site.name.as_str(), &id)),
        ..NetworkCreateRequest::default()
    };
    site.docker
        .client
        .create_network(request)
        .await
        .map_err(Error::call("create", &id))?;
    let found = ours_named(site, &id, &network.name).await?;
    Ok(found.map(attributes).unwrap_or_default())
}

/// The network of this name; of several, which a lost answer may have left, the oldest stays.
async fn ours_named(site: Site<'_>, id: &Id, name: &str) -> Result<Option<Found>, Error> {
    let filters = HashMap::from([("name", vec![name])]);
    let options = ListNetworksOptionsBuilder::default()
        .filters(&filters)
        .build();
    let list = site.docker.client.list_networks(Some(options)).await;
    let mut found: Vec<Found> = list
        .map_err(Error::call("look for", id))?
        .into_iter()
        .filter(|network| network.name.as_deref() == Some(name))
        .collect();
    found.sort_by(|one, other| (&one.created, &one.id).cmp(&(&other.created, &other.id)));
    let mut found = found.into_iter();
    let Some(oldest) = found.next() else {
        return Ok(None);
    };
    ours("network", name, oldest.labels.as_ref(), site.name)?;
    for double in found {
        ours("network", name, double.labels.as_ref(), site.name)?;
        let removed = site
            .docker
            .client
            .remove_network(double.id.as_deref().unwrap_or_default());
        removed
            .await
            .map_err(Error::call("remove the double of", id))?;
    }
    Ok(Some(oldest))
}

fn attributes(network: Found) -> Attributes {
    let config = network
        .ipam
        .and_then(|ipam| ipam.config)
        .unwrap_or_default();
    let ipv4 = config
        .into_iter()
        .find(|config| {
            config
                .subnet
                .as_ref()
                .is_some_and(|subnet| subnet.contains('.'))
        })
        .unwrap_or_default();
    Attributes {
        identity: network.id.unwrap_or_default(),
        subnet: ipv4.subnet,
        gateway: ipv4.gateway,
    }
}

pub(super) async fn delete(site: Site<'_>, network: &LiveNetwork) -> Result<(), Error> {
    let id = Id::Network(network.role);
    if network.role == NetworkRole::Ingress {
        let _held = hold(site).await?;
        return remove_shared(site, &network.network_id).await;
    }
    remove_own(site, network, &id).await?;
    if site.is_replacement {
        return Ok(());
    }
    ingress::leave(site).await
}

async fn remove_own(site: Site<'_>, network: &LiveNetwork, id: &Id) -> Result<(), Error> {
    match site.docker.client.remove_network(&network.network_id).await {
        Err(error) if status(&error) == Some(404) => Ok(()),
        Err(error) if status(&error) == Some(403) => {
            // Containers of `masto run` are no part of any plan, and a neighbour that makes the
            // ingress anew connects it to every network it knows of.
            remove_one_offs(site).await?;
            route::disconnect(site, &network.name).await?;
            let again = site.docker.client.remove_network(&network.network_id).await;
            again.map_err(Error::call("remove", id))
        }
        other => other.map_err(Error::call("remove", id)),
    }
}

/// Removes the network of the ingress, unless a neighbour came since this was planned.
async fn remove_shared(site: Site<'_>, network: &str) -> Result<(), Error> {
    match site.docker.client.remove_network(network).await {
        // 403: a neighbour's ingress is in it.
        Err(error) if matches!(status(&error), Some(403 | 404)) => Ok(()),
        other => other.map_err(Error::call("remove", Id::Network(NetworkRole::Ingress))),
    }
}

/// Removes the network of the ingress where it is there and ours; whoever calls this holds the
/// ingress.
pub(super) async fn clear_shared(site: Site<'_>) -> Result<(), Error> {
    let Network { name, .. } = Network::new(NetworkRole::Ingress, site.name);
    let found = ours_named(site, &Id::Network(NetworkRole::Ingress), &name).await?;
    match found.and_then(|network| network.id) {
        Some(network) => remove_shared(site, &network).await,
        None => Ok(()),
    }
}

async fn remove_one_offs(site: Site<'_>) -> Result<(), Error> {
    let deployment = format!("{}={}", labels::DEPLOYMENT, site.name);
    let filters = HashMap::from([("label", vec![deployment.as_str(), labels::ONE_OFF])]);
    let options = ListContainersOptionsBuilder::default()
        .all(true)
        .filters(&filters)
        .build();
    let list = site.docker.client.list_containers(Some(options)).await;
    let found = list.map_err(Error::call("list", "one-off containers"))?;
    for container in found {
        let options = RemoveContainerOptionsBuilder::default()
            .force(true)
            .v(true)
            .build();
        let container = container.id.unwrap_or_default();
        match site
            .docker
            .client
            .remove_container(&container, Some(options))
            .await
        {
            Err(error) if !matches!(status(&error), Some(404 | 409)) => {
                return Err(Error::call("remove", "a one-off container")(error));
            }
            _ => {}
        }
    }
    Ok(())
}
