//! What can go wrong, with which status the process then ends, and how it is told.

use std::error::Error as StdError;
use std::fmt::Write as _;
use std::io;
use std::path::PathBuf;
use std::process::ExitCode;

use crate::view::style::{DIM, ERROR, HINT, paint};

/// How masto ends. The numbers are promised: scripts may rely on them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ExitStatus {
    /// Done, or nothing to do.
    Success,
    /// An error that has no status of its own; `masto doctor` found a failure.
    Failure,
    /// The command line was wrong.
    Usage,
    /// `plan --detailed-exitcode`: there are changes.
    Changes,
    /// The topology file is invalid.
    Invalid,
    /// No permission.
    Permission,
    /// A resource could not be made, changed or removed.
    ResourceFailed,
    /// Another masto is at work on the deployment.
    Locked,
    /// What should run is there, but does not work.
    Unhealthy,
    /// Stopped by the first Ctrl-C; nothing is half done.
    Cancelled,
    /// The time given was over.
    Timeout,
    /// The command line was wrong, where 2 means changes.
    UsageDetailed,
    /// Left at once by the second Ctrl-C.
    Interrupted,
    /// Left at once by a second SIGTERM.
    Terminated,
    /// The status of the command that was run in a container.
    Child(u8),
}

impl ExitStatus {
    /// The number.
    pub(crate) fn code(self) -> u8 {
        match self {
            Self::Success => 0,
            Self::Failure => 1,
            Self::Usage | Self::Changes => 2,
            Self::Invalid => 3,
            Self::Permission => 4,
            Self::ResourceFailed => 5,
            Self::Locked => 6,
            Self::Unhealthy => 7,
            Self::Cancelled => 8,
            Self::Timeout => 9,
            Self::UsageDetailed => 64,
            Self::Interrupted => 130,
            Self::Terminated => 143,
            Self::Child(code) => code,
        }
    }

    /// Number and meaning of each status, for the help and the manual page.
    pub(crate) const DOCUMENTED: &[(&str, &str)] = &[
        ("0", "done, or nothing to do"),
        (
            "1",
            "an error that has no status of its own; `doctor` found a failure",
        ),
        (
            "2",
            "the command line was wrong; with `plan --detailed-exitcode`: there are changes",
        ),
        ("3", "the topology file is invalid"),
        ("4", "no permission, for example on the engine's socket"),
        ("5", "a resource could not be made, changed or removed"),
        ("6", "another masto is at work on the deployment"),
        ("7", "what should run is there, but does not work"),
        (
            "8",
            "stopped by Ctrl-C; nothing is half done, and `up` goes on from here",
        ),
        ("9", "the time given with `--wait-timeout` was over"),
        (
            "64",
            "the command line was wrong, with `plan --detailed-exitcode`",
        ),
        ("101", "masto crashed: a bug, please report it"),
        ("130", "left at once by a second Ctrl-C"),
        ("143", "left at once by a second SIGTERM"),
        (
            "child",
            "`exec`, `run`, `tootctl`, `psql` and `console` end as the command they ran",
        ),
    ];
}

impl From<ExitStatus> for ExitCode {
    fn from(status: ExitStatus) -> Self {
        Self::from(status.code())
    }
}

