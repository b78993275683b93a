//! What can go wrong on purpose.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::backend::Failure;
use crate::plan::Verb;
use crate::testing::thing::ThingId;

/// What happens to one step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// It fails, and nothing happened.
    Fail,
    /// It happens, and its answer is lost: the step fails all the same.
    LoseAnswer,
    /// The process dies before it happens.
    CrashBefore,
    /// The process dies after it happened and before the answer is read.
    CrashAfter,
    /// It takes this long, on tokio's clock, and happens at the end.
    Delay(Duration),
}

/// Which steps go wrong and how.
#[derive(Clone, Debug, Default)]
pub struct Faults {
    by_count: BTreeMap<usize, Fault>,
    by_step: BTreeMap<(ThingId, Verb), Fault>,
}

impl Faults {
    /// Nothing goes wrong.
    #[must_use]
    pub fn none() -> Self {
        Self::default()
    }

    /// The step that a backend begins as its `nth`, counted from zero.
    #[must_use]
    pub fn at(mut self, nth: usize, fault: Fault) -> Self {
        self.by_count.insert(nth, fault);
        self
    }

    /// The steps that do `verb` to this thing; [`Faults::at`] comes first.
    #[must_use]
    pub fn on(mut self, id: &ThingId, verb: Verb, fault: Fault) -> Self {
        self.by_step.insert((id.clone(), verb), fault);
        self
    }

    pub(super) fn find(&self, nth: usize, id: &ThingId, verb: Verb) -> Option<Fault> {
        let by_step = || self.by_step.get(&(id.clone(), verb));
        self.by_count.get(&nth).or_else(by_step).copied()
    }
}

/// Why the in-memory world did not do something.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MemoryError {
    /// [`Fault::Fail`].
    #[error("injected failure")]
    Injected,
    /// [`Fault::LoseAnswer`].
    #[error("the answer was lost")]
    AnswerLost,
    /// Something it needs is not there.
    #[error("{id} needs {missing}, which is not there")]
    Missing {
        /// What was to be made or changed.
        id: String,
        /// What is not there.
        missing: String,
    },
    /// The inputs of a step do not name the current identity of something it holds.
    #[error("the inputs of {id} do not tell of {missing} as it is")]
    Unknown {
        /// What was to be made.
        id: String,
        /// What the inputs lack.
        missing: String,
    },
    /// Something still holds it.
    #[error("{id} is in use by {holder}")]
    InUse {
        /// What was to be removed.
        id: String,
        /// What holds it.
        holder: String,
    },
    /// There is nothing to change.
    #[error("{id} is not there")]
    Gone {
        /// What was to be changed.
        id: String,
    },
}

impl Failure for MemoryError {
    fn hint(&self) -> Option<String> {
        match self {
            Self::Injected | Self::AnswerLost => Some("run it again".to_owned()),
            Self::Missing { .. }
            | Self::Unknown { .. }
            | Self::InUse { .. }
            | Self::Gone { .. } => None,
        }
    }
}
