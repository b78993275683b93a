//! What the tests of this crate start from.

use std::sync::{Mutex, OnceLock, PoisonError};

use engine::{Graph, Live as _, Observed, Resource as _};
use mastodon::{Deployment, Schema, Secret, SecretName, Secrets};
use tempfile::TempDir;
use topology::Topology;

use crate::ca::LocalCa;
use crate::desired::{Spec, desired};
use crate::id::Id;
use crate::image::{ImageRefs, Images};
use crate::labels::{self, Owner};
use crate::paths::Paths;
use crate::resource::{
    Container, Live, LiveContainer, LiveNetwork, LiveRoute, LiveVolume, Resource,
};
use crate::secret_store::{SecretStore, StoredSecrets};
use crate::settings::{ImageSet, Settings, surroundings};
use crate::state::State;

/// The shortest topology.
pub(crate) const SOCIAL: &str = "name: social\ndomain: social.example.com\n";

/// A secret's value here: recognisable wherever it should not be.
pub(crate) fn canary(name: SecretName) -> String {
    format!("canary-{}", name.as_str().to_lowercase().replace('_', "-"))
}

pub(crate) fn secrets(deployment: &Deployment) -> Secrets {
    deployment
        .secrets
        .iter()
        .map(|name| (*name, Secret::new(canary(*name))))
        .collect()
}

pub(crate) fn topology(text: &str) -> Topology {
    topology::parse(text).unwrap_or_else(|problems| panic!("{problems:#?}"))
}

pub(crate) fn settings(images: ImageSet) -> Settings {
    Settings {
        data_dir: "/nowhere".into(),
        images,
        https_port: None,
        http_port: None,
    }
}

/// The deployment of a topology on a host where the database is at `schema`.
pub(crate) fn deployment(text: &str, schema: &Schema) -> Deployment {
    let topology = topology(text);
    mastodon::deployment(
        &topology,
        &surroundings(&topology, &settings(ImageSet::Official)),
        schema,
    )
}

/// The same for every call with the same deployment in one process.
pub(crate) fn spec(text: &str, deployment: &Deployment) -> Spec {
    static CA: OnceLock<Mutex<(TempDir, LocalCa)>> = OnceLock::new();
    let ca = CA.get_or_init(|| {
        let folder = tempfile::tempdir().unwrap();
        let ca = LocalCa::load_or_create(&Paths::new(folder.path())).unwrap();
        Mutex::new((folder, ca))
    });
    // The CA's files are locked against other processes, not against other tests of this one.
    let (_, ca) = &*ca.lock().unwrap_or_else(PoisonError::into_inner);
    let topology = topology(text);
    let hosts: Vec<String> = deployment
        .ingress
        .routes
        .iter()
        .map(|route| route.host.clone())
        .collect();
    // A holder for each list of names: nobody takes another's certificate away.
    let leaf = |names: &[String]| ca.leaf(&names.join("+"), names).unwrap();
    let folder = tempfile::tempdir().unwrap();
    Spec {
        images: Images::assumed(&ImageRefs::new(&topology, ImageSet::Official)),
        ports: settings(ImageSet::Official).ports(&topology),
        secrets: stored(&Paths::new(folder.path()), deployment),
        ca_pem: "the CA's certificate\n".to_owned(),
        leaf: leaf(&hosts),
        default_leaf: leaf(&["localhost".to_owned()]),
    }
}

fn stored(paths: &Paths, deployment: &Deployment) -> StoredSecrets {
    SecretStore::new(paths, &deployment.name)
        .save(secrets(deployment), "salt")
        .unwrap()
}

pub(crate) fn graph(text: &str) -> Graph<Resource> {
    let deployment = deployment(text, &Schema::New);
    desired(&deployment, &spec(text, &deployment)).unwrap()
}

pub(crate) fn container(graph: &Graph<Resource>, id: &Id) -> Container {
    match graph.get(id) {
        Some(Resource::Container(container)) => container.as_ref().clone(),
        Some(Resource::Job(job)) => job.container.clone(),
        other => panic!("{id} is {other:?}"),
    }
}

/// A world in which everything of `graph` is there and well.
pub(crate) fn world(graph: &Graph<Resource>) -> Observed<Resource> {
    let mut world = Observed::<Resource>::new();
    for resource in graph.iter() {
        let live = live(resource, &world);
        world.insert(resource.id(), live);
    }
    world
}

fn live(resource: &Resource, world: &Observed<Resource>) -> Live {
    match resource {
        Resource::Network(network) => Live::Network(LiveNetwork {
            role: network.role,
            name: network.name.clone(),
            owner: Owner::Ours,
            network_id: format!("id of {}", network.name),
            internal: network.internal,
            subnet: Some("172.18.0.0/16".to_owned()),
            gateway: Some("172.18.0.1".to_owned()),
        }),
        Resource::Volume(volume) => Live::Volume(LiveVolume {
            role: volume.role,
            name: volume.name.clone(),
            owner: Owner::Ours,
            incarnation: format!("incarnation of {}", volume.name),
            domain: volume.domain.clone(),
            web_domain: volume.web_domain.clone(),
            postgres_major: volume.postgres_major,
            version: volume.version,
        }),
        Resource::Container(container) => Live::Container(Box::new(live_container(
            resource,
            container,
            State::Running,
            world,
        ))),
        Resource::Job(job) => {
            let exited = State::Exited(0);
            Live::Container(Box::new(live_container(
                resource,
                &job.container,
                exited,
                world,
            )))
        }
        Resource::Route(route) => Live::Route(LiveRoute {
            hash: Some(route.hash()),
            connected: true,
        }),
    }
}

fn live_container(
    resource: &Resource,
    container: &Container,
    state: State,
    world: &Observed<Resource>,
) -> LiveContainer {
    let identity = |id: &Id| world.get(id).map(|live| live.attributes().identity);
    let networks = container
        .networks
        .keys()
        .filter_map(|role| identity(&Id::Network(*role)));
    let holds = resource
        .holds()
        .into_iter()
        .filter_map(|id| Some((id.clone(), identity(&id)?)));
    let label = |name: &str| container.labels.get(name).cloned();
    LiveContainer {
        id: container.id.clone(),
        name: container.name.clone(),
        owner: Owner::Ours,
        container_id: format!("id of {}", container.name),
        image: container.image.reference.clone(),
        state,
        health: None,
        config: container.config.clone(),
        config_hash: Some(engine::hash::config_hash(&container.config)),
        depends_on: resource.depends_on(),
        holds: holds.collect(),
        networks: networks.collect(),
        version: label(labels::VERSION),
        singleton: label(labels::SINGLETON).is_some(),
        mode: label(labels::MODE)
            .as_deref()
            .and_then(crate::resource::Mode::read),
        shared_with: std::collections::BTreeSet::new(),
        status: state.to_string(),
        created: 0,
        ports: Vec::new(),
        others: std::collections::BTreeSet::new(),
    }
}
