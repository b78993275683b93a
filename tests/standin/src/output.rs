//! Where text goes: results to stdout, complaints to stderr, logs to stdout as Rails in a
//! container does.

use std::io::Write;

/// Writes a line to stdout. A reader that went away is no reason to fail.
pub(crate) fn say(line: &str) {
    let mut out = std::io::stdout().lock();
    let _ = writeln!(out, "{line}").and_then(|()| out.flush());
}

/// Writes a line to stderr.
pub(crate) fn complain(line: &str) {
    let _ = writeln!(std::io::stderr().lock(), "{line}");
}
