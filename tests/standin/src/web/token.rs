//! OAuth: codes and credentials for tokens, and the end of tokens.

use axum::Json;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use base64::Engine;
use base64::prelude::{BASE64_STANDARD, BASE64_URL_SAFE_NO_PAD};
use jiff::Timestamp;
use redis::cmd;
use serde_json::{Value, json};

use crate::model::access_token::{self, Grant};
use crate::model::oauth_application::{self, OauthApplication};
use crate::web::context::Context;
use crate::web::failure::Failure;
use crate::web::parameters::Parameters;

/// `POST /oauth/token`
pub(crate) async fn create(
    context: Context,
    headers: HeaderMap,
    parameters: Parameters,
) -> Result<Response, Failure> {
    let Some(application) = authenticate(&context, &headers, &parameters).await? else {
        return Ok(refusal(
            StatusCode::UNAUTHORIZED,
            "invalid_client",
            "Client authentication failed due to unknown client, no client authentication included, or unsupported authentication method.",
        ));
    };
    let db = context.db().await?;
    let invalid_grant = || {
        refusal(
            StatusCode::BAD_REQUEST,
            "invalid_grant",
            "The provided authorization grant is invalid, expired, revoked, does not match the redirection URI used in the authorization request, or was issued to another client.",
        )
    };
    let (user_id, scopes) = match parameters.get("grant_type") {
        Some("client_credentials") => {
            let scopes = parameters.filled("scope").unwrap_or("read").to_owned();
            if !application.covers(&scopes) {
                return Ok(refusal(
                    StatusCode::BAD_REQUEST,
                    "invalid_scope",
                    "The requested scope is invalid, unknown, or malformed.",
                ));
            }
            (None, scopes)
        }
        Some("authorization_code") => {
            let Some(grant) = access_token::take_grant(
                db,
                application.id,
                parameters.get("code").unwrap_or_default(),
            )
            .await?
            else {
                return Ok(invalid_grant());
            };
            if parameters.get("redirect_uri") != Some(&grant.redirect_uri)
                || !proves(&grant, parameters.get("code_verifier"))
            {
                return Ok(invalid_grant());
            }
            (Some(grant.user_id), grant.scopes)
        }
        // The password grant went with 4.4.
        _ => {
            return Ok(refusal(
                StatusCode::BAD_REQUEST,
                "unsupported_grant_type",
                "The authorization grant type is not supported by the authorization server.",
            ));
        }
    };
    let made = access_token::create(db, application.id, user_id, &scopes).await?;
    Ok(Json(json!({ "access_token": made, "token_type": "Bearer", "scope": scopes, "created_at": Timestamp::now().as_second() })).into_response())
}

/// `POST /oauth/revoke`: also tells streaming to hang up.
pub(crate) async fn revoke(
    context: Context,
    headers: HeaderMap,
    parameters: Parameters,
) -> Result<Response, Failure> {
    let Some(application) = authenticate(&context, &headers, &parameters).await? else {
        return Ok(refusal(
            StatusCode::FORBIDDEN,
            "unauthorized_client",
            "You are not authorized to revoke this token",
        ));
    };
    if let Some(id) = access_token::revoke(
        context.db().await?,
        application.id,
        parameters.get("token").unwrap_or_default(),
    )
    .await?
    {
        let _: i64 = context
            .app
            .redis
            .query(
                cmd("PUBLISH")
                    .arg(format!("timeline:access_token:{id}"))
                    .arg(json!({ "event": "kill" }).to_string()),
            )
            .await?;
    }
    Ok(Json(json!({})).into_response())
}

async fn authenticate(
    context: &Context,
    headers: &HeaderMap,
    parameters: &Parameters,
) -> Result<Option<OauthApplication>, Failure> {
    let basic = headers
        .get("authorization")
        .and_then(|value| value.to_str().ok())
        .and_then(|value| value.strip_prefix("Basic "));
    let decoded = basic
        .and_then(|text| BASE64_STANDARD.decode(text).ok())
        .and_then(|bytes| String::from_utf8(bytes).ok());
    let pair = decoded.as_deref().and_then(|text| text.split_once(':'));
    let (id, secret) = pair.unwrap_or((
        parameters.get("client_id").unwrap_or_default(),
        parameters.get("client_secret").unwrap_or_default(),
    ));
    Ok(oauth_application::find_by_uid(context.db().await?, id)
        .await?
        .filter(|application| application.has_secret(secret)))
}

fn refusal(status: StatusCode, error: &str, description: &str) -> Response {
    let body: Value = json!({ "error": error, "error_description": description });
    (status, Json(body)).into_response()
}

/// PKCE: whoever exchanges the code is who asked for it.
fn proves(grant: &Grant, verifier: Option<&str>) -> bool {
    match (
        &grant.code_challenge,
        verifier,
        grant.code_challenge_method.as_deref(),
    ) {
        (None, _, _) => true,
        (Some(challenge), Some(verifier), Some("S256")) => {
            BASE64_URL_SAFE_NO_PAD.encode(ring::digest::digest(
                &ring::digest::SHA256,
                verifier.as_bytes(),
            )) == *challenge
        }
        (Some(challenge), Some(verifier), _) => challenge == verifier,
        (Some(_), None, _) => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_challenge_needs_its_verifier() {
        let grant = |challenge: Option<&str>, method: Option<&str>| Grant {
            user_id: 1,
            redirect_uri: String::new(),
            scopes: String::new(),
            code_challenge: challenge.map(str::to_owned),
            code_challenge_method: method.map(str::to_owned),
        };
        // The pair of RFC 7636, appendix B.
        let challenge = grant(
            Some("E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"),
            Some("S256"),
        );
        assert!(proves(
            &challenge,
            Some("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk")
        ));
        assert!(!proves(&challenge, Some("other")));
        assert!(!proves(&challenge, None));
        assert!(proves(&grant(None, None), None));
    }
}
