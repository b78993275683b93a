//! One-off containers. They stay when they ended well: their labels are the record that keeps them
//! from running again.

use std::collections::BTreeSet;

use engine::{Change, How, Impact, Known};
use mastodon::{JobId, Schema, Transition};
use topology::Version;

use super::difference::{cause, is_anew};
use super::{Container, LiveContainer, Resource, refusal};
use crate::id::Id;
use crate::state::State;

/// A container that should have ended well.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Job {
    /// Which.
    pub job: JobId,
    /// The container; its `bound` is how long it may run.
    pub container: Container,
    /// Volumes whose content it made: when one is made anew, so is the job's work.
    pub holds: BTreeSet<Id>,
    /// The release it is run for.
    pub version: Version,
}

/// How the `schema` job goes about it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// In one go, while no process of an older release runs.
    Prepare,
    /// In two phases around the change of processes.
    Migrate,
}

impl Mode {
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Prepare => "prepare",
            Self::Migrate => "migrate",
        }
    }

    pub(crate) fn read(text: &str) -> Option<Self> {
        [Self::Prepare, Self::Migrate]
            .into_iter()
            .find(|mode| mode.as_str() == text)
    }
}

impl Job {
    pub(super) fn diff(&self, live: &LiveContainer, known: &Known<Resource>) -> Option<Change> {
        let again = |cause: String| {
            Some(Change {
                how: How::DeleteThenCreate,
                cause,
                impact: Impact::None,
                attributes: Vec::new(),
            })
        };
        if let Some(change) = self.container.renamed(live) {
            return Some(change);
        }
        if let Some(anew) = self.holds.iter().find(|id| is_anew(id, live, known)) {
            return again(format!("{anew} is new"));
        }
        if let Some(change) = self.refuse_transition(live) {
            return Some(change);
        }
        let attributes = self.container.changed(live);
        if !attributes.is_empty() {
            return Some(Change {
                how: How::DeleteThenCreate,
                cause: cause(&attributes),
                impact: Impact::None,
                attributes,
            });
        }
        let update = |cause: &str| {
            Some(Change {
                how: How::Update,
                cause: cause.to_owned(),
                impact: Impact::None,
                attributes: Vec::new(),
            })
        };
        match live.state {
            State::Exited(0) => None,
            State::Created => again("was never started".to_owned()),
            State::Running | State::Restarting => update("still runs"),
            State::Paused => update("is paused"),
            State::Exited(code) => again(format!("failed last time (exit code {code})")),
            State::Removing | State::Dead => again("is half removed".to_owned()),
        }
    }

    /// What Mastodon's own rules say of going from the release that ran to the one that is wanted.
    fn refuse_transition(&self, live: &LiveContainer) -> Option<Change> {
        if self.job != JobId::Schema || live.state != State::Exited(0) {
            return None;
        }
        let ran = Schema::Migrated(live.version.as_deref()?.parse().ok()?);
        match ran.transition(self.version) {
            Transition::Refused { cause, hint } => Some(refusal(cause, hint)),
            Transition::Prepare | Transition::UpToDate | Transition::TwoPhase => None,
        }
    }
}

#[cfg(test)]
#[path = "job_tests.rs"]
mod tests;
