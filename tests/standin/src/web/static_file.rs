//! Files: what is in `public/`, and local uploads.

use std::path::Component;

use axum::body::Body;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use base64::Engine;
use base64::prelude::BASE64_STANDARD;

use crate::app::App;
use crate::web::page;

/// A pixel, where Mastodon has its picture for accounts without one.
const MISSING_PNG: &str = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR4nGNgYGBgAAAABQABh6FO1AAAAABJRU5ErkJggg==";

/// The file a path names, before Rails sees the request; `None` when there is none, or when
/// `RAILS_SERVE_STATIC_FILES` is not set.
pub(crate) async fn find(app: &App, path: &str) -> Option<Response> {
    app.settings
        .environment
        .filled("RAILS_SERVE_STATIC_FILES")?;
    let long = "public, max-age=2419200, must-revalidate";
    match path {
        "/500.html" => Some(
            (
                StatusCode::OK,
                page::page(
                    "Mastodon",
                    "<h1>We're sorry, but something went wrong on our end.</h1>",
                ),
            )
                .into_response(),
        ),
        "/robots.txt" => Some(
            (
                [(header::CONTENT_TYPE, "text/plain")],
                "User-agent: *\nDisallow: /media_proxy/\nDisallow: /interact/\n",
            )
                .into_response(),
        ),
        "/avatars/original/missing.png" | "/headers/original/missing.png" => {
            let bytes = BASE64_STANDARD.decode(MISSING_PNG).ok()?;
            Some(
                (
                    [
                        (header::CONTENT_TYPE, "image/png"),
                        (header::CACHE_CONTROL, long),
                    ],
                    bytes,
                )
                    .into_response(),
            )
        }
        _ => system_file(app, path.strip_prefix("/system/")?).await,
    }
}

async fn system_file(app: &App, path: &str) -> Option<Response> {
    let relative = std::path::Path::new(path);
    if !relative
        .components()
        .all(|component| matches!(component, Component::Normal(_)))
    {
        return None;
    }
    let bytes = tokio::fs::read(app.objects.root()?.join(relative))
        .await
        .ok()?;
    let content_type = match relative
        .extension()
        .and_then(|extension| extension.to_str())
    {
        Some("png") => "image/png",
        Some("jpg" | "jpeg") => "image/jpeg",
        Some("gif") => "image/gif",
        Some("webp") => "image/webp",
        Some("mp4") => "video/mp4",
        _ => "application/octet-stream",
    };
    let headers = [
        (header::CONTENT_TYPE, content_type),
        (header::CACHE_CONTROL, "public, max-age=2419200, immutable"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (
            header::CONTENT_SECURITY_POLICY,
            "default-src 'none'; form-action 'none'",
        ),
    ];
    Some((headers, Body::from(bytes)).into_response())
}
