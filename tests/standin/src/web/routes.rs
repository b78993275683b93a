//! Which handler answers what.

use std::sync::Arc;

use axum::extract::DefaultBodyLimit;
use axum::http::header;
use axum::response::IntoResponse;
use axum::routing::{delete, get, post};
use axum::{Router, middleware};

use crate::web::failure::Failure;
use crate::web::parameters::MAX_BODY;
use crate::web::pipeline::{self, Puma};
use crate::web::{
    accounts, activitypub, api, apps, inbox, instance, media, oauth, password, sign_in, statuses,
    timelines, token, well_known,
};

/// All routes behind the middleware.
pub(crate) fn router(puma: Arc<Puma>) -> Router {
    Router::new()
        .route(
            "/health",
            get(|| async { ([(header::CONTENT_TYPE, "text/plain; charset=utf-8")], "OK") }),
        )
        .route("/", get(instance::front_page))
        .route("/about", get(instance::front_page))
        .route("/home", get(instance::front_page))
        .route("/.well-known/webfinger", get(well_known::webfinger))
        .route("/.well-known/host-meta", get(well_known::host_meta))
        .route("/.well-known/nodeinfo", get(well_known::nodeinfo))
        .route(
            "/.well-known/oauth-authorization-server",
            get(well_known::oauth_metadata),
        )
        .route("/nodeinfo/2.0", get(well_known::nodeinfo_schema))
        .route("/actor", get(activitypub::instance_actor))
        .route("/actor/inbox", post(inbox::receive))
        .route("/inbox", post(inbox::receive))
        .route("/users/{name}", get(activitypub::by_name))
        .route("/users/{name}/inbox", post(inbox::receive_by_name))
        .route("/users/{name}/outbox", get(activitypub::outbox))
        .route("/users/{name}/followers", get(activitypub::followers))
        .route("/users/{name}/statuses/{id}", get(activitypub::note))
        .route("/ap/users/{id}", get(activitypub::by_id))
        .route("/ap/users/{id}/inbox", post(inbox::receive_by_id))
        .route("/ap/users/{id}/outbox", get(activitypub::outbox))
        .route("/ap/users/{id}/followers", get(activitypub::followers))
        .route("/ap/users/{name}/statuses/{id}", get(activitypub::note))
        .route("/{handle}", get(activitypub::profile))
        .route("/{handle}/{id}", get(activitypub::status_page))
        .route("/auth/sign_in", get(sign_in::form).post(sign_in::create))
        .route(
            "/auth/sign_out",
            delete(sign_in::destroy).post(sign_in::destroy),
        )
        .route("/auth/password/new", get(password::form))
        .route("/auth/password/edit", get(password::edit))
        .route(
            "/auth/password",
            post(password::create).put(password::create),
        )
        .route(
            "/oauth/authorize",
            get(oauth::form).post(oauth::create).delete(oauth::create),
        )
        .route("/oauth/authorize/native", get(oauth::native))
        .route("/oauth/token", post(token::create))
        .route("/oauth/revoke", post(token::revoke))
        .route("/api/v1/apps", post(apps::create))
        .route("/api/v1/apps/verify_credentials", get(apps::verify))
        .route("/api/v1/instance", get(instance::v1))
        .route("/api/v2/instance", get(instance::v2))
        .route("/api/v1/accounts/verify_credentials", get(accounts::verify))
        .route("/api/v1/accounts/lookup", get(accounts::lookup))
        .route(
            "/api/v1/accounts/relationships",
            get(accounts::relationships),
        )
        .route("/api/v1/accounts/{id}", get(accounts::show))
        .route("/api/v1/accounts/{id}/statuses", get(accounts::statuses))
        .route("/api/v1/accounts/{id}/follow", post(accounts::follow))
        .route("/api/v1/accounts/{id}/unfollow", post(accounts::unfollow))
        .route("/api/v2/search", get(accounts::search))
        .route("/api/v1/statuses", post(statuses::create))
        .route(
            "/api/v1/statuses/{id}",
            get(statuses::show).delete(statuses::destroy),
        )
        .route("/api/v1/timelines/home", get(timelines::home))
        .route("/api/v1/timelines/public", get(timelines::public))
        .route("/api/v1/notifications", get(timelines::notifications))
        .route("/api/v1/media", post(media::create_v1))
        .route("/api/v2/media", post(media::create))
        .route(
            "/api/v1/media/{id}",
            get(media::show).delete(media::destroy),
        )
        .route("/api/v1/streaming", get(api::streaming))
        .route("/api/v1/streaming/{*rest}", get(api::streaming))
        .fallback(|| async { Failure::not_found().into_response() })
        .layer(DefaultBodyLimit::max(MAX_BODY))
        .layer(middleware::from_fn_with_state(
            Arc::clone(&puma),
            pipeline::run,
        ))
}
