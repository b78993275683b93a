//! Progress as data: what the views and the machine output are made of.

use std::iter::successors;
use std::sync::Arc;
use std::time::Duration;

use serde::Serialize;
use tokio::time::Instant;

use crate::backend::Failure;
use crate::plan::Verb;

/// Something that happened while a plan was carried out.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Event {
    /// Milliseconds since the execution began.
    pub elapsed_ms: u64,
    /// What happened.
    #[serde(flatten)]
    pub kind: EventKind,
}

/// The kinds of [`Event`]. Resources are named as their ids display.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum EventKind {
    /// A step began.
    Started {
        /// The resource.
        resource: String,
        /// What is done to it.
        verb: Verb,
        /// Why.
        cause: String,
    },
    /// A step waits for a named condition; sent when the condition or the last state changes.
    Waiting {
        /// The resource.
        resource: String,
        /// The condition: `GET /health answers 200`.
        condition: String,
        /// The last state seen; empty before the first look.
        state: String,
    },
    /// A measurable part of a step went on: a layer, bytes.
    Advanced {
        /// The resource.
        resource: String,
        /// What is measured: `pulling layer 3f2a…`.
        what: String,
        /// Units done.
        current: u64,
        /// Units in all; `None` while unknown.
        total: Option<u64>,
    },
    /// A step ended well.
    Finished {
        /// The resource.
        resource: String,
        /// What was done.
        verb: Verb,
        /// Milliseconds it took.
        took_ms: u64,
    },
    /// A step ended badly.
    Failed {
        /// The resource.
        resource: String,
        /// What was tried.
        verb: Verb,
        /// Milliseconds it took.
        took_ms: u64,
        /// The error, its causes, what to do.
        error: FailureReport,
    },
    /// A step was not started because something it needs failed or was never started.
    Skipped {
        /// The resource.
        resource: String,
        /// What would have been done.
        verb: Verb,
        /// The resources it needed, as their ids display; empty when the run was cancelled.
        needs: Vec<String>,
    },
    /// An interrupt: nothing new starts. Sent once, before the rest is skipped.
    Stopping {
        /// Resources whose steps still run. A first interrupt lets them finish.
        running: Vec<String>,
    },
}

/// An error as plain data.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct FailureReport {
    /// The error's own message.
    pub message: String,
    /// Its sources, outermost first.
    pub causes: Vec<String>,
    /// What to type, or to do.
    pub hint: Option<String>,
    /// The last lines of the thing that failed, oldest first; at most 20.
    pub log_tail: Vec<String>,
}

impl FailureReport {
    /// The whole of `failure`, which may then be dropped.
    #[must_use]
    pub fn new(failure: &impl Failure) -> Self {
        let causes = successors(failure.source(), |cause| cause.source());
        let mut log_tail = failure.log_tail();
        log_tail.drain(..log_tail.len().saturating_sub(20));
        Self {
            message: failure.to_string(),
            causes: causes.map(ToString::to_string).collect(),
            hint: failure.hint(),
            log_tail,
        }
    }
}

/// Where events go: any number of renderers, or a test's vector. Called from any task; must not
/// block.
pub type EventSink = Arc<dyn Fn(Event) + Send + Sync>;

/// What a step reports while it runs.
#[derive(Clone)]
pub struct Progress {
    pub(crate) resource: String,
    pub(crate) began: Instant,
    pub(crate) sink: EventSink,
}

impl Progress {
    /// Reports to `sink` as `resource`, with times counted from now. The executor makes its own;
    /// this one is for work outside a plan, like pulling an image.
    #[must_use]
    pub fn new(resource: impl Into<String>, sink: EventSink) -> Self {
        Self {
            resource: resource.into(),
            began: Instant::now(),
            sink,
        }
    }

    /// Says what the step waits for and what it last saw.
    pub fn waiting(&self, condition: impl Into<String>, state: impl Into<String>) {
        self.send(EventKind::Waiting {
            resource: self.resource.clone(),
            condition: condition.into(),
            state: state.into(),
        });
    }

    /// Says how far a measurable part of the step is.
    pub fn advanced(&self, what: impl Into<String>, current: u64, total: Option<u64>) {
        self.send(EventKind::Advanced {
            resource: self.resource.clone(),
            what: what.into(),
            current,
            total,
        });
    }

    fn send(&self, kind: EventKind) {
        (self.sink)(Event {
            elapsed_ms: whole_ms(self.began.elapsed()),
            kind,
        });
    }
}

pub(crate) fn whole_ms(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}
