//! OAuth: asking a person, and the code that says yes.

use axum::extract::OriginalUri;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
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
        Err(reason) => return Ok(refuse(reason)),
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
        Err(reason) => return Ok(refuse(reason)),
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

/// The application and the scopes it asks for, or what is wrong with the request.
async fn request(
    context: &Context,
    parameters: &Parameters,
) -> Result<Result<(OauthApplication, String), &'static str>, Failure> {
    let found = oauth_application::find_by_uid(
        context.db().await?,
        parameters.get("client_id").unwrap_or_default(),
    )
    .await?;
    let Some(application) = found else {
        return Ok(Err(
            "Client authentication failed due to unknown client, no client authentication included, or unsupported authentication method.",
        ));
    };
    if !application.redirects_to(parameters.get("redirect_uri").unwrap_or_default()) {
        return Ok(Err("The redirect uri included is not valid."));
    }
    if parameters.get("response_type") != Some("code") {
        return Ok(Err(
            "The authorization server does not support this response type.",
        ));
    }
    let scopes = parameters.filled("scope").unwrap_or("read").to_owned();
    if !application.covers(&scopes) {
        return Ok(Err(
            "The requested scope is invalid, unknown, or malformed.",
        ));
    }
    Ok(Ok((application, scopes)))
}

fn refuse(reason: &str) -> Response {
    let notice = format!("<div class=\"flash-message\">{reason}</div>");
    (
        StatusCode::BAD_REQUEST,
        page::page("An error has occurred", &notice),
    )
        .into_response()
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
}
