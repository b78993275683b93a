//! What can go wrong with AWS, and what a person does about it.

use std::error::Error as StdError;
use std::time::Duration;

use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_smithy_runtime_api::client::result::{DispatchFailure, SdkError};
use aws_smithy_types::error::metadata::ProvideErrorMetadata;

use crate::id::Id;

/// One variant a failed operation; `engine::Failure` says what to do about it.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A call that AWS refused or did not answer.
    #[error("{action} failed{}", code.as_deref().map(|code| format!(": {code}")).unwrap_or_default())]
    Call {
        /// `ec2:CreateVpc`, as IAM policies name it.
        action: &'static str,
        /// AWS's error code; `None` when there was no answer.
        code: Option<String>,
        /// AWS's own words.
        message: Option<String>,
        /// For AWS's support.
        request_id: Option<String>,
        /// Whether the call may have been carried out all the same.
        ambiguous: bool,
        /// The reason, as the SDK tells it.
        source: Box<dyn StdError + Send + Sync>,
    },
    /// Something was not as it should be within its time.
    #[error("{id} was not ready after {} s: waited until {condition}; last seen: {state}", bound.as_secs())]
    NotReady {
        /// Which.
        id: Id,
        /// What was waited for.
        condition: String,
        /// What was seen last.
        state: String,
        /// For how long.
        bound: Duration,
        /// What it printed last, oldest first.
        tail: Vec<String>,
    },
    /// A resource that AWS itself gave up on, or a task that ended badly.
    #[error("{id} failed: {reason}")]
    Failed {
        /// Which.
        id: Id,
        /// In AWS's words, or the exit code.
        reason: String,
        /// What to type.
        hint: Option<String>,
        /// What it printed last, oldest first.
        tail: Vec<String>,
    },
    /// Something of somebody else's has one of our names.
    #[error("{id} is in the way: {cause}")]
    Stranger {
        /// Which of ours has its name.
        id: Id,
        /// Whose.
        cause: String,
        /// What to type.
        hint: String,
    },
    /// What the person who types has to mend before masto can work.
    #[error("{message}")]
    Setup {
        /// What is wrong.
        message: String,
        /// What to type.
        hint: String,
        /// What it is about.
        kind: ErrorKind,
    },
    /// masto's own mistake.
    #[error("{message}")]
    Bug {
        /// What was assumed.
        message: String,
    },
}

/// What an error is about: decides the exit status.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ErrorKind {
    /// No credentials, expired ones, or an action that they do not allow.
    Permission,
    /// A resource failed.
    Resource,
    /// Somebody else holds the lock.
    Locked,
    /// What was typed cannot be.
    Usage,
    /// No answer.
    Unreachable,
    /// masto's own mistake.
    Bug,
}

/// Whether the connection ended after the request had been sent: AWS may have done what it says.
/// The SDK counts that among its other failures, as it does missing credentials, and has no word
/// for it but its HTTP client's.
fn broke_off(failure: &DispatchFailure) -> bool {
    let mut next = failure
        .as_connector_error()
        .and_then(|error| StdError::source(error));
    while let Some(error) = next {
        if error.to_string().contains("(SendRequest)") {
            return true;
        }
        next = error.source();
    }
    false
}

impl Error {
    /// masto's own mistake.
    pub(crate) fn bug(message: impl Into<String>) -> Self {
        Self::Bug {
            message: message.into(),
        }
    }

