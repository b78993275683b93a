//! What only the backend can tell: the seam between the doctor and where a server runs.

use std::collections::BTreeMap;
use std::future::Future;

use serde::Serialize;

use crate::redis::RedisValue;

/// A look behind the server's front. Nothing here changes the server, except that
/// [`Evidence::redis`] is also used to hand in one harmless job.
///
/// Every call is bounded by the doctor. A backend that cannot answer a question gives
/// [`EvidenceError::Unavailable`]; the probes that need it are then reported as not run.
pub trait Evidence: Send + Sync {
    /// Runs one command in the Redis that Sidekiq uses, with the database number that Mastodon
    /// uses. An error answer of Redis itself is [`RedisValue::Error`].
    fn redis(
        &self,
        command: &[&str],
    ) -> impl Future<Output = Result<RedisValue, EvidenceError>> + Send;

    /// Runs one read-only query in Mastodon's database; rows of columns as text, NULL is the
    /// empty string. No column that the doctor asks for holds a tab or a line break, so
    /// `psql -AtF $'\t'` will do.
    fn sql(
        &self,
        query: &str,
    ) -> impl Future<Output = Result<Vec<Vec<String>>, EvidenceError>> + Send;

    /// Every process and store that the deployment should have, one entry per replica, those
    /// that do not exist included.
    fn processes(&self) -> impl Future<Output = Result<Vec<ProcessState>, EvidenceError>> + Send;

    /// The last `tail` lines that a process printed, both streams, oldest first, without
    /// timestamps of the backend. Works for a process that has ended.
    fn logs(
        &self,
        process: &str,
        tail: usize,
    ) -> impl Future<Output = Result<Vec<String>, EvidenceError>> + Send;

    /// The environment a process was started with. Values of secrets never leave the backend.
    fn environment(
        &self,
        process: &str,
    ) -> impl Future<Output = Result<BTreeMap<String, Variable>, EvidenceError>> + Send;

    /// Runs a command inside a running process's container, as its user and without a shell, and
    /// gives what it prints on stdout. An exit status other than 0 is [`EvidenceError::Failed`].
    /// The doctor runs `date`, `df`, `ls`, `getent` and `curl` and nothing else.
    fn exec(
        &self,
        process: &str,
        argv: &[&str],
    ) -> impl Future<Output = Result<String, EvidenceError>> + Send;

    /// What a watch of the backend's own says of the database's disk, where nobody can look at the
    /// disks of the stores; `None`: the doctor looks.
    fn disk_alarm(&self) -> impl Future<Output = Option<Result<DiskAlarm, EvidenceError>>> + Send {
        async { None }
    }

    /// How a harmless job went through the queue `ingress`, where the backend has sent one itself
    /// because it holds no conversation with Redis; `None`: the doctor sends one.
    fn job_sent(&self) -> Option<Result<JobWay, EvidenceError>> {
        None
    }
}

/// A watch over a disk, with its own words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DiskAlarm {
    /// There is space.
    Quiet(String),
    /// It fills up.
    Rings(String),
}

/// How a job went through a queue.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum JobWay {
    /// A Sidekiq process took it, and it ended well.
    Taken {
        /// Milliseconds until it was taken.
        ms: u64,
    },
    /// It was taken, and failed with this error.
    Failed(String),
    /// Nobody took it, and it was taken back.
    Stayed {
        /// How long it lay there.
        seconds: u64,
    },
    /// Redis did not take it, for this reason.
    Refused(String),
}

/// The value of an environment variable, as far as a person may see it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Variable {
    /// This text.
    Shown(String),
    /// A secret that has a value.
    Secret,
}

impl Variable {
    /// The text, unless it is a secret.
    #[must_use]
    pub fn shown(&self) -> Option<&str> {
        match self {
            Self::Shown(text) => Some(text),
            Self::Secret => None,
        }
    }
}

/// One replica of a process or a store.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ProcessState {
    /// As the commands take it: `web`, `streaming`, `sidekiq-all`, `postgres`, `redis`, `media`,
    /// `mail`, `ingress`. Replicas have the same name.
    pub name: String,
    /// Whether it runs.
    pub phase: Phase,
    /// What its health check says.
    pub health: Health,
    /// Of the last end; `None` when it has not ended.
    pub exit_code: Option<i64>,
    /// The last end was the kernel's doing, for want of memory.
    pub oom_killed: bool,
    /// How often it was started again by itself.
    pub restarts: u32,
    /// Seconds in this phase; `None` when the backend cannot tell.
    pub for_seconds: Option<u64>,
    /// The most memory it may take, in bytes; `None`: no limit, or not known.
    pub memory_limit: Option<u64>,
}

/// Whether a process runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Phase {
    /// It should be there, and is not.
    Absent,
    /// Made, never started.
    Created,
    /// It runs.
    Running,
    /// Frozen (`docker pause`).
    Paused,
    /// It ended, and is about to be started again.
    Restarting,
    /// It ended.
    Exited,
}

/// What a health check says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Health {
    /// There is none, or the backend cannot tell.
    Unknown,
    /// It has not answered yet.
    Starting,
    /// It answers.
    Healthy,
    /// It does not, or no longer.
    Unhealthy,
}

/// No look behind the front: for a server that only its address is known of.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoEvidence;

impl NoEvidence {
    fn none<T>() -> Result<T, EvidenceError> {
        Err(EvidenceError::Unavailable(
            "only its address is known".to_owned(),
        ))
    }
}

impl Evidence for NoEvidence {
    async fn redis(&self, _command: &[&str]) -> Result<RedisValue, EvidenceError> {
        Self::none()
    }

    async fn sql(&self, _query: &str) -> Result<Vec<Vec<String>>, EvidenceError> {
        Self::none()
    }

    async fn processes(&self) -> Result<Vec<ProcessState>, EvidenceError> {
        Self::none()
    }

    async fn logs(&self, _process: &str, _tail: usize) -> Result<Vec<String>, EvidenceError> {
        Self::none()
    }

    async fn environment(
        &self,
        _process: &str,
    ) -> Result<BTreeMap<String, Variable>, EvidenceError> {
        Self::none()
    }

    async fn exec(&self, _process: &str, _argv: &[&str]) -> Result<String, EvidenceError> {
        Self::none()
    }
}

/// Why a piece of evidence is missing.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EvidenceError {
    /// The backend has no way to it.
    #[error("{0}")]
    Unavailable(String),
    /// The backend tried, and failed.
    #[error("{what} failed: {why}")]
    Failed {
        /// What was tried: ``redis-cli in `redis` ``.
        what: String,
        /// The first line of the failure.
        why: String,
    },
    /// No answer within the doctor's bound.
    #[error("no answer within {0} s")]
    TimedOut(u64),
}
