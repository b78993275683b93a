//! From a deployment to everything that should be on the Docker host. Pure.

mod environment;
mod ingress;
mod jobs;
mod processes;
mod stores;

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use engine::{Graph, GraphError};
use mastodon::{Deployment, ProcessId, Store};
use topology::{MailRoute, Ports};

use crate::ca::{CaError, Leaf, LocalCa};
use crate::id::{Id, NetworkRole, StoreRole, VolumeRole};
use crate::image::Images;
use crate::resource::{Container, ImageUse, Network, Ready, Resource, Volume};
use crate::secret_store::StoredSecrets;

/// What has to be known besides the deployment itself.
#[derive(Clone, Debug)]
pub struct Spec {
    /// The images.
    pub images: Images,
    /// Loopback ports of the ingress.
    pub ports: Ports,
    /// The secrets; only their fingerprints go anywhere from here.
    pub secrets: StoredSecrets,
    /// The certificate of the local CA, PEM.
    pub ca_pem: String,
    /// Certificate and key of the deployment's hosts.
    pub leaf: Leaf,
    /// Certificate and key for hosts that nobody serves.
    pub default_leaf: Leaf,
}

/// Who keeps the ingress's own certificate. No deployment's name starts so.
const DEFAULT_HOLDER: &str = "_ingress";

impl Spec {
    /// Takes the certificates from `ca`, which makes those that are missing.
    ///
    /// # Errors
    /// When the CA's files cannot be read or written.
    pub fn new(
        deployment: &Deployment,
        images: Images,
        ports: Ports,
        secrets: StoredSecrets,
        ca: &LocalCa,
    ) -> Result<Self, CaError> {
        let hosts: Vec<String> = ingress::hosts(deployment).into_iter().collect();
        Ok(Self {
            images,
            ports,
            secrets,
            ca_pem: ca.certificate_pem().to_owned(),
            leaf: ca.leaf(deployment.name.as_str(), &hosts)?,
            default_leaf: ca.leaf(DEFAULT_HOLDER, &["localhost".to_owned()])?,
        })
    }
}

/// Everything that `deployment` needs on a Docker host.
///
/// # Errors
/// Never for a deployment that Mastodon's own rules derived; a mistake of those would be found
/// here.
pub fn desired(deployment: &Deployment, spec: &Spec) -> Result<Graph<Resource>, GraphError> {
    let scene = Scene { deployment, spec };
    let mut containers = stores::all(scene);
    containers.extend(processes::all(scene));
    let ingress = ingress::container(scene);
    let route = ingress::route(scene, ingress.clone());
    let mut resources: Vec<Resource> = networks(deployment).map(Resource::Network).into();
    resources.extend(volumes(deployment).map(Resource::Volume));
    let containers = containers
        .into_iter()
        .map(|container| container.recorded(&spec.secrets));
    resources.extend(
        containers
            .chain([ingress])
            .map(|container| Resource::Container(Box::new(container))),
    );
    resources.extend(
        jobs::all(scene)
            .into_iter()
            .map(|job| Resource::Job(Box::new(job))),
    );
    resources.push(Resource::Route(Box::new(route)));
    Graph::new(resources)
}

#[derive(Clone, Copy, Debug)]
struct Scene<'a> {
    deployment: &'a Deployment,
    spec: &'a Spec,
}

impl Scene<'_> {
    fn has_catcher(self) -> bool {
        self.deployment.stores.mail.via == MailRoute::Catcher
    }

    fn docker_name(self, id: &Id) -> String {
        id.docker_name(&self.deployment.name).unwrap_or_default()
    }

    /// The containers behind `stores`; mail that leaves the machine has none.
    fn containers_of(self, stores: &BTreeSet<Store>) -> BTreeSet<Id> {
        stores
            .iter()
            .filter_map(|store| match store {
                Store::Postgres => Some(StoreRole::Postgres),
                Store::Redis => Some(StoreRole::Redis),
                Store::Media => Some(StoreRole::Minio),
                Store::Mail => self.has_catcher().then_some(StoreRole::Mailpit),
            })
            .map(Id::Store)
            .collect()
    }

    fn replicas(self) -> impl Iterator<Item = Id> {
        self.deployment
            .processes
            .iter()
            .flat_map(|process| replicas_of(&process.id, process.replicas))
    }
}

fn replicas_of(process: &ProcessId, replicas: u16) -> impl Iterator<Item = Id> {
    (1..=replicas).map(move |replica| Id::Process(process.clone(), replica))
}

fn networks(deployment: &Deployment) -> [Network; 3] {
    [
        NetworkRole::Stores,
        NetworkRole::Processes,
        NetworkRole::Ingress,
    ]
    .map(|role| Network::new(role, &deployment.name))
}

fn volumes(deployment: &Deployment) -> [Volume; 4] {
    [
        VolumeRole::Postgres,
        VolumeRole::Redis,
        VolumeRole::Media,
        VolumeRole::Ingress,
    ]
    .map(|role| {
        let is_postgres = role == VolumeRole::Postgres;
        Volume {
            domain: (role != VolumeRole::Ingress).then(|| deployment.domain.to_string()),
            web_domain: (role != VolumeRole::Ingress && deployment.web_domain != deployment.domain)
                .then(|| deployment.web_domain.to_string()),
            postgres_major: is_postgres.then_some(deployment.stores.postgres.version),
            version: is_postgres.then_some(deployment.version),
            ..Volume::new(role, &deployment.name)
        }
    })
}

/// A container with nothing but its identity; the rest is filled in by its kind.
fn blank(scene: Scene<'_>, id: Id, image: ImageUse, ready: Ready) -> Container {
    Container {
        name: scene.docker_name(&id),
        id,
        image,
        entrypoint: None,
        command: Vec::new(),
        env: BTreeMap::new(),
        files: BTreeMap::new(),
        networks: BTreeMap::new(),
        mounts: BTreeMap::new(),
        ports: BTreeMap::new(),
        memory: None,
        cpu_millis: None,
        shm: None,
        stop_signal: None,
        stop_grace: Duration::from_secs(10),
        healthcheck: None,
        ready,
        bound: Duration::from_secs(180),
        requires: BTreeSet::new(),
        labels: BTreeMap::new(),
        config: BTreeMap::new(),
    }
}

fn words(command: &str) -> Vec<String> {
    command.split(' ').map(str::to_owned).collect()
}

#[cfg(test)]
mod tests;
