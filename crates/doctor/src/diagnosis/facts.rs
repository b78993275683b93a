//! What the rules may look at: everything gathered beforehand, nothing asked later.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;

use crate::evidence::{Health, Phase, ProcessState, Variable};
use crate::sidekiq::Snapshot;

/// The state of a deployment at one moment, as far as it could be seen.
#[derive(Clone, Debug, Default)]
pub(crate) struct Facts {
    /// `LOCAL_DOMAIN` as it should be.
    pub(crate) local_domain: String,
    /// The host of the server's address, with its port where that is not 443.
    pub(crate) web_host: String,
    /// The media host as it should be.
    pub(crate) media_host: String,
    /// The certificates come from a CA of our own.
    pub(crate) private_ca: bool,
    /// Queue to the processes that should consume it.
    pub(crate) queues: BTreeMap<String, BTreeSet<String>>,
    /// Every replica; empty: not known.
    pub(crate) processes: Vec<ProcessState>,
    /// By process; a process without an entry is one whose environment is not known.
    pub(crate) environments: BTreeMap<String, BTreeMap<String, Variable>>,
    /// Sidekiq and Redis; `None`: not known.
    pub(crate) sidekiq: Option<Snapshot>,
    /// By process, oldest line first.
    pub(crate) logs: BTreeMap<String, Vec<String>>,
    /// When all this was gathered.
    pub(crate) now: Timestamp,
}

impl Facts {
    /// The replicas of a process.
    pub(crate) fn replicas<'f>(&'f self, name: &'f str) -> impl Iterator<Item = &'f ProcessState> {
        self.processes
            .iter()
            .filter(move |process| process.name == name)
    }

    /// Whether no replica of a process works; `None`: not known.
    pub(crate) fn is_down(&self, name: &str) -> Option<bool> {
        let mut replicas = self.replicas(name).peekable();
        replicas.peek()?;
        Some(!replicas.any(works))
    }

    /// The processes that should consume a queue.
    pub(crate) fn expected_consumers(&self, queue: &str) -> Vec<String> {
        self.queues
            .get(queue)
            .into_iter()
            .flatten()
            .cloned()
            .collect()
    }

    /// The value of a variable of a process, unless it is a secret or not set.
    pub(crate) fn variable(&self, process: &str, name: &str) -> Option<&str> {
        self.environments.get(process)?.get(name)?.shown()
    }

    /// The last lines a process printed, oldest first.
    pub(crate) fn last_lines(&self, process: &str, count: usize) -> &[String] {
        let lines = self.logs.get(process).map_or(&[][..], Vec::as_slice);
        &lines[lines.len().saturating_sub(count)..]
    }
}

/// Whether a replica runs and does not fail its health check. One whose check has not answered
/// yet is given the benefit of the doubt: an engine asks for the first time only after an
/// interval, and by then the process may long be at work.
pub(crate) fn works(process: &ProcessState) -> bool {
    process.phase == Phase::Running && process.health != Health::Unhealthy
}
