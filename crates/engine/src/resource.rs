//! What the engine asks of a thing it makes: an id, what it needs, and what differs.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::{self, Debug, Display};

/// Attributes of the resources a step depends on, by id: identities and addresses that only the
/// world can tell. A resource that is about to be created or replaced is absent, and nothing may
/// be assumed of it.
pub type Known<R> = BTreeMap<<R as Resource>::Id, <R as Resource>::Attributes>;

/// Everything of ours (and everything in our way) that one pass over the world found, by id.
pub type Observed<R> = BTreeMap<<R as Resource>::Id, <R as Resource>::Live>;

/// A thing that should exist, as one backend describes it. One closed enum per backend.
pub trait Resource: Clone + Debug + Send + Sync + 'static {
    /// Typed id, an enum. Its `Display` is the name a person reads: ``container `web-1` ``.
    type Id: Ord + Clone + Debug + Display + Send + Sync + 'static;
    /// What only the world can tell: ids, ARNs, addresses.
    type Attributes: Clone + Debug + PartialEq + Send + Sync + 'static;
    /// What was found in the world under one id.
    type Live: Live<Id = Self::Id, Attributes = Self::Attributes>;

    /// The deterministic id; equal in every run for the same input.
    fn id(&self) -> Self::Id;

    /// What must exist before this does.
    fn depends_on(&self) -> BTreeSet<Self::Id>;

    /// Dependencies whose identity is baked into this resource: when one of them is replaced, or
    /// made anew after this was made with it, this is replaced as well, and removed before it. A
    /// subset of [`Resource::depends_on`].
    fn holds(&self) -> BTreeSet<Self::Id> {
        BTreeSet::new()
    }

    /// What would have to change for `live` to be this; `None` when it already is. `known` holds
    /// the attributes of the direct dependencies that are there and are not replaced. Called once a
    /// plan.
    fn diff(&self, live: &Self::Live, known: &Known<Self>) -> Option<Change>;

    /// A resource that is ready again before this one is taken away to be replaced, so that one of
    /// them is there at any time; `None` where they may go together.
    fn replaced_after(&self) -> Option<Self::Id> {
        None
    }

    /// How this, when it is made, follows `old`, which has another id and is about to be removed;
    /// `None` where the two have nothing to do with each other.
    fn succession(&self, _old: &Self::Live) -> Option<Succession> {
        None
    }

    /// Why the creation of something that is not there would be wrong, and what to do instead.
    fn refuse_create(&self) -> Option<Refusal> {
        None
    }
}

/// A thing that was found.
pub trait Live: Clone + Debug + Send + Sync + 'static {
    /// As [`Resource::Id`].
    type Id;
    /// As [`Resource::Attributes`].
    type Attributes;

    /// What dependents may use of it.
    fn attributes(&self) -> Self::Attributes;

    /// What it needs, as recorded when it was made: decides the order of removals. Ids that are
    /// no longer there are ignored.
    fn depends_on(&self) -> BTreeSet<Self::Id>;

    /// What would be lost by removing it. [`Impact::DataLoss`] is planned only with
    /// [`crate::PlanOptions::remove_data`]; without it the thing is kept and listed as kept.
    fn removal_impact(&self) -> Impact;

    /// Whether it has one of our names without our mark. The engine never changes or removes such
    /// a thing: where it is in the way of a desired resource the plan is refused, else it is
    /// passed over.
    fn is_foreign(&self) -> bool {
        false
    }
}

/// How a live resource becomes the desired one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// In place, by replacement, or not at all.
    pub how: How,
    /// Why, in words: ``image changed``. Lowercase, no full stop.
    pub cause: String,
    /// What the change costs.
    pub impact: Impact,
    /// The attributes that differ, in a stable order. Never holds a secret.
    pub attributes: Vec<AttributeChange>,
}

/// The way of a [`Change`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum How {
    /// One call changes it where it is.
    Update,
    /// The old one goes before the new one comes: both cannot have the same name.
    DeleteThenCreate,
    /// The new one comes first, and the old one goes when all that depends on it has moved over.
    /// While both are there the backend observes the new one under the id, and the old one under
    /// another id of its own, so that an interrupted replacement is finished by the next plan.
    /// Planned as [`How::DeleteThenCreate`] where the old one must go before something it needs.
    CreateThenDelete,
    /// It must not be touched: a stranger's resource, or a change that would lose data with no
    /// way back. A plan that holds a refusal cannot be executed.
    Refuse {
        /// What to type, or to do, instead.
        hint: String,
    },
}

/// How a new thing follows an old one that has another id.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Succession {
    /// The old one is gone before the new one is made, and stays until that can begin: both at once
    /// would do harm.
    OldFirst,
    /// The old one, where it is not wanted any more, stays until the new one is ready.
    NewFirst,
}

/// Why a resource must not be touched.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Refusal {
    /// The resource, as its id displays.
    pub resource: String,
    /// What is in the way, in words.
    pub cause: String,
    /// What to type, or to do, instead.
    pub hint: String,
}

/// What a step costs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Impact {
    /// Nobody notices.
    None,
    /// A process is away for a moment.
    Restart,
    /// Something that cannot be made again goes.
    DataLoss,
}

impl Display for Impact {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::None => "no interruption",
            Self::Restart => "restart",
            Self::DataLoss => "data loss",
        })
    }
}

/// One attribute of a change. Values are rendered; `None` is absence.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct AttributeChange {
    /// The attribute's name as the API or the topology file calls it.
    pub name: String,
    /// What it is now.
    pub old: Option<String>,
    /// What it shall be.
    pub new: Option<String>,
}
