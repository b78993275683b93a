//! Registering applications.

use axum::Json;
use axum::http::StatusCode;
use serde_json::Value;

use crate::exception::Exception;
use crate::model::oauth_application;
use crate::web::context::Context;
use crate::web::failure::Failure;
use crate::web::parameters::Parameters;

/// `POST /api/v1/apps`
pub(crate) async fn create(
    context: Context,
    parameters: Parameters,
) -> Result<Json<Value>, Failure> {
    let invalid = |text: &str| Failure::Exception(Exception::RecordInvalid(vec![text.to_owned()]));
    let name = parameters
        .filled("client_name")
        .ok_or_else(|| invalid("Application name can't be blank"))?;
    let redirects = parameters.list("redirect_uris");
    if redirects.is_empty() || redirects.iter().all(|uri| uri.trim().is_empty()) {
        return Err(invalid("Redirect URI can't be blank"));
    }
    let redirect_uri = redirects.join("\n");
    let absolute = |uri: &str| uri == "urn:ietf:wg:oauth:2.0:oob" || url::Url::parse(uri).is_ok();
    if !redirect_uri.split_whitespace().all(absolute) {
        return Err(invalid("Redirect URI must be an absolute URI."));
    }
    let application = oauth_application::create(
        context.db().await?,
        name,
        &redirect_uri,
        parameters.filled("scopes").unwrap_or("read"),
        parameters.filled("website"),
    )
    .await?;
    let vapid = context
        .app
        .settings
        .environment
        .get("VAPID_PUBLIC_KEY")
        .unwrap_or_default();
    Ok(Json(application.to_json(true, vapid)))
}

/// `GET /api/v1/apps/verify_credentials`
pub(crate) async fn verify(context: Context) -> Result<Json<Value>, Failure> {
    let token = context.token().await?.ok_or_else(Failure::invalid_token)?;
    let id = token
        .application_id
        .ok_or_else(|| Failure::new(StatusCode::UNAUTHORIZED, "The access token is invalid"))?;
    let application = oauth_application::find(context.db().await?, id).await?;
    Ok(Json(
        application.to_json(
            false,
            context
                .app
                .settings
                .environment
                .get("VAPID_PUBLIC_KEY")
                .unwrap_or_default(),
        ),
    ))
}
