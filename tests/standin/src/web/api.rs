//! What only says that something else should be asked.

use axum::extract::OriginalUri;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};

use crate::web::context::Context;
use crate::web::failure::Failure;

/// `/api/v1/streaming` on web: somewhere else, or, when the proxy should have sent it to the
/// streaming server, not found.
pub(crate) async fn streaming(
    context: Context,
    headers: HeaderMap,
    OriginalUri(uri): OriginalUri,
) -> Result<Response, Failure> {
    let base = streaming_base(&context);
    let own = headers
        .get("host")
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default();
    if base.split_once("://").map(|(_, host)| host) == Some(own) {
        return Err(Failure::not_found());
    }
    let location = format!(
        "{base}{}",
        uri.path_and_query().map_or("", |path| path.as_str())
    );
    Ok((
        StatusCode::MOVED_PERMANENTLY,
        [(header::LOCATION, location)],
    )
        .into_response())
}

/// `STREAMING_API_BASE_URL`, also when it is blank.
pub(crate) fn streaming_base(context: &Context) -> String {
    let settings = &context.app.settings;
    settings
        .environment
        .get("STREAMING_API_BASE_URL")
        .map_or_else(|| format!("wss://{}", settings.domains.web), str::to_owned)
}
