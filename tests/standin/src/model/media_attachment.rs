//! Uploaded files.

use serde_json::{Value, json};
use tokio_postgres::{Client, Row};

use crate::app::App;
use crate::config::storage::media_path;
use crate::database::parameter::{int, int4, ints, json as jsonb, text};
use crate::exception::Exception;

/// How far the work on a file is; the numbers of Mastodon's enum.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Processing {
    /// Waits for a consumer of `default`.
    Queued = 0,
    /// A consumer works on it.
    InProgress = 1,
    /// Can be fetched.
    Complete = 2,
    /// Never will be.
    Failed = 3,
}

/// A file; the numbers of `type` are those of Mastodon's enum.
#[derive(Clone, Debug)]
pub(crate) struct MediaAttachment {
    /// Id.
    pub(crate) id: i64,
    /// Uploader.
    pub(crate) account_id: Option<i64>,
    /// The status it hangs on.
    pub(crate) status_id: Option<i64>,
    /// Name in the store.
    pub(crate) file_name: String,
    /// MIME type.
    pub(crate) content_type: String,
    kind: i32,
    processing: i32,
    meta: Option<Value>,
    description: Option<String>,
    /// Where it comes from; blank for what was uploaded here.
    pub(crate) remote_url: String,
}

const COLUMNS: &str = "id, account_id, status_id, file_file_name, file_content_type, type, coalesce(processing, 2) AS processing, file_meta, description, remote_url";

fn of(row: &Row) -> MediaAttachment {
    MediaAttachment {
        id: row.get("id"),
        account_id: row.get("account_id"),
        status_id: row.get("status_id"),
        file_name: row
            .get::<_, Option<String>>("file_file_name")
            .unwrap_or_default(),
        content_type: row
            .get::<_, Option<String>>("file_content_type")
            .unwrap_or_default(),
        kind: row.get("type"),
        processing: row.get("processing"),
        meta: row.get("file_meta"),
        description: row.get("description"),
        remote_url: row.get("remote_url"),
    }
}

/// What a new attachment is made of.
pub(crate) struct Upload<'a> {
    /// Uploader.
    pub(crate) account_id: i64,
    /// Name in the store.
    pub(crate) file_name: &'a str,
    /// MIME type.
    pub(crate) content_type: &'a str,
    /// Bytes.
    pub(crate) size: i64,
    /// Sizes of its pictures.
    pub(crate) meta: Value,
    /// Text for who cannot see it.
    pub(crate) description: Option<&'a str>,
    /// How far the work is.
    pub(crate) processing: Processing,
}

/// Records an upload.
pub(crate) async fn create(db: &Client, upload: &Upload<'_>) -> Result<MediaAttachment, Exception> {
    let statement = format!(
        "INSERT INTO media_attachments (account_id, file_file_name, file_content_type, file_file_size, type, processing, file_meta, description) VALUES ($1, $2, $3, $4, $5, $6, $7, $8) RETURNING {COLUMNS}"
    );
    let rows = db
        .query_typed(
            &statement,
            &[
                int(&upload.account_id),
                text(&upload.file_name),
                text(&upload.content_type),
                int(&upload.size),
                int4(&kind(upload.content_type)),
                int4(&(upload.processing as i32)),
                jsonb(&upload.meta),
                text(&upload.description),
            ],
        )
        .await?;
    rows.first().map(of).ok_or(Exception::RecordNotFound)
}

/// A file in the store.
pub(crate) struct File {
    /// Its name there.
    pub(crate) name: String,
    /// MIME type.
    pub(crate) content_type: &'static str,
    /// Bytes.
    pub(crate) size: i64,
}

/// Records what hangs on a remote status, of which there is no copy yet; its id.
pub(crate) async fn create_remote(
    db: &Client,
    account_id: i64,
    status_id: i64,
    url: &str,
    content_type: &str,
) -> Result<i64, Exception> {
    let rows = db
        .query_typed(
            "INSERT INTO media_attachments (account_id, status_id, remote_url, type, processing) VALUES ($1, $2, $3, $4, $5) RETURNING id",
            &[
                int(&account_id),
                int(&status_id),
                text(&url),
                int4(&kind(content_type)),
                int4(&(Processing::Complete as i32)),
            ],
        )
        .await?;
    rows.first()
        .map(|row| row.get(0))
        .ok_or(Exception::RecordNotFound)
}

