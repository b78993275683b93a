//! Accounts, local and remote.

use jiff::Timestamp;
use serde_json::{Value, json};
use tokio_postgres::{Client, Row};

use crate::app::App;
use crate::database::parameter::{int, text};
use crate::database::seed::INSTANCE_ACTOR_ID;
use crate::exception::Exception;

/// An account; local when it has no domain.
#[derive(Clone, Debug)]
pub(crate) struct Account {
    /// Id.
    pub(crate) id: i64,
    /// Name without domain.
    pub(crate) username: String,
    /// Domain of a remote account.
    pub(crate) domain: Option<String>,
    /// Name people gave themselves.
    pub(crate) display_name: String,
    /// Biography.
    pub(crate) note: String,
    /// ActivityPub id; blank for local accounts, whose id is derived.
    remote_uri: String,
    /// Where a remote account takes activities.
    pub(crate) inbox_url: String,
    /// `-----BEGIN PUBLIC KEY-----`
    pub(crate) public_key: String,
    /// Follow requests must be accepted.
    pub(crate) locked: bool,
    /// Whether the ActivityPub id is numeric.
    numeric: bool,
    created_at: Timestamp,
}

const COLUMNS: &str = "id, username, domain, display_name, note, uri, inbox_url, public_key, locked, coalesce((to_jsonb(accounts) ->> 'id_scheme')::integer, 0) AS id_scheme, created_at";

fn of(row: &Row) -> Account {
    Account {
        id: row.get("id"),
        username: row.get("username"),
        domain: row.get("domain"),
        display_name: row.get("display_name"),
        note: row.get("note"),
        remote_uri: row.get("uri"),
        inbox_url: row.get("inbox_url"),
        public_key: row.get("public_key"),
        locked: row.get("locked"),
        numeric: row.get::<_, i32>("id_scheme") == 1,
        created_at: row.get("created_at"),
    }
}

/// By id.
pub(crate) async fn find(db: &Client, id: i64) -> Result<Account, Exception> {
    let rows = db
        .query_typed(
            &format!("SELECT {COLUMNS} FROM accounts WHERE id = $1"),
            &[int(&id)],
        )
        .await?;
    rows.first().map(of).ok_or(Exception::RecordNotFound)
}

/// A local account by name, whatever its case.
pub(crate) async fn find_local(db: &Client, username: &str) -> Result<Option<Account>, Exception> {
    let statement = format!(
        "SELECT {COLUMNS} FROM accounts WHERE lower(username) = lower($1) AND domain IS NULL"
    );
    Ok(db
        .query_typed(&statement, &[text(&username)])
        .await?
        .first()
        .map(of))
}

/// A remote account by its ActivityPub id.
pub(crate) async fn find_by_uri(db: &Client, uri: &str) -> Result<Option<Account>, Exception> {
    let statement = format!("SELECT {COLUMNS} FROM accounts WHERE uri = $1 AND domain IS NOT NULL");
    Ok(db
        .query_typed(&statement, &[text(&uri)])
        .await?
        .first()
        .map(of))
}

/// Those who follow an account.
pub(crate) async fn followers(db: &Client, id: i64) -> Result<Vec<Account>, Exception> {
    let statement = format!(
        "SELECT {COLUMNS} FROM accounts WHERE id IN (SELECT account_id FROM follows WHERE target_account_id = $1) ORDER BY id"
    );
    Ok(db
        .query_typed(&statement, &[int(&id)])
        .await?
        .iter()
        .map(of)
        .collect())
}

/// Makes a local account without a key.
pub(crate) async fn create_local(
    app: &App,
    db: &Client,
    username: &str,
) -> Result<Account, Exception> {
    let scheme = if app.settings.release.numeric_actor_ids() {
        ", id_scheme"
    } else {
        ""
    };
    let value = if scheme.is_empty() { "" } else { ", 1" };
    let statement =
        format!("INSERT INTO accounts (username{scheme}) VALUES ($1{value}) RETURNING {COLUMNS}");
    let rows = db.query_typed(&statement, &[text(&username)]).await?;
    rows.first().map(of).ok_or(Exception::RecordNotFound)
}

