//! Mailpit's REST API: the parts that tests read, with Mailpit's own field names.

use std::sync::Arc;

use axum::Router;
use axum::body::Bytes;
use axum::extract::{Path, Query as Parameters, State};
use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse as _, Json, Response};
use axum::routing::get;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::mailbox::{Found, Mailbox};
use super::message::{Address, Mail};
use super::search::Query;

/// What a list takes.
#[derive(Deserialize)]
struct ListParameters {
    #[serde(default)]
    query: String,
    #[serde(default)]
    start: usize,
    limit: Option<usize>,
}

/// What a removal takes.
#[derive(Deserialize)]
struct Removal {
    #[serde(default, rename = "IDs")]
    ids: Vec<String>,
}

/// One mail of a list.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Summary {
    #[serde(rename = "ID")]
    id: String,
    #[serde(rename = "MessageID")]
    message_id: String,
    read: bool,
    from: Option<Address>,
    to: Vec<Address>,
    cc: Vec<Address>,
    bcc: Vec<Address>,
    reply_to: Vec<Address>,
    subject: String,
    created: String,
    username: String,
    tags: [String; 0],
    size: usize,
    attachments: usize,
    snippet: String,
}

/// The API's routes.
pub(super) fn routes() -> Router<Arc<Mailbox>> {
    Router::new()
        .route("/api/v1/info", get(info))
        .route("/api/v1/messages", get(list).delete(remove))
        .route("/api/v1/search", get(list).delete(remove_found))
        .route("/api/v1/message/{id}", get(message))
        .route("/api/v1/message/{id}/headers", get(headers))
        .route("/api/v1/message/{id}/raw", get(raw))
}

async fn info(State(mailbox): State<Arc<Mailbox>>) -> Json<Value> {
    let found = mailbox.find(&Query::default(), 0, 0).await;
    Json(
        json!({ "Version": "stand-in", "Database": "memory", "Messages": found.total, "Unread": found.unread }),
    )
}

async fn list(
    State(mailbox): State<Arc<Mailbox>>,
    Parameters(parameters): Parameters<ListParameters>,
) -> Json<Value> {
    let query = Query::parse(&parameters.query);
    let Found {
        total,
        unread,
        count,
        count_unread,
        mails,
    } = mailbox
        .find(&query, parameters.start, parameters.limit.unwrap_or(50))
        .await;
    let mails: Vec<Summary> = mails.into_iter().map(Summary::from).collect();
    Json(json!({
        "total": total,
        "unread": unread,
        "count": mails.len(),
        "messages_count": count,
        "messages_unread": count_unread,
        "start": parameters.start,
        "tags": [],
        "messages": mails,
    }))
}

async fn remove(State(mailbox): State<Arc<Mailbox>>, body: Bytes) -> Response {
    let removal = match body.is_empty() {
        true => Removal { ids: Vec::new() },
        false => match serde_json::from_slice(&body) {
            Ok(removal) => removal,
            Err(error) => return (StatusCode::BAD_REQUEST, error.to_string()).into_response(),
        },
    };
    mailbox.remove(&removal.ids).await;
    "ok".into_response()
}

async fn remove_found(
    State(mailbox): State<Arc<Mailbox>>,
    Parameters(parameters): Parameters<ListParameters>,
) -> Response {
    if parameters.query.trim().is_empty() {
        return (StatusCode::BAD_REQUEST, "Error: no search query").into_response();
    }
    mailbox.remove_found(&Query::parse(&parameters.query)).await;
    "ok".into_response()
}

async fn message(State(mailbox): State<Arc<Mailbox>>, Path(id): Path<String>) -> Response {
    match mailbox.read(&id).await {
        Some(mail) => Json(full(mail)).into_response(),
        None => not_found(),
    }
}

async fn headers(State(mailbox): State<Arc<Mailbox>>, Path(id): Path<String>) -> Response {
    let Some(mail) = mailbox.read(&id).await else {
        return not_found();
    };
    let mut headers = serde_json::Map::new();
    for (name, value) in mail_parser::MessageParser::default()
        .parse(&mail.raw)
        .iter()
        .flat_map(|mail| mail.headers_raw())
    {
        let values = headers.entry(name).or_insert_with(|| json!([]));
        if let Some(values) = values.as_array_mut() {
            values.push(json!(value.trim()));
        }
    }
    Json(Value::Object(headers)).into_response()
}

async fn raw(State(mailbox): State<Arc<Mailbox>>, Path(id): Path<String>) -> Response {
    match mailbox.read(&id).await {
        Some(mail) => ([(CONTENT_TYPE, "text/plain; charset=utf-8")], mail.raw).into_response(),
        None => not_found(),
    }
}

pub(super) fn not_found() -> Response {
    (StatusCode::NOT_FOUND, "Message not found").into_response()
}

impl From<Mail> for Summary {
    fn from(mail: Mail) -> Self {
        let snippet = mail.content.snippet();
        let content = mail.content;
        Self {
            id: mail.id,
            message_id: content.message_id,
            read: mail.read,
            from: content.from,
            to: content.to,
            cc: content.cc,
            bcc: content.bcc,
            reply_to: content.reply_to,
            subject: content.subject,
            created: mail.received.to_string(),
            username: String::new(),
            tags: [],
            size: mail.raw.len(),
            attachments: content.attachments.len(),
            snippet,
        }
    }
}

fn full(mail: Mail) -> Value {
    let content = mail.content;
    json!({
        "ID": mail.id,
        "MessageID": content.message_id,
        "From": content.from,
        "To": content.to,
        "Cc": content.cc,
        "Bcc": content.bcc,
        "ReplyTo": content.reply_to,
        "ReturnPath": content.return_path,
        "Subject": content.subject,
        "Date": content.date.unwrap_or(mail.received).to_string(),
        "Tags": [],
        "Username": "",
        "Text": content.text,
        "HTML": content.html,
        "Size": mail.raw.len(),
        "Inline": [],
        "Attachments": content.attachments,
    })
}
