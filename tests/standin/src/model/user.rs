//! People who can log in.

use tokio_postgres::{Client, Row};

use crate::database::parameter::{int, text};
use crate::exception::Exception;

/// Devise's cost in production.
const STRETCHES: u32 = 10;

/// A user; every user has an account.
#[derive(Clone, Debug)]
pub(crate) struct User {
    /// Id.
    pub(crate) id: i64,
    /// Account.
    pub(crate) account_id: i64,
    /// Address.
    pub(crate) email: String,
    /// bcrypt.
    encrypted_password: String,
    /// The address was confirmed.
    pub(crate) confirmed: bool,
    /// A moderator let them in, or nobody had to.
    pub(crate) approved: bool,
    /// Locked out.
    pub(crate) disabled: bool,
    /// Role, where there is one.
    pub(crate) role: Option<String>,
}

const COLUMNS: &str = "u.id, u.account_id, u.email, u.encrypted_password, u.confirmed_at IS NOT NULL AS confirmed, u.approved, u.disabled, (SELECT name FROM user_roles r WHERE r.id = u.role_id) AS role";

fn of(row: &Row) -> User {
    User {
        id: row.get("id"),
        account_id: row.get("account_id"),
        email: row.get("email"),
        encrypted_password: row.get("encrypted_password"),
        confirmed: row.get("confirmed"),
        approved: row.get("approved"),
        disabled: row.get("disabled"),
        role: row.get("role"),
    }
}

/// By id.
pub(crate) async fn find(db: &Client, id: i64) -> Result<User, Exception> {
    let rows = db
        .query_typed(
            &format!("SELECT {COLUMNS} FROM users u WHERE id = $1"),
            &[int(&id)],
        )
        .await?;
    rows.first().map(of).ok_or(Exception::RecordNotFound)
}

/// By address, whatever its case.
pub(crate) async fn find_by_email(db: &Client, email: &str) -> Result<Option<User>, Exception> {
    Ok(db
        .query_typed(
            &format!("SELECT {COLUMNS} FROM users u WHERE email = lower($1)"),
            &[text(&email.trim())],
        )
        .await?
        .first()
        .map(of))
}

/// Of an account.
pub(crate) async fn find_by_account(
    db: &Client,
    account_id: i64,
) -> Result<Option<User>, Exception> {
    Ok(db
        .query_typed(
            &format!("SELECT {COLUMNS} FROM users u WHERE account_id = $1"),
            &[int(&account_id)],
        )
        .await?
        .first()
        .map(of))
}

impl User {
    /// Whether they may do anything.
    pub(crate) fn is_functional(&self) -> bool {
        self.confirmed && self.approved && !self.disabled
    }

    /// Whether this is their password. Slow by design: off the runtime.
    pub(crate) async fn has_password(&self, password: &str) -> bool {
        let (password, digest) = (password.to_owned(), self.encrypted_password.clone());
        tokio::task::spawn_blocking(move || bcrypt::verify(password, &digest).unwrap_or(false))
            .await
            .unwrap_or(false)
    }
}

/// The digest that is kept instead of a password.
pub(crate) async fn digest(password: &str) -> Result<String, Exception> {
    let password = password.to_owned();
    tokio::task::spawn_blocking(move || bcrypt::hash(password, STRETCHES))
        .await
        .map_err(|error| Exception::Argument(error.to_string()))?
        .map_err(|error| Exception::Argument(error.to_string()))
}

/// Replaces the password; every session and token of the user ends.
pub(crate) async fn change_password(db: &Client, id: i64, password: &str) -> Result<(), Exception> {
    let digest = digest(password).await?;
    db.query_typed("UPDATE users SET encrypted_password = $2, reset_password_token = NULL, updated_at = now() WHERE id = $1", &[int(&id), text(&digest)]).await?;
    db.query_typed(
        "DELETE FROM session_activations WHERE user_id = $1",
        &[int(&id)],
    )
    .await?;
    db.query_typed("UPDATE oauth_access_tokens SET revoked_at = now() WHERE resource_owner_id = $1 AND revoked_at IS NULL", &[int(&id)]).await?;
    Ok(())
}
