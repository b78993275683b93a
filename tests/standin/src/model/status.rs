//! Posts.

use jiff::Timestamp;
use serde_json::{Value, json};
use tokio_postgres::{Client, Row};

use crate::app::App;
use crate::database::parameter::{boolean, int, int4, ints, text};
use crate::exception::Exception;
use crate::model::account::{self, Account};
use crate::model::media_attachment::{self, MediaAttachment};

/// Who may see a post; the numbers of Mastodon's enum.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Visibility {
    /// Everyone.
    Public = 0,
    /// Everyone who looks for it.
    Unlisted = 1,
    /// Followers.
    Private = 2,
    /// Who is mentioned.
    Direct = 3,
}

impl Visibility {
    /// By the word of the API.
    pub(crate) fn of_word(word: &str) -> Option<Self> {
        [Self::Public, Self::Unlisted, Self::Private, Self::Direct]
            .into_iter()
            .find(|visibility| visibility.word() == word)
    }

    fn of_number(number: i32) -> Self {
        [Self::Public, Self::Unlisted, Self::Private]
            .into_iter()
            .find(|visibility| *visibility as i32 == number)
            .unwrap_or(Self::Direct)
    }

    /// The word of the API.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Public => "public",
            Self::Unlisted => "unlisted",
            Self::Private => "private",
            Self::Direct => "direct",
        }
    }
}

/// A post.
#[derive(Clone, Debug)]
pub(crate) struct Status {
    /// Id.
    pub(crate) id: i64,
    /// Author.
    pub(crate) account: Account,
    /// Plain text of a local post, HTML of a remote one.
    pub(crate) text: String,
    /// Who may see it.
    pub(crate) visibility: Visibility,
    /// What hangs on it.
    pub(crate) media: Vec<MediaAttachment>,
    spoiler_text: String,
    sensitive: bool,
    language: Option<String>,
    remote_uri: Option<String>,
    in_reply_to_id: Option<i64>,
    created_at: Timestamp,
}

/// What a new post is made of.
pub(crate) struct Draft<'a> {
    /// Author.
    pub(crate) account_id: i64,
    /// Text.
    pub(crate) text: &'a str,
    /// Warning before it.
    pub(crate) spoiler_text: &'a str,
    /// Hide the media.
    pub(crate) sensitive: bool,
    /// Who may see it.
    pub(crate) visibility: Visibility,
    /// Language code.
    pub(crate) language: Option<&'a str>,
    /// The post it answers.
    pub(crate) in_reply_to_id: Option<i64>,
    /// ActivityPub id of a remote post.
    pub(crate) uri: Option<&'a str>,
    /// The application it was written with.
    pub(crate) application_id: Option<i64>,
}

const COLUMNS: &str = "id, account_id, text, visibility, spoiler_text, sensitive, language, uri, in_reply_to_id, created_at";

/// Writes a post; its id.
pub(crate) async fn create(db: &Client, draft: &Draft<'_>) -> Result<i64, Exception> {
    let rows = db
        .query_typed(
            "INSERT INTO statuses (account_id, text, spoiler_text, sensitive, visibility, language, in_reply_to_id, uri, local, application_id)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $8 IS NULL, $9) ON CONFLICT DO NOTHING RETURNING id",
            &[
                int(&draft.account_id),
                text(&draft.text),
                text(&draft.spoiler_text),
                boolean(&draft.sensitive),
                int4(&(draft.visibility as i32)),
                text(&draft.language),
                int(&draft.in_reply_to_id),
                text(&draft.uri),
                int(&draft.application_id),
            ],
        )
        .await?;
    rows.first()
        .map(|row| row.get(0))
        .ok_or(Exception::RecordNotFound)
}

/// By id.
pub(crate) async fn find(db: &Client, id: i64) -> Result<Status, Exception> {
    find_all(db, &[id])
        .await?
        .into_iter()
        .next()
        .ok_or(Exception::RecordNotFound)
}

/// By ids, newest first; those that are gone are left out.
pub(crate) async fn find_all(db: &Client, ids: &[i64]) -> Result<Vec<Status>, Exception> {
    let rows = db.query_typed(&format!("SELECT {COLUMNS} FROM statuses WHERE id = ANY($1) AND deleted_at IS NULL ORDER BY id DESC"), &[ints(&ids)]).await?;
    complete(db, &rows).await
}

/// The newest public posts, older than `max_id`.
pub(crate) async fn public(
    db: &Client,
    local_only: bool,
    max_id: Option<i64>,
    limit: i64,
) -> Result<Vec<Status>, Exception> {
    let statement = format!(
        "SELECT {COLUMNS} FROM statuses WHERE visibility = 0 AND deleted_at IS NULL AND (uri IS NULL OR NOT $1) AND ($2 IS NULL OR id < $2) ORDER BY id DESC LIMIT $3"
    );
    let rows = db
        .query_typed(
            &statement,
            &[boolean(&local_only), int(&max_id), int(&limit)],
        )
        .await?;
    complete(db, &rows).await
}

/// The newest posts of an account.
pub(crate) async fn of_account(
    db: &Client,
    account_id: i64,
    limit: i64,
) -> Result<Vec<Status>, Exception> {
    let rows = db.query_typed(&format!("SELECT {COLUMNS} FROM statuses WHERE account_id = $1 AND deleted_at IS NULL AND visibility < 2 ORDER BY id DESC LIMIT $2"), &[int(&account_id), int(&limit)]).await?;
    complete(db, &rows).await
}

