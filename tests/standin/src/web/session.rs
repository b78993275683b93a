//! The browser's session: a cookie only this server can have written.

use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::Response;
use serde::{Deserialize, Serialize};

use crate::app::App;
use crate::crypto::signed_message::Signer;
use crate::crypto::token;
use crate::database::parameter::{int, text};
use crate::exception::Exception;
use crate::model::user::{self, User};
use crate::web::context::Context;
use crate::web::failure::Failure;
use crate::web::parameters::Parameters;

const NAME: &str = "_mastodon_session";

/// What the cookie says.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Cookie {
    /// Session that a user opened by logging in.
    pub(crate) session_id: Option<String>,
    /// What forms must send back.
    pub(crate) csrf: String,
    /// Where to go after logging in.
    pub(crate) return_to: Option<String>,
    /// Shown once.
    pub(crate) flash: Option<String>,
}

fn signer(app: &App) -> Signer {
    Signer::new(&app.settings.secret_key_base, "signed cookie")
}

impl Cookie {
    /// Reads the request's cookie; one that is missing or not ours starts a new session.
    pub(crate) fn of(app: &App, headers: &HeaderMap) -> Self {
        let pairs = headers
            .get_all("cookie")
            .iter()
            .filter_map(|value| value.to_str().ok())
            .flat_map(|list| list.split(';'));
        let found = pairs
            .filter_map(|pair| pair.trim().split_once('='))
            .find(|(name, _)| *name == NAME);
        found
            .and_then(|(_, value)| signer(app).verify(value))
            .and_then(|text| serde_json::from_str(&text).ok())
            .unwrap_or_else(|| Self {
                csrf: token::url_safe(),
                ..Self::default()
            })
    }

    /// Sends it with a response.
    pub(crate) fn attach(&self, app: &App, mut response: Response) -> Response {
        let signed = signer(app).sign(&serde_json::to_string(self).unwrap_or_default());
        if let Ok(value) = HeaderValue::from_str(&format!(
            "{NAME}={signed}; path=/; secure; HttpOnly; SameSite=Lax"
        )) {
            response.headers_mut().append("set-cookie", value);
        }
        response
    }

    /// The form field that proves a form came from a page of ours.
    pub(crate) fn field(&self) -> String {
        super::page::hidden("authenticity_token", &self.csrf)
    }

    /// Refuses a form that did not.
    pub(crate) fn verify(&self, parameters: &Parameters) -> Result<(), Failure> {
        let sent = parameters.get("authenticity_token").unwrap_or_default();
        if !sent.is_empty() && token::is_same(sent, &self.csrf) {
            return Ok(());
        }
        Err(Failure::new(
            StatusCode::UNPROCESSABLE_ENTITY,
            "Can't verify CSRF token authenticity.",
        ))
    }
}

/// The user who is logged in.
pub(crate) async fn current_user(context: &Context) -> Result<Option<User>, Exception> {
    let Some(session_id) = &context.cookie.session_id else {
        return Ok(None);
    };
    let db = context.db().await?;
    let rows = db
        .query_typed(
            "SELECT user_id FROM session_activations WHERE session_id = $1",
            &[text(session_id)],
        )
        .await?;
    match rows.first() {
        Some(row) => user::find(db, row.get(0)).await.map(Some),
        None => Ok(None),
    }
}

/// Opens a session for a user: a new id and a new token for forms.
pub(crate) async fn open(context: &Context, user: &User) -> Result<Cookie, Exception> {
    let db = context.db().await?;
    let session_id = token::hex(16);
    db.query_typed("INSERT INTO session_activations (session_id, user_id, ip, user_agent) VALUES ($1, $2, $3::text::inet, '')", &[text(&session_id), int(&user.id), text(&context.remote_ip.to_string())]).await?;
    db.query_typed(
        "UPDATE users SET current_sign_in_at = now() WHERE id = $1",
        &[int(&user.id)],
    )
    .await?;
    Ok(Cookie {
        session_id: Some(session_id),
        csrf: token::url_safe(),
        return_to: None,
        flash: None,
    })
}

/// Ends the session.
pub(crate) async fn close(context: &Context) -> Result<Cookie, Exception> {
    if let Some(session_id) = &context.cookie.session_id {
        context
            .db()
            .await?
            .query_typed(
                "DELETE FROM session_activations WHERE session_id = $1",
                &[text(session_id)],
            )
            .await?;
    }
    Ok(Cookie {
        csrf: token::url_safe(),
        ..Cookie::default()
    })
}
