//! One run of masto: its exit code and both of its streams, together.

use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

/// A finished run.
pub(crate) struct Run {
    command: String,
    /// Exit code; `None` after a signal.
    pub(crate) code: Option<i32>,
    /// What a pipe would take.
    pub(crate) stdout: String,
    /// What a person would read.
    pub(crate) stderr: String,
    /// Wall time.
    pub(crate) took: Duration,
}

impl Run {
    /// Runs `command` to its end.
    #[must_use]
    pub(crate) fn of(mut command: Command) -> Self {
        let shown = format!("{command:?}");
        let began = Instant::now();
        let output = command
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .output()
            .unwrap();
        Self::new(shown, &output, began.elapsed())
    }

    /// A run that ended elsewhere.
    pub(crate) fn new(command: String, output: &Output, took: Duration) -> Self {
        Self {
            command,
            code: output.status.code(),
            stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
            stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
            took,
        }
    }

    /// Must have ended well.
    #[track_caller]
    pub(crate) fn success(self) -> Self {
        self.exits(0)
    }

    /// Must have ended with `code`.
    #[track_caller]
    pub(crate) fn exits(self, code: i32) -> Self {
        assert_eq!(self.code, Some(code), "{self}");
        self
    }

    /// stderr must hold each of `texts`.
    #[track_caller]
    pub(crate) fn says(self, texts: &[&str]) -> Self {
        for text in texts {
            assert!(
                self.stderr.contains(text),
                "{text:?} is not in stderr of\n{self}"
            );
        }
        self
    }

    /// stdout as one JSON document.
    #[track_caller]
    pub(crate) fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.stdout)
            .unwrap_or_else(|error| panic!("{error} in stdout of\n{self}"))
    }
}

impl std::fmt::Display for Run {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            f,
            "{}\nexit code {:?} after {:?}\n--- stdout\n{}--- stderr\n{}",
            self.command, self.code, self.took, self.stdout, self.stderr
        )
    }
}
