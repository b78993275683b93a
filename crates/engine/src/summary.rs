//! What an execution came to.

use serde::Serialize;

use crate::event::FailureReport;
use crate::resource::Refusal;

/// The end of an execution. Each resource of the plan is in one list, in the order of the plan, as
/// its id displays; the two halves of a replacement count as one.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Summary {
    /// All of their steps ended well.
    pub done: Vec<String>,
    /// A step ended badly.
    pub failed: Vec<(String, FailureReport)>,
    /// A step was not started, with what it needed: resources that failed or were skipped
    /// themselves. Empty needs mean that the run was cancelled first. Half of a replacement may
    /// have been done.
    pub skipped: Vec<(String, Vec<String>)>,
    /// Their steps ran when the run was aborted: they may or may not have happened.
    pub unfinished: Vec<String>,
    /// What made the plan impossible to execute: then everything is in `skipped`.
    pub refusals: Vec<Refusal>,
    /// The run was cut short by [`crate::Cancel`]. Not set when it ended anyway.
    pub cancelled: bool,
    /// Milliseconds the run took.
    pub took_ms: u64,
    /// Milliseconds of the longest chain of steps that had to wait for one another: no number of
    /// workers could have been faster. What `took_ms` has more is the price of the tool and of
    /// bounded concurrency.
    pub critical_path_ms: u64,
}

impl Summary {
    /// Whether everything that was planned is done.
    #[must_use]
    pub fn is_success(&self) -> bool {
        self.failed.is_empty()
            && self.skipped.is_empty()
            && self.unfinished.is_empty()
            && self.refusals.is_empty()
    }
}
