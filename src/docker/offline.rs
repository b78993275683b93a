//! What would be on a Docker host, without asking one.

use engine::Graph;
use local::{ImageRefs, ImageSet, Images, LocalCa, Resource, SecretStore, Spec, StoredSecrets};
use mastodon::{Deployment, Schema};
use topology::Topology;

use crate::docker::secrets;
use crate::error::{Error, ExitStatus};
use crate::settings::Settings;

/// Everything on an empty host.
pub(crate) struct Offline {
    /// In Docker's terms.
    pub(crate) graph: Graph<Resource>,
    /// The deployment's secrets; made when it had none.
    pub(crate) secrets: StoredSecrets,
}

/// What `up` would make for `topology` where there is nothing yet.
pub(crate) fn prepare(
    topology: &Topology,
    local: &local::Settings,
    settings: &Settings,
) -> Result<Offline, Error> {
    let deployment = deployment(topology, local);
    let paths = local.paths();
    let store = SecretStore::new(&paths, &topology.name);
    let secrets = secrets::complete(&store, &deployment.secrets, false, settings)?;
    let ca = LocalCa::load_or_create(&paths).map_err(|error| failed(&error))?;
    let images = Images::assumed(&ImageRefs::new(topology, local.images));
    let spec = Spec::new(
        &deployment,
        images,
        local.ports(topology),
        secrets.clone(),
        &ca,
    )
    .map_err(|error| failed(&error))?;
    let graph = local::desired(&deployment, &spec).map_err(|error| Error::Bug {
        message: error.to_string(),
    })?;
    Ok(Offline { graph, secrets })
}

/// In Mastodon's terms.
pub(crate) fn deployment(topology: &Topology, local: &local::Settings) -> Deployment {
    mastodon::deployment(
        topology,
        &local::surroundings(topology, local),
        &Schema::New,
    )
}

/// The graph alone, as it is drawn. What has to be made for it goes into a directory that is gone
/// afterwards: a drawing leaves nothing behind.
pub(crate) fn graph(topology: &Topology, settings: &Settings) -> Result<Graph<Resource>, Error> {
    let folder = std::env::temp_dir().join(format!("masto-graph-{}", std::process::id()));
    let local = local::Settings {
        data_dir: folder.clone(),
        images: ImageSet::Official,
        https_port: None,
        http_port: None,
    };
    let prepared = prepare(topology, &local, settings);
    // Nothing in it is of any use to anybody.
    let _ = std::fs::remove_dir_all(&folder);
    Ok(prepared?.graph)
}

fn failed(error: &dyn std::error::Error) -> Error {
    Error::plain(error, None, ExitStatus::Failure)
}
