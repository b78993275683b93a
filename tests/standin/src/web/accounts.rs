//! Accounts: one's own, others', and those of other servers.

use axum::Json;
use axum::extract::Path;
use serde_json::{Value, json};

use crate::database::parameter::int;
use crate::model::account::{self, Account};
use crate::model::status;
use crate::sidekiq::client::perform_async;
use crate::web::context::Context;
use crate::web::failure::Failure;
use crate::web::inbox::{fetch_actor, webfinger};
use crate::web::parameters::Parameters;
use crate::worker::processing::{end_follow, request_follow};
use crate::worker::{LOCAL_NOTIFICATION, MERGE};

/// `GET /api/v1/accounts/verify_credentials`
pub(crate) async fn verify(context: Context) -> Result<Json<Value>, Failure> {
    let caller = context.authorize(&["profile", "read:accounts"]).await?;
    let mut entity = caller.account.to_json(&context.app);
    entity["source"] = json!({ "privacy": "public", "sensitive": false, "language": null, "note": caller.account.note, "fields": [], "follow_requests_count": 0 });
    entity["role"] = json!({ "id": "-99", "name": caller.user.role.unwrap_or_default(), "permissions": "0", "color": "", "highlighted": false });
    Ok(Json(entity))
}

/// `GET /api/v1/accounts/lookup?acct=name`
pub(crate) async fn lookup(
    context: Context,
    parameters: Parameters,
) -> Result<Json<Value>, Failure> {
    let acct = parameters
        .get("acct")
        .unwrap_or_default()
        .trim_start_matches('@');
    let (name, domain) = acct
        .split_once('@')
        .map_or((acct, None), |(name, domain)| (name, Some(domain)));
    let local = domain.is_none_or(|domain| {
        context
            .app
            .settings
            .domains
            .hosts()
            .any(|own| own.eq_ignore_ascii_case(domain))
    });
    let db = context.db().await?;
    let found = if local {
        account::find_local(db, name).await?
    } else {
        let rows = db.query_typed("SELECT id FROM accounts WHERE lower(username) = lower($1) AND lower(domain) = lower($2)", &[crate::database::parameter::text(&name), crate::database::parameter::text(&domain)]).await?;
        match rows.first() {
            Some(row) => Some(account::find(db, row.get(0)).await?),
            None => None,
        }
    };
    Ok(Json(
        found.ok_or_else(Failure::not_found)?.to_json(&context.app),
    ))
}

/// `GET /api/v1/accounts/ID`
pub(crate) async fn show(context: Context, Path(id): Path<String>) -> Result<Json<Value>, Failure> {
    Ok(Json(find(&context, &id).await?.to_json(&context.app)))
}

/// `GET /api/v1/accounts/ID/statuses`
pub(crate) async fn statuses(
    context: Context,
    Path(id): Path<String>,
) -> Result<Json<Value>, Failure> {
    let account = find(&context, &id).await?;
    let statuses = status::of_account(context.db().await?, account.id, 20).await?;
    Ok(Json(
        statuses
            .iter()
            .map(|status| status.to_json(&context.app))
            .collect(),
    ))
}

/// `GET /api/v1/accounts/relationships?id[]=…`
pub(crate) async fn relationships(
    context: Context,
    parameters: Parameters,
) -> Result<Json<Value>, Failure> {
    let caller = context.authorize(&["read:follows"]).await?;
    let mut entities = Vec::new();
    for id in parameters.list("id") {
        let target = find(&context, id).await?;
        entities.push(relationship(&context, &caller.account, &target).await?);
    }
    Ok(Json(entities.into()))
}

/// `POST /api/v1/accounts/ID/follow`
pub(crate) async fn follow(
    context: Context,
    Path(id): Path<String>,
) -> Result<Json<Value>, Failure> {
    let caller = context.authorize(&["follow", "write:follows"]).await?;
    let target = find(&context, &id).await?;
    let db = context.db().await?;
    if target.is_local() {
        let statement = "INSERT INTO follows (account_id, target_account_id) VALUES ($1, $2) ON CONFLICT DO NOTHING RETURNING id";
        if let Some(row) = db
            .query_typed(statement, &[int(&caller.account.id), int(&target.id)])
            .await?
            .first()
        {
            perform_async(
                &context.app,
                LOCAL_NOTIFICATION,
                json!([target.id, row.get::<_, i64>(0), "Follow"]),
            )
            .await?;
            perform_async(&context.app, MERGE, json!([target.id, caller.account.id])).await?;
        }
    } else {
        request_follow(&context.app, db, &caller.account, &target).await?;
    }
    Ok(Json(
        relationship(&context, &caller.account, &target).await?,
    ))
}

/// `POST /api/v1/accounts/ID/unfollow`
pub(crate) async fn unfollow(
    context: Context,
    Path(id): Path<String>,
) -> Result<Json<Value>, Failure> {
    let caller = context.authorize(&["follow", "write:follows"]).await?;
    let target = find(&context, &id).await?;
    end_follow(&context.app, context.db().await?, &caller.account, &target).await?;
    Ok(Json(
        relationship(&context, &caller.account, &target).await?,
    ))
}

/// `GET /api/v2/search?q=name@domain&resolve=true`: with `resolve`, other servers are asked.
pub(crate) async fn search(
    context: Context,
    parameters: Parameters,
) -> Result<Json<Value>, Failure> {
    context.authorize(&["read:search"]).await?;
    let handle = parameters
        .get("q")
        .unwrap_or_default()
        .trim_start_matches('@');
    let found = match handle.split_once('@') {
        Some((name, domain))
            if !context
                .app
                .settings
                .domains
                .hosts()
                .any(|own| own.eq_ignore_ascii_case(domain))
                && parameters.is_true("resolve") =>
        {
            Some(resolve(&context, name, domain).await?)
        }
        Some((name, _)) => account::find_local(context.db().await?, name).await?,
        None => account::find_local(context.db().await?, handle).await?,
    };
    let accounts: Vec<Value> = found
        .iter()
        .map(|account| account.to_json(&context.app))
        .collect();
    Ok(Json(
        json!({ "accounts": accounts, "statuses": [], "hashtags": [] }),
    ))
}

/// Asks a server who somebody is.
async fn resolve(context: &Context, name: &str, domain: &str) -> Result<Account, Failure> {
    let (_, actor) = webfinger(context, name, domain).await?;
    Ok(fetch_actor(context, &actor).await?)
}

async fn find(context: &Context, id: &str) -> Result<Account, Failure> {
    Ok(account::find(
        context.db().await?,
        id.parse().map_err(|_| Failure::not_found())?,
    )
    .await?)
}

async fn relationship(
    context: &Context,
    own: &Account,
    target: &Account,
) -> Result<Value, Failure> {
    let row = context
        .db()
        .await?
        .query_typed(
            "SELECT EXISTS (SELECT 1 FROM follows WHERE account_id = $1 AND target_account_id = $2), EXISTS (SELECT 1 FROM follow_requests WHERE account_id = $1 AND target_account_id = $2), EXISTS (SELECT 1 FROM follows WHERE account_id = $2 AND target_account_id = $1)",
            &[int(&own.id), int(&target.id)],
        )
        .await?;
    let flag = |place: usize| row.first().is_some_and(|row| row.get::<_, bool>(place));
    Ok(
        json!({ "id": target.id.to_string(), "following": flag(0), "requested": flag(1), "followed_by": flag(2), "showing_reblogs": true, "notifying": false, "blocking": false, "muting": false, "domain_blocking": false, "note": "" }),
    )
}
