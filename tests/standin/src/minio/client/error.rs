//! How `mc` says that it failed.

use std::fmt;

use aws_sdk_s3::error::{DisplayErrorContext, ProvideErrorMetadata, SdkError};

/// A failure: what was wanted, and why it did not come about.
#[derive(Debug, PartialEq)]
pub(super) enum Error {
    /// The command line makes no sense.
    Usage(String),
    /// It did, but could not be done.
    Failed {
        /// A sentence, without full stop.
        what: String,
        /// A sentence.
        cause: String,
    },
}

impl Error {
    pub(super) fn failed(what: impl Into<String>, cause: impl fmt::Display) -> Self {
        Self::Failed {
            what: what.into(),
            cause: cause.to_string(),
        }
    }

    /// From an answer of the server, whose message is what counts.
    pub(super) fn from_server<E>(what: impl Into<String>, error: &SdkError<E>) -> Self
    where
        E: ProvideErrorMetadata + std::error::Error + 'static,
    {
        let cause = match error
            .as_service_error()
            .and_then(ProvideErrorMetadata::message)
        {
            Some(message) => message.to_owned(),
            None => DisplayErrorContext(error).to_string(),
        };
        Self::failed(what, cause)
    }

    /// As `--json` shows it.
    pub(super) fn json(&self) -> String {
        let (message, cause) = match self {
            Self::Usage(message) => (message, ""),
            Self::Failed { what, cause } => (what, cause.as_str()),
        };
        serde_json::json!({ "status": "error", "error": { "message": message, "cause": { "message": cause } } }).to_string()
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Usage(message) => write!(f, "mc: <ERROR> {message}"),
            Self::Failed { what, cause } => write!(
                f,
                "mc: <ERROR> {what}. {}{}",
                cause,
                if cause.ends_with('.') { "" } else { "." }
            ),
        }
    }
}
