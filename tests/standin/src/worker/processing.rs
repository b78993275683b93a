//! What other servers send.

use serde_json::{Value, json};
use tokio_postgres::Client;

use crate::app::App;
use crate::crypto::token;
use crate::database::parameter::{int, text};
use crate::database::pool::Session;
use crate::exception::Exception;
use crate::model::account::{self, Account};
use crate::model::status::{self, Draft, Visibility};
use crate::sidekiq::client::perform_async;
use crate::worker::remote_media;
use crate::worker::{DELIVERY, DISTRIBUTION, LOCAL_NOTIFICATION, MERGE, REMOVAL};

/// `ActivityPub::ProcessingWorker`: acts on an activity whose signature web has checked. An
/// unknown sender, or text that is no activity, ends it at once.
pub(crate) async fn process(
    app: &App,
    session: &Session,
    actor_id: i64,
    body: &str,
) -> Result<(), Exception> {
    let db = session.connection().await?;
    app.load_models(db).await?;
    let Ok(actor) = account::find(db, actor_id).await else {
        return Ok(());
    };
    let Ok(activity) = serde_json::from_str::<Value>(body) else {
        return Ok(());
    };
    // Only the sender's own activities: forwarded ones need a signature of their own.
    if activity["actor"].as_str() != Some(&actor.uri(app)) {
        return Ok(());
    }
    match activity["type"].as_str().unwrap_or_default() {
        "Follow" => follow(app, db, &actor, &activity).await,
        "Undo" if activity["object"]["type"] == "Follow" => {
            unfollow(app, db, &actor, &activity["object"]).await
        }
        "Accept" => accepted(app, db, &actor, &activity["object"]).await,
        "Create" if activity["object"]["type"] == "Note" => {
            create(app, db, &actor, &activity["object"]).await
        }
        "Delete" => delete(app, db, &actor, &activity["object"]).await,
        _ => Ok(()),
    }
}

async fn follow(
    app: &App,
    db: &Client,
    actor: &Account,
    activity: &Value,
) -> Result<(), Exception> {
    let Some(target) =
        local_account(app, db, activity["object"].as_str().unwrap_or_default()).await?
    else {
        return Ok(());
    };
    let table = if target.locked {
        "follow_requests"
    } else {
        "follows"
    };
    let statement = format!(
        "INSERT INTO {table} (account_id, target_account_id, uri) VALUES ($1, $2, $3) ON CONFLICT (account_id, target_account_id) DO UPDATE SET uri = excluded.uri RETURNING id"
    );
    let rows = db
        .query_typed(
            &statement,
            &[
                int(&actor.id),
                int(&target.id),
                text(&activity["id"].as_str()),
            ],
        )
        .await?;
    let id: i64 = rows
        .first()
        .map(|row| row.get(0))
        .ok_or(Exception::RecordNotFound)?;
    perform_async(
        app,
        LOCAL_NOTIFICATION,
        json!([
            target.id,
            id,
            if target.locked {
                "FollowRequest"
            } else {
                "Follow"
            }
        ]),
    )
    .await?;
    if !target.locked {
        let uri = target.uri(app);
        let accept = json!({
            "@context": "https://www.w3.org/ns/activitystreams", "id": format!("{uri}#accepts/follows/{id}"), "type": "Accept", "actor": uri,
            "object": { "id": activity["id"], "type": "Follow", "actor": actor.uri(app), "object": uri }
        });
        perform_async(
            app,
            DELIVERY,
            json!([accept.to_string(), target.id, actor.inbox_url, {}]),
        )
        .await?;
    }
    Ok(())
}

async fn unfollow(
    app: &App,
    db: &Client,
    actor: &Account,
    follow: &Value,
) -> Result<(), Exception> {
    let Some(target) =
        local_account(app, db, follow["object"].as_str().unwrap_or_default()).await?
    else {
        return Ok(());
    };
    for table in ["follows", "follow_requests"] {
        db.query_typed(
            &format!("DELETE FROM {table} WHERE account_id = $1 AND target_account_id = $2"),
            &[int(&actor.id), int(&target.id)],
        )
        .await?;
    }
    Ok(())
}

async fn accepted(
    app: &App,
    db: &Client,
    actor: &Account,
    follow: &Value,
) -> Result<(), Exception> {
    let Some(follower) =
        local_account(app, db, follow["actor"].as_str().unwrap_or_default()).await?
    else {
        return Ok(());
    };
    let rows = db.query_typed("DELETE FROM follow_requests WHERE account_id = $1 AND target_account_id = $2 RETURNING uri", &[int(&follower.id), int(&actor.id)]).await?;
    if rows.is_empty() {
        return Ok(());
    }
    let uri: Option<String> = rows[0].get(0);
    db.query_typed("INSERT INTO follows (account_id, target_account_id, uri) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING", &[int(&follower.id), int(&actor.id), text(&uri)]).await?;
    perform_async(app, MERGE, json!([actor.id, follower.id])).await
}

