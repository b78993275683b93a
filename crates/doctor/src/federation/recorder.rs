//! Hops with their bounds, told in the order of the course whichever ends first.

use std::collections::BTreeMap;
use std::time::Duration;

use futures_util::future::{BoxFuture, FutureExt, Shared};
use tokio::sync::mpsc::{self, UnboundedReceiver, UnboundedSender};
use tokio::time::{Instant, timeout};

use super::hop::{Hop, HopKind, Planned, Station};
use crate::diagnosis::Diagnosis;
use crate::examine::Options;
use crate::problem::{Problem, Severity};
use crate::report::Outcome;

/// Why a hop was not made.
pub(crate) enum Trouble {
    /// A server did not do what it was asked; 0 is the follower, 1 the author.
    Asked(usize, Problem),
    /// All was sent, and it did not arrive.
    Missed(String),
}

impl Trouble {
    /// One of the follower's server.
    pub(crate) fn follower(problem: Problem) -> Self {
        Self::Asked(0, problem)
    }

    /// One of the author's server.
    pub(crate) fn author(problem: Problem) -> Self {
        Self::Asked(1, problem)
    }
}

/// What a hop found: what was seen, and what later hops need of it.
pub(crate) type Found<T> = Result<(String, T), Trouble>;

/// Runs hops with their bound and passes on what became of them.
pub(crate) struct Recorder<'r> {
    sender: UnboundedSender<(usize, Hop)>,
    bound: Duration,
    deadline: Instant,
    stopped: Shared<BoxFuture<'r, ()>>,
}

impl<'r> Recorder<'r> {
    /// From now on, and the end that [`collect`] reads. Once `stopped` is ready nothing new runs.
    pub(crate) fn new(
        options: &Options,
        stopped: impl Future<Output = ()> + Send + 'r,
    ) -> (Self, UnboundedReceiver<(usize, Hop)>) {
        let (sender, receiver) = mpsc::unbounded_channel();
        let recorder = Self {
            sender,
            bound: options.bound,
            deadline: Instant::now() + options.total,
            stopped: stopped.boxed().shared(),
        };
        (recorder, receiver)
    }

    /// Runs the hop at `place` of the report. `why` is asked for the cause of what did not arrive.
    pub(crate) async fn run<T>(
        &self,
        place: usize,
        planned: &Planned,
        hop: impl Future<Output = Found<T>>,
        why: impl AsyncFnOnce(&Trouble) -> (Option<Station>, Diagnosis),
    ) -> Option<T> {
        let begin = Instant::now();
        let left = self.deadline.saturating_duration_since(begin);
        if left.is_zero() {
            self.not_run(place, planned, "there was no time left for it");
            return None;
        }
        let ended = tokio::select! {
            ended = timeout(self.bound.min(left), hop) => ended,
            () = self.stopped.clone() => {
                self.not_run(place, planned, "it was stopped");
                return None;
            }
        };
        let took = millis(begin.elapsed());
        let trouble = match ended {
            Ok(Ok((detail, value))) => {
                self.send(place, planned.ended(Outcome::Pass, took, detail));
                return Some(value);
            }
            Ok(Err(trouble)) => trouble,
            Err(_) => Trouble::Missed("it did not end in time".to_owned()),
        };
        let (outcome, detail) = match &trouble {
            Trouble::Asked(_, problem) => match problem.severity {
                Severity::NotRun => {
                    self.not_run(place, planned, &problem.detail);
                    return None;
                }
                Severity::Warn => (Outcome::Warn, problem.detail.clone()),
                Severity::Fail => (Outcome::Fail, problem.detail.clone()),
            },
            Trouble::Missed(detail) => (Outcome::Fail, detail.clone()),
        };
        let (waits_in, diagnosis) = why(&trouble).await;
        self.send(
            place,
            Hop {
                waits_in,
                cause: Some(diagnosis.cause),
                evidence: diagnosis.evidence,
                fix: Some(diagnosis.fix),
                ..planned.ended(outcome, took, detail)
            },
        );
        None
    }

    /// A hop that what comes before it made impossible.
    pub(crate) fn needs(&self, place: usize, planned: &Planned) {
        let missing = planned.kind.needs().map_or("", HopKind::missing);
        self.not_run(place, planned, missing);
    }

    /// A hop that could not be tried.
    pub(crate) fn not_run(&self, place: usize, planned: &Planned, why: &str) {
        let outcome = Outcome::NotRun {
            why: why.to_owned(),
        };
        self.send(place, planned.ended(outcome, 0, why.to_owned()));
    }

    pub(crate) fn send(&self, place: usize, hop: Hop) {
        // The collector lives as long as the hops.
        let _ = self.sender.send((place, hop));
    }
}

/// Takes hops as they end and gives them to `sink` in their order.
pub(crate) async fn collect(
    mut hops: UnboundedReceiver<(usize, Hop)>,
    mut sink: impl FnMut(&Hop),
) -> Vec<Hop> {
    let mut early: BTreeMap<usize, Hop> = BTreeMap::new();
    let mut told: Vec<Hop> = Vec::new();
    while let Some((place, hop)) = hops.recv().await {
        early.insert(place, hop);
        while let Some(hop) = early.remove(&told.len()) {
            sink(&hop);
            told.push(hop);
        }
    }
    // A place that nobody filled leaves those after it in their order.
    for hop in early.into_values() {
        sink(&hop);
        told.push(hop);
    }
    told
}

pub(crate) fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}
