//! Applications that people log in with.

use serde_json::{Value, json};
use tokio_postgres::{Client, Row};

use crate::crypto::token;
use crate::database::parameter::{int, text};
use crate::exception::Exception;

/// A registered application.
#[derive(Clone, Debug)]
pub(crate) struct OauthApplication {
    /// Id.
    pub(crate) id: i64,
    /// Name shown to people.
    pub(crate) name: String,
    /// `client_id`
    pub(crate) uid: String,
    secret: String,
    redirect_uri: String,
    /// Scopes it may ask for, separated by spaces.
    pub(crate) scopes: String,
    website: Option<String>,
}

const COLUMNS: &str = "id, name, uid, secret, redirect_uri, scopes, website";

fn of(row: &Row) -> OauthApplication {
    OauthApplication {
        id: row.get("id"),
        name: row.get("name"),
        uid: row.get("uid"),
        secret: row.get("secret"),
        redirect_uri: row.get("redirect_uri"),
        scopes: row.get("scopes"),
        website: row.get("website"),
    }
}

/// Registers one. Redirect addresses are separated by line breaks.
pub(crate) async fn create(
    db: &Client,
    name: &str,
    redirect_uri: &str,
    scopes: &str,
    website: Option<&str>,
) -> Result<OauthApplication, Exception> {
    let statement = format!(
        "INSERT INTO oauth_applications (name, uid, secret, redirect_uri, scopes, website) VALUES ($1, $2, $3, $4, $5, $6) RETURNING {COLUMNS}"
    );
    let rows = db
        .query_typed(
            &statement,
            &[
                text(&name),
                text(&token::url_safe()),
                text(&token::url_safe()),
                text(&redirect_uri),
                text(&scopes),
                text(&website),
            ],
        )
        .await?;
    rows.first().map(of).ok_or(Exception::RecordNotFound)
}

/// By `client_id`.
pub(crate) async fn find_by_uid(
    db: &Client,
    uid: &str,
) -> Result<Option<OauthApplication>, Exception> {
    Ok(db
        .query_typed(
            &format!("SELECT {COLUMNS} FROM oauth_applications WHERE uid = $1"),
            &[text(&uid)],
        )
        .await?
        .first()
        .map(of))
}

/// By id.
pub(crate) async fn find(db: &Client, id: i64) -> Result<OauthApplication, Exception> {
    let rows = db
        .query_typed(
            &format!("SELECT {COLUMNS} FROM oauth_applications WHERE id = $1"),
            &[int(&id)],
        )
        .await?;
    rows.first().map(of).ok_or(Exception::RecordNotFound)
}

impl OauthApplication {
    /// Whether this is its secret.
    pub(crate) fn has_secret(&self, secret: &str) -> bool {
        token::is_same(&self.secret, secret)
    }

    /// Whether people may be sent there.
    pub(crate) fn redirects_to(&self, uri: &str) -> bool {
        self.redirect_uri.split_whitespace().any(|own| own == uri)
    }

    /// Whether it may ask for these scopes.
    pub(crate) fn covers(&self, scopes: &str) -> bool {
        covers(&self.scopes, scopes)
    }

    /// As it is named under a post.
    pub(crate) fn to_credit(&self) -> Value {
        json!({ "name": self.name, "website": self.website })
    }

    /// The REST entity; with its keys only for who registered it.
    pub(crate) fn to_json(&self, keys: bool, vapid_key: &str) -> Value {
        let mut entity = json!({
            "id": self.id.to_string(), "name": self.name, "website": self.website,
            "scopes": self.scopes.split(' ').collect::<Vec<_>>(),
            "redirect_uris": self.redirect_uri.split_whitespace().collect::<Vec<_>>(),
            "redirect_uri": self.redirect_uri, "vapid_key": vapid_key,
        });
        if keys {
            entity["client_id"] = self.uid.clone().into();
            entity["client_secret"] = self.secret.clone().into();
            entity["client_secret_expires_at"] = 0.into();
        }
        entity
    }
}

/// Whether granted scopes include the wanted ones: `read` includes `read:statuses`.
pub(crate) fn covers(granted: &str, wanted: &str) -> bool {
    let granted: Vec<&str> = granted.split_whitespace().collect();
    wanted.split_whitespace().all(|scope| {
        granted.contains(&scope)
            || scope
                .split_once(':')
                .is_some_and(|(whole, _)| granted.contains(&whole))
    })
}

#[cfg(test)]
mod tests {
    use super::covers;

    #[test]
    fn a_whole_scope_includes_its_parts() {
        assert!(covers("read write", "read:statuses write:media"));
        assert!(covers("read:statuses", "read:statuses"));
        assert!(!covers("read:statuses", "read"));
        assert!(!covers("read", "read follow"));
    }
}
