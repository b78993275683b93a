//! Carrying out a plan: shown, interruptible, bounded in time, and ended with the right status.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use engine::{Backend, Known, Observed, Plan, Progress, Step, Summary};

use crate::docker::interrupt::Interrupts;
use crate::error::{Error, ExitStatus};
use crate::view::progress::Reporter;

/// How a run ended.
pub(crate) struct Ended {
    /// What became of each resource.
    pub(crate) summary: Summary,
    /// With which status masto ends.
    pub(crate) status: ExitStatus,
}

/// Carries out `plan` within `bound`, showing it with `reporter`.
///
/// `is_unready` says of an error that the thing runs and only does not answer.
pub(crate) async fn carry_out<B: Backend>(
    backend: B,
    is_unready: fn(&B::Error) -> bool,
    plan: &Plan<B::Resource>,
    bound: Option<Duration>,
    reporter: &Reporter,
    interrupts: &Interrupts,
) -> Ended {
    let backend = Recording {
        backend,
        is_unready,
        unready: Mutex::new(Vec::new()),
    };
    let mut timed_out = false;
    let summary = reporter
        .during(async {
            let cancel = &interrupts.cancel;
            let mut execution =
                std::pin::pin!(engine::execute(&backend, plan, reporter.sink(), cancel));
            let Some(bound) = bound else {
                return execution.await;
            };
            match tokio::time::timeout(bound, &mut execution).await {
                Ok(summary) => summary,
                Err(_) => {
                    timed_out = true;
                    cancel.abort();
                    execution.await
                }
            }
        })
        .await;
    let unready = backend
        .unready
        .into_inner()
        .unwrap_or_else(PoisonError::into_inner);
    let status = status(&summary, &unready, timed_out, interrupts.aborted());
    Ended { summary, status }
}

/// Runs `work` until the first Ctrl-C, which drops it: for what leaves nothing half done.
pub(crate) async fn or_cancelled<T>(
    interrupts: &Interrupts,
    work: impl Future<Output = Result<T, Error>>,
) -> Result<T, Error> {
    tokio::select! {
        done = work => done,
        () = interrupts.cancel.stopped() => Err(Error::Cancelled),
    }
}

/// The status a run ends with. `unready` says of each failure whether the thing runs and only does
/// not answer; `aborted` is the status that a second signal stands for.
fn status(summary: &Summary, unready: &[bool], timed_out: bool, aborted: ExitStatus) -> ExitStatus {
    if summary.is_success() {
        ExitStatus::Success
    } else if timed_out {
        ExitStatus::Timeout
    } else if !summary.failed.is_empty() {
        if !unready.is_empty() && unready.iter().all(|unready| *unready) {
            ExitStatus::Unhealthy
        } else {
            ExitStatus::ResourceFailed
        }
    } else if !summary.unfinished.is_empty() {
        aborted
    } else if summary.cancelled {
        ExitStatus::Cancelled
    } else {
        ExitStatus::ResourceFailed
    }
}

/// A backend that remembers what kind of errors it gave: the engine's summary has their words
/// only.
struct Recording<B: Backend> {
    backend: B,
    is_unready: fn(&B::Error) -> bool,
    unready: Mutex<Vec<bool>>,
}

impl<B: Backend> Backend for Recording<B> {
    type Resource = B::Resource;
    type Error = B::Error;

    async fn observe(&self) -> Result<Observed<B::Resource>, B::Error> {
        self.backend.observe().await
    }

    async fn apply(
        &self,
        step: &Step<B::Resource>,
        inputs: &Known<B::Resource>,
        progress: &Progress,
    ) -> Result<Option<<B::Resource as engine::Resource>::Attributes>, B::Error> {
        let applied = self.backend.apply(step, inputs, progress).await;
        if let Err(error) = &applied {
            let unready = (self.is_unready)(error);
            self.unready
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .push(unready);
        }
        applied
    }

    fn concurrency(&self) -> usize {
        self.backend.concurrency()
    }
}

#[cfg(test)]
mod tests {
    use engine::FailureReport;

    use super::*;

    fn failed() -> (String, FailureReport) {
        let report = FailureReport {
            message: "broke".to_owned(),
            causes: Vec::new(),
            hint: None,
            log_tail: Vec::new(),
        };
        ("container `web-1`".to_owned(), report)
    }

    #[test]
    fn the_status_says_what_kind_of_end_it_was() {
        let well = Summary::default();
        let broken = Summary {
            failed: vec![failed()],
            ..Summary::default()
        };
        let skipped = vec![("route".to_owned(), Vec::new())];
        let stopped = Summary {
            cancelled: true,
            skipped: skipped.clone(),
            ..Summary::default()
        };
        let unfinished = vec!["job `schema`".to_owned()];
        let aborted = Summary {
            cancelled: true,
            unfinished,
            ..Summary::default()
        };
        let interrupted = ExitStatus::Interrupted;
        for (summary, unready, timed_out, expected) in [
            (&well, &[][..], false, ExitStatus::Success),
            // Done in the last moment is done.
            (&well, &[], true, ExitStatus::Success),
            (&broken, &[false], false, ExitStatus::ResourceFailed),
            (&broken, &[true], false, ExitStatus::Unhealthy),
            (&broken, &[true, false], false, ExitStatus::ResourceFailed),
            (&broken, &[true], true, ExitStatus::Timeout),
            (&stopped, &[], false, ExitStatus::Cancelled),
            (&aborted, &[], false, ExitStatus::Interrupted),
            (&aborted, &[], true, ExitStatus::Timeout),
        ] {
            let status = status(summary, unready, timed_out, interrupted);
            assert_eq!(status, expected, "{summary:?} {unready:?} {timed_out}");
        }
    }
}
