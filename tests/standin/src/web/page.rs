//! HTML.

use axum::http::StatusCode;
use axum::response::{Html, IntoResponse, Response};

use crate::model::status::escape;

/// A whole page around some HTML.
pub(crate) fn page(title: &str, body: &str) -> Html<String> {
    Html(format!(
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<title>{}</title>\n</head>\n<body>\n{body}\n</body>\n</html>\n",
        escape(title)
    ))
}

/// The page of an error, as `public/500.html` and its siblings.
pub(crate) fn error(status: StatusCode) -> Response {
    let text = match status {
        StatusCode::NOT_FOUND => "The page you are looking for isn't here.",
        StatusCode::UNPROCESSABLE_ENTITY => {
            "Security verification failed. Are you blocking cookies?"
        }
        StatusCode::FORBIDDEN => "You don't have permission to view this page.",
        StatusCode::UNAUTHORIZED => "You have to be logged in to view this page.",
        _ => "We're sorry, but something went wrong on our end.",
    };
    (
        status,
        page(
            "Mastodon",
            &format!("<div class=\"dialog\"><h1>{text}</h1></div>"),
        ),
    )
        .into_response()
}

/// A hidden form field.
pub(crate) fn hidden(name: &str, value: &str) -> String {
    format!(
        "<input type=\"hidden\" name=\"{}\" value=\"{}\">",
        escape(name),
        escape(value)
    )
}
