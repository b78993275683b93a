//! Pictures of remote posts, copied into the own bucket: at once while the post is processed, or
//! later through `pull` when the other server's media host did not give them.

use std::time::Duration;

use serde_json::{Value, json};
use tokio_postgres::Client;

use crate::app::App;
use crate::crypto::token;
use crate::database::pool::Session;
use crate::exception::Exception;
use crate::image_size::sniff;
use crate::model::media_attachment::{self, File};
use crate::sidekiq::client::perform_in;
use crate::sidekiq::server::log;
use crate::worker::REDOWNLOAD_MEDIA;

/// Mastodon tries again after 30 to 600 seconds; the shortest is what a test can wait for.
const LATER: Duration = Duration::from_secs(30);

/// Records what hangs on a remote note, and copies it. What cannot be had now is tried later.
pub(crate) async fn attach(
    app: &App,
    db: &Client,
    account_id: i64,
    status_id: i64,
    note: &Value,
) -> Result<(), Exception> {
    for attachment in note["attachment"].as_array().into_iter().flatten() {
        let Some(url) = attachment["url"].as_str() else {
            continue;
        };
        let kind = attachment["mediaType"].as_str().unwrap_or_default();
        let id = media_attachment::create_remote(db, account_id, status_id, url, kind).await?;
        if let Err(error) = copy(app, db, id, url).await {
            log("WARN", "", &format!("Unable to fetch {url}: {error}"));
            perform_in(app, REDOWNLOAD_MEDIA, json!([id]), LATER).await?;
        }
    }
    Ok(())
}

/// `RedownloadMediaWorker`: what could not be copied before.
pub(crate) async fn redownload(app: &App, session: &Session, id: i64) -> Result<(), Exception> {
    let db = session.connection().await?;
    let Ok(attachment) = media_attachment::find(db, id).await else {
        return Ok(());
    };
    if !attachment.needs_redownload() {
        return Ok(());
    }
    copy(app, db, id, &attachment.remote_url).await
}

async fn copy(app: &App, db: &Client, id: i64, url: &str) -> Result<(), Exception> {
    let bytes = app.federation.download(url).await?;
    let format =
        sniff(&bytes).ok_or_else(|| Exception::Remote(format!("{url} is no kind of media")))?;
    let file = File {
        name: format!("{}.{}", token::hex(8), format.extension),
        content_type: format.content_type,
        size: i64::try_from(bytes.len()).unwrap_or(i64::MAX),
    };
    for style in ["original", "small"] {
        let path = media_attachment::path(id, style, &file.name);
        app.objects.put(&path, format.content_type, &bytes).await?;
    }
    media_attachment::set_file(db, id, &file).await
}
