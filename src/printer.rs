//! Which stream, how much, and whether in colour.
//!
//! stdout carries the answer and nothing else; what accompanies it goes to stderr. Text is made
//! with colour and loses it here where it is not wanted.

use std::io::{self, Write as _};

use anstream::{AutoStream, ColorChoice};

use crate::error::Error;

/// How much is said on stderr. stdout does not depend on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Verbosity {
    /// Errors only.
    Quiet,
    /// What a person wants to know.
    Normal,
    /// And how it comes about (`-v`).
    Verbose,
    /// And every call (`-vv`).
    Trace,
}

/// The two streams.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Printer {
    /// How much.
    pub(crate) verbosity: Verbosity,
    /// Colour on stdout.
    pub(crate) color_stdout: bool,
    /// Colour on stderr.
    pub(crate) color_stderr: bool,
}

impl Printer {
    /// Writes the answer, or a part of it.
    pub(crate) fn answer(&self, text: &str) -> Result<(), Error> {
        let mut stream = AutoStream::new(io::stdout().lock(), choice(self.color_stdout));
        let written = stream
            .write_all(text.as_bytes())
            .and_then(|()| stream.flush());
        written.map_err(stdout_error)
    }

    /// Writes bytes of somebody else to stdout, unchanged.
    pub(crate) fn raw(&self, bytes: &[u8]) -> Result<(), Error> {
        let mut stream = io::stdout().lock();
        let written = stream.write_all(bytes).and_then(|()| stream.flush());
        written.map_err(stdout_error)
    }

    /// Writes a JSON document, indented, with a line end.
    pub(crate) fn json(&self, document: &serde_json::Value) -> Result<(), Error> {
        self.raw(format!("{document:#}\n").as_bytes())
    }

    /// Says something that accompanies the answer; not in quiet mode.
    pub(crate) fn say(&self, text: &str) {
        match self.verbosity {
            Verbosity::Quiet => {}
            Verbosity::Normal | Verbosity::Verbose | Verbosity::Trace => self.stderr(text),
        }
    }

    /// Says something that must be seen in any mode: an error, a warning about data.
    pub(crate) fn tell(&self, text: &str) {
        self.stderr(text);
    }

    fn stderr(&self, text: &str) {
        // Nobody is left to be told when stderr is closed.
        let mut stream = AutoStream::new(io::stderr().lock(), choice(self.color_stderr));
        let _ = stream
            .write_all(text.as_bytes())
            .and_then(|()| stream.flush());
    }
}

fn choice(color: bool) -> ColorChoice {
    if color {
        ColorChoice::AlwaysAnsi
    } else {
        ColorChoice::Never
    }
}

fn stdout_error(error: io::Error) -> Error {
    match error.kind() {
        io::ErrorKind::BrokenPipe => Error::StdoutClosed,
        _ => Error::Stdout(error),
    }
}
