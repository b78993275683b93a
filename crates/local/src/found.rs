//! From the engine's lists to what was found of a deployment. Pure.

use std::collections::{BTreeMap, BTreeSet};

use bollard::models::{ContainerSummary, Network, Volume};
use engine::Observed;
use topology::Name;

use crate::id::{Id, NetworkRole, VolumeRole};
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

/// Puts together what belongs together. Pure.
pub(crate) fn assemble(
    name: &Name,
    mut found: Containers,
    networks: Vec<Network>,
    volumes: Vec<Volume>,
    route: Option<String>,
) -> Snapshot {
    let neighbours: BTreeSet<String> = networks
        .iter()
        .filter_map(|network| network.labels.as_ref()?.get(labels::DEPLOYMENT))
        .filter(|other| *other != name.as_str() && *other != labels::SHARED)
        .cloned()
        .collect();
    if let Some(ingress) = found.get_mut(&Id::Ingress) {
        ingress.shared_with.clone_from(&neighbours);
    }
    let networks: Vec<LiveNetwork> = networks
        .into_iter()
        .filter_map(|network| live_network(name, network))
        .collect();
    let connected = found.get(&Id::Ingress).is_some_and(|ingress| {
        networks.iter().any(|network| {
            network.role == NetworkRole::Processes && ingress.networks.contains(&network.network_id)
        })
    });
    let mut things: Observed<Resource> = found
        .into_iter()
        .map(|(id, container)| (id, Live::Container(Box::new(container))))
        .collect();
    things.extend(
        networks
            .into_iter()
            .map(|live| (Id::Network(live.role), Live::Network(live))),
    );
    things.extend(
        volumes
            .into_iter()
            .filter_map(|volume| live_volume(name, volume))
            .map(|live| (Id::Volume(live.role), Live::Volume(live))),
    );
    if connected || route.is_some() {
        things.insert(
            Id::Route,
            Live::Route(LiveRoute {
                hash: route,
                connected,
            }),
        );
    }
    Snapshot { things, neighbours }
}

pub(crate) type Containers = BTreeMap<Id, LiveContainer>;

/// The containers by what they are. Pure.
pub(crate) fn sort(name: &Name, containers: Vec<ContainerSummary>) -> Containers {
    let mut found = BTreeMap::new();
    for container in containers {
        if let Some(container) = live_container(name, container) {
            merge(name, &mut found, container);
        }
    }
    found
}

/// Keeps the container that has the right name; the rest are its `others`.
fn merge(name: &Name, found: &mut Containers, new: LiveContainer) {
    let right = new.id.docker_name(name);
    match found.remove(&new.id) {
        None => {
            found.insert(new.id.clone(), new);
        }
        Some(old) => {
            let (mut kept, other) = if Some(&new.name) == right.as_ref() {
                (new, old)
            } else {
                (old, new)
            };
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
    let docker_name = names
        .first()
        .map(|name| name.trim_start_matches('/').to_owned())?;
    let owner = Owner::of(&labels, name.as_str());
    let id = match owner {
        Owner::Ours => labels.get(labels::RESOURCE)?.parse().ok()?,
        Owner::Deployment(_) | Owner::Stranger => Id::of_container(&docker_name, name)?,
    };
    let status = container.status.unwrap_or_default();
    let state = container
        .state
        .map(|state| state.to_string())
        .unwrap_or_default();
    let (state, health) = state::read(&state, &status);
    let networks = container
        .network_settings
        .and_then(|settings| settings.networks);
    let label = |key: &str| labels.get(key).cloned();
    Some(LiveContainer {
        id,
        name: docker_name,
        owner,
        container_id: container.id.unwrap_or_default(),
        image: label(labels::IMAGE).or(container.image).unwrap_or_default(),
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
        singleton: labels.contains_key(labels::SINGLETON),
        mode: label(labels::MODE).as_deref().and_then(Mode::read),
        shared_with: BTreeSet::new(),
        status,
        created: container.created.unwrap_or_default(),
        ports: container
            .ports
            .unwrap_or_default()
            .iter()
            .filter_map(published)
            .collect(),
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
    let role = [
        NetworkRole::Stores,
        NetworkRole::Processes,
        NetworkRole::Ingress,
    ]
    .into_iter()
    .find(|role| Id::Network(*role).docker_name(name).as_ref() == Some(&docker_name))?;
    let ipv4 = network
        .ipam
        .and_then(|ipam| ipam.config)
        .unwrap_or_default()
        .into_iter()
        .find(|config| {
            config
                .subnet
                .as_ref()
                .is_some_and(|subnet| subnet.contains('.'))
        })
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
    let role = [
        VolumeRole::Postgres,
        VolumeRole::Redis,
        VolumeRole::Media,
        VolumeRole::Ingress,
    ]
    .into_iter()
    .find(|role| Id::Volume(*role).docker_name(name).as_ref() == Some(&volume.name))?;
    let label = |key: &str| volume.labels.get(key).cloned();
    Some(LiveVolume {
        role,
        owner: Owner::of(&volume.labels, name.as_str()),
        incarnation: label(labels::INCARNATION).unwrap_or_default(),
        domain: label(labels::DOMAIN),
        web_domain: label(labels::WEB_DOMAIN),
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
#[path = "found_tests.rs"]
mod tests;
