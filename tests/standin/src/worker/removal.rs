//! Removing a post.

use serde_json::json;
use tokio_postgres::Client;

use crate::app::App;
use crate::database::pool::Session;
use crate::exception::Exception;
use crate::model::{account, media_attachment, status};
use crate::sidekiq::client::perform_async;
use crate::worker::DELIVERY;
use crate::worker::delivery::inboxes;
use crate::worker::distribution::publish;

/// `RemovalWorker`: out of feeds, streams, the bucket and the database. The post is marked as
/// deleted already.
pub(crate) async fn remove(app: &App, session: &Session, status_id: i64) -> Result<(), Exception> {
    let db = session.connection().await?;
    app.load_models(db).await?;
    let rows = db
        .query_typed(
            "SELECT account_id, visibility FROM statuses WHERE id = $1",
            &[crate::database::parameter::int(&status_id)],
        )
        .await?;
    let Some(row) = rows.first() else {
        return Ok(());
    };
    let (author, visibility): (i64, i32) = (row.get(0), row.get(1));
    tell_followers(app, db, author, status_id).await?;
    let message = json!({ "event": "delete", "payload": status_id.to_string() });
    let mut feeds = vec![author];
    feeds.extend(
        account::followers(db, author)
            .await?
            .iter()
            .map(|follower| follower.id),
    );
    for account_id in feeds {
        let _: i64 = app
            .redis
            .query(
                redis::cmd("ZREM")
                    .arg(format!("feed:home:{account_id}"))
                    .arg(status_id),
            )
            .await?;
        publish(app, &format!("timeline:{account_id}"), &message).await?;
    }
    if visibility == 0 {
        publish(app, "timeline:public", &message).await?;
        publish(app, "timeline:public:local", &message).await?;
    }
    for attachment in media_attachment::of_statuses(db, &[status_id]).await? {
        for style in ["original", "small"] {
            app.objects.delete(&attachment.path(style)).await?;
        }
        media_attachment::delete(db, attachment.id).await?;
    }
    status::delete(db, status_id).await
}

/// The followers' servers, of a post that was written here.
async fn tell_followers(
    app: &App,
    db: &Client,
    author: i64,
    status_id: i64,
) -> Result<(), Exception> {
    let author = account::find(db, author).await?;
    if !author.is_local() {
        return Ok(());
    }
    let (actor, uri) = (
        author.uri(app),
        format!("{}/statuses/{status_id}", author.uri(app)),
    );
    let delete = json!({
        "@context": "https://www.w3.org/ns/activitystreams", "id": format!("{uri}#delete"), "type": "Delete", "actor": actor,
        "to": ["https://www.w3.org/ns/activitystreams#Public"], "object": { "id": uri, "type": "Tombstone" }
    });
    for inbox in inboxes(db, author.id).await? {
        perform_async(
            app,
            DELIVERY,
            json!([delete.to_string(), author.id, inbox, {}]),
        )
        .await?;
    }
    Ok(())
}
