//! A plan: the steps that make the world match, with their order and their causes.

use std::collections::BTreeSet;
use std::fmt;

use serde::Serialize;

use crate::resource::{AttributeChange, Impact, Refusal, Resource};

/// What a step does to its resource. A replacement is a `Delete` and a `Create`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Verb {
    /// Makes it.
    Create,
    /// Changes it in place.
    Update,
    /// Removes it.
    Delete,
}

impl fmt::Display for Verb {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Create => "create",
            Self::Update => "update",
            Self::Delete => "delete",
        })
    }
}

/// The operation of a [`Step`], with all it needs: the executor makes no choices.
#[derive(Clone, Debug)]
pub enum Action<R: Resource> {
    /// Make `desired`; `previous` is what a replacement took away, `None` for a new one.
    Create {
        /// What shall be.
        desired: R,
        /// What was there before.
        previous: Option<R::Live>,
    },
    /// Turn `live` into `desired` in place.
    Update {
        /// What shall be.
        desired: R,
        /// What is.
        live: R::Live,
    },
    /// Remove `live`.
    Delete {
        /// What is.
        live: R::Live,
    },
}

/// One operation on one resource.
#[derive(Clone, Debug)]
pub struct Step<R: Resource> {
    /// The resource.
    pub id: R::Id,
    /// What is done.
    pub action: Action<R>,
    /// Why, in words.
    pub cause: String,
    /// What it costs.
    pub impact: Impact,
    /// This step is half of a replacement.
    pub replaces: bool,
    /// The attributes that differ.
    pub attributes: Vec<AttributeChange>,
    /// Indices into [`Plan::steps`] of the steps that must have ended well before; always
    /// smaller than this step's own index.
    pub after: BTreeSet<usize>,
}

impl<R: Resource> Step<R> {
    /// What the step does.
    #[must_use]
    pub fn verb(&self) -> Verb {
        match self.action {
            Action::Create { .. } => Verb::Create,
            Action::Update { .. } => Verb::Update,
            Action::Delete { .. } => Verb::Delete,
        }
    }
}

/// What `plan` may do.
#[derive(Clone, Debug, Default)]
pub struct PlanOptions<Id: Ord> {
    /// Also remove what holds data and is no longer wanted.
    pub remove_data: bool,
    /// Replace these although nothing about them differs.
    pub force_replace: BTreeSet<Id>,
}

/// Steps in a stable topological order.
#[derive(Clone, Debug)]
pub struct Plan<R: Resource> {
    /// What to do. Empty when the world already matches.
    pub steps: Vec<Step<R>>,
    /// What is not wanted any more but holds data, and therefore stays.
    pub kept: Vec<R::Id>,
    /// What stands in the way. Non-empty means the plan cannot be executed.
    pub refusals: Vec<Refusal>,
    /// Attributes of everything that is there and stays as it is; dependents use them.
    pub known: crate::resource::Known<R>,
    /// How many desired resources already match.
    pub unchanged: usize,
}

/// A plan as plain data, for views and machines.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct PlanSummary {
    /// One entry a resource: a replacement is one entry.
    pub changes: Vec<ChangeSummary>,
    /// Resources that stay because they hold data.
    pub kept: Vec<String>,
    /// What stands in the way.
    pub refusals: Vec<Refusal>,
    /// How many resources already match.
    pub unchanged: usize,
}

/// One resource's line in a [`PlanSummary`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ChangeSummary {
    /// The resource, as its id displays.
    pub resource: String,
    /// `create`, `update`, `replace` or `delete`.
    pub action: ChangeAction,
    /// Why, in words.
    pub cause: String,
    /// What it costs.
    pub impact: Impact,
    /// The attributes that differ.
    pub attributes: Vec<AttributeChange>,
}

/// What happens to a resource as a person sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ChangeAction {
    /// It is new.
    Create,
    /// It changes in place.
    Update,
    /// It is removed and made again.
    Replace,
    /// It goes.
    Delete,
}
