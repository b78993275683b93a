//! From what should be and what is to a plan, and from a plan to a world that matches.
//!
//! The engine knows resources only by their ids, their dependencies and their differences; it
//! knows nothing of Mastodon, Docker, AWS or YAML, and it neither prints nor asks.
//!
//! Start at [`Graph`], then [`plan`], then [`execute`].
#![forbid(unsafe_code)]

mod backend;
mod cancel;
mod changes;
mod display;
mod event;
mod execute;
mod graph;
pub mod hash;
pub mod lease;
mod plan;
mod planner;
mod resource;
pub mod retry;
mod run;
mod summary;
#[cfg(any(test, feature = "testing"))]
pub mod testing;
#[cfg(test)]
mod tests;
pub mod wait;

pub use backend::{Backend, Failure};
pub use cancel::Cancel;
pub use event::{Event, EventKind, EventSink, FailureReport, Progress};
pub use execute::execute;
pub use graph::{Graph, GraphError};
pub use plan::{Action, ChangeAction, ChangeSummary, Plan, PlanOptions, PlanSummary, Step, Verb};
pub use planner::plan;
pub use resource::{
    AttributeChange, Change, How, Impact, Known, Live, Observed, Refusal, Resource, Succession,
};
pub use summary::Summary;