    /// An error of the SDK in the call of `action`.
    pub(crate) fn call<E>(action: &'static str, error: SdkError<E, HttpResponse>) -> Self
    where
        E: ProvideErrorMetadata + StdError + Send + Sync + 'static,
    {
        let status = error
            .raw_response()
            .map(|response| response.status().as_u16());
        // Refused before it was sent, or answered with what is the caller's own fault: not done.
        let ambiguous = match &error {
            SdkError::ConstructionFailure(_) => false,
            SdkError::TimeoutError(_) | SdkError::ResponseError(_) => true,
            SdkError::DispatchFailure(failure) => {
                !failure.is_user() && (!failure.is_other() || broke_off(failure))
            }
            SdkError::ServiceError(_) => status.is_some_and(|status| status >= 500),
            _ => true,
        };
        let request_id = error.raw_response().and_then(|response| {
            ["x-amzn-requestid", "x-amz-request-id"]
                .iter()
                .find_map(|name| response.headers().get(*name))
                .map(str::to_owned)
        });
        // A refusal whose body says nothing is one for want of permission.
        let silent = (status == Some(403)).then_some("AccessDenied");
        Self::Call {
            action,
            code: error.code().or(silent).map(str::to_owned),
            message: error.message().map(str::to_owned),
            request_id,
            ambiguous,
            source: Box::new(error),
        }
    }

    /// AWS's error code; `None` where it is no refusal of AWS's.
    #[must_use]
    pub fn code(&self) -> Option<&str> {
        match self {
            Self::Call { code, .. } => code.as_deref(),
            _ => None,
        }
    }

    /// AWS's own words; `None` where it is no refusal of AWS's.
    #[must_use]
    pub fn message(&self) -> Option<&str> {
        match self {
            Self::Call { message, .. } => message.as_deref(),
            _ => None,
        }
    }

    /// Whether AWS's code is one of these.
    pub(crate) fn is(&self, codes: &[&str]) -> bool {
        self.code().is_some_and(|code| codes.contains(&code))
    }

    /// Whether AWS says that the thing is not there. Codes of EC2 end in `.NotFound`, others have
    /// a word for it of their own.
    pub(crate) fn is_not_found(&self) -> bool {
        self.code().is_some_and(|code| {
            code.ends_with(".NotFound")
                || code.ends_with("NotFound")
                || code.ends_with("NotFoundFault")
                || code.ends_with("NotFoundException")
                || code.starts_with("NoSuch")
                || code == "404"
        })
    }

    /// Whether the endpoint answered, and knows nothing of the whole service: an emulator without it,
    /// or a region. AWS's own refusals always have a code.
    pub(crate) fn is_no_such_service(&self) -> bool {
        matches!(
            self,
            Self::Call {
                code: None,
                ambiguous: false,
                request_id: None,
                ..
            }
        )
    }

    /// Whether the call may be made again: throttled, no answer, or a 5xx.
    pub(crate) fn is_passing(&self) -> bool {
        let Self::Call { ambiguous, .. } = self else {
            return false;
        };
        *ambiguous || self.is_throttled()
    }

    /// Whether AWS refused for the number of calls alone.
    pub(crate) fn is_throttled(&self) -> bool {
        self.is(&[
            "Throttling",
            "ThrottlingException",
            "ThrottledException",
            "RequestLimitExceeded",
            "RequestThrottled",
            "RequestThrottledException",
            "TooManyRequestsException",
            "PriorRequestNotComplete",
            "SlowDown",
            "BandwidthLimitExceeded",
            "RequestThrottledException",
        ])
    }

    /// Whether a service refuses because its role is not there yet: on an account's first use it
    /// makes one by itself, and needs some seconds for it.
    pub(crate) fn is_service_linked_role_missing(&self) -> bool {
        let Self::Call {
            message: Some(message),
            ..
        } = self
        else {
            return false;
        };
        let message = message.to_lowercase();
        message.contains("service linked role") || message.contains("service-linked role")
    }

    /// What it is about.
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::Call { code: None, .. } => ErrorKind::Unreachable,
            Self::Call { .. } if self.is_denied() => ErrorKind::Permission,
            Self::Call { .. }
            | Self::NotReady { .. }
            | Self::Failed { .. }
            | Self::Stranger { .. } => ErrorKind::Resource,
            Self::Setup { kind, .. } => *kind,
            Self::Bug { .. } => ErrorKind::Bug,
        }
    }

    fn is_denied(&self) -> bool {
        self.is(&[
            "AccessDenied",
            "AccessDeniedException",
            "UnauthorizedOperation",
            "NotAuthorized",
        ]) || self.is_refused_as_a_whole()
    }

    /// The credentials themselves are refused, whatever was asked for. [`crate::identity`] knows
    /// more of it where it is the first call.
    fn is_refused_as_a_whole(&self) -> bool {
        self.is(&[
            "AuthFailure",
            "InvalidClientTokenId",
            "UnrecognizedClientException",
            "SignatureDoesNotMatch",
            "OptInRequired",
        ]) || self.is_expired()
    }

    fn is_expired(&self) -> bool {
        self.is(&["ExpiredToken", "ExpiredTokenException", "RequestExpired"])
    }
}

