//! OAuth: tokens, and the codes that are exchanged for them.

use tokio_postgres::Client;

use crate::crypto::token;
use crate::database::parameter::{int, text};
use crate::exception::Exception;
use crate::model::oauth_application::covers;

/// A token that is valid.
#[derive(Clone, Debug)]
pub(crate) struct AccessToken {
    /// Whose it is; `None` for an application's own.
    pub(crate) user_id: Option<i64>,
    /// Which application it was given to.
    pub(crate) application_id: Option<i64>,
    scopes: String,
}

impl AccessToken {
    /// Whether it may do what one of these scopes allows.
    pub(crate) fn allows_any(&self, scopes: &[&str]) -> bool {
        scopes.iter().any(|scope| covers(&self.scopes, scope))
    }
}

/// The valid token of that text.
pub(crate) async fn find(
    db: &Client,
    text_of_token: &str,
) -> Result<Option<AccessToken>, Exception> {
    let rows = db
        .query_typed(
            "SELECT resource_owner_id, application_id, coalesce(scopes, '') FROM oauth_access_tokens
             WHERE token = $1 AND revoked_at IS NULL AND (expires_in IS NULL OR created_at + make_interval(secs => expires_in) > now())",
            &[text(&text_of_token)],
        )
        .await?;
    Ok(rows.first().map(|row| AccessToken {
        user_id: row.get(0),
        application_id: row.get(1),
        scopes: row.get(2),
    }))
}

/// Makes a token; it does not expire.
pub(crate) async fn create(
    db: &Client,
    application_id: i64,
    user_id: Option<i64>,
    scopes: &str,
) -> Result<String, Exception> {
    let made = token::url_safe();
    db.query_typed(
        "INSERT INTO oauth_access_tokens (token, application_id, resource_owner_id, scopes) VALUES ($1, $2, $3, $4)",
        &[text(&made), int(&application_id), int(&user_id), text(&scopes)],
    )
    .await?;
    Ok(made)
}

/// Ends a token of an application; its id when there was one.
pub(crate) async fn revoke(
    db: &Client,
    application_id: i64,
    text_of_token: &str,
) -> Result<Option<i64>, Exception> {
    let rows = db
        .query_typed(
            "UPDATE oauth_access_tokens SET revoked_at = now() WHERE token = $1 AND application_id = $2 AND revoked_at IS NULL RETURNING id",
            &[text(&text_of_token), int(&application_id)],
        )
        .await?;
    Ok(rows.first().map(|row| row.get(0)))
}

/// What a person agreed to.
pub(crate) struct Grant {
    /// The person.
    pub(crate) user_id: i64,
    /// Where they were sent with the code.
    pub(crate) redirect_uri: String,
    /// To what.
    pub(crate) scopes: String,
    /// PKCE: what the verifier must hash to.
    pub(crate) code_challenge: Option<String>,
    /// PKCE: `S256` or `plain`.
    pub(crate) code_challenge_method: Option<String>,
}

/// Seconds a code is good for.
const CODE_LIFETIME: i32 = 600;

/// Makes a code.
pub(crate) async fn create_grant(
    db: &Client,
    application_id: i64,
    grant: &Grant,
) -> Result<String, Exception> {
    let code = token::url_safe();
    db.query_typed(
        "INSERT INTO oauth_access_grants (token, application_id, resource_owner_id, redirect_uri, scopes, code_challenge, code_challenge_method, expires_in) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
        &[
            text(&code),
            int(&application_id),
            int(&grant.user_id),
            text(&grant.redirect_uri),
            text(&grant.scopes),
            text(&grant.code_challenge),
            text(&grant.code_challenge_method),
            crate::database::parameter::int4(&CODE_LIFETIME),
        ],
    )
    .await?;
    Ok(code)
}

/// Uses a code up: a second try finds nothing.
pub(crate) async fn take_grant(
    db: &Client,
    application_id: i64,
    code: &str,
) -> Result<Option<Grant>, Exception> {
    let rows = db
        .query_typed(
            "UPDATE oauth_access_grants SET revoked_at = now()
             WHERE token = $1 AND application_id = $2 AND revoked_at IS NULL AND created_at + make_interval(secs => expires_in) > now()
             RETURNING resource_owner_id, redirect_uri, coalesce(scopes, ''), code_challenge, code_challenge_method",
            &[text(&code), int(&application_id)],
        )
        .await?;
    Ok(rows.first().map(|row| Grant {
        user_id: row.get(0),
        redirect_uri: row.get(1),
        scopes: row.get(2),
        code_challenge: row.get(3),
        code_challenge_method: row.get(4),
    }))
}
