//! What other servers deliver. The signature is checked here, at once; the work is done by a
//! consumer of `ingress`.

use std::collections::BTreeMap;

use axum::body::to_bytes;
use axum::extract::{Path, Request};
use axum::http::{HeaderMap, StatusCode};
use jiff::Timestamp;
use serde_json::{Value, json};

use crate::crypto::rsa;
use crate::database::seed::INSTANCE_ACTOR_ID;
use crate::exception::Exception;
use crate::federation::{Identity, digest};
use crate::model::account::{self, Account};
use crate::model::keypair;
use crate::sidekiq::client::perform_async;
use crate::web::context::Context;
use crate::web::failure::Failure;
use crate::worker::PROCESSING;

/// `ActivityPub::Activity` bodies may be this large.
const MAX_JSON: usize = 1024 * 1024;
/// Seconds a signature's date may differ from the clock.
const WINDOW: i64 = 12 * 3600;

/// `POST /inbox`
pub(crate) async fn receive(context: Context, request: Request) -> Result<StatusCode, Failure> {
    accept(context, request, None).await
}

/// `POST /users/NAME/inbox`
pub(crate) async fn receive_by_name(
    context: Context,
    Path(name): Path<String>,
    request: Request,
) -> Result<StatusCode, Failure> {
    let account = account::find_local(context.db().await?, &name)
        .await?
        .ok_or_else(Failure::not_found)?;
    accept(context, request, Some(account.id)).await
}

/// `POST /ap/users/ID/inbox`
pub(crate) async fn receive_by_id(
    context: Context,
    Path(id): Path<i64>,
    request: Request,
) -> Result<StatusCode, Failure> {
    let account = account::find(context.db().await?, id).await?;
    accept(context, request, Some(account.id)).await
}

async fn accept(
    context: Context,
    request: Request,
    delivered_to: Option<i64>,
) -> Result<StatusCode, Failure> {
    let (parts, body) = request.into_parts();
    let unauthorized = |reason: String| Failure::new(StatusCode::UNAUTHORIZED, reason);
    let Some(header) = text(&parts.headers, "signature") else {
        return Err(unauthorized("Request not signed".to_owned()));
    };
    let body = to_bytes(body, MAX_JSON)
        .await
        .map_err(|_| Failure::new(StatusCode::PAYLOAD_TOO_LARGE, "Request Entity Too Large"))?;
    let signature = Signature::parse(header).map_err(&unauthorized)?;
    signature
        .check_date(&parts.headers, Timestamp::now())
        .map_err(&unauthorized)?;
    let message = signature
        .message(
            parts.method.as_str(),
            parts.uri.path(),
            &parts.headers,
            &body,
        )
        .map_err(&unauthorized)?;
    let actor = signer(&context, &signature.key_id).await?.ok_or_else(|| {
        unauthorized(format!("Public key not found for key {}", signature.key_id))
    })?;
    if !rsa::verify(&actor.public_key, message.as_bytes(), &signature.signature) {
        return Err(unauthorized(format!(
            "Verification failed for {} {}",
            actor.acct(),
            signature.key_id
        )));
    }
    let body = String::from_utf8_lossy(&body).into_owned();
    perform_async(
        &context.app,
        PROCESSING,
        json!([actor.id, body, delivered_to, "Account"]),
    )
    .await?;
    Ok(StatusCode::ACCEPTED)
}

fn text<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers
        .get(name)
        .and_then(|value| value.to_str().ok())
        .filter(|value| !value.is_empty())
}

/// A `Signature` header.
#[derive(Debug, PartialEq, Eq)]
struct Signature {
    key_id: String,
    headers: Vec<String>,
    signature: String,
}

impl Signature {
    fn parse(header: &str) -> Result<Self, String> {
        let pairs: BTreeMap<&str, &str> = header
            .split(',')
            .filter_map(|pair| pair.trim().split_once('='))
            .map(|(name, value)| (name, value.trim_matches('"')))
            .collect();
        let required = |name: &str| {
            pairs
                .get(name)
                .filter(|value| !value.is_empty())
                .map(|value| (*value).to_owned())
                .ok_or("Incompatible request signature. keyId and signature are required")
        };
        let headers = pairs
            .get("headers")
            .map_or("date", |list| *list)
            .to_lowercase()
            .split_whitespace()
            .map(str::to_owned)
            .collect();
        Ok(Self {
            key_id: required("keyId")?,
            signature: required("signature")?,
            headers,
        })
    }

