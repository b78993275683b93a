//! OAuth: consent, codes, tokens.

use axum::Json;
use axum::extract::OriginalUri;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use base64::Engine;
use base64::prelude::{BASE64_STANDARD, BASE64_URL_SAFE_NO_PAD};
use jiff::Timestamp;
use redis::cmd;
use serde_json::{Value, json};
use url::Url;

use crate::model::access_token::{self, Grant};
use crate::model::oauth_application::{self, OauthApplication};
use crate::model::status::escape;
use crate::web::context::Context;
use crate::web::failure::Failure;
use crate::web::page;
use crate::web::parameters::Parameters;
use crate::web::session::current_user;
use crate::web::sign_in;

/// Where codes go that a person copies by hand.
const OUT_OF_BAND: &str = "urn:ietf:wg:oauth:2.0:oob";
const FIELDS: [&str; 7] = [
    "client_id",
    "redirect_uri",
    "response_type",
    "scope",
    "state",
    "code_challenge",
    "code_challenge_method",
];

/// `GET /oauth/authorize`
pub(crate) async fn form(
    context: Context,
    OriginalUri(uri): OriginalUri,
    parameters: Parameters,
) -> Result<Response, Failure> {
    if current_user(&context).await?.is_none() {
        return Ok(sign_in::require(
            &context,
            uri.path_and_query().map_or("/", |path| path.as_str()),
        ));
    }
    let (application, scopes) = match request(&context, &parameters).await? {
        Ok(asked) => asked,
        Err(refusal) => return Ok(refusal),
    };
    let hidden: String = FIELDS
        .iter()
        .filter_map(|name| Some(page::hidden(name, parameters.get(name)?)))
        .collect();
    let html = page::page(
        "Authorization required",
        &format!(
            "<p>{} would like permission to access your account: {}.</p><form action=\"/oauth/authorize\" accept-charset=\"UTF-8\" method=\"post\">{}{hidden}<button name=\"button\" type=\"submit\">Authorize</button></form><form action=\"/oauth/authorize\" method=\"post\">{}{}{hidden}<button name=\"button\" type=\"submit\">Deny</button></form>",
            escape(&application.name),
            escape(&scopes),
            context.cookie.field(),
            page::hidden("_method", "delete"),
            context.cookie.field()
        ),
    );
    Ok(context.cookie.attach(&context.app, html.into_response()))
}

/// `POST /oauth/authorize`, or, to deny, `DELETE`.
pub(crate) async fn create(context: Context, parameters: Parameters) -> Result<Response, Failure> {
    context.cookie.verify(&parameters)?;
    let Some(user) = current_user(&context).await? else {
        return Ok(sign_in::require(&context, "/"));
    };
    let (application, scopes) = match request(&context, &parameters).await? {
        Ok(asked) => asked,
        Err(refusal) => return Ok(refusal),
    };
    let redirect_uri = parameters
        .get("redirect_uri")
        .unwrap_or_default()
        .to_owned();
    let state = parameters.get("state");
    if parameters.get("_method") == Some("delete") {
        return Ok(send_back(
            &redirect_uri,
            &[
                ("error", "access_denied"),
                (
                    "error_description",
                    "The resource owner or authorization server denied the request.",
                ),
            ],
            state,
        ));
    }
    let grant = Grant {
        user_id: user.id,
        redirect_uri: redirect_uri.clone(),
        scopes,
        code_challenge: parameters.filled("code_challenge").map(str::to_owned),
        code_challenge_method: parameters
            .filled("code_challenge_method")
            .map(str::to_owned),
    };
    let code = access_token::create_grant(context.db().await?, application.id, &grant).await?;
    Ok(send_back(&redirect_uri, &[("code", &code)], state))
}

/// `GET /oauth/authorize/native?code=…`: shows the code.
pub(crate) async fn native(parameters: Parameters) -> Response {
    let code = escape(parameters.get("code").unwrap_or_default());
    page::page("Authorization code", &format!("<p>Copy this code and paste it to the application.</p><input type=\"text\" class=\"oauth-code\" readonly value=\"{code}\">")).into_response()
}

/// The application and the scopes it asks for, or the page that says what is wrong.
async fn request(
    context: &Context,
    parameters: &Parameters,
) -> Result<Result<(OauthApplication, String), Response>, Failure> {
    let refuse = |text: &str| {
        Err((
            StatusCode::BAD_REQUEST,
            page::page(
                "An error has occurred",
                &format!("<div class=\"flash-message\">{text}</div>"),
            ),
        )
            .into_response())
    };
    let found = oauth_application::find_by_uid(
        context.db().await?,
        parameters.get("client_id").unwrap_or_default(),
    )
    .await?;
    let Some(application) = found else {
        return Ok(refuse(
            "Client authentication failed due to unknown client, no client authentication included, or unsupported authentication method.",
        ));
    };
    if !application.redirects_to(parameters.get("redirect_uri").unwrap_or_default()) {
        return Ok(refuse("The redirect uri included is not valid."));
    }
    if parameters.get("response_type") != Some("code") {
        return Ok(refuse(
            "The authorization server does not support this response type.",
        ));
    }
    let scopes = parameters.filled("scope").unwrap_or("read").to_owned();
    if !application.covers(&scopes) {
        return Ok(refuse(
            "The requested scope is invalid, unknown, or malformed.",
        ));
    }
    Ok(Ok((application, scopes)))
}

fn send_back(redirect_uri: &str, pairs: &[(&str, &str)], state: Option<&str>) -> Response {
    let target = if redirect_uri == OUT_OF_BAND {
        "https://native/oauth/authorize/native"
    } else {
        redirect_uri
    };
    let Ok(mut url) = Url::parse(target) else {
        return StatusCode::BAD_REQUEST.into_response();
    };
    url.query_pairs_mut().extend_pairs(pairs);
    if let Some(state) = state.filter(|state| !state.is_empty()) {
        url.query_pairs_mut().append_pair("state", state);
    }
    let location = url.as_str();
    let location = location.strip_prefix("https://native").unwrap_or(location);
    (
        StatusCode::FOUND,
        [(axum::http::header::LOCATION, location.to_owned())],
    )
        .into_response()
}

/// `POST /oauth/token`
pub(crate) async fn token(
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

    fn location(response: &Response) -> &str {
        response.headers()["location"].to_str().unwrap()
    }

    #[test]
    fn codes_go_back_in_the_query_or_onto_a_page() {
        let back = send_back("https://app.test/cb?x=1", &[("code", "a b")], Some("s"));
        assert_eq!(location(&back), "https://app.test/cb?x=1&code=a+b&state=s");
        assert_eq!(
            location(&send_back(OUT_OF_BAND, &[("code", "abc")], None)),
            "/oauth/authorize/native?code=abc"
        );
    }

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
