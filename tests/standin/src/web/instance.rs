//! What the server says about itself.

use axum::Json;
use axum::response::Html;
use serde_json::{Value, json};

use crate::database::parameter::text;
use crate::model::status::escape;
use crate::web::api::streaming_base;
use crate::web::context::Context;
use crate::web::failure::Failure;
use crate::web::page;
use crate::web::session::current_user;

/// `GET /`
pub(crate) async fn front_page(context: Context) -> Result<Html<String>, Failure> {
    let settings = &context.app.settings;
    let user = current_user(&context).await?;
    let greeting = match user {
        Some(user) => format!("<p>Logged in as {}.</p><form action=\"/auth/sign_out\" method=\"post\">{}<button type=\"submit\">Log out</button></form>", escape(&user.email), context.cookie.field()),
        None => "<p><a href=\"/auth/sign_in\">Log in</a> · <a href=\"/auth/password/new\">Forgot your password?</a></p>".to_owned(),
    };
    let about = format!(
        "This is masto's stand-in for Mastodon: a test double that plays version {}. It is not Mastodon.",
        settings.release
    );
    Ok(page::page(
        &format!("{} – stand-in for Mastodon", settings.domains.local),
        &format!(
            "<h1>{}</h1><p>{about}</p>{greeting}",
            escape(&settings.domains.local)
        ),
    ))
}

/// Numbers shown to everyone.
pub(crate) struct Counts {
    /// People.
    pub(crate) users: i64,
    /// Posts written here.
    pub(crate) statuses: i64,
    /// Other servers known.
    pub(crate) domains: i64,
}

/// Counts them.
pub(crate) async fn counts(context: &Context) -> Result<Counts, Failure> {
    let row = context
        .db()
        .await?
        .query_one(
            "SELECT (SELECT count(*) FROM users WHERE confirmed_at IS NOT NULL), (SELECT count(*) FROM statuses WHERE local), (SELECT count(DISTINCT domain) FROM accounts WHERE domain IS NOT NULL)",
            &[],
        )
        .await?;
    Ok(Counts {
        users: row.get(0),
        statuses: row.get(1),
        domains: row.get(2),
    })
}

/// The registrations' mode: `open`, `approved` or, unless somebody changed it, `none`.
pub(crate) async fn registrations_mode(context: &Context) -> Result<String, Failure> {
    let rows = context
        .db()
        .await?
        .query_typed(
            "SELECT value FROM settings WHERE var = $1",
            &[text(&"registrations_mode")],
        )
        .await?;
    let value = rows.first().and_then(|row| row.get::<_, Option<String>>(0));
    Ok(value.map_or_else(
        || "none".to_owned(),
        |value| value.trim_start_matches("--- ").trim().to_owned(),
    ))
}

fn description(context: &Context) -> String {
    format!(
        "masto's stand-in for Mastodon {}: a test double",
        context.app.settings.release
    )
}

fn media_types() -> Value {
    json!([
        "image/jpeg",
        "image/png",
        "image/gif",
        "image/webp",
        "video/webm",
        "video/mp4",
        "video/quicktime",
        "audio/mpeg",
        "audio/ogg",
        "audio/wav",
        "audio/flac"
    ])
}

fn configuration() -> Value {
    json!({
        "accounts": { "max_featured_tags": 10, "max_pinned_statuses": 5 },
        "statuses": { "max_characters": 500, "max_media_attachments": 4, "characters_reserved_per_url": 23 },
        "media_attachments": { "description_limit": 1500, "image_matrix_limit": 33_177_600, "image_size_limit": 16_777_216, "supported_mime_types": media_types(), "video_frame_rate_limit": 120, "video_matrix_limit": 8_294_400, "video_size_limit": 103_809_024 },
        "polls": { "max_options": 4, "max_characters_per_option": 50, "min_expiration": 300, "max_expiration": 2_629_746 }
    })
}

/// `GET /api/v2/instance`
pub(crate) async fn v2(context: Context) -> Result<Json<Value>, Failure> {
    let settings = &context.app.settings;
    let (counts, mode) = (counts(&context).await?, registrations_mode(&context).await?);
    let mut configuration = configuration();
    configuration["urls"] = json!({ "streaming": streaming_base(&context), "status": null, "about": settings.domains.url("/about"), "privacy_policy": null, "terms_of_service": null });
    configuration["vapid"] = json!({ "public_key": settings.environment.get("VAPID_PUBLIC_KEY") });
    configuration["translation"] = json!({ "enabled": false });
    configuration["limited_federation"] = settings
        .environment
        .is_true("LIMITED_FEDERATION_MODE")
        .into();
    Ok(Json(json!({
        "domain": settings.domains.local, "title": "Mastodon", "version": settings.release.to_string(),
        "source_url": "https://github.com/mastodon/mastodon", "description": description(&context),
        "usage": { "users": { "active_month": counts.users } },
        "thumbnail": { "url": settings.domains.url("/avatars/original/missing.png") }, "icon": [], "languages": ["en"],
        "configuration": configuration,
        "registrations": { "enabled": mode != "none", "approval_required": mode == "approved", "reason_required": false, "message": null, "min_age": null, "url": null },
        "api_versions": { "mastodon": 7 }, "contact": { "email": "", "account": null }, "rules": []
    })))
}

/// `GET /api/v1/instance`
pub(crate) async fn v1(context: Context) -> Result<Json<Value>, Failure> {
    let settings = &context.app.settings;
    let (counts, mode) = (counts(&context).await?, registrations_mode(&context).await?);
    Ok(Json(json!({
        "uri": settings.domains.local, "title": "Mastodon", "short_description": description(&context), "description": description(&context),
        "email": "", "version": settings.release.to_string(), "urls": { "streaming_api": streaming_base(&context) },
        "stats": { "user_count": counts.users, "status_count": counts.statuses, "domain_count": counts.domains },
        "thumbnail": settings.domains.url("/avatars/original/missing.png"), "languages": ["en"],
        "registrations": mode != "none", "approval_required": mode == "approved", "invites_enabled": false,
        "configuration": configuration(), "contact_account": null, "rules": []
    })))
}
