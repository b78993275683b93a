//! As much of a healthy Mastodon as an examination asks for, with places to put faults.

use std::sync::Mutex;

use tokio::sync::watch;

use crate::server::{Handler, Request, Response};

type Fault = Box<dyn Fn(&Request, Response) -> Response + Send + Sync>;

/// Healthy, but for its faults.
pub(crate) struct Mastodon {
    /// Changes an answer.
    fault: Fault,
    /// What goes out over the WebSocket; `None`: nothing does.
    events: Option<watch::Sender<Vec<String>>>,
    picture: Mutex<Vec<u8>>,
    mails: Mutex<u32>,
}

const DOMAIN: &str = "social.localhost";
const MEDIA: &str = "media.social.localhost";
const POLICY: &str = "default-src 'none'; img-src 'self' https://media.social.localhost; \
                      media-src 'self' https://media.social.localhost";
pub(crate) const PASSWORD: &str = "correct horse";

impl Mastodon {
    pub(crate) fn new() -> Self {
        Self {
            fault: Box::new(|_, response| response),
            events: Some(watch::Sender::default()),
            picture: Mutex::default(),
            mails: Mutex::new(0),
        }
    }

    /// With a fault.
    pub(crate) fn faulty(
        fault: impl Fn(&Request, Response) -> Response + Send + Sync + 'static,
    ) -> Self {
        Self {
            fault: Box::new(fault),
            ..Self::new()
        }
    }

    /// Whose posts do not reach the WebSocket.
    pub(crate) fn without_events() -> Self {
        Self {
            events: None,
            ..Self::new()
        }
    }

    fn healthy(&self, request: &Request) -> Response {
        if !request.secure {
            let to = format!("https://{DOMAIN}{}", request.path);
            return Response::new(301, "").with("location", &to);
        }
        let host = request.header("host").unwrap_or_default();
        match host {
            DOMAIN => self.web(request),
            MEDIA => self.media(request),
            "mail.social.localhost" => self.mail(request),
            _ if request.path == "/health" => Response::new(200, "OK"),
            _ => Response::new(403, ""),
        }
    }

