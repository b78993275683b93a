//! The log of requests, one line each, as Mastodon writes it.

use std::time::Duration;

use axum::http::{Method, StatusCode};
use jiff::Timestamp;

use crate::output::say;
use crate::web::failure::Raised;

/// A line at a level.
pub(crate) fn line(level: &str, message: &str) {
    let time = Timestamp::now().strftime("%Y-%m-%dT%H:%M:%S.%6f");
    say(&format!(
        "{}, [{time} #{}] {level:>5} -- : {message}",
        &level[..1],
        std::process::id()
    ));
}

/// A finished request.
pub(crate) fn request(
    id: &str,
    method: &Method,
    path: &str,
    status: StatusCode,
    duration: Duration,
    raised: Option<&Raised>,
) {
    if let Some(raised) = raised.filter(|_| status.is_server_error()) {
        line(
            "FATAL",
            &format!("[{id}] {} ({}):", raised.class, raised.message),
        );
    }
    if path != "/health" {
        line(
            "INFO",
            &format!(
                "[{id}] method={method} path={path} status={} duration={:.2}",
                status.as_u16(),
                duration.as_secs_f64() * 1000.0
            ),
        );
    }
}
