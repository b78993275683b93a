//! From a deployment to everything that should be in the account. Pure.

mod network;
pub(crate) mod offline;
mod stores;
mod tasks;

use std::collections::BTreeSet;

use engine::{Graph, GraphError};
use mastodon::Deployment;
use topology::{Aws, Topology};

pub(crate) use self::network::RANGE;
use crate::id::Id;
use crate::placement::Placement;
use crate::resource::Resource;
use crate::scope::Scope;

/// What the graph is described from.
#[derive(Clone, Copy, Debug)]
pub struct Scene<'a> {
    /// What Mastodon needs.
    pub deployment: &'a Deployment,
    /// The file.
    pub topology: &'a Topology,
    /// Its `aws:` part.
    pub aws: &'a Aws,
    /// Account, region, name.
    pub scope: &'a Scope,
    /// What was looked up.
    pub placement: &'a Placement,
}

/// Everything that the deployment needs in its account.
///
/// # Errors
///
/// Never for a deployment that Mastodon's own rules derived; a mistake of ours would be found
/// here.
pub fn desired(scene: Scene<'_>) -> Result<Graph<Resource>, GraphError> {
    let mut resources = network::all(scene);
    resources.extend(stores::all(scene));
    resources.extend(tasks::all(scene));
    let ids: BTreeSet<Id> = resources.iter().map(engine::Resource::id).collect();
    Graph::new(resources.into_iter().map(|resource| resource.within(&ids)))
}

#[cfg(test)]
mod tests;
