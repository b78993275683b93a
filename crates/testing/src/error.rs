//! Why there is no server, or no longer.

use std::fmt;
use std::time::Duration;

use engine::{FailureReport, Summary};

/// Why a server could not be brought up, used or taken away.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Neither `HOME` nor `XDG_DATA_HOME` says where certificates and secrets may be kept.
    #[error(
        "there is no home directory to keep certificates and secrets in: set HOME or XDG_DATA_HOME, or use Builder::data_dir"
    )]
    NoHome,
    /// A variable that masto reads has a value that means nothing.
    #[error("{name} is `{value}`: {expected}")]
    Variable {
        /// `MASTO_IMAGES`.
        name: &'static str,
        /// What it is set to.
        value: String,
        /// What it may be.
        expected: String,
    },
    /// The lines given to [`Builder::topology`](crate::Builder::topology) are wrong.
    #[error("the topology is invalid:\n{}", problems.join("\n"))]
    Topology {
        /// One line a problem, with its place.
        problems: Vec<String>,
    },
    /// Docker is not there, or did not do what it was told.
    #[error("{error}{}", then(hint.as_deref()))]
    Docker {
        /// What failed.
        #[source]
        error: Box<local::Error>,
        /// What to do about it.
        hint: Option<String>,
    },
    /// Secrets or certificates could not be made.
    #[error("the server could not be prepared")]
    Prepare(#[source] Box<local::PrepareError>),
    /// Nothing would take the server away if the test were killed.
    #[error(
        "what takes the server away when the test is killed cannot be started; it needs `sh` and Docker's client on the PATH (on Debian: apt-get install docker-cli, or docker.io)"
    )]
    Reaper(#[from] local::ReaperError),
    /// Another process works on a server of this name.
    #[error("the server's name is taken")]
    Lock(#[source] local::LockError),
    /// Something of the server did not come up.
    #[error("the server did not come up: {}{}", list(failed), late(unfinished))]
    NotUp {
        /// What, and why.
        failed: Vec<Failed>,
        /// What was still not ready when the time was over.
        unfinished: Vec<String>,
    },
    /// Something of the server could not be taken away.
    #[error("the server `{name}` is not wholly removed: {}", list(failed))]
    NotRemoved {
        /// Its name.
        name: String,
        /// What is left, and why.
        failed: Vec<Failed>,
    },
    /// An account got no token.
    #[error("{who} got no token")]
    Access {
        /// The user name.
        who: String,
        /// What was seen instead.
        #[source]
        source: doctor::AccessError,
    },
    /// An account could not be made.
    #[error("the account {username} was not made: {said}")]
    Account {
        /// The user name.
        username: String,
        /// What Mastodon said.
        said: String,
    },
    /// A command ended badly.
    #[error("`{command}` ended with {code}: {said}")]
    Command {
        /// The program and its arguments.
        command: String,
        /// Its exit code.
        code: i64,
        /// What it printed.
        said: String,
    },
    /// What should have come by itself did not.
    #[error("after {} s still not: {what}", bound.as_secs_f32())]
    Never {
        /// What was waited for.
        what: String,
        /// For how long.
        bound: Duration,
    },
    /// No client for the server could be made.
    #[error("no HTTP client could be made: {0}")]
    Client(String),
    /// A mistake of this crate.
    #[error("a mistake of masto: {0}")]
    Bug(String),
}

/// A resource that failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failed {
    /// ``container `web-1` ``.
    pub resource: String,
    /// What happened, with its causes, what to do about it, and what the container printed last.
    pub report: FailureReport,
}

impl fmt::Display for Failed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let FailureReport {
            message,
            causes,
            hint,
            log_tail,
        } = &self.report;
        write!(f, "{}: {message}", self.resource)?;
        for cause in causes {
            write!(f, ": {cause}")?;
        }
        write!(f, "{}", then(hint.as_deref()))?;
        for line in log_tail {
            write!(f, "\n  | {line}")?;
        }
        Ok(())
    }
}

impl Error {
    /// With what to do about it.
    pub(crate) fn docker(error: local::Error) -> Self {
        let hint = engine::Failure::hint(&error);
        Self::Docker {
            error: Box::new(error),
            hint,
        }
    }
}

/// What failed in a run.
pub(crate) fn failed(summary: Summary) -> Vec<Failed> {
    summary
        .failed
        .into_iter()
        .map(|(resource, report)| Failed { resource, report })
        .collect()
}

fn then(hint: Option<&str>) -> String {
    hint.map(|hint| format!("; {hint}")).unwrap_or_default()
}

fn late(unfinished: &[String]) -> String {
    if unfinished.is_empty() {
        return String::new();
    }
    format!("; not ready in time: {}", unfinished.join(", "))
}

fn list(failed: &[Failed]) -> String {
    let lines: Vec<String> = failed.iter().map(ToString::to_string).collect();
    lines.join("\n")
}
