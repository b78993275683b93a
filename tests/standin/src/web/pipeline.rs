//! What every request goes through, in Rails' order: host authorization, https, files, the
//! client's address, Rack::Attack; and what every answer gets on its way out.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

use axum::extract::{ConnectInfo, Request, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::app::App;
use crate::crypto::token;
use crate::database::pool::{Pool, Session};
use crate::exception::Exception;
use crate::web::context::Context;
use crate::web::failure::{Failure, Raised};
use crate::web::{attack, force_ssl, host_authorization, log, page, remote_ip, static_file};

/// Puma: workers with threads and pools of their own.
pub(crate) struct Puma {
    app: Arc<App>,
    workers: Vec<Worker>,
    next: AtomicUsize,
}

struct Worker {
    threads: Arc<Semaphore>,
    pool: Arc<Pool>,
}

impl Puma {
    /// As many workers as configured; in single mode one. Each has its own pool of `pool`.
    pub(crate) fn new(app: Arc<App>, pool: usize) -> Arc<Self> {
        let shape = app.settings.puma;
        let workers = (0..shape.workers.max(1))
            .map(|_| Worker {
                threads: Arc::new(Semaphore::new(shape.threads)),
                pool: Pool::new(app.settings.postgres.clone(), pool),
            })
            .collect();
        Arc::new(Self {
            app,
            workers,
            next: AtomicUsize::new(0),
        })
    }

    /// A thread: of a worker that has one free, else of the next in turn that gets one.
    async fn thread(&self) -> Option<(OwnedSemaphorePermit, Arc<Pool>)> {
        let turn = self.next.fetch_add(1, Ordering::Relaxed);
        let order = (0..self.workers.len())
            .filter_map(|step| self.workers.get((turn + step) % self.workers.len()));
        for worker in order {
            if let Ok(permit) = Arc::clone(&worker.threads).try_acquire_owned() {
                return Some((permit, Arc::clone(&worker.pool)));
            }
        }
        let worker = self.workers.get(turn % self.workers.len())?;
        let permit = Arc::clone(&worker.threads).acquire_owned().await.ok()?;
        Some((permit, Arc::clone(&worker.pool)))
    }
}

/// The middleware around all routes.
pub(crate) async fn run(
    State(puma): State<Arc<Puma>>,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    request: Request,
    next: Next,
) -> Response {
    let started = Instant::now();
    let Some((_thread, pool)) = puma.thread().await else {
        return StatusCode::SERVICE_UNAVAILABLE.into_response();
    };
    let app = &puma.app;
    let id = request
        .headers()
        .get("x-request-id")
        .and_then(|value| value.to_str().ok())
        .map_or_else(|| token::hex(16), str::to_owned);
    let (method, path) = (request.method().clone(), request.uri().path().to_owned());
    let https = force_ssl::is_https(request.headers());

    if !host_authorization::is_authorized(&app.settings.domains, &path, request.headers()) {
        let host = request
            .headers()
            .get("host")
            .and_then(|value| value.to_str().ok())
            .unwrap_or_default();
        log::line(
            "ERROR",
            &format!(
                "[ActionDispatch::HostAuthorization::DefaultResponseApp] Blocked hosts: {host}"
            ),
        );
        return (
            StatusCode::FORBIDDEN,
            [(header::CONTENT_TYPE, "text/html; charset=UTF-8")],
        )
            .into_response();
    }
    let path_and_query = request
        .uri()
        .path_and_query()
        .map_or("/", |path| path.as_str());
    if let Some((status, location)) =
        force_ssl::redirect(&method, path_and_query, request.headers())
    {
        return (
            status,
            [
                (header::LOCATION, location),
                (header::CONTENT_TYPE, "text/html; charset=utf-8".to_owned()),
            ],
        )
            .into_response();
    }
    if let Some(file) = static_file::find(app, &path).await {
        return file;
    }
    let response = match admit(app, pool, peer, request).await {
        Ok(request) => next.run(request).await,
        Err(failure) => failure.into_response(),
    };
    log::request(
        &id,
        &method,
        &path,
        response.status(),
        started.elapsed(),
        response.extensions().get::<Raised>(),
    );
    decorate(app, response, &path, https, &id)
}

/// Knows the client, refuses blocked ones, and hands the request on with its context.
async fn admit(
    app: &Arc<App>,
    pool: Arc<Pool>,
    peer: SocketAddr,
    request: Request,
) -> Result<Request, Failure> {
    let (mut parts, body) = request.into_parts();
    let session = Arc::new(Session::new(pool));
    let address = remote_ip::remote_ip(
        peer.ip().to_canonical(),
        &parts.headers,
        &app.settings.proxies,
    )?;
    if attack::is_blocked(app, &session, address).await? {
        return Err(Failure::new(StatusCode::FORBIDDEN, "Forbidden"));
    }
    if app.settings.domains.web.is_empty() && parts.uri.path() != "/health" {
        return Err(Exception::MissingHost.into());
    }
    let context = Context::new(Arc::clone(app), session, address, &parts);
    parts.extensions.insert(context);
    Ok(Request::from_parts(parts, body))
}

/// Errors of pages become pages; headers are added.
fn decorate(app: &App, response: Response, path: &str, https: bool, id: &str) -> Response {
    let is_api = [
        "/api/",
        "/oauth/token",
        "/oauth/revoke",
        "/inbox",
        "/users/",
        "/ap/",
        "/nodeinfo",
        "/.well-known",
    ]
    .iter()
    .any(|prefix| path.starts_with(prefix));
    let failed = response.status().is_client_error() || response.status().is_server_error();
    let has_page = response
        .headers()
        .get(header::CONTENT_TYPE)
        .is_some_and(|kind| kind.as_bytes().starts_with(b"text/html"));
    let mut response = if failed && !is_api && !has_page {
        page::error(response.status())
    } else {
        response
    };
    let headers = response.headers_mut();
    let mut set = |name: &'static str, value: &str| {
        if let Ok(value) = HeaderValue::from_str(value) {
            headers.insert(name, value);
        }
    };
    set("server", "Mastodon");
    set("x-frame-options", "DENY");
    set("x-content-type-options", "nosniff");
    set("x-xss-protection", "0");
    set("referrer-policy", "same-origin");
    set("x-request-id", id);
    if has_page || failed {
        set(
            "content-security-policy",
            &app.settings.content_security_policy,
        );
    }
    if https {
        set(
            "strict-transport-security",
            force_ssl::STRICT_TRANSPORT_SECURITY,
        );
    }
    response
}
