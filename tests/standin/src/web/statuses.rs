//! Writing, reading and deleting posts.

use axum::Json;
use axum::extract::Path;
use axum::http::{HeaderMap, StatusCode};
use serde_json::{Value, json};

use crate::exception::Exception;
use crate::model::media_attachment;
use crate::model::oauth_application;
use crate::model::status::{self, Draft, Status, Visibility};
use crate::sidekiq::client::perform_async;
use crate::web::context::{Caller, Context};
use crate::web::failure::Failure;
use crate::web::parameters::Parameters;
use crate::worker::{ACTIVITY_DISTRIBUTION, DISTRIBUTION, REMOVAL};

const MAX_CHARACTERS: usize = 500;
const MAX_MEDIA: usize = 4;
/// Seconds an `Idempotency-Key` is remembered.
const IDEMPOTENCY_LIFETIME: u32 = 3600;

/// `POST /api/v1/statuses`
pub(crate) async fn create(
    context: Context,
    headers: HeaderMap,
    parameters: Parameters,
) -> Result<Json<Value>, Failure> {
    let caller = context.authorize(&["write:statuses"]).await?;
    let key = headers
        .get("idempotency-key")
        .and_then(|value| value.to_str().ok())
        .filter(|key| !key.is_empty())
        .map(|key| format!("idempotency:status:{}:{key}", caller.account.id));
    let db = context.db().await?;
    if let Some(key) = &key {
        let known: Option<i64> = context.app.redis.query(redis::cmd("GET").arg(key)).await?;
        if let Some(id) = known {
            return Ok(Json(status::find(db, id).await?.to_json(&context.app)));
        }
    }
    let id = write(&context, &caller, &parameters).await?;
    if let Some(key) = &key {
        let _: () = context
            .app
            .redis
            .query(
                redis::cmd("SET")
                    .arg(key)
                    .arg(id)
                    .arg("EX")
                    .arg(IDEMPOTENCY_LIFETIME),
            )
            .await?;
    }
    perform_async(&context.app, DISTRIBUTION, json!([id])).await?;
    perform_async(&context.app, ACTIVITY_DISTRIBUTION, json!([id])).await?;
    let status = status::find(db, id).await?;
    Ok(Json(entity(&context, &caller, &status).await?))
}

async fn write(
    context: &Context,
    caller: &Caller,
    parameters: &Parameters,
) -> Result<i64, Failure> {
    let invalid = |text: &str| Failure::Exception(Exception::RecordInvalid(vec![text.to_owned()]));
    let text = parameters.get("status").unwrap_or_default().trim();
    let ids: Vec<i64> = parameters
        .list("media_ids")
        .iter()
        .filter_map(|id| id.parse().ok())
        .collect();
    if text.is_empty() && ids.is_empty() {
        return Err(invalid("Text can't be blank"));
    }
    if text.chars().count() > MAX_CHARACTERS {
        return Err(invalid("Text character limit of 500 exceeded"));
    }
    if ids.len() > MAX_MEDIA {
        return Err(invalid("Cannot attach more than 4 files"));
    }
    let visibility = match parameters.filled("visibility") {
        Some(word) => Visibility::of_word(word)
            .ok_or_else(|| invalid("Visibility is not included in the list"))?,
        None => Visibility::Public,
    };
    let db = context.db().await?;
    for id in &ids {
        let attachment = media_attachment::find(db, *id).await?;
        if attachment.account_id != Some(caller.account.id) || attachment.status_id.is_some() {
            return Err(Failure::not_found());
        }
        if !attachment.is_complete() {
            return Err(invalid(
                "Cannot attach files that have not finished processing. Try again in a moment!",
            ));
        }
    }
    let draft = Draft {
        account_id: caller.account.id,
        text,
        spoiler_text: parameters.get("spoiler_text").unwrap_or_default(),
        sensitive: parameters.is_true("sensitive"),
        visibility,
        language: parameters.filled("language").or(Some("en")),
        in_reply_to_id: parameters.number("in_reply_to_id"),
        uri: None,
        application_id: caller.token.application_id,
    };
    db.begin().await?;
    let id = status::create(db, &draft).await?;
    media_attachment::attach(db, caller.account.id, id, &ids).await?;
    db.commit().await?;
    Ok(id)
}

/// `GET /api/v1/statuses/ID`
pub(crate) async fn show(context: Context, Path(id): Path<String>) -> Result<Json<Value>, Failure> {
    let status = find(&context, &id).await?;
    if matches!(status.visibility, Visibility::Private | Visibility::Direct) {
        let caller = context.authorize(&["read:statuses"]).await?;
        if caller.account.id != status.account.id {
            return Err(Failure::not_found());
        }
    }
    Ok(Json(status.to_json(&context.app)))
}

/// `DELETE /api/v1/statuses/ID`
pub(crate) async fn destroy(
    context: Context,
    Path(id): Path<String>,
) -> Result<Json<Value>, Failure> {
    let caller = context.authorize(&["write:statuses"]).await?;
    let status = find(&context, &id).await?;
    if status.account.id != caller.account.id {
        return Err(Failure::not_found());
    }
    let entity = entity(&context, &caller, &status).await?;
    status::discard(context.db().await?, status.id).await?;
    perform_async(
        &context.app,
        REMOVAL,
        json!([status.id, { "redraft": true }]),
    )
    .await?;
    Ok(Json(entity))
}

/// What the author gets: also the plain text, and what it was written with.
async fn entity(context: &Context, caller: &Caller, status: &Status) -> Result<Value, Failure> {
    let mut entity = status.to_json(&context.app);
    entity["text"] = status.text.clone().into();
    entity["application"] = match caller.token.application_id {
        Some(id) => oauth_application::find(context.db().await?, id)
            .await?
            .to_credit(),
        None => Value::Null,
    };
    Ok(entity)
}

async fn find(context: &Context, id: &str) -> Result<Status, Failure> {
    let id = id
        .parse()
        .map_err(|_| Failure::new(StatusCode::NOT_FOUND, "Record not found"))?;
    Ok(status::find(context.db().await?, id).await?)
}