/// Which statement of the printed policy allows it.
fn denied(action: &str) -> String {
    let statements: Vec<String> = crate::policy::statements_for(action)
        .map(|sid| format!("`{sid}`"))
        .collect();
    if statements.is_empty() {
        return format!("the credentials do not allow `{action}`");
    }
    format!(
        "the credentials do not allow `{action}`: the statement {} of `masto policy` gives it; \
         attach that policy to whoever deploys",
        statements.join(" or ")
    )
}

impl engine::Failure for Error {
    fn hint(&self) -> Option<String> {
        match self {
            Self::Call { .. } if self.is_expired() => {
                Some("the credentials have expired: sign in again (`aws sso login`), and run the same command: it goes on from there".to_owned())
            }
            Self::Call { .. } if self.is(&["OptInRequired"]) => {
                Some("the account is not signed up for this service or this region: finish that in the AWS console, and run the same command: it goes on from there".to_owned())
            }
            Self::Call { .. } if self.is_refused_as_a_whole() => {
                Some("AWS does not take these credentials for it: where other calls went well, the access key was deleted or replaced meanwhile; sign in again (`aws sso login`), and run the same command: it goes on from there".to_owned())
            }
            Self::Call { action, .. } if self.is_denied() => Some(denied(action)),
            Self::Call { code: None, .. } => {
                Some("AWS did not answer: look at the network, the region and AWS_ENDPOINT_URL, then run the same command again".to_owned())
            }
            Self::Call { message, .. } => message.clone(),
            Self::Failed { hint, .. } => hint.clone(),
            Self::Stranger { hint, .. } | Self::Setup { hint, .. } => Some(hint.clone()),
            Self::NotReady { .. } => {
                Some("run the same command again: it goes on from there".to_owned())
            }
            Self::Bug { .. } => None,
        }
    }

    fn log_tail(&self) -> Vec<String> {
        match self {
            Self::NotReady { tail, .. } | Self::Failed { tail, .. } => tail.clone(),
            _ => Vec::new(),
        }
    }
}

#[cfg(test)]
mod tests {
    use engine::Failure as _;

    use super::*;

    fn hint(code: &str) -> String {
        let error = Error::Call {
            action: "ec2:DescribeVpcs",
            code: Some(code.to_owned()),
            message: None,
            request_id: None,
            ambiguous: false,
            source: "refused".into(),
        };
        assert_eq!(error.kind(), ErrorKind::Permission, "{code}");
        error.hint().unwrap()
    }

    #[test]
    fn credentials_that_are_refused_are_told_from_actions_that_are_not_allowed() {
        for (code, said) in [
            ("UnauthorizedOperation", "of `masto policy` gives it"),
            ("AccessDenied", "of `masto policy` gives it"),
            ("ExpiredToken", "have expired"),
            ("RequestExpired", "have expired"),
            ("InvalidClientTokenId", "deleted or replaced"),
            ("AuthFailure", "deleted or replaced"),
            ("OptInRequired", "not signed up"),
        ] {
            let hint = hint(code);
            assert!(hint.contains(said), "{code}: {hint}");
        }
    }
}