/// Why a command did not do what it was asked for.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    /// Neither `--file` nor a file under one of the usual names.
    #[error("there is no topology file here")]
    NoTopologyFile,
    /// The file cannot be read.
    #[error("failed to read `{}`", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// The reason.
        source: io::Error,
    },
    /// A file cannot be written.
    #[error("failed to write `{}`", path.display())]
    Write {
        /// The file.
        path: PathBuf,
        /// The reason.
        source: io::Error,
    },
    /// The topology has problems, which have been printed.
    #[error("{}", problem_count(*errors))]
    Invalid {
        /// How many.
        errors: usize,
    },
    /// What was typed makes no sense in a way the argument parser cannot see.
    #[error("{message}")]
    Usage {
        /// What is wrong.
        message: String,
        /// What to type instead.
        hint: Option<String>,
    },
    /// Nobody can be asked.
    #[error("{question}, and there is nobody to ask")]
    CannotAsk {
        /// What has to be confirmed, as a clause.
        question: String,
        /// The flags that answer it.
        hint: String,
    },
    /// The answer was no.
    #[error("not confirmed; nothing was changed")]
    NotConfirmed,
    /// Ctrl-C, before anything was changed.
    #[error("stopped; nothing was changed")]
    Cancelled,
    /// Something stands in the way of the plan; it has been printed.
    #[error("the plan cannot be carried out")]
    Refused,
    /// A backend failed outside a step of a plan.
    #[error("{message}")]
    Backend {
        /// What failed.
        message: String,
        /// Its causes, outermost first.
        causes: Vec<String>,
        /// What to do.
        hint: Option<String>,
        /// The last lines the failed thing printed.
        log_tail: Vec<String>,
        /// With which status to end.
        status: ExitStatus,
    },
    /// The reader of our stdout went away. Not told.
    #[error("stdout was closed")]
    StdoutClosed,
    /// stdout cannot be written to.
    #[error("failed to write to stdout")]
    Stdout(#[source] io::Error),
    /// stdin cannot be read.
    #[error("failed to read from stdin")]
    Stdin(#[source] io::Error),
    /// The runtime could not be started.
    #[error("failed to start")]
    Runtime(#[source] io::Error),
    /// Something masto makes itself is wrong.
    #[error("{message}; this is a bug in masto")]
    Bug {
        /// What is wrong.
        message: String,
    },
}

fn problem_count(errors: usize) -> String {
    match errors {
        1 => "the topology has 1 problem".to_owned(),
        _ => format!("the topology has {errors} problems"),
    }
}

impl Error {
    /// A failure of a backend, which says itself what to do.
    #[cfg(feature = "local")]
    pub(crate) fn backend(error: &impl engine::Failure, status: ExitStatus) -> Self {
        Self::Backend {
            message: error.to_string(),
            causes: causes(error),
            hint: error.hint(),
            log_tail: error.log_tail(),
            status,
        }
    }

    /// A failure of a library that knows no hints.
    pub(crate) fn plain(error: &dyn StdError, hint: Option<String>, status: ExitStatus) -> Self {
        Self::Backend {
            message: error.to_string(),
            causes: causes(error),
            hint,
            log_tail: Vec::new(),
            status,
        }
    }

    /// With which status the process ends.
    pub(crate) fn status(&self) -> ExitStatus {
        match self {
            Self::NoTopologyFile | Self::Usage { .. } => ExitStatus::Usage,
            Self::Invalid { .. } => ExitStatus::Invalid,
            Self::Read { source, .. } | Self::Write { source, .. }
                if source.kind() == io::ErrorKind::PermissionDenied =>
            {
                ExitStatus::Permission
            }
            Self::NotConfirmed | Self::Cancelled => ExitStatus::Cancelled,
            Self::Refused => ExitStatus::ResourceFailed,
            Self::Backend { status, .. } => *status,
            Self::StdoutClosed => ExitStatus::Success,
            Self::Read { .. }
            | Self::Write { .. }
            | Self::CannotAsk { .. }
            | Self::Stdout(_)
            | Self::Stdin(_)
            | Self::Runtime(_)
            | Self::Bug { .. } => ExitStatus::Failure,
        }
    }

    /// What to type, or to do, next.
    pub(crate) fn hint(&self) -> Option<String> {
        match self {
            Self::NoTopologyFile => Some(
                "write one with `masto init`, or name one: `masto … --file topologies/small.yaml`"
                    .to_owned(),
            ),
            Self::Read { source, .. } if source.kind() == io::ErrorKind::NotFound => {
                Some("write one with `masto init`, or name another with `--file`".to_owned())
            }
            Self::Read { path, source } if source.kind() == io::ErrorKind::IsADirectory => {
                Some(format!(
                    "name the file in it: `--file {}`",
                    path.join("masto.yaml").display()
                ))
            }
            Self::Read { path, source } if source.kind() == io::ErrorKind::PermissionDenied => {
                Some(format!("let your user read it: `ls -l {}`", path.display()))
            }
            Self::Usage { hint, .. } | Self::Backend { hint, .. } => hint.clone(),
            Self::CannotAsk { hint, .. } => Some(hint.clone()),
            Self::Bug { .. } => Some(
                concat!(
                    "please report it: ",
                    env!("CARGO_PKG_REPOSITORY"),
                    "/issues"
                )
                .to_owned(),
            ),
            Self::Read { .. }
            | Self::Write { .. }
            | Self::Invalid { .. }
            | Self::NotConfirmed
            | Self::Cancelled
            | Self::Refused
            | Self::StdoutClosed
            | Self::Stdout(_)
            | Self::Stdin(_)
            | Self::Runtime(_) => None,
        }
    }

    /// The whole story, styled, with a line end: what, why, the last lines it printed, what to do.
    pub(crate) fn report(&self) -> String {
        let (chain, log_tail) = match self {
            Self::Backend {
                causes, log_tail, ..
            } => (causes.clone(), log_tail.as_slice()),
            other => (causes(other), [].as_slice()),
        };
        let mut text = format!("{} {self}\n", paint(ERROR, "error:"));
        for cause in chain {
            let _ = writeln!(text, "  {} {cause}", paint(DIM, "because:"));
        }
        for line in log_tail {
            let _ = writeln!(text, "  {} {line}", paint(DIM, "|"));
        }
        if let Some(hint) = self.hint() {
            let _ = writeln!(
                text,
                "{} {}",
                paint(HINT, "hint:"),
                hint.replace('\n', "\n      ")
            );
        }
        text
    }
}

/// The messages of an error's sources, outermost first. A source that only repeats the message
/// above it is left out.
pub(crate) fn causes(error: &dyn StdError) -> Vec<String> {
    let mut above = error.to_string();
    let mut found = Vec::new();
    let mut next = error.source();
    while let Some(cause) = next {
        let message = cause.to_string();
        if !above.contains(&message) {
            found.push(message.clone());
        }
        above = message;
        next = cause.source();
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_report_says_what_why_and_what_to_do() {
        let error = Error::Backend {
            message: "failed to start container `web-1`".to_owned(),
            causes: vec!["port 443 is taken".to_owned()],
            hint: Some(
                "stop it: `systemctl stop nginx`\nor take another: `--https-port 8443`".to_owned(),
            ),
            log_tail: vec!["boom".to_owned()],
            status: ExitStatus::ResourceFailed,
        };
        expect_test::expect![[r"
            error: failed to start container `web-1`
              because: port 443 is taken
              | boom
            hint: stop it: `systemctl stop nginx`
                  or take another: `--https-port 8443`
        "]]
        .assert_eq(&anstream::adapter::strip_str(&error.report()).to_string());
    }

    #[test]
    fn sources_are_told_once_and_in_order() {
        let source = io::Error::other("disk is full");
        let error = Error::Write {
            path: "/tmp/x".into(),
            source,
        };
        assert_eq!(causes(&error), ["disk is full"]);
        assert_eq!(error.to_string(), "failed to write `/tmp/x`");
    }

    #[test]
    fn every_status_is_documented() {
        let all = [
            ExitStatus::Success,
            ExitStatus::Failure,
            ExitStatus::Usage,
            ExitStatus::Changes,
            ExitStatus::Invalid,
            ExitStatus::Permission,
            ExitStatus::ResourceFailed,
            ExitStatus::Locked,
            ExitStatus::Unhealthy,
            ExitStatus::Cancelled,
            ExitStatus::Timeout,
            ExitStatus::UsageDetailed,
            ExitStatus::Interrupted,
            ExitStatus::Terminated,
        ];
        for status in all {
            let code = status.code().to_string();
            assert!(
                ExitStatus::DOCUMENTED
                    .iter()
                    .any(|(number, _)| *number == code),
                "{status:?}"
            );
        }
    }
}
