//! From Docker's lists to what was found of a deployment. The lists are the whole look: no object
//! is asked for on its own, so that a look costs the same few calls whatever the size.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use bollard::models::{ContainerSummary, Network, Volume};
use bollard::query_parameters::{
    ListContainersOptionsBuilder, ListNetworksOptionsBuilder, ListVolumesOptionsBuilder,
};
use engine::Observed;
use futures_util::future::try_join;
use futures_util::try_join;
use topology::Name;

use crate::archive;
use crate::caddyfile::SITES;
use crate::docker::Docker;
use crate::error::Error;
use crate::id::{INGRESS, Id, NetworkRole, VolumeRole};
use crate::labels::{self, Owner};
use crate::resource::{Live, LiveContainer, LiveNetwork, LiveRoute, LiveVolume, Mode, Resource};
use crate::state::{self, State};

/// Everything that one look brought back.
#[derive(Clone, Debug, Default)]
pub(crate) struct Snapshot {
    pub(crate) things: Observed<Resource>,
    /// Other deployments that have a network here.
    pub(crate) neighbours: BTreeSet<String>,
}

/// Where the site file of a deployment is in the ingress.
pub(crate) fn site_file(deployment: &str) -> String {
    format!("{SITES}/sites/{deployment}.caddyfile")
}

/// Looks once.
pub(crate) async fn snapshot(docker: &Docker, name: &Name) -> Result<Snapshot, Error> {
    let site_file = site_file(name.as_str());
    let (containers, networks, volumes, site) = try_join!(
        containers(docker, name),
        networks(docker),
        volumes(docker, name),
        archive::read(docker, INGRESS, &site_file),
    )?;
    let first_line = site.as_deref().and_then(|site| site.lines().next()).unwrap_or_default();
    Ok(assemble(name, containers, networks, volumes, first_line))
}

async fn containers(docker: &Docker, name: &Name) -> Result<Vec<ContainerSummary>, Error> {
    let list = |key: &'static str, values: Vec<String>| async move {
        let filters: HashMap<&str, Vec<String>> = HashMap::from([(key, values)]);
        let options = ListContainersOptionsBuilder::default().all(true).filters(&filters).build();
        docker.client.list_containers(Some(options)).await.map_err(Error::call("list", "containers"))
    };
    // Ours under whatever name, and whatever is under one of our names.
    let (mut all, named) = try_join(
        list("label", vec![format!("{}={name}", labels::DEPLOYMENT)]),
        list("name", vec![format!("^/?masto-{name}-"), format!("^/?{INGRESS}$")]),
    )
    .await?;
    let seen: BTreeSet<_> = all.iter().map(|container| container.id.clone()).collect();
    all.extend(named.into_iter().filter(|container| !seen.contains(&container.id)));
    Ok(all)
}

async fn networks(docker: &Docker) -> Result<Vec<Network>, Error> {
    let filters = HashMap::from([("name", vec!["masto-"])]);
    let options = ListNetworksOptionsBuilder::default().filters(&filters).build();
    docker.client.list_networks(Some(options)).await.map_err(Error::call("list", "networks"))
}

async fn volumes(docker: &Docker, name: &Name) -> Result<Vec<Volume>, Error> {
    let ours = format!("masto-{name}-");
    let filters = HashMap::from([("name", vec![ours.as_str(), INGRESS])]);
    let options = ListVolumesOptionsBuilder::default().filters(&filters).build();
    let list = docker.client.list_volumes(Some(options)).await;
    Ok(list.map_err(Error::call("list", "volumes"))?.volumes.unwrap_or_default())
}

/// Sorts what the lists hold by what it is. Pure.
fn assemble(
    name: &Name,
    containers: Vec<ContainerSummary>,
    networks: Vec<Network>,
    volumes: Vec<Volume>,
    site_mark: &str,
) -> Snapshot {
    let neighbours: BTreeSet<String> = networks
        .iter()
        .filter_map(|network| network.labels.as_ref()?.get(labels::DEPLOYMENT))
        .filter(|other| *other != name.as_str() && *other != labels::SHARED)
        .cloned()
        .collect();
    let mut found: BTreeMap<Id, LiveContainer> = BTreeMap::new();
    for container in containers {
        if let Some(container) = live_container(name, container) {
            merge(name, &mut found, container);
        }
    }
    if let Some(ingress) = found.get_mut(&Id::Ingress) {
        ingress.shared_with.clone_from(&neighbours);
    }
    let networks: Vec<LiveNetwork> =
        networks.into_iter().filter_map(|network| live_network(name, network)).collect();
    let connected = found.get(&Id::Ingress).is_some_and(|ingress| {
        networks.iter().any(|network| {
            network.role == NetworkRole::Processes && ingress.networks.contains(&network.network_id)
        })
    });
    let mut things: Observed<Resource> =
        found.into_iter().map(|(id, container)| (id, Live::Container(Box::new(container)))).collect();
    things.extend(networks.into_iter().map(|live| (Id::Network(live.role), Live::Network(live))));
    things.extend(
        volumes
            .into_iter()
            .filter_map(|volume| live_volume(name, volume))
            .map(|live| (Id::Volume(live.role), Live::Volume(live))),
    );
    if connected || !site_mark.is_empty() {
        let route = LiveRoute { mark: site_mark.to_owned(), connected };
        things.insert(Id::Route, Live::Route(route));
    }
    Snapshot { things, neighbours }
}

