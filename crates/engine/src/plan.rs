//! A plan: the steps that make the world match, with their order and their causes.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use serde::Serialize;

use crate::resource::{AttributeChange, Impact, Known, Refusal, Resource};

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
    /// Make `desired`; `previous` is what it replaces, `None` for a new one.
    Create {
        /// What shall be.
        desired: R,
        /// What was there when the plan was made. Already gone, unless the replacement creates
        /// first.
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
#[derive(Clone, Debug)]
pub struct PlanOptions<Id: Ord> {
    /// Also remove what holds data: because it is no longer wanted, or to replace it. Without it
    /// the one is kept and the other refused.
    pub remove_data: bool,
    /// Replace these although nothing about them differs. Ids of things that are not desired, or
    /// not there, change nothing.
    pub force_replace: BTreeSet<Id>,
}

impl<Id: Ord> Default for PlanOptions<Id> {
    /// No data is removed, nothing is forced.
    fn default() -> Self {
        Self {
            remove_data: false,
            force_replace: BTreeSet::new(),
        }
    }
}

/// Steps in a stable topological order. Its `Display` shows a person one line a resource and
/// counts; its alternate one, `{:#}`, shows each step with the steps it comes after.
#[derive(Clone, Debug)]
pub struct Plan<R: Resource> {
    /// What to do. Empty when the world already matches.
    pub steps: Vec<Step<R>>,
    /// What is not wanted any more but holds data, or is needed by what does, and therefore stays.
    /// Sorted.
    pub kept: Vec<R::Id>,
    /// Those of `kept` that hold no data themselves, each with the kept one that needs it.
    pub kept_for: BTreeMap<R::Id, R::Id>,
    /// What stands in the way, dependencies first. Non-empty means the plan cannot be executed.
    pub refusals: Vec<Refusal>,
    /// Attributes of everything desired that is there and stays as it is; dependents use them.
    pub known: Known<R>,
    /// How many desired resources already match.
    pub unchanged: usize,
}

impl<R: Resource> Plan<R> {
    /// Whether the world already matches: nothing to do, and nothing in the way. Things may be
    /// kept.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.steps.is_empty() && self.refusals.is_empty()
    }

    /// Whether nothing stands in the way.
    #[must_use]
    pub fn is_executable(&self) -> bool {
        self.refusals.is_empty()
    }

    /// The worst impact of any step. [`Impact::DataLoss`] wants more than a yes.
    #[must_use]
    pub fn impact(&self) -> Impact {
        self.steps
            .iter()
            .map(|step| step.impact)
            .max()
            .unwrap_or(Impact::None)
    }
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
