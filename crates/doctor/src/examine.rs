//! One examination: every probe, as much at once as their needs allow.

use std::time::Duration;

use crate::diagnosis::Diagnosis;
use crate::evidence::Evidence;
use crate::report::{ProbeResult, Report};
use crate::subject::Subject;

/// How to examine.
#[derive(Clone, Debug)]
pub struct Options {
    /// How long one probe may take.
    pub bound: Duration,
    /// How long the whole examination may take; probes that would begin later are reported as
    /// not run.
    pub total: Duration,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            bound: Duration::from_secs(8),
            total: Duration::from_secs(30),
        }
    }
}

/// Runs every probe, gives each result to `sink` in the order of the report as soon as it and
/// those before it are known, and removes what it made.
///
/// Never fails: what could not be asked is in the report.
pub async fn examine<E: Evidence>(
    _subject: &Subject,
    _evidence: &E,
    _options: &Options,
    _sink: impl FnMut(&ProbeResult),
) -> Report {
    Report::new(String::new(), 0, Vec::new())
}

/// Why a process is not up, the likeliest cause first; empty when it is.
pub async fn explain<E: Evidence>(
    _subject: &Subject,
    _evidence: &E,
    _process: &str,
) -> Vec<Diagnosis> {
    Vec::new()
}
