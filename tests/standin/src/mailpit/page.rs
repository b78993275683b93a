//! The pages that a person reads.

use std::fmt::Write as _;
use std::sync::Arc;

use axum::Router;
use axum::extract::{Path, State};
use axum::http::header::{CONTENT_SECURITY_POLICY, CONTENT_TYPE};
use axum::response::{Html, IntoResponse as _, Response};
use axum::routing::get;

use super::api::not_found;
use super::mailbox::{Found, Mailbox};
use super::message::{Address, Mail};
use super::search::Query;

const STYLE: &str = "body{font:16px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem;color:#222}\
table{border-collapse:collapse;width:100%}td,th{text-align:left;padding:.4rem .6rem;border-bottom:1px solid #ddd;vertical-align:top}\
pre{white-space:pre-wrap;background:#f6f6f6;padding:1rem}.note{color:#666}tr.unread{font-weight:600}";

/// The pages' routes.
pub(super) fn routes() -> Router<Arc<Mailbox>> {
    Router::new()
        .route("/", get(index))
        .route("/view/{id}", get(view))
}

async fn index(State(mailbox): State<Arc<Mailbox>>) -> Html<String> {
    Html(list(&mailbox.find(&Query::default(), 0, 200).await))
}

/// `/view/ID` is a page, `/view/ID.txt` the text, `/view/ID.html` the mail's own HTML.
async fn view(State(mailbox): State<Arc<Mailbox>>, Path(name): Path<String>) -> Response {
    let (id, form) = name.split_once('.').unwrap_or((&name, ""));
    let Some(mail) = mailbox.read(id).await else {
        return not_found();
    };
    match form {
        "txt" => (
            [(CONTENT_TYPE, "text/plain; charset=utf-8")],
            mail.content.text,
        )
            .into_response(),
        // What a mail says must not run with the rights of this page.
        "html" => (
            [(CONTENT_SECURITY_POLICY, "sandbox; script-src 'none'")],
            Html(mail.content.html),
        )
            .into_response(),
        _ => Html(show(&mail)).into_response(),
    }
}

fn list(found: &Found) -> String {
    let mut rows = String::new();
    for mail in &found.mails {
        let content = &mail.content;
        let from: Vec<Address> = content.from.clone().into_iter().collect();
        let _ = write!(
            rows,
            "<tr class=\"{}\"><td>{}</td><td>{}</td><td><a href=\"/view/{}\">{}</a></td><td>{}</td></tr>",
            if mail.read { "read" } else { "unread" },
            escape(&people(&from)),
            escape(&people(&content.to)),
            mail.id,
            escape(if content.subject.is_empty() {
                "(no subject)"
            } else {
                &content.subject
            }),
            mail.received.strftime("%Y-%m-%d %H:%M:%S UTC"),
        );
    }
    let body = match found.mails.is_empty() {
        true => "<p>No mail yet. Mail that this server would send appears here.</p>".to_owned(),
        false => format!(
            "<table><tr><th>From</th><th>To</th><th>Subject</th><th>Received</th></tr>{rows}</table>"
        ),
    };
    page(
        "Mail",
        &format!(
            "{body}<p class=\"note\">{} of {} mails are unread. The API is Mailpit's: <a href=\"/api/v1/messages\">/api/v1/messages</a>.</p>",
            found.unread, found.total
        ),
    )
}

fn show(mail: &Mail) -> String {
    let content = &mail.content;
    let from: Vec<Address> = content.from.clone().into_iter().collect();
    let mut rows = String::new();
    for (name, value) in [
        ("From", people(&from)),
        ("To", people(&content.to)),
        ("Cc", people(&content.cc)),
        ("Bcc", people(&content.bcc)),
        ("Reply-To", people(&content.reply_to)),
        (
            "Received",
            mail.received.strftime("%Y-%m-%d %H:%M:%S UTC").to_string(),
        ),
    ] {
        if !value.is_empty() {
            let _ = write!(rows, "<tr><th>{name}</th><td>{}</td></tr>", escape(&value));
        }
    }
    let html = match content.html.is_empty() {
        true => String::new(),
        false => format!("<p><a href=\"/view/{}.html\">As HTML</a></p>", mail.id),
    };
    let title = if content.subject.is_empty() {
        "(no subject)"
    } else {
        &content.subject
    };
    page(
        title,
        &format!(
            "<p><a href=\"/\">All mail</a></p><table>{rows}</table><pre>{}</pre>{html}<p><a href=\"/api/v1/message/{}/raw\">As it came</a></p>",
            escape(&content.text),
            mail.id
        ),
    )
}

fn page(title: &str, body: &str) -> String {
    let title = escape(title);
    format!(
        "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\"><title>{title}</title><style>{STYLE}</style></head>\
         <body><h1>{title}</h1><p class=\"note\">This is the stand-in for Mailpit, a test double: it takes every mail and delivers none.</p>{body}</body></html>"
    )
}

fn people(addresses: &[Address]) -> String {
    let shown: Vec<String> = addresses
        .iter()
        .map(|one| {
            if one.name.is_empty() {
                one.address.clone()
            } else {
                format!("{} <{}>", one.name, one.address)
            }
        })
        .collect();
    shown.join(", ")
}

fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            _ => escaped.push(character),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mailpit::smtp::Envelope;

    #[tokio::test]
    async fn what_a_mail_says_is_shown_and_never_run() {
        let mailbox = Mailbox::new(9);
        let raw =
            b"From: \"<b>x</b>\" <x@y>\r\nSubject: <script>alert(1)</script>\r\n\r\n<img src=x>"
                .to_vec();
        let id = mailbox.deliver(Envelope::default(), raw).await;
        let pages = [
            list(&mailbox.find(&Query::default(), 0, 9).await),
            show(&mailbox.read(&id).await.expect("is there")),
        ];
        for page in pages {
            assert!(
                page.contains("&lt;script&gt;alert(1)&lt;/script&gt;"),
                "{page}"
            );
            assert!(
                !page.contains("<script>") && !page.contains("<b>x") && !page.contains("<img"),
                "{page}"
            );
        }
    }
}