/// Makes or refreshes a remote account from its actor document.
pub(crate) async fn upsert_remote(
    db: &Client,
    domain: &str,
    actor: &Value,
) -> Result<Account, Exception> {
    let word = |pointer: &str| {
        actor
            .pointer(pointer)
            .and_then(Value::as_str)
            .unwrap_or_default()
            .to_owned()
    };
    let statement = format!(
        "INSERT INTO accounts (username, domain, uri, url, inbox_url, shared_inbox_url, public_key, display_name, note, actor_type, locked)
         VALUES ($1, $2, $3, $3, $4, $5, $6, $7, $8, $9, $10)
         ON CONFLICT (lower(username), coalesce(lower(domain), '')) DO UPDATE
         SET uri = excluded.uri, inbox_url = excluded.inbox_url, shared_inbox_url = excluded.shared_inbox_url,
             public_key = excluded.public_key, display_name = excluded.display_name, updated_at = now()
         RETURNING {COLUMNS}"
    );
    let locked = actor["manuallyApprovesFollowers"]
        .as_bool()
        .unwrap_or(false);
    let rows = db
        .query_typed(
            &statement,
            &[
                text(&word("/preferredUsername")),
                text(&domain),
                text(&word("/id")),
                text(&word("/inbox")),
                text(&word("/endpoints/sharedInbox")),
                text(&word("/publicKey/publicKeyPem")),
                text(&word("/name")),
                text(&word("/summary")),
                text(&word("/type")),
                crate::database::parameter::boolean(&locked),
            ],
        )
        .await?;
    rows.first().map(of).ok_or(Exception::RecordNotFound)
}

impl Account {
    /// `name` or `name@domain`.
    pub(crate) fn acct(&self) -> String {
        match &self.domain {
            Some(domain) => format!("{}@{domain}", self.username),
            None => self.username.clone(),
        }
    }

    /// Whether it lives here.
    pub(crate) fn is_local(&self) -> bool {
        self.domain.is_none()
    }

    /// ActivityPub id.
    pub(crate) fn uri(&self, app: &App) -> String {
        if !self.is_local() {
            return self.remote_uri.clone();
        }
        app.settings.domains.url(&match (self.id, self.numeric) {
            (INSTANCE_ACTOR_ID, _) => "/actor".to_owned(),
            (id, true) => format!("/ap/users/{id}"),
            (_, false) => format!("/users/{}", self.username),
        })
    }

    /// The page people see.
    pub(crate) fn url(&self, app: &App) -> String {
        match &self.domain {
            Some(_) => self.remote_uri.clone(),
            None => app.settings.domains.url(&format!("/@{}", self.username)),
        }
    }

    /// The REST entity.
    pub(crate) fn to_json(&self, app: &App) -> Value {
        let missing = |kind: &str| {
            app.settings
                .domains
                .url(&format!("/{kind}/original/missing.png"))
        };
        json!({
            "id": self.id.to_string(), "username": self.username, "acct": self.acct(),
            "display_name": self.display_name, "locked": self.locked, "bot": false, "discoverable": null,
            "indexable": false, "group": false, "created_at": self.created_at.strftime("%Y-%m-%dT00:00:00.000Z").to_string(),
            "note": self.note, "url": self.url(app), "uri": self.uri(app),
            "avatar": missing("avatars"), "avatar_static": missing("avatars"),
            "header": missing("headers"), "header_static": missing("headers"),
            "followers_count": 0, "following_count": 0, "statuses_count": 0, "last_status_at": null,
            "hide_collections": null, "noindex": false, "emojis": [], "roles": [], "fields": []
        })
    }

    /// The ActivityPub actor.
    pub(crate) fn to_actor(&self, app: &App) -> Value {
        let id = self.uri(app);
        json!({
            "@context": ["https://www.w3.org/ns/activitystreams", "https://w3id.org/security/v1"],
            "id": id,
            "type": if self.id == INSTANCE_ACTOR_ID { "Application" } else { "Person" },
            "preferredUsername": if self.id == INSTANCE_ACTOR_ID { &app.settings.domains.local } else { &self.username },
            "name": self.display_name, "summary": self.note, "url": self.url(app),
            "inbox": format!("{id}/inbox"), "outbox": format!("{id}/outbox"),
            "followers": format!("{id}/followers"), "following": format!("{id}/following"),
            "manuallyApprovesFollowers": self.locked,
            "endpoints": { "sharedInbox": app.settings.domains.url("/inbox") },
            "publicKey": { "id": format!("{id}#main-key"), "owner": id, "publicKeyPem": self.public_key }
        })
    }
}
