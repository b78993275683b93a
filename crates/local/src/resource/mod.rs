//! What a deployment is made of on Docker: one file a kind, each with what it should be, what was
//! found of it, and how the two differ.

mod container;
mod difference;
mod job;
mod live_container;
mod network;
mod route;
mod succession;
mod volume;

use std::collections::BTreeSet;

use engine::{Change, How, Impact, Known, Succession};

pub use container::{Container, File, ImageUse, Ready};
pub use job::{Job, Mode};
pub use live_container::LiveContainer;
pub use network::{LiveNetwork, Network};
pub use route::{LiveRoute, Route};
pub(crate) use route::{Mark, asked};
pub use volume::{LiveVolume, Volume};

use crate::id::Id;
use crate::labels::Owner;

/// A thing that should exist.
#[derive(Clone, Debug)]
pub enum Resource {
    /// A network.
    Network(Network),
    /// A volume.
    Volume(Volume),
    /// A long-running container: a store, a process or the shared ingress.
    Container(Box<Container>),
    /// A container that ends.
    Job(Box<Job>),
    /// What the ingress knows of this deployment.
    Route(Box<Route>),
}

/// A thing that was found.
#[derive(Clone, Debug)]
pub enum Live {
    /// A network.
    Network(LiveNetwork),
    /// A volume.
    Volume(LiveVolume),
    /// A container of any kind.
    Container(Box<LiveContainer>),
    /// What the ingress knows of this deployment.
    Route(LiveRoute),
}

/// What only the engine can tell of a resource.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Attributes {
    /// Changes whenever the thing is made anew: an id, or a volume's time of creation.
    pub identity: String,
    /// Of a network: its first IPv4 subnet, `172.18.0.0/16`.
    pub subnet: Option<String>,
    /// Of a network: the host's own address in it.
    pub gateway: Option<String>,
}

impl engine::Resource for Resource {
    type Id = Id;
    type Attributes = Attributes;
    type Live = Live;

    fn id(&self) -> Id {
        match self {
            Self::Network(network) => Id::Network(network.role),
            Self::Volume(volume) => Id::Volume(volume.role),
            Self::Container(container) => container.id.clone(),
            Self::Job(job) => job.container.id.clone(),
            Self::Route(_) => Id::Route,
        }
    }

    fn depends_on(&self) -> BTreeSet<Id> {
        match self {
            Self::Network(_) | Self::Volume(_) => BTreeSet::new(),
            Self::Container(container) => container.depends_on(),
            Self::Job(job) => job
                .container
                .depends_on()
                .into_iter()
                .chain(job.holds.clone())
                .collect(),
            Self::Route(route) => route.depends_on(),
        }
    }

    fn holds(&self) -> BTreeSet<Id> {
        match self {
            Self::Network(_) | Self::Volume(_) | Self::Route(_) => BTreeSet::new(),
            Self::Container(container) => container.holds(),
            Self::Job(job) => job.holds.clone(),
        }
    }

    fn replaced_after(&self) -> Option<Id> {
        match self {
            Self::Container(container) => container.replaced_after(),
            Self::Network(_) | Self::Volume(_) | Self::Job(_) | Self::Route(_) => None,
        }
    }

    fn succession(&self, old: &Live) -> Option<Succession> {
        match (self, old) {
            (Self::Container(container), Live::Container(old)) => container.succession(old),
            _ => None,
        }
    }

    fn diff(&self, live: &Live, known: &Known<Self>) -> Option<Change> {
        if let Some(change) = live.refuse_stranger() {
            return Some(change);
        }
        match (self, live) {
            (Self::Network(network), Live::Network(live)) => network.diff(live),
            (Self::Volume(volume), Live::Volume(live)) => volume.diff(live),
            (Self::Container(container), Live::Container(live)) => container.diff(live, known),
            (Self::Job(job), Live::Container(live)) => job.diff(live, known),
            (Self::Route(route), Live::Route(live)) => route.diff(live, known),
            // Ids tell the kinds apart, so observation never pairs two.
            _ => None,
        }
    }
}

impl engine::Live for Live {
    type Id = Id;
    type Attributes = Attributes;

    fn attributes(&self) -> Attributes {
        match self {
            Self::Network(network) => network.attributes(),
            Self::Volume(volume) => volume.attributes(),
            Self::Container(container) => container.attributes(),
            Self::Route(_) => Attributes::default(),
        }
    }

    fn depends_on(&self) -> BTreeSet<Id> {
        match self {
            Self::Network(_) | Self::Volume(_) => BTreeSet::new(),
            Self::Container(container) => container.depends_on.clone(),
            Self::Route(_) => Route::needs(),
        }
    }

    fn is_foreign(&self) -> bool {
        *self.owner() != Owner::Ours
    }

    fn removal_impact(&self) -> Impact {
        match self {
            Self::Volume(volume) => volume.removal_impact(),
            Self::Network(_) | Self::Container(_) | Self::Route(_) => Impact::None,
        }
    }
}

impl Live {
    /// Whose it is.
    #[must_use]
    pub fn owner(&self) -> &Owner {
        match self {
            Self::Network(network) => &network.owner,
            Self::Volume(volume) => &volume.owner,
            Self::Container(container) => &container.owner,
            Self::Route(_) => &Owner::Ours,
        }
    }

    fn refuse_stranger(&self) -> Option<Change> {
        let (kind, name) = match self {
            Self::Network(network) => ("network", &network.name),
            Self::Volume(volume) => ("volume", &volume.name),
            Self::Container(container) => ("container", &container.name),
            Self::Route(_) => return None,
        };
        let (cause, hint) = stranger(kind, name, self.owner())?;
        Some(refusal(cause, hint))
    }
}

/// What to say of a thing that has one of our names and is not ours; `None` when it is ours.
pub(crate) fn stranger(kind: &str, name: &str, owner: &Owner) -> Option<(String, String)> {
    match owner {
        Owner::Ours => None,
        Owner::Deployment(other) => Some((
            format!("the {kind} `{name}` belongs to the deployment `{other}`"),
            format!(
                "give one of the two deployments another `name:`, or remove the other with `masto down -p {other}`"
            ),
        )),
        Owner::Stranger => Some((
            format!("a {kind} called `{name}` is there already, and masto did not make it"),
            format!(
                "look at it with `docker {kind} inspect {name}`; if it can go: `docker {kind} rm {force}{name}`, \
                 or choose another `name:` in the topology file",
                force = if kind == "container" { "-f " } else { "" },
            ),
        )),
    }
}

pub(crate) fn refusal(cause: impl Into<String>, hint: impl Into<String>) -> Change {
    Change {
        how: How::Refuse { hint: hint.into() },
        cause: cause.into(),
        impact: Impact::None,
        attributes: Vec::new(),
    }
}