    fn check_date(&self, headers: &HeaderMap, now: Timestamp) -> Result<(), String> {
        let date = text(headers, "date")
            .ok_or("Mastodon requires the Date header or (created) pseudo-header to be signed")?;
        let time = jiff::fmt::rfc2822::parse(date)
            .map_err(|error| format!("Invalid Date header: {error}"))?
            .timestamp();
        if (now.as_second() - time.as_second()).abs() > WINDOW {
            return Err("Signed request date outside acceptable time window".to_owned());
        }
        Ok(())
    }

    /// The text that was signed; a digest must be there, signed, and right.
    fn message(
        &self,
        method: &str,
        path: &str,
        headers: &HeaderMap,
        body: &[u8],
    ) -> Result<String, String> {
        for required in ["date", "digest", "(request-target)"] {
            if !self.headers.iter().any(|header| header == required) {
                return Err(match required {
                    "digest" => {
                        "Mastodon requires the Digest header to be signed when doing a POST request"
                            .to_owned()
                    }
                    name => format!("Mastodon requires {name} to be signed"),
                });
            }
        }
        if text(headers, "digest")
            .is_none_or(|sent| !sent.split(',').any(|item| item.trim() == digest(body)))
        {
            return Err(format!(
                "Invalid Digest value. Computed SHA-256 digest: {}",
                digest(body).trim_start_matches("SHA-256=")
            ));
        }
        let line = |name: &String| match name.as_str() {
            "(request-target)" => Ok(format!(
                "(request-target): {} {path}",
                method.to_lowercase()
            )),
            name => text(headers, name)
                .map(|value| format!("{name}: {value}"))
                .ok_or_else(|| format!("Header {name} is signed but missing")),
        };
        Ok(self
            .headers
            .iter()
            .map(line)
            .collect::<Result<Vec<_>, _>>()?
            .join("\n"))
    }
}

/// Who signed: an account known already, or fetched now. Keys of this server are nobody's here.
async fn signer(context: &Context, key_id: &str) -> Result<Option<Account>, Failure> {
    let (app, db) = (&context.app, context.db().await?);
    let uri = key_id.split('#').next().unwrap_or_default();
    if app.settings.domains.is_local_url(uri) {
        return Ok(None);
    }
    if let Some(account) = account::find_by_uri(db, uri).await? {
        return Ok(Some(account));
    }
    match fetch_actor(context, uri).await {
        Ok(account) => Ok(Some(account)),
        Err(Exception::Remote(reason)) => Err(Failure::new(
            StatusCode::UNAUTHORIZED,
            format!("Unable to fetch key JSON at {uri}: {reason}"),
        )),
        Err(other) => Err(other.into()),
    }
}

/// Fetches an actor, signed by the instance actor, and keeps it.
pub(crate) async fn fetch_actor(context: &Context, uri: &str) -> Result<Account, Exception> {
    let (app, db) = (&context.app, context.db().await?);
    let own = account::find(db, INSTANCE_ACTOR_ID).await?;
    let identity = Identity {
        key_id: format!("{}#main-key", own.uri(app)),
        private_key: keypair::private_key(app, db, own.id).await?,
    };
    let actor: Value = app
        .federation
        .get(
            uri,
            "application/activity+json, application/ld+json",
            Some(&identity),
        )
        .await?;
    let id = actor["id"].as_str().unwrap_or_default();
    let host = url::Url::parse(id).ok().and_then(|url| {
        Some(url.port().map_or(url.host_str()?.to_owned(), |port| {
            format!("{}:{port}", url.host_str().unwrap_or_default())
        }))
    });
    match host {
        Some(host) if id == uri => {
            let name = actor["preferredUsername"].as_str().unwrap_or_default();
            let domain = confirmed_domain(context, name, &host, uri).await?;
            account::upsert_remote(db, &domain, &actor).await
        }
        _ => Err(Exception::Remote(format!("{uri} is no actor of that id"))),
    }
}

