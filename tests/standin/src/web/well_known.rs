//! `/.well-known/…` and nodeinfo.

use axum::Json;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

use crate::database::seed::INSTANCE_ACTOR_ID;
use crate::model::account;
use crate::web::context::Context;
use crate::web::failure::Failure;
use crate::web::instance::{counts, registrations_mode};
use crate::web::parameters::Parameters;

/// `GET /.well-known/webfinger?resource=acct:name@domain`
pub(crate) async fn webfinger(
    context: Context,
    parameters: Parameters,
) -> Result<Response, Failure> {
    let app = &context.app;
    let resource = parameters
        .filled("resource")
        .ok_or_else(|| Failure::new(StatusCode::BAD_REQUEST, "resource is missing"))?;
    let db = context.db().await?;
    let found = if let Some(handle) = resource
        .strip_prefix("acct:")
        .or(Some(resource))
        .filter(|text| !text.starts_with("http"))
    {
        match handle.rsplit_once('@').filter(|(_, domain)| {
            app.settings
                .domains
                .hosts()
                .any(|own| own.eq_ignore_ascii_case(domain))
        }) {
            // The instance's own actor goes by the name of the domain.
            Some((name, _)) if app.settings.domains.hosts().any(|own| own == name) => {
                Some(account::find(db, INSTANCE_ACTOR_ID).await?)
            }
            Some((name, _)) => account::find_local(db, name).await?,
            None => None,
        }
    } else if app.settings.domains.is_local_url(resource) {
        match resource.rsplit_once("/@") {
            Some((_, name)) => account::find_local(db, name).await?,
            None => crate::worker::processing::local_account(app, db, resource).await?,
        }
    } else {
        None
    };
    let account = found.ok_or_else(Failure::not_found)?;
    let name = if account.id == INSTANCE_ACTOR_ID {
        &app.settings.domains.local
    } else {
        &account.username
    };
    let body = json!({
        "subject": format!("acct:{name}@{}", app.settings.domains.local),
        "aliases": [account.url(app), account.uri(app)],
        "links": [
            { "rel": "http://webfinger.net/rel/profile-page", "type": "text/html", "href": account.url(app) },
            { "rel": "self", "type": "application/activity+json", "href": account.uri(app) },
            { "rel": "http://ostatus.org/schema/1.0/subscribe", "template": app.settings.domains.url("/authorize_interaction?uri={uri}") }
        ]
    });
    let headers = [
        (header::CONTENT_TYPE, "application/jrd+json; charset=utf-8"),
        (header::ACCESS_CONTROL_ALLOW_ORIGIN, "*"),
    ];
    Ok((headers, body.to_string()).into_response())
}

/// `GET /.well-known/host-meta`
pub(crate) async fn host_meta(context: Context) -> Response {
    let template = context
        .app
        .settings
        .domains
        .url("/.well-known/webfinger?resource={uri}");
    let body = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<XRD xmlns=\"http://docs.oasis-open.org/ns/xri/xrd-1.0\">\n  <Link rel=\"lrdd\" template=\"{template}\"/>\n</XRD>\n"
    );
    (
        [(header::CONTENT_TYPE, "application/xrd+xml; charset=utf-8")],
        body,
    )
        .into_response()
}

/// `GET /.well-known/nodeinfo`
pub(crate) async fn nodeinfo(context: Context) -> Json<Value> {
    let href = context.app.settings.domains.url("/nodeinfo/2.0");
    Json(
        json!({ "links": [{ "rel": "http://nodeinfo.diaspora.software/ns/schema/2.0", "href": href }] }),
    )
}

/// `GET /nodeinfo/2.0`
pub(crate) async fn nodeinfo_schema(context: Context) -> Result<Json<Value>, Failure> {
    let (counts, mode) = (counts(&context).await?, registrations_mode(&context).await?);
    Ok(Json(json!({
        "version": "2.0", "software": { "name": "mastodon", "version": context.app.settings.release.to_string() },
        "protocols": ["activitypub"], "services": { "outbound": [], "inbound": [] },
        "usage": { "users": { "total": counts.users, "activeMonth": counts.users, "activeHalfyear": counts.users }, "localPosts": counts.statuses },
        "openRegistrations": mode != "none", "metadata": { "nodeName": "Mastodon", "nodeDescription": "masto's stand-in: a test double" }
    })))
}

/// `GET /.well-known/oauth-authorization-server`
pub(crate) async fn oauth_metadata(context: Context) -> Json<Value> {
    let url = |path: &str| context.app.settings.domains.url(path);
    Json(json!({
        "issuer": url("/"), "service_documentation": "https://docs.joinmastodon.org/",
        "authorization_endpoint": url("/oauth/authorize"), "token_endpoint": url("/oauth/token"),
        "app_registration_endpoint": url("/api/v1/apps"), "revocation_endpoint": url("/oauth/revoke"),
        "scopes_supported": ["read", "write", "follow", "push", "profile"], "response_types_supported": ["code"],
        "response_modes_supported": ["query", "fragment", "form_post"], "grant_types_supported": ["authorization_code", "client_credentials"],
        "token_endpoint_auth_methods_supported": ["client_secret_basic", "client_secret_post"], "code_challenge_methods_supported": ["S256"]
    }))
}