    fn web(&self, request: &Request) -> Response {
        let path = request.path.split('?').next().unwrap_or_default();
        let signed_in = request
            .header("cookie")
            .is_some_and(|cookie| cookie.contains("_session_id=in"));
        match (request.method.as_str(), path) {
            ("GET", "/health" | "/api/v1/streaming/health") => Response::new(200, "OK"),
            ("GET", "/api/v1/streaming") => match request.header("sec-websocket-protocol") {
                Some("token") => Response::WebSocket,
                _ => Response::new(401, ""),
            },
            ("GET", "/about") => Response::new(200, "<html></html>")
                .with("content-security-policy", POLICY)
                .with("strict-transport-security", "max-age=63072000; includeSubDomains"),
            ("GET", "/api/v2/instance") => json(
                r#"{"domain":"social.localhost","version":"4.7.5","configuration":{"urls":{"streaming":"wss://social.localhost"},
                "vapid":{"public_key":"B="},"media_attachments":{},"statuses":{},"polls":{}}}"#,
            ),
            ("GET", "/.well-known/webfinger") if request.path.contains("acct%3Aowner%40social.localhost") => json(
                r#"{"subject":"acct:owner@social.localhost","links":[{"rel":"self","href":"https://social.localhost/ap/users/1"}]}"#,
            )
            .with("content-type", "application/jrd+json; charset=utf-8"),
            ("GET", "/.well-known/host-meta") => Response::new(
                200,
                r#"<XRD><Link rel="lrdd" template="https://social.localhost/.well-known/webfinger?resource={uri}"/></XRD>"#,
            ),
            ("GET", "/.well-known/nodeinfo") => {
                json(r#"{"links":[{"rel":"x","href":"https://social.localhost/nodeinfo/2.0"}]}"#)
            }
            ("GET", "/nodeinfo/2.0") => {
                json(r#"{"software":{"name":"mastodon","version":"4.7.5"},"protocols":["activitypub"]}"#)
            }
            ("POST", "/api/v1/apps") => json(r#"{"client_id":"id","client_secret":"hush"}"#),
            ("GET", "/oauth/authorize") if signed_in => page(
                r#"<form action="/oauth/authorize" method="post"><input type="hidden" name="authenticity_token" value="t3">
                <input type="hidden" name="client_id" value="id"></form>
                <form action="/oauth/authorize" method="post"><input type="hidden" name="_method" value="delete">
                <input type="hidden" name="authenticity_token" value="t4"><input type="hidden" name="client_id" value="id"></form>"#,
            ),
            ("GET", "/oauth/authorize") => Response::new(302, "").with("location", "https://social.localhost/auth/sign_in"),
            ("GET", "/auth/sign_in") => page(
                r#"<form action="/auth/sign_in" method="post"><input type="hidden" name="authenticity_token" value="t1+/=">
                <input type="email" name="user[email]"><input type="password" name="user[password]"></form>"#,
            )
            .with("set-cookie", "_session_id=out; path=/; secure; HttpOnly"),
            ("POST", "/auth/sign_in") => {
                let right = request.body.contains("user%5Bpassword%5D=correct+horse")
                    && request.body.contains("user%5Bemail%5D=owner%40social.localhost")
                    && request.body.contains("authenticity_token=t1%2B%2F%3D")
                    && request.header("cookie") == Some("_session_id=out");
                if right {
                    Response::new(302, "")
                        .with("location", "https://social.localhost/oauth/authorize?x=1")
                        .with("set-cookie", "_session_id=in; path=/; secure; HttpOnly")
                } else {
                    let form = r#"<form action="/auth/sign_in"><input name="user[password]"></form>"#;
                    Response::new(422, form)
                }
            }
            ("POST", "/oauth/authorize") if signed_in && request.body.contains("authenticity_token=t3") => {
                Response::new(302, "").with("location", "https://social.localhost/oauth/authorize/native?code=c0de")
            }
            ("POST", "/oauth/token") if request.body.contains("code=c0de") => json(r#"{"access_token":"token"}"#),
            ("POST", "/oauth/revoke") => json("{}"),
            ("DELETE", "/auth/sign_out") if request.header("x-csrf-token") == Some("global") => {
                Response::new(302, "").with("location", "https://social.localhost/")
            }
            ("GET", "/auth/password/new") => page(
                r#"<form action="/auth/password" method="post"><input type="hidden" name="authenticity_token" value="t5">
                <input type="email" name="user[email]"></form>"#,
            ),
            ("POST", "/auth/password") => {
                *self.mails.lock().unwrap() += 1;
                Response::new(302, "").with("location", "https://social.localhost/auth/sign_in")
            }
            _ if request.header("authorization") == Some("Bearer token") => self.api(request, path),
            _ => Response::new(404, "<html><body>The page you were looking for doesn't exist.</body></html>"),
        }
    }

    fn api(&self, request: &Request, path: &str) -> Response {
        match (request.method.as_str(), path) {
            ("GET", "/api/v1/accounts/verify_credentials") => {
                json(r#"{"id":"1","username":"owner"}"#)
            }
            ("POST", "/api/v2/media") => Response::new(202, r#"{"id":"7","url":null}"#),
            ("GET", "/api/v1/media/7") => json(
                r#"{"id":"7","url":"https://media.social.localhost/media_attachments/files/7.png"}"#,
            ),
            ("POST", "/api/v1/statuses") => {
                assert!(
                    request.body.contains("visibility=direct"),
                    "{}",
                    request.body
                );
                if let Some(events) = &self.events {
                    let event = serde_json::json!({"stream": ["user"], "event": "update", "payload": r#"{"id":"9"}"#});
                    events.send_modify(|known| known.push(event.to_string()));
                }
                json(r#"{"id":"9"}"#)
            }
            ("DELETE", "/api/v1/statuses/9" | "/api/v1/media/7") => json("{}"),
            _ => Response::new(404, "{}"),
        }
    }

    fn media(&self, request: &Request) -> Response {
        match (request.method.as_str(), request.path.as_str()) {
            ("GET", "/media_attachments/files/7.png") => {
                let picture = self.picture.lock().unwrap();
                assert!(picture.is_empty());
                Response::new(200, b"\x89PNG\r\n\x1a\n...".to_vec())
                    .with("content-type", "image/png")
                    .with("access-control-allow-origin", "*")
            }
            ("GET", _) => Response::new(403, "<Error><Code>AccessDenied</Code></Error>"),
            _ => Response::new(405, ""),
        }
        .with("server", "MinIO")
    }

    fn mail(&self, request: &Request) -> Response {
        let mails = *self.mails.lock().unwrap();
        match (
            request.method.as_str(),
            request.path.split('?').next().unwrap_or_default(),
        ) {
            ("GET", "/api/v1/messages") => {
                let list: Vec<String> = (0..mails)
                    .map(|id| {
                        format!(r#"{{"ID":"m{id}","To":[{{"Address":"owner@social.localhost"}}]}}"#)
                    })
                    .collect();
                json(&format!(r#"{{"messages":[{}]}}"#, list.join(",")))
            }
            ("GET", "/api/v1/message/m0") => {
                json(r#"{"Text":"https://social.localhost/auth/password/edit?x"}"#)
            }
            ("DELETE", "/api/v1/messages") => Response::new(200, "ok"),
            _ => Response::new(404, ""),
        }
    }
}

impl Handler for Mastodon {
    fn answer(&self, request: &Request) -> Response {
        (self.fault)(request, self.healthy(request))
    }

    fn messages(&self) -> Option<watch::Receiver<Vec<String>>> {
        self.events.as_ref().map(watch::Sender::subscribe)
    }
}

fn json(body: &str) -> Response {
    Response::new(200, body).with("content-type", "application/json; charset=utf-8")
}

fn page(form: &str) -> Response {
    let html = format!(
        r#"<html><head><meta name="csrf-token" content="global"></head><body>{form}</body></html>"#
    );
    Response::new(200, html).with("content-type", "text/html; charset=utf-8")
}