async fn create(app: &App, db: &Client, actor: &Account, note: &Value) -> Result<(), Exception> {
    let Some(uri) = note["id"].as_str() else {
        return Ok(());
    };
    let followed = !db
        .query_typed(
            "SELECT 1 FROM follows WHERE target_account_id = $1 LIMIT 1",
            &[int(&actor.id)],
        )
        .await?
        .is_empty();
    let known = !db
        .query_typed("SELECT 1 FROM statuses WHERE uri = $1", &[text(&uri)])
        .await?
        .is_empty();
    if !followed || known {
        return Ok(());
    }
    let names = |field: &str, word: &str| {
        note[field].as_array().is_some_and(|list| {
            list.iter()
                .any(|item| item.as_str().is_some_and(|item| item.ends_with(word)))
        }) || note[field]
            .as_str()
            .is_some_and(|item| item.ends_with(word))
    };
    let visibility = match (names("to", "#Public"), names("cc", "#Public")) {
        (true, _) => Visibility::Public,
        (false, true) => Visibility::Unlisted,
        (false, false) => Visibility::Private,
    };
    let draft = Draft {
        account_id: actor.id,
        text: note["content"].as_str().unwrap_or_default(),
        spoiler_text: note["summary"].as_str().unwrap_or_default(),
        sensitive: note["sensitive"].as_bool().unwrap_or(false),
        visibility,
        language: None,
        in_reply_to_id: None,
        uri: Some(uri),
        application_id: None,
    };
    let id = status::create(db, &draft).await?;
    remote_media::attach(app, db, actor.id, id, note).await?;
    perform_async(app, DISTRIBUTION, json!([id])).await
}

async fn delete(app: &App, db: &Client, actor: &Account, object: &Value) -> Result<(), Exception> {
    let uri = object
        .as_str()
        .or_else(|| object["id"].as_str())
        .unwrap_or_default();
    let rows = db.query_typed("UPDATE statuses SET deleted_at = now() WHERE uri = $1 AND account_id = $2 RETURNING id", &[text(&uri), int(&actor.id)]).await?;
    for row in rows {
        perform_async(
            app,
            REMOVAL,
            json!([row.get::<_, i64>(0), { "redraft": false }]),
        )
        .await?;
    }
    Ok(())
}

/// A follow of ours towards a remote account: recorded as a request until it is accepted.
pub(crate) async fn request_follow(
    app: &App,
    db: &Client,
    follower: &Account,
    target: &Account,
) -> Result<(), Exception> {
    let uri = format!("{}#follows/{}", follower.uri(app), token::hex(8));
    db.query_typed("INSERT INTO follow_requests (account_id, target_account_id, uri) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING", &[int(&follower.id), int(&target.id), text(&uri)]).await?;
    let activity = json!({ "@context": "https://www.w3.org/ns/activitystreams", "id": uri, "type": "Follow", "actor": follower.uri(app), "object": target.uri(app) });
    perform_async(
        app,
        DELIVERY,
        json!([activity.to_string(), follower.id, target.inbox_url, {}]),
    )
    .await
}

/// The end of a follow of ours, or of the request for one; the other server is told.
pub(crate) async fn end_follow(
    app: &App,
    db: &Client,
    follower: &Account,
    target: &Account,
) -> Result<(), Exception> {
    let mut ended = None;
    for table in ["follows", "follow_requests"] {
        let rows = db
            .query_typed(
                &format!("DELETE FROM {table} WHERE account_id = $1 AND target_account_id = $2 RETURNING uri"),
                &[int(&follower.id), int(&target.id)],
            )
            .await?;
        ended = ended.or(rows.first().map(|row| row.get::<_, Option<String>>(0)));
    }
    let Some(uri) = ended.filter(|_| !target.is_local()) else {
        return Ok(());
    };
    let actor = follower.uri(app);
    let uri = uri.unwrap_or_else(|| format!("{actor}#follows/{}", token::hex(8)));
    let follow = json!({ "id": uri, "type": "Follow", "actor": actor, "object": target.uri(app) });
    let undo = json!({ "@context": "https://www.w3.org/ns/activitystreams", "id": format!("{uri}/undo"), "type": "Undo", "actor": actor, "object": follow });
    perform_async(
        app,
        DELIVERY,
        json!([undo.to_string(), follower.id, target.inbox_url, {}]),
    )
    .await
}

/// The local account an ActivityPub id names.
pub(crate) async fn local_account(
    app: &App,
    db: &Client,
    uri: &str,
) -> Result<Option<Account>, Exception> {
    if !app.settings.domains.is_local_url(uri) {
        return Ok(None);
    }
    let path = url::Url::parse(uri)
        .map(|url| url.path().to_owned())
        .unwrap_or_default();
    if let Some(id) = path
        .strip_prefix("/ap/users/")
        .and_then(|id| id.parse().ok())
    {
        return Ok(account::find(db, id).await.ok().filter(Account::is_local));
    }
    match path.strip_prefix("/users/") {
        Some(name) => account::find_local(db, name).await,
        None => Ok(None),
    }
}
