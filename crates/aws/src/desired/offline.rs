//! What would be made in an account that has nothing of the deployment, without asking one.

use engine::{Graph, GraphError};
use mastodon::Deployment;
use topology::{Aws, Topology};

use super::{Scene, desired};
use crate::id::Zone;
use crate::placement::{Placement, TaskImages};
use crate::resource::Resource;
use crate::scope::Scope;
use crate::surroundings::surroundings;

/// A scene in an account that is called `account`.
pub(crate) struct Offline<'a> {
    topology: &'a Topology,
    aws: &'a Aws,
    deployment: Deployment,
    scope: Scope,
    placement: Placement,
}

impl<'a> Offline<'a> {
    /// `None` where the file has no `aws` part.
    pub(crate) fn new(topology: &'a Topology, images: TaskImages, account: &str) -> Option<Self> {
        let aws = topology.aws.as_ref()?;
        let surroundings = surroundings(topology);
        Some(Self {
            topology,
            aws,
            deployment: mastodon::deployment(topology, &surroundings, &mastodon::Schema::New),
            scope: Scope::of(topology, account, &aws.region),
            placement: Placement {
                zones: Zone::ALL.map(|zone| zone.to_string()),
                images,
                hosted_zone: None,
                secrets: String::new(),
            },
        })
    }

    pub(crate) fn scene(&self) -> Scene<'_> {
        Scene {
            deployment: &self.deployment,
            topology: self.topology,
            aws: self.aws,
            scope: &self.scope,
            placement: &self.placement,
        }
    }
}

/// Every resource that `topology`'s deployment has in an account; `None` where the file has no
/// `aws` part.
///
/// # Errors
///
/// Never for a topology without problems.
pub fn blueprint(
    topology: &Topology,
    images: TaskImages,
) -> Result<Option<Graph<Resource>>, GraphError> {
    let offline = Offline::new(topology, images, "123456789012");
    offline.map(|offline| desired(offline.scene())).transpose()
}
