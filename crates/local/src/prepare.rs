//! From a topology, images and what is there to what shall be, and to the plan that leads there.

use std::collections::BTreeSet;

use engine::{Graph, GraphError, Plan, PlanOptions};
use mastodon::{Deployment, Secret, SecretError, SecretName};
use rand::RngCore as _;
use topology::{Ports, Topology};

use crate::ca::{CaError, LocalCa};
use crate::desired::{Spec, desired};
use crate::error::Error;
use crate::id::Id;
use crate::image::Images;
use crate::resource::Resource;
use crate::secret_store::{SecretStore, SecretStoreError, StoredSecrets};
use crate::settings::{Settings, surroundings};
use crate::world::World;

/// Everything that planning needs.
#[derive(Debug)]
pub struct Prepared {
    /// What Mastodon needs.
    pub deployment: Deployment,
    /// What that is on Docker.
    pub graph: Graph<Resource>,
    /// What was found.
    pub world: World,
    /// Complete.
    pub secrets: StoredSecrets,
    /// Loopback ports of the ingress.
    pub ports: Ports,
}

/// Why nothing could be planned.
#[derive(Debug, thiserror::Error)]
pub enum PrepareError {
    /// There is data, and its secrets are gone.
    #[error(transparent)]
    Local(#[from] Error),
    /// The file with the secrets cannot be used.
    #[error(transparent)]
    Store(#[from] SecretStoreError),
    /// The secrets themselves cannot be used.
    #[error(transparent)]
    Secret(#[from] SecretError),
    /// The certificates of this machine cannot be used.
    #[error(transparent)]
    Ca(#[from] CaError),
    /// Mastodon's own rules made a circle: a mistake of theirs.
    #[error(transparent)]
    Graph(#[from] GraphError),
}

/// What shall be, next to `world`. Makes the secrets and certificates that are missing: they have
/// to be there before anything can be compared. `smtp_password` is the operator's, where mail
/// leaves through a server that wants one; `None` keeps the stored one.
///
/// # Errors
/// When secrets or certificates are missing that must not be made anew, or cannot be kept.
pub fn prepare(
    topology: &Topology,
    settings: &Settings,
    world: World,
    images: Images,
    smtp_password: Option<&str>,
) -> Result<Prepared, PrepareError> {
    let paths = settings.paths();
    let surroundings = surroundings(topology, settings);
    let deployment = mastodon::deployment(topology, &surroundings, &world.schema);
    let store = SecretStore::new(&paths, &topology.name);
    world.check_secrets(&store)?;
    let secrets = complete(&store, &deployment.secrets, world.has_data(), smtp_password)?;
    let ca = LocalCa::load_or_create(&paths)?;
    let ports = settings.ports(topology);
    let spec = Spec::new(&deployment, images, ports, secrets.clone(), &ca)?;
    let graph = desired(&deployment, &spec)?;
    Ok(Prepared {
        deployment,
        graph,
        world,
        secrets,
        ports,
    })
}

impl Prepared {
    /// The way from what is to what shall be.
    #[must_use]
    pub fn plan(&self, options: &PlanOptions<Id>) -> Plan<Resource> {
        engine::plan(&self.graph, &self.world.observed_for(&self.graph), options)
    }
}

impl World {
    /// The way from what is to nothing: with `remove_data`, volumes too.
    #[must_use]
    pub fn removal(&self, remove_data: bool) -> Plan<Resource> {
        let nothing = Graph::empty();
        let options = PlanOptions {
            remove_data,
            ..PlanOptions::default()
        };
        engine::plan(&nothing, &self.observed_for(&nothing), &options)
    }
}

/// The secrets in `store` with those of `wanted` that were missing. Where there is data, none that
/// it depends on is made anew.
fn complete(
    store: &SecretStore,
    wanted: &BTreeSet<SecretName>,
    has_data: bool,
    smtp_password: Option<&str>,
) -> Result<StoredSecrets, PrepareError> {
    let stored = store.load()?;
    let mut secrets = stored
        .as_ref()
        .map(|stored| stored.secrets.clone())
        .unwrap_or_default();
    let mut changed = false;
    if let Some(password) = smtp_password
        && wanted.contains(&SecretName::SmtpPassword)
        && secrets.get(SecretName::SmtpPassword).map(Secret::expose) != Some(password)
    {
        secrets.insert(SecretName::SmtpPassword, Secret::new(password));
        changed = true;
    }
    if has_data {
        secrets.require(wanted)?;
    }
    let mut rng = rand::rng();
    changed |= !secrets.complete(&mut rng, wanted)?.is_empty();
    match stored {
        Some(stored) if !changed => Ok(stored),
        _ => {
            let mut salt = [0; 16];
            rng.fill_bytes(&mut salt);
            let salt: String = salt.iter().map(|byte| format!("{byte:02x}")).collect();
            Ok(store.save(secrets, &salt)?)
        }
    }
}
