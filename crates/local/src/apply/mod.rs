//! Steps carried out: one file a kind.
//!
//! Every function is an *ensure*: what is already as it should be is left alone, so that a call
//! whose answer was lost can be made again.

mod container;
mod ingress;
mod job;
mod making;
mod neighbours;
mod network;
mod removal;
mod route;
mod volume;

use std::collections::BTreeMap;
use std::net::Ipv4Addr;

use engine::wait::WaitError;
use engine::{Action, Known, Progress, Step};
use mastodon::Secrets;
use tokio::sync::Semaphore;
use topology::Name;

pub(crate) use making::{holds, make, render_error};
pub(crate) use route::RELOAD;

use crate::ahead::Ahead;
use crate::docker::Docker;
use crate::error::Error;
use crate::id::{Id, NetworkRole};
use crate::paths::Paths;
use crate::resource::{Attributes, Live, Resource};

/// What steps are carried out with.
#[derive(Clone, Copy)]
pub(crate) struct Site<'a> {
    pub(crate) docker: &'a Docker,
    pub(crate) name: &'a Name,
    pub(crate) secrets: &'a Secrets,
    pub(crate) paths: &'a Paths,
    pub(crate) ahead: &'a Ahead,
    /// Turns for starting a container.
    pub(crate) starts: &'a Semaphore,
    pub(crate) inputs: &'a Known<Resource>,
    pub(crate) progress: &'a Progress,
    /// The step was begun before, and how far it came is not known.
    pub(crate) is_retry: bool,
    /// The step is half of a replacement.
    pub(crate) is_replacement: bool,
}

impl Site<'_> {
    /// The processes' subnet, where it is an input.
    pub(crate) fn subnet(&self) -> Option<&str> {
        self.inputs
            .get(&Id::Network(NetworkRole::Processes))?
            .subnet
            .as_deref()
    }

    /// The host's own address in each network of the deployment, by Docker's name.
    pub(crate) fn gateways(&self) -> BTreeMap<String, Ipv4Addr> {
        self.inputs
            .iter()
            .filter_map(|(id, attributes)| {
                let gateway = attributes.gateway.as_ref()?.parse().ok()?;
                Some((id.docker_name(self.name)?, gateway))
            })
            .collect()
    }
}

/// Carries out one step.
pub(crate) async fn apply(
    site: Site<'_>,
    step: &Step<Resource>,
) -> Result<Option<Attributes>, Error> {
    match &step.action {
        Action::Create {
            desired,
            previous: _,
        } => create(site, desired).await.map(Some),
        Action::Update { desired, live } => update(site, desired, live).await.map(Some),
        Action::Delete { live } => delete(site, live).await.map(|()| None),
    }
}

async fn create(site: Site<'_>, desired: &Resource) -> Result<Attributes, Error> {
    match desired {
        Resource::Network(network) => network::create(site, network).await,
        Resource::Volume(volume) => volume::create(site, volume).await,
        Resource::Container(container) if container.id == Id::Ingress => {
            ingress::create(site, container).await
        }
        Resource::Container(container) => container::create(site, desired, container).await,
        Resource::Job(job) => job::create(site, desired, job).await,
        Resource::Route(route) => route::ensure(site, route).await,
    }
}

async fn update(site: Site<'_>, desired: &Resource, live: &Live) -> Result<Attributes, Error> {
    match (desired, live) {
        (Resource::Container(container), Live::Container(live)) if container.id == Id::Ingress => {
            ingress::repair(site, container, live).await
        }
        (Resource::Container(container), Live::Container(live)) => {
            container::repair(site, container, live).await
        }
        (Resource::Job(job), Live::Container(live)) => job::go_on(site, job, live).await,
        (Resource::Route(route), _) => route::ensure(site, route).await,
        // Networks and volumes have nothing that changes in place.
        (_, live) => Ok(engine::Live::attributes(live)),
    }
}

async fn delete(site: Site<'_>, live: &Live) -> Result<(), Error> {
    match live {
        Live::Network(network) => network::delete(site, network).await,
        Live::Volume(volume) => volume::delete(site, volume).await,
        Live::Container(container) if container.id == Id::Ingress => {
            ingress::delete(site, container).await
        }
        Live::Container(container) => removal::delete(site, container).await,
        Live::Route(_) => route::delete(site).await,
    }
}

/// Refuses to touch what is not ours. The planner passed such things over; this is for what changed
/// hands since it looked.
pub(crate) fn ours(
    kind: &str,
    name: &str,
    labels: Option<&std::collections::HashMap<String, String>>,
    deployment: &Name,
) -> Result<(), Error> {
    let none = std::collections::HashMap::new();
    let owner = crate::labels::Owner::of(labels.unwrap_or(&none), deployment.as_str());
    match crate::resource::stranger(kind, name, &owner) {
        None => Ok(()),
        Some((cause, hint)) => Err(Error::Stranger { cause, hint }),
    }
}

/// A wait that was over before its condition held, as an error of `resource`.
fn not_ready(resource: &str, error: WaitError<Error>) -> Error {
    match error {
        WaitError::Look { source, .. } => source,
        WaitError::Timeout {
            condition,
            state,
            bound,
            ..
        } => Error::NotReady {
            resource: resource.to_owned(),
            condition,
            state,
            bound,
            tail: Vec::new(),
        },
    }
}