/// Marks a post as deleted.
pub(crate) async fn discard(db: &Client, id: i64) -> Result<(), Exception> {
    db.query_typed(
        "UPDATE statuses SET deleted_at = now() WHERE id = $1",
        &[int(&id)],
    )
    .await?;
    Ok(())
}

/// Removes a post for good.
pub(crate) async fn delete(db: &Client, id: i64) -> Result<(), Exception> {
    db.query_typed("DELETE FROM statuses WHERE id = $1", &[int(&id)])
        .await?;
    Ok(())
}

async fn complete(db: &Client, rows: &[Row]) -> Result<Vec<Status>, Exception> {
    let ids: Vec<i64> = rows.iter().map(|row| row.get("id")).collect();
    let media = if ids.is_empty() {
        Vec::new()
    } else {
        media_attachment::of_statuses(db, &ids).await?
    };
    let mut statuses: Vec<Status> = Vec::with_capacity(rows.len());
    for row in rows {
        let (id, account_id): (i64, i64) = (row.get("id"), row.get("account_id"));
        let known = statuses
            .iter()
            .find(|status| status.account.id == account_id)
            .map(|status| status.account.clone());
        let account = match known {
            Some(account) => account,
            None => account::find(db, account_id).await?,
        };
        statuses.push(Status {
            id,
            account,
            text: row.get("text"),
            visibility: Visibility::of_number(row.get("visibility")),
            media: media
                .iter()
                .filter(|attachment| attachment.status_id == Some(id))
                .cloned()
                .collect(),
            spoiler_text: row.get("spoiler_text"),
            sensitive: row.get("sensitive"),
            language: row.get("language"),
            remote_uri: row.get("uri"),
            in_reply_to_id: row.get("in_reply_to_id"),
            created_at: row.get("created_at"),
        });
    }
    Ok(statuses)
}

/// Escapes text for HTML.
pub(crate) fn escape(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
        .replace('\'', "&#39;")
}

impl Status {
    /// Whether it was written here.
    pub(crate) fn is_local(&self) -> bool {
        self.remote_uri.is_none()
    }

    /// ActivityPub id.
    pub(crate) fn uri(&self, app: &App) -> String {
        self.remote_uri
            .clone()
            .unwrap_or_else(|| format!("{}/statuses/{}", self.account.uri(app), self.id))
    }

    /// As HTML.
    pub(crate) fn content(&self) -> String {
        if self.is_local() {
            format!(
                "<p>{}</p>",
                escape(&self.text)
                    .replace("\n\n", "</p><p>")
                    .replace('\n', "<br />")
            )
        } else {
            self.text.clone()
        }
    }

    /// When it was written, as the API says it.
    pub(crate) fn created_at(&self) -> String {
        self.created_at
            .strftime("%Y-%m-%dT%H:%M:%S.%3fZ")
            .to_string()
    }

    /// The REST entity.
    pub(crate) fn to_json(&self, app: &App) -> Value {
        let url = if self.is_local() {
            format!("{}/{}", self.account.url(app), self.id)
        } else {
            self.uri(app)
        };
        json!({
            "id": self.id.to_string(), "created_at": self.created_at(),
            "in_reply_to_id": self.in_reply_to_id.map(|id| id.to_string()), "in_reply_to_account_id": null,
            "sensitive": self.sensitive, "spoiler_text": self.spoiler_text, "visibility": self.visibility.word(),
            "language": self.language, "uri": self.uri(app), "url": url,
            "replies_count": 0, "reblogs_count": 0, "favourites_count": 0, "edited_at": null,
            "favourited": false, "reblogged": false, "muted": false, "bookmarked": false, "pinned": false,
            "content": self.content(), "filtered": [], "reblog": null, "account": self.account.to_json(app),
            "media_attachments": self.media.iter().map(|attachment| attachment.to_json(app)).collect::<Vec<_>>(),
            "mentions": [], "tags": [], "emojis": [], "card": null, "poll": null
        })
    }

    /// The ActivityPub note.
    pub(crate) fn to_note(&self, app: &App) -> Value {
        let actor = self.account.uri(app);
        let everyone = "https://www.w3.org/ns/activitystreams#Public";
        let followers = format!("{actor}/followers");
        let (to, cc) = match self.visibility {
            Visibility::Public => (vec![everyone.to_owned()], vec![followers]),
            Visibility::Unlisted => (vec![followers], vec![everyone.to_owned()]),
            Visibility::Private => (vec![followers], vec![]),
            Visibility::Direct => (vec![], vec![]),
        };
        json!({
            "id": self.uri(app), "type": "Note", "attributedTo": actor, "content": self.content(),
            "summary": (!self.spoiler_text.is_empty()).then_some(&self.spoiler_text), "sensitive": self.sensitive,
            "published": self.created_at(), "to": to, "cc": cc,
            "attachment": self.media.iter().map(|attachment| json!({
                "type": "Document", "mediaType": attachment.content_type, "url": attachment.to_json(app)["url"],
            })).collect::<Vec<_>>()
        })
    }
}
