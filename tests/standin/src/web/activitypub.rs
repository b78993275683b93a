//! Actors and posts, for other servers and for people.

use axum::extract::Path;
use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

use crate::database::parameter::int;
use crate::database::seed::INSTANCE_ACTOR_ID;
use crate::model::account::{self, Account};
use crate::model::status::{self, Visibility, escape};
use crate::web::context::Context;
use crate::web::failure::Failure;
use crate::web::page;

fn activity(body: &Value) -> Response {
    (
        [
            (
                header::CONTENT_TYPE,
                "application/activity+json; charset=utf-8",
            ),
            (header::VARY, "Accept, Accept-Language, Cookie"),
        ],
        body.to_string(),
    )
        .into_response()
}

fn wants_activity(headers: &HeaderMap) -> bool {
    let accept = headers
        .get("accept")
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default();
    accept.contains("application/activity+json")
        || accept.contains("application/ld+json")
        || accept.contains("application/json")
}

/// `GET /actor`
pub(crate) async fn instance_actor(context: Context) -> Result<Response, Failure> {
    let account = account::find(context.db().await?, INSTANCE_ACTOR_ID).await?;
    Ok(activity(&account.to_actor(&context.app)))
}

/// `GET /users/NAME`
pub(crate) async fn by_name(
    context: Context,
    headers: HeaderMap,
    Path(name): Path<String>,
) -> Result<Response, Failure> {
    let account = account::find_local(context.db().await?, &name)
        .await?
        .ok_or_else(Failure::not_found)?;
    Ok(show(&context, &headers, &account))
}

/// `GET /ap/users/ID`
pub(crate) async fn by_id(
    context: Context,
    headers: HeaderMap,
    Path(id): Path<String>,
) -> Result<Response, Failure> {
    Ok(show(&context, &headers, &find(&context, &id).await?))
}

/// `GET /@NAME`
pub(crate) async fn profile(
    context: Context,
    headers: HeaderMap,
    Path(handle): Path<String>,
) -> Result<Response, Failure> {
    let name = handle.strip_prefix('@').ok_or_else(Failure::not_found)?;
    let account = account::find_local(context.db().await?, name)
        .await?
        .ok_or_else(Failure::not_found)?;
    Ok(show(&context, &headers, &account))
}

fn show(context: &Context, headers: &HeaderMap, account: &Account) -> Response {
    if wants_activity(headers) {
        return activity(&account.to_actor(&context.app));
    }
    let name = escape(&format!(
        "@{}@{}",
        account.username, context.app.settings.domains.local
    ));
    page::page(&name, &format!("<h1>{name}</h1>")).into_response()
}

/// `GET /@NAME/ID`
pub(crate) async fn status_page(
    context: Context,
    headers: HeaderMap,
    Path((handle, id)): Path<(String, String)>,
) -> Result<Response, Failure> {
    let name = handle.strip_prefix('@').ok_or_else(Failure::not_found)?;
    let status = visible(&context, name, &id).await?;
    if wants_activity(&headers) {
        return Ok(activity(&with_context(status.to_note(&context.app))));
    }
    Ok(page::page(name, &status.content()).into_response())
}

/// `GET /users/NAME/statuses/ID`
pub(crate) async fn note(
    context: Context,
    Path((name, id)): Path<(String, String)>,
) -> Result<Response, Failure> {
    let status = visible(&context, &name, &id).await?;
    Ok(activity(&with_context(status.to_note(&context.app))))
}

/// `GET …/outbox`
pub(crate) async fn outbox(
    context: Context,
    Path(name): Path<String>,
) -> Result<Response, Failure> {
    let account = find(&context, &name).await?;
    let rows = context.db().await?.query_typed("SELECT count(*) FROM statuses WHERE account_id = $1 AND deleted_at IS NULL AND visibility < 2", &[int(&account.id)]).await?;
    Ok(collection(
        &context,
        &account,
        "outbox",
        rows.first().map_or(0, |row| row.get(0)),
    ))
}

/// `GET …/followers`
pub(crate) async fn followers(
    context: Context,
    Path(name): Path<String>,
) -> Result<Response, Failure> {
    let account = find(&context, &name).await?;
    let count = account::followers(context.db().await?, account.id)
        .await?
        .len();
    Ok(collection(
        &context,
        &account,
        "followers",
        i64::try_from(count).unwrap_or(i64::MAX),
    ))
}

fn collection(context: &Context, account: &Account, name: &str, total: i64) -> Response {
    let id = format!("{}/{name}", account.uri(&context.app));
    activity(
        &json!({ "@context": "https://www.w3.org/ns/activitystreams", "id": id, "type": "OrderedCollection", "totalItems": total }),
    )
}

fn with_context(mut note: Value) -> Value {
    note["@context"] = "https://www.w3.org/ns/activitystreams".into();
    note
}

async fn find(context: &Context, name_or_id: &str) -> Result<Account, Failure> {
    let db = context.db().await?;
    let by_id = match name_or_id.parse() {
        Ok(id) => account::find(db, id).await.ok().filter(Account::is_local),
        Err(_) => None,
    };
    match by_id {
        Some(account) => Ok(account),
        None => account::find_local(db, name_or_id)
            .await?
            .ok_or_else(Failure::not_found),
    }
}

async fn visible(context: &Context, name: &str, id: &str) -> Result<status::Status, Failure> {
    let account = find(context, name).await?;
    let status = status::find(
        context.db().await?,
        id.parse().map_err(|_| Failure::not_found())?,
    )
    .await?;
    let shown = status.account.id == account.id
        && matches!(status.visibility, Visibility::Public | Visibility::Unlisted);
    if shown {
        Ok(status)
    } else {
        Err(Failure::not_found())
    }
}