/// Keeps the container that has the right name; the rest are its `others`.
fn merge(name: &Name, found: &mut BTreeMap<Id, LiveContainer>, new: LiveContainer) {
    let right = new.id.docker_name(name);
    match found.remove(&new.id) {
        None => {
            found.insert(new.id.clone(), new);
        }
        Some(old) => {
            let (mut kept, other) =
                if Some(&new.name) == right.as_ref() { (new, old) } else { (old, new) };
            kept.others.extend(other.others);
            kept.others.insert(other.container_id);
            found.insert(kept.id.clone(), kept);
        }
    }
}

fn live_container(name: &Name, container: ContainerSummary) -> Option<LiveContainer> {
    let labels = container.labels.unwrap_or_default();
    if labels.contains_key(labels::ONE_OFF) {
        return None;
    }
    let names = container.names.unwrap_or_default();
    let docker_name = names.first().map(|name| name.trim_start_matches('/').to_owned())?;
    let owner = Owner::of(&labels, name.as_str());
    let id = match owner {
        Owner::Ours => labels.get(labels::RESOURCE)?.parse().ok()?,
        Owner::Deployment(_) | Owner::Stranger => Id::of_container(&docker_name, name)?,
    };
    let status = container.status.unwrap_or_default();
    let state = container.state.map(|state| state.to_string()).unwrap_or_default();
    let (state, health) = state::read(&state, &status);
    let networks = container.network_settings.and_then(|settings| settings.networks);
    let label = |key: &str| labels.get(key).cloned();
    Some(LiveContainer {
        id,
        name: docker_name,
        owner,
        container_id: container.id.unwrap_or_default(),
        image: container.image.unwrap_or_default(),
        state,
        health,
        config: labels::read_config(&label(labels::CONFIG).unwrap_or_default()),
        config_hash: label(labels::CONFIG_HASH),
        depends_on: labels::read_ids(&label(labels::DEPENDS_ON).unwrap_or_default()),
        holds: labels::read_holds(&label(labels::HOLDS).unwrap_or_default()),
        networks: networks
            .unwrap_or_default()
            .into_values()
            .filter_map(|endpoint| endpoint.network_id)
            .collect(),
        version: label(labels::VERSION),
        mode: label(labels::MODE).as_deref().and_then(Mode::read),
        shared_with: BTreeSet::new(),
        status,
        created: container.created.unwrap_or_default(),
        ports: container.ports.unwrap_or_default().iter().filter_map(published).collect(),
        others: BTreeSet::new(),
    })
}

/// `127.0.0.1:443->443`; `None` for a port that is not published.
fn published(port: &bollard::models::PortSummary) -> Option<String> {
    let public = port.public_port?;
    let ip = port.ip.as_deref().unwrap_or("0.0.0.0");
    Some(format!("{ip}:{public}->{}", port.private_port))
}

fn live_network(name: &Name, network: Network) -> Option<LiveNetwork> {
    let docker_name = network.name?;
    let role = [NetworkRole::Stores, NetworkRole::Processes]
        .into_iter()
        .find(|role| Id::Network(*role).docker_name(name).as_ref() == Some(&docker_name))?;
    let ipv4 = network
        .ipam
        .and_then(|ipam| ipam.config)
        .unwrap_or_default()
        .into_iter()
        .find(|config| config.subnet.as_ref().is_some_and(|subnet| subnet.contains('.')))
        .unwrap_or_default();
    Some(LiveNetwork {
        role,
        name: docker_name,
        owner: Owner::of(&network.labels.unwrap_or_default(), name.as_str()),
        network_id: network.id.unwrap_or_default(),
        internal: network.internal.unwrap_or_default(),
        subnet: ipv4.subnet,
        gateway: ipv4.gateway,
    })
}

fn live_volume(name: &Name, volume: Volume) -> Option<LiveVolume> {
    let role = [VolumeRole::Postgres, VolumeRole::Redis, VolumeRole::Media, VolumeRole::Ingress]
        .into_iter()
        .find(|role| Id::Volume(*role).docker_name(name).as_ref() == Some(&volume.name))?;
    let label = |key: &str| volume.labels.get(key).cloned();
    Some(LiveVolume {
        role,
        owner: Owner::of(&volume.labels, name.as_str()),
        incarnation: label(labels::INCARNATION).unwrap_or_default(),
        domain: label(labels::DOMAIN),
        postgres_major: label(labels::POSTGRES_MAJOR).and_then(|major| major.parse().ok()),
        version: label(labels::VERSION).and_then(|version| version.parse().ok()),
        name: volume.name,
    })
}

/// Whether a container does what it is there for: a job has ended well, all else runs.
pub(crate) fn is_well(id: &Id, state: State) -> bool {
    match id {
        Id::Job(_) => state == State::Exited(0),
        _ => state == State::Running,
    }
}

#[cfg(test)]
#[path = "observe_tests.rs"]
mod tests;
