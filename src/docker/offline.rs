//! What would be on a Docker host, without asking one.

use engine::Graph;
use local::{ImageRefs, ImageSet, Images, Prepared, Resource, World};
use mastodon::{Deployment, Schema};
use topology::Topology;

use crate::docker::session::unprepared;
use crate::error::Error;
use crate::settings::{Settings, SmtpPassword};

/// What `up` would make for `topology` where there is nothing yet.
pub(crate) fn prepare(
    topology: &Topology,
    local: &local::Settings,
    settings: &Settings,
) -> Result<Prepared, Error> {
    let images = Images::assumed(&ImageRefs::new(topology, local.images));
    let password = settings.smtp_password.as_ref().map(SmtpPassword::expose);
    local::prepare(
        topology,
        local,
        World::nothing(&topology.name),
        images,
        password,
    )
    .map_err(unprepared)
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
