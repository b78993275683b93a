//! Who listens: the person behind a token.

use tokio_postgres::Client;

use crate::database::parameter::{int, text};
use crate::exception::Exception;
use crate::streaming::refusal::Refusal;

/// A person with a valid token.
#[derive(Clone, Debug)]
pub(crate) struct Subscriber {
    /// The token.
    pub(crate) token_id: i64,
    /// The account.
    pub(crate) account_id: i64,
    /// What the token allows.
    pub(crate) scopes: Vec<String>,
    /// Languages the person wants to see; `None` for all.
    pub(crate) languages: Option<Vec<String>>,
}

impl Subscriber {
    /// Whether the token allows it.
    pub(crate) fn has_scope(&self, scope: &str) -> bool {
        self.scopes.iter().any(|own| own == scope)
    }
}

/// Looks a token up.
pub(crate) async fn find(db: &Client, token: &str) -> Result<Subscriber, Refusal> {
    let rows = db
        .query_typed(
            "SELECT t.id, u.account_id, coalesce(t.scopes, ''), u.chosen_languages FROM oauth_access_tokens t JOIN users u ON t.resource_owner_id = u.id
             WHERE t.token = $1 AND t.revoked_at IS NULL LIMIT 1",
            &[text(&token)],
        )
        .await
        .map_err(|error| {
            super::server::log("error", &Exception::from(error).to_string());
            Refusal::Unexpected
        })?;
    let row = rows.first().ok_or(Refusal::InvalidToken)?;
    Ok(Subscriber {
        token_id: row.get(0),
        account_id: row.get(1),
        scopes: row
            .get::<_, String>(2)
            .split(' ')
            .map(str::to_owned)
            .collect(),
        languages: row.get(3),
    })
}

/// Whether a list is the person's own.
pub(crate) async fn owns_list(db: &Client, account_id: i64, list: &str) -> Result<(), Refusal> {
    let id: i64 = list.parse().map_err(|_| Refusal::List)?;
    let rows = db
        .query_typed(
            "SELECT 1 FROM lists WHERE id = $1 AND account_id = $2",
            &[int(&id), int(&account_id)],
        )
        .await
        .map_err(|_| Refusal::List)?;
    if rows.is_empty() {
        Err(Refusal::List)
    } else {
        Ok(())
    }
}
