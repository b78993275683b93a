//! Answers that are no success.

use axum::Json;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde_json::json;

use crate::exception::Exception;

/// Why a request fails.
#[derive(Debug)]
pub(crate) enum Failure {
    /// With this status and this text.
    Status(StatusCode, String),
    /// An exception, under the status Mastodon gives its class.
    Exception(Exception),
}

/// The exception behind a response, for the log.
#[derive(Clone, Debug)]
pub(crate) struct Raised {
    /// Ruby's class.
    pub(crate) class: String,
    /// Its message.
    pub(crate) message: String,
}

impl<E: Into<Exception>> From<E> for Failure {
    fn from(error: E) -> Self {
        Self::Exception(error.into())
    }
}

impl Failure {
    /// A failure with a text.
    pub(crate) fn new(status: StatusCode, message: impl Into<String>) -> Self {
        Self::Status(status, message.into())
    }

    /// The way in needs a valid token.
    pub(crate) fn invalid_token() -> Self {
        Self::new(StatusCode::UNAUTHORIZED, "The access token is invalid")
    }

    /// The record is not there.
    pub(crate) fn not_found() -> Self {
        Self::Exception(Exception::RecordNotFound)
    }

    fn status(&self) -> (StatusCode, String) {
        let unavailable = |text: &str| (StatusCode::SERVICE_UNAVAILABLE, text.to_owned());
        match self {
            Self::Status(status, message) => (*status, message.clone()),
            Self::Exception(exception) => match exception {
                Exception::RecordNotFound => (StatusCode::NOT_FOUND, exception.to_string()),
                Exception::RecordInvalid(_) => {
                    (StatusCode::UNPROCESSABLE_ENTITY, exception.to_string())
                }
                Exception::Remote(_) => unavailable("Remote data could not be fetched"),
                Exception::Foreign { class, .. } if class.starts_with("Seahorse") => unavailable(
                    "There was a temporary problem serving your request, please try again",
                ),
                _ => (
                    StatusCode::INTERNAL_SERVER_ERROR,
                    "Internal Server Error".to_owned(),
                ),
            },
        }
    }
}

impl IntoResponse for Failure {
    fn into_response(self) -> Response {
        let (status, message) = self.status();
        let body = if status == StatusCode::INTERNAL_SERVER_ERROR {
            json!({ "status": 500, "error": message })
        } else {
            json!({ "error": message })
        };
        let mut response = (status, Json(body)).into_response();
        if let Self::Exception(exception) = &self {
            response.extensions_mut().insert(Raised {
                class: exception.class().to_owned(),
                message: exception.to_string(),
            });
        }
        response
    }
}
