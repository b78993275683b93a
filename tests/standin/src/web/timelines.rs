//! Timelines and notifications.

use axum::Json;
use serde_json::{Value, json};

use crate::database::parameter::int;
use crate::model::{account, status};
use crate::web::context::Context;
use crate::web::failure::Failure;
use crate::web::parameters::Parameters;

fn limit(parameters: &Parameters) -> i64 {
    parameters.number("limit").unwrap_or(20).clamp(1, 40)
}

/// `GET /api/v1/timelines/home`: what `default`'s consumers put into the feed, and nothing else.
pub(crate) async fn home(context: Context, parameters: Parameters) -> Result<Json<Value>, Failure> {
    let caller = context.authorize(&["read:statuses"]).await?;
    let newest = parameters
        .number("max_id")
        .map_or_else(|| "+inf".to_owned(), |id| format!("({id}"));
    let command = redis::cmd("ZREVRANGEBYSCORE")
        .arg(format!("feed:home:{}", caller.account.id))
        .arg(newest)
        .arg("-inf")
        .arg("LIMIT")
        .arg(0)
        .arg(limit(&parameters))
        .to_owned();
    let ids: Vec<i64> = context.app.redis.query(&command).await?;
    let statuses = status::find_all(context.db().await?, &ids).await?;
    Ok(Json(
        statuses
            .iter()
            .map(|status| status.to_json(&context.app))
            .collect(),
    ))
}

/// `GET /api/v1/timelines/public?local=true`
pub(crate) async fn public(
    context: Context,
    parameters: Parameters,
) -> Result<Json<Value>, Failure> {
    let statuses = status::public(
        context.db().await?,
        parameters.is_true("local"),
        parameters.number("max_id"),
        limit(&parameters),
    )
    .await?;
    Ok(Json(
        statuses
            .iter()
            .map(|status| status.to_json(&context.app))
            .collect(),
    ))
}

/// `GET /api/v1/notifications`
pub(crate) async fn notifications(
    context: Context,
    parameters: Parameters,
) -> Result<Json<Value>, Failure> {
    let caller = context.authorize(&["read:notifications"]).await?;
    let db = context.db().await?;
    let rows = db.query_typed("SELECT id, type, from_account_id, created_at FROM notifications WHERE account_id = $1 ORDER BY id DESC LIMIT $2", &[int(&caller.account.id), int(&limit(&parameters))]).await?;
    let mut entities = Vec::new();
    for row in rows {
        let from = account::find(db, row.get(2)).await?;
        let created_at: jiff::Timestamp = row.get(3);
        entities.push(json!({ "id": row.get::<_, i64>(0).to_string(), "type": row.get::<_, Option<String>>(1), "created_at": created_at.to_string(), "account": from.to_json(&context.app) }));
    }
    Ok(Json(entities.into()))
}
