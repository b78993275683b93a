//! A post's way into feeds and to streaming.

use jiff::Timestamp;
use redis::pipe;
use serde_json::{Value, json};

use crate::app::App;
use crate::database::parameter::{int, text};
use crate::database::pool::Session;
use crate::exception::Exception;
use crate::model::account;
use crate::model::status::{self, Status, Visibility};
use crate::sidekiq::client::perform_async;
use crate::worker::{FEED_INSERT, PUSH_UPDATE};

/// Entries of a home feed.
const FEED_LENGTH: isize = 800;

/// `DistributionWorker`: the author's own feed, the followers' feeds, the public streams.
pub(crate) async fn distribute(
    app: &App,
    session: &Session,
    status_id: i64,
) -> Result<(), Exception> {
    let db = session.connection().await?;
    app.load_models(db).await?;
    // A post that was deleted meanwhile needs nothing.
    let Ok(status) = status::find(db, status_id).await else {
        return Ok(());
    };
    if status.account.is_local() {
        push_to_home(app, status.account.id, &status).await?;
    }
    if status.visibility != Visibility::Direct {
        for follower in account::followers(db, status.account.id)
            .await?
            .into_iter()
            .filter(account::Account::is_local)
        {
            perform_async(app, FEED_INSERT, json!([status.id, follower.id])).await?;
        }
    }
    if status.visibility == Visibility::Public {
        let message = update(&status.to_json(app));
        let side = if status.is_local() { "local" } else { "remote" };
        let mut channels = vec![
            "timeline:public".to_owned(),
            format!("timeline:public:{side}"),
        ];
        if !status.media.is_empty() {
            channels.extend([
                "timeline:public:media".to_owned(),
                format!("timeline:public:{side}:media"),
            ]);
        }
        for channel in channels {
            publish(app, &channel, &message).await?;
        }
    }
    Ok(())
}

/// `FeedInsertWorker`: one follower.
pub(crate) async fn insert_into_feed(
    app: &App,
    session: &Session,
    status_id: i64,
    account_id: i64,
) -> Result<(), Exception> {
    let Ok(status) = status::find(session.connection().await?, status_id).await else {
        return Ok(());
    };
    push_to_home(app, account_id, &status).await
}

/// `MergeWorker`: what somebody wrote before into the feed of who now follows them.
pub(crate) async fn merge(
    app: &App,
    session: &Session,
    from_account_id: i64,
    into_account_id: i64,
) -> Result<(), Exception> {
    let statuses = status::of_account(session.connection().await?, from_account_id, 20).await?;
    for status in statuses {
        add_to_feed(app, into_account_id, status.id).await?;
    }
    Ok(())
}

/// `PushUpdateWorker`: tells who listens to a home timeline.
pub(crate) async fn push_update(
    app: &App,
    session: &Session,
    account_id: i64,
    status_id: i64,
) -> Result<(), Exception> {
    let Ok(status) = status::find(session.connection().await?, status_id).await else {
        return Ok(());
    };
    publish(
        app,
        &format!("timeline:{account_id}"),
        &update(&status.to_json(app)),
    )
    .await
}

/// `LocalNotificationWorker`: a notification, kept and told.
pub(crate) async fn notify(
    app: &App,
    session: &Session,
    account_id: i64,
    activity_id: i64,
    activity_type: &str,
) -> Result<(), Exception> {
    let db = session.connection().await?;
    let (table, kind) = match activity_type {
        "Mention" => ("mentions", "mention"),
        "FollowRequest" => ("follow_requests", "follow_request"),
        _ => ("follows", "follow"),
    };
    let author = if table == "mentions" {
        "(SELECT account_id FROM statuses s WHERE s.id = a.status_id)"
    } else {
        "a.account_id"
    };
    let statement = format!(
        "INSERT INTO notifications (account_id, from_account_id, activity_id, activity_type, type)
         SELECT $1, {author}, a.id, $3, $4 FROM {table} a WHERE a.id = $2 ON CONFLICT DO NOTHING RETURNING id, from_account_id"
    );
    let rows = db
        .query_typed(
            &statement,
            &[
                int(&account_id),
                int(&activity_id),
                text(&activity_type),
                text(&kind),
            ],
        )
        .await?;
    let Some(row) = rows.first() else {
        return Ok(());
    };
    let from = account::find(db, row.get(1)).await?;
    let payload = json!({ "id": row.get::<_, i64>(0).to_string(), "type": kind, "created_at": Timestamp::now().to_string(), "account": from.to_json(app) });
    publish(
        app,
        &format!("timeline:{account_id}:notifications"),
        &json!({ "event": "notification", "payload": payload }),
    )
    .await
}

async fn push_to_home(app: &App, account_id: i64, status: &Status) -> Result<(), Exception> {
    add_to_feed(app, account_id, status.id).await?;
    // Only when somebody listens: streaming keeps this key alive.
    let listened: bool = app
        .redis
        .query(redis::cmd("EXISTS").arg(format!("subscribed:timeline:{account_id}")))
        .await?;
    if listened {
        perform_async(
            app,
            PUSH_UPDATE,
            json!([account_id, status.id, format!("timeline:{account_id}"), { "update": false }]),
        )
        .await?;
    }
    Ok(())
}

/// Puts a post into a home feed.
pub(crate) async fn add_to_feed(
    app: &App,
    account_id: i64,
    status_id: i64,
) -> Result<(), Exception> {
    let key = format!("feed:home:{account_id}");
    let mut pipeline = pipe();
    pipeline
        .zadd(&key, status_id, status_id)
        .ignore()
        .zremrangebyrank(&key, 0, -FEED_LENGTH - 1)
        .ignore();
    app.redis.pipeline(&pipeline).await
}

/// Tells a channel.
pub(crate) async fn publish(app: &App, channel: &str, message: &Value) -> Result<(), Exception> {
    let _: i64 = app
        .redis
        .query(redis::cmd("PUBLISH").arg(channel).arg(message.to_string()))
        .await?;
    Ok(())
}

fn update(status: &Value) -> Value {
    json!({ "event": "update", "payload": status, "queued_at": Timestamp::now().as_millisecond() })
}