/// Notes the copy of something remote.
pub(crate) async fn set_file(db: &Client, id: i64, file: &File) -> Result<(), Exception> {
    db.query_typed(
        "UPDATE media_attachments SET file_file_name = $2, file_content_type = $3, file_file_size = $4, updated_at = now() WHERE id = $1",
        &[int(&id), text(&file.name), text(&file.content_type), int(&file.size)],
    )
    .await?;
    Ok(())
}

/// Where a file is in the store.
pub(crate) fn path(id: i64, style: &str, file_name: &str) -> String {
    media_path(id, style, file_name)
}

/// By id.
pub(crate) async fn find(db: &Client, id: i64) -> Result<MediaAttachment, Exception> {
    let rows = db
        .query_typed(
            &format!("SELECT {COLUMNS} FROM media_attachments WHERE id = $1"),
            &[int(&id)],
        )
        .await?;
    rows.first().map(of).ok_or(Exception::RecordNotFound)
}

/// Those of some statuses, oldest first.
pub(crate) async fn of_statuses(
    db: &Client,
    ids: &[i64],
) -> Result<Vec<MediaAttachment>, Exception> {
    let rows = db
        .query_typed(
            &format!(
                "SELECT {COLUMNS} FROM media_attachments WHERE status_id = ANY($1) ORDER BY id"
            ),
            &[ints(&ids)],
        )
        .await?;
    Ok(rows.iter().map(of).collect())
}

/// Notes how far the work is.
pub(crate) async fn set_processing(
    db: &Client,
    id: i64,
    processing: Processing,
) -> Result<(), Exception> {
    db.query_typed(
        "UPDATE media_attachments SET processing = $2, updated_at = now() WHERE id = $1",
        &[int(&id), int4(&(processing as i32))],
    )
    .await?;
    Ok(())
}

/// Hangs an account's own unused attachments on a status.
pub(crate) async fn attach(
    db: &Client,
    account_id: i64,
    status_id: i64,
    ids: &[i64],
) -> Result<usize, Exception> {
    let rows = db
        .query_typed(
            "UPDATE media_attachments SET status_id = $1 WHERE id = ANY($2) AND account_id = $3 AND status_id IS NULL RETURNING id",
            &[int(&status_id), ints(&ids), int(&account_id)],
        )
        .await?;
    Ok(rows.len())
}

/// Deletes the record.
pub(crate) async fn delete(db: &Client, id: i64) -> Result<(), Exception> {
    db.query_typed("DELETE FROM media_attachments WHERE id = $1", &[int(&id)])
        .await?;
    Ok(())
}

fn kind(content_type: &str) -> i32 {
    match content_type.split('/').next() {
        Some("image") if content_type == "image/gif" => 1,
        Some("image") => 0,
        Some("video") => 2,
        Some("audio") => 4,
        _ => 3,
    }
}

impl MediaAttachment {
    /// Whether it can be fetched.
    pub(crate) fn is_complete(&self) -> bool {
        self.processing == Processing::Complete as i32
    }

    /// Whether it never will be.
    pub(crate) fn is_failed(&self) -> bool {
        self.processing == Processing::Failed as i32
    }

    /// Whether it is somebody else's and there is no copy of it.
    pub(crate) fn needs_redownload(&self) -> bool {
        self.file_name.is_empty() && !self.remote_url.is_empty()
    }

    /// Where the file is in the store.
    pub(crate) fn path(&self, style: &str) -> String {
        path(self.id, style, &self.file_name)
    }

    /// The REST entity. Without links while the work goes on.
    pub(crate) fn to_json(&self, app: &App) -> Value {
        let link = |style: &str| {
            if self.needs_redownload() {
                let path = format!("/media_proxy/{}/{style}", self.id);
                return app.settings.domains.url(&path);
            }
            let url = app.objects.url(&self.path(style));
            if url.starts_with('/') {
                app.settings.domains.url(&url)
            } else {
                url
            }
        };
        let kind = ["image", "gifv", "video", "unknown", "audio"]
            .get(usize::try_from(self.kind).unwrap_or(3))
            .copied()
            .unwrap_or("unknown");
        let ready = self.is_complete();
        json!({
            "id": self.id.to_string(), "type": kind,
            "url": ready.then(|| link("original")),
            "preview_url": (ready && kind != "audio").then(|| link("small")),
            "remote_url": (!self.remote_url.is_empty()).then_some(&self.remote_url), "preview_remote_url": null, "text_url": null,
            "meta": self.meta, "description": self.description, "blurhash": null
        })
    }
}
