//! From what was found to why: pure rules over gathered facts.

use serde::Serialize;

/// Why something fails, and what to do about it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Diagnosis {
    /// In one line, without a full stop.
    pub cause: String,
    /// The facts it was concluded from, one a line.
    pub evidence: Vec<String>,
    /// What to do, with a command to type where there is one.
    pub fix: String,
}