/// The domain of an actor's handle: what webfinger says where the actor lives. Another one has to
/// say the same itself, else anybody could claim handles of anybody.
async fn confirmed_domain(
    context: &Context,
    name: &str,
    host: &str,
    uri: &str,
) -> Result<String, Exception> {
    let (domain, href) = webfinger(context, name, host).await?;
    let (domain, href) = if domain == host {
        (domain, href)
    } else {
        webfinger(context, name, &domain).await?
    };
    if href == uri {
        Ok(domain)
    } else {
        Err(Exception::Remote(format!(
            "Webfinger response for {name}@{domain} does not loop back to {uri}"
        )))
    }
}

/// What a server says of a handle: the domain of its subject, and the actor.
pub(crate) async fn webfinger(
    context: &Context,
    name: &str,
    domain: &str,
) -> Result<(String, String), Exception> {
    let url = format!("https://{domain}/.well-known/webfinger?resource=acct:{name}@{domain}");
    let accept = "application/jrd+json, application/json";
    let answer = context.app.federation.get(&url, accept, None).await?;
    let subject = answer["subject"].as_str().unwrap_or_default();
    let confirmed = subject.rsplit_once('@').map(|(_, domain)| domain);
    let actor = answer["links"]
        .as_array()
        .into_iter()
        .flatten()
        .find(|link| link["rel"] == "self")
        .and_then(|link| link["href"].as_str());
    match (confirmed, actor) {
        (Some(domain), Some(actor)) => Ok((domain.to_owned(), actor.to_owned())),
        _ => Err(Exception::Remote(format!("{url} names no actor"))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(pairs: &[(&'static str, &str)]) -> HeaderMap {
        pairs
            .iter()
            .map(|(name, value)| {
                (
                    axum::http::HeaderName::from_static(name),
                    value.parse().unwrap(),
                )
            })
            .collect()
    }

    const HEADER: &str = r#"keyId="https://a.test/actor#main-key",algorithm="rsa-sha256",headers="(request-target) host date digest",signature="c2ln=""#;

    #[test]
    fn the_header_is_read() {
        let signature = Signature::parse(HEADER).unwrap();
        assert_eq!(
            (signature.key_id.as_str(), signature.signature.as_str()),
            ("https://a.test/actor#main-key", "c2ln=")
        );
        assert!(Signature::parse("keyId=\"x\"").is_err());
    }

    #[test]
    fn the_body_must_be_what_was_signed() {
        let signature = Signature::parse(HEADER).unwrap();
        let right = headers(&[
            ("host", "b.test"),
            ("date", "now"),
            ("digest", &digest(b"{}")),
        ]);
        let message = signature.message("POST", "/inbox", &right, b"{}").unwrap();
        assert_eq!(
            message,
            format!(
                "(request-target): post /inbox\nhost: b.test\ndate: now\ndigest: {}",
                digest(b"{}")
            )
        );
        assert!(
            signature
                .message("POST", "/inbox", &right, b"{\"x\":1}")
                .unwrap_err()
                .starts_with("Invalid Digest")
        );
        let unsigned = Signature {
            headers: vec!["date".into()],
            ..signature
        };
        assert!(unsigned.message("POST", "/inbox", &right, b"{}").is_err());
    }

    #[test]
    fn old_signatures_are_refused() {
        let signature = Signature::parse(HEADER).unwrap();
        let now = "2026-11-22T12:00:00Z".parse().unwrap();
        let check = |date: &str| signature.check_date(&headers(&[("date", date)]), now);
        assert_eq!(check("Sun, 22 Nov 2026 11:00:00 GMT"), Ok(()));
        assert!(
            check("Sat, 21 Nov 2026 23:00:00 GMT")
                .unwrap_err()
                .contains("time window")
        );
        assert!(check("yesterday").is_err());
        assert!(signature.check_date(&HeaderMap::new(), now).is_err());
    }
}
