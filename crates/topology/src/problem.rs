//! What is wrong with a file.

use std::fmt;

use serde::ser::SerializeSeq;
use serde::{Serialize, Serializer};

use crate::Span;

/// Something wrong with the file, with its place and what to type instead.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Problem {
    /// The rule that is broken; stable.
    pub code: Code,
    /// Whether masto goes on.
    pub severity: Severity,
    /// The value or key concerned, `sidekiq[1].queues[0]`; empty for the file as a whole.
    pub path: String,
    /// Its place; `None` until [`Parsed::locate`](crate::Parsed::locate) has looked the path up.
    pub span: Option<Span>,
    /// What is wrong: one sentence without full stop that reads alone.
    pub message: String,
    /// A few words to stand under the marked text; may be empty.
    pub label: String,
    /// What to type instead.
    pub hint: Option<String>,
    /// Other places that belong to it, each with its few words.
    #[serde(serialize_with = "related")]
    pub related: Vec<(Span, String)>,
    /// Paths that [`Parsed::locate`](crate::Parsed::locate) turns into `related`.
    #[serde(skip)]
    pub(crate) see: Vec<(String, String)>,
}

impl Problem {
    /// An error at `path`, without place and hint; rules of other crates begin without label.
    #[must_use]
    pub fn new(code: Code, path: impl Into<String>, message: impl Into<String>) -> Self {
        Self {
            code,
            severity: Severity::Error,
            path: path.into(),
            span: None,
            message: message.into(),
            label: code.label().to_owned(),
            hint: None,
            related: Vec::new(),
            see: Vec::new(),
        }
    }

    /// Makes it a warning: masto says it and goes on.
    #[must_use]
    pub fn warning(mut self) -> Self {
        self.severity = Severity::Warning;
        self
    }

    /// Says what to type instead.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// Puts a few words under the marked text.
    #[must_use]
    pub fn label(mut self, label: impl Into<String>) -> Self {
        self.label = label.into();
        self
    }

    /// Points at another value of the file too.
    #[must_use]
    pub fn see(mut self, path: impl Into<String>, label: impl Into<String>) -> Self {
        self.see.push((path.into(), label.into()));
        self
    }

    pub(crate) fn at(mut self, span: Span) -> Self {
        self.span = Some(span);
        self
    }

    /// Whether masto must stop.
    #[must_use]
    pub fn is_error(&self) -> bool {
        self.severity == Severity::Error
    }
}

/// `3:12 error topology::unknown-key: unknown key …`
impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(span) = self.span {
            write!(f, "{}:{} ", span.line, span.column)?;
        }
        write!(f, "{} {}: {}", self.severity, self.code, self.message)
    }
}

impl std::error::Error for Problem {}

fn related<S: Serializer>(related: &[(Span, String)], serializer: S) -> Result<S::Ok, S::Error> {
    #[derive(Serialize)]
    struct Related<'a> {
        span: &'a Span,
        label: &'a str,
    }
    let mut list = serializer.serialize_seq(Some(related.len()))?;
    for (span, label) in related {
        list.serialize_element(&Related { span, label })?;
    }
    list.end()
}

/// Whether masto goes on after a problem.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// Nothing runs from this file.
    Error,
    /// It runs; the operator may not like what comes of it.
    Warning,
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Error => "error",
            Self::Warning => "warning",
        })
    }
}

/// The name of a rule, `topology::unknown-key`. Stable: scripts compare it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct Code(&'static str);

impl Code {
    /// A rule of another crate, `mastodon::scheduler-twice`.
    #[must_use]
    pub const fn new(text: &'static str) -> Self {
        Self(text)
    }

    /// The text.
    #[must_use]
    pub const fn as_str(&self) -> &'static str {
        self.0
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}
