//! Activities on their way to other servers.

use serde_json::json;
use tokio_postgres::Client;

use crate::app::App;
use crate::database::parameter::int;
use crate::database::pool::Session;
use crate::exception::Exception;
use crate::federation::Identity;
use crate::model::status::{self, Visibility};
use crate::model::{account, keypair};
use crate::sidekiq::client::perform_async;
use crate::worker::DELIVERY;

/// `ActivityPub::DistributionWorker`: one delivery for each inbox that has to hear of a post.
pub(crate) async fn distribute(
    app: &App,
    session: &Session,
    status_id: i64,
) -> Result<(), Exception> {
    let db = session.connection().await?;
    app.load_models(db).await?;
    let Ok(status) = status::find(db, status_id).await else {
        return Ok(());
    };
    if status.visibility == Visibility::Direct {
        return Ok(());
    }
    let author = &status.account;
    let note = status.to_note(app);
    let activity = json!({
        "@context": "https://www.w3.org/ns/activitystreams", "id": format!("{}/activity", status.uri(app)), "type": "Create",
        "actor": author.uri(app), "published": status.created_at(), "to": note["to"], "cc": note["cc"], "object": note
    });
    for inbox in inboxes(db, author.id).await? {
        perform_async(
            app,
            DELIVERY,
            json!([activity.to_string(), author.id, inbox, {}]),
        )
        .await?;
    }
    Ok(())
}

/// Where an account's followers on other servers take activities, each inbox once.
pub(crate) async fn inboxes(db: &Client, account_id: i64) -> Result<Vec<String>, Exception> {
    let rows = db
        .query_typed(
            "SELECT DISTINCT coalesce(nullif(shared_inbox_url, ''), inbox_url) FROM accounts WHERE domain IS NOT NULL AND id IN (SELECT account_id FROM follows WHERE target_account_id = $1)",
            &[int(&account_id)],
        )
        .await?;
    Ok(rows.iter().map(|row| row.get(0)).collect())
}

/// `ActivityPub::DeliveryWorker`: posts one activity to one inbox.
pub(crate) async fn deliver(
    app: &App,
    session: &Session,
    body: &str,
    account_id: i64,
    inbox: &str,
) -> Result<(), Exception> {
    let identity = identity(app, session, account_id).await?;
    app.federation.post(inbox, body, &identity).await
}

/// Whose key a local account signs with.
pub(crate) async fn identity(
    app: &App,
    session: &Session,
    account_id: i64,
) -> Result<Identity, Exception> {
    let db = session.connection().await?;
    app.load_models(db).await?;
    let account = account::find(db, account_id).await?;
    Ok(Identity {
        key_id: format!("{}#main-key", account.uri(app)),
        private_key: keypair::private_key(app, db, account_id).await?,
    })
}
