//! The streaming process.

use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use axum::Router;
use axum::extract::State;
use axum::extract::ws::WebSocketUpgrade;
use axum::extract::ws::rejection::WebSocketUpgradeRejection;
use axum::http::{HeaderMap, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use jiff::Timestamp;
use serde_json::json;
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};

use crate::database::pool::Pool;
use crate::environment::Environment;
use crate::keyspace::Keyspace;
use crate::output::{complain, say};
use crate::release::Release;
use crate::streaming::event_source;
use crate::streaming::hub::Hub;
use crate::streaming::refusal::Refusal;
use crate::streaming::settings::Settings;
use crate::streaming::subscriber::{self, Subscriber};
use crate::streaming::websocket;
use crate::web::parameters::query_value;

/// A line of the log, as pino writes it.
pub(crate) fn log(level: &str, message: &str) {
    let number = match level {
        "error" => 50,
        "warn" => 40,
        _ => 30,
    };
    say(&json!({ "level": number, "time": Timestamp::now().as_millisecond(), "pid": std::process::id(), "name": "streaming", "msg": message }).to_string());
}

/// What all connections share.
pub(crate) struct Streaming {
    /// Redis.
    pub(crate) hub: Arc<Hub>,
    /// PostgreSQL.
    pub(crate) pool: Arc<Pool>,
    connections: AtomicU64,
}

impl Streaming {
    /// A number for a new connection.
    pub(crate) fn next_id(&self) -> u64 {
        self.connections.fetch_add(1, Ordering::Relaxed)
    }

    /// Who asks: from the header, the query or, as browsers do it, the WebSocket's protocol.
    async fn authenticate(&self, headers: &HeaderMap, query: &str) -> Result<Subscriber, Refusal> {
        let text = |name: &str| {
            headers
                .get(name)
                .and_then(|value| value.to_str().ok())
                .filter(|value| !value.is_empty())
        };
        let token = text("authorization")
            .map(|value| value.trim_start_matches("Bearer ").to_owned())
            .or_else(|| query_value(query, "access_token"))
            .or_else(|| text("sec-websocket-protocol").map(str::to_owned))
            .ok_or(Refusal::MissingToken)?;
        let db = self.pool.checkout().await.map_err(|error| {
            log("error", &format!("{}: {error}", error.class()));
            Refusal::Unexpected
        })?;
        subscriber::find(&db, &token).await
    }
}

/// Serves until SIGTERM, and then ends at once.
pub(crate) async fn run(environment: &Environment, release: Release) -> ExitCode {
    log(
        "info",
        &format!("This is masto's stand-in for Mastodon {release}: a test double, not Mastodon"),
    );
    match serve(environment).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            complain(&format!("Error: {error}"));
            ExitCode::FAILURE
        }
    }
}

async fn serve(environment: &Environment) -> Result<(), Box<dyn std::error::Error>> {
    let settings = Settings::of(environment)?;
    let authorities: Vec<&Path> = settings.ca_file.iter().map(Path::new).collect();
    let hub = Hub::start(Keyspace::new(&settings.redis, &authorities)?);
    let streaming = Arc::new(Streaming {
        hub,
        pool: Pool::new(settings.postgres.clone(), settings.pool),
        connections: AtomicU64::new(0),
    });
    let router = Router::new()
        .route(
            "/api/v1/streaming/health",
            get(|| async { ([(header::CONTENT_TYPE, "text/plain")], "OK") }),
        )
        .route("/metrics", get(metrics))
        .route("/favicon.ico", get(|| async { StatusCode::NOT_FOUND }))
        .route("/api/v1/streaming", get(upgrade))
        .route("/api/v1/streaming/{*rest}", get(events))
        .fallback(|| async { refuse(Refusal::UnknownChannel) })
        .with_state(streaming);
    let listener = TcpListener::bind(&settings.address)
        .await
        .map_err(|error| format!("listen EADDRINUSE: {} {error}", settings.address))?;
    log(
        "info",
        &format!("Streaming API now listening on {}", settings.address),
    );
    let (mut terminate, mut interrupt) = (
        signal(SignalKind::terminate())?,
        signal(SignalKind::interrupt())?,
    );
    tokio::select! {
        result = async { axum::serve(listener, router).await } => result?,
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
    }
    Ok(())
}

async fn metrics(State(streaming): State<Arc<Streaming>>) -> Response {
    (
        [(
            header::CONTENT_TYPE,
            "text/plain; version=0.0.4; charset=utf-8",
        )],
        streaming.hub.metrics.render(),
    )
        .into_response()
}

/// `GET /api/v1/streaming`: a WebSocket, or nothing.
async fn upgrade(
    State(streaming): State<Arc<Streaming>>,
    headers: HeaderMap,
    uri: Uri,
    upgrade: Result<WebSocketUpgrade, WebSocketUpgradeRejection>,
) -> Response {
    let Ok(upgrade) = upgrade else {
        return refuse(Refusal::UnknownChannel);
    };
    let query = uri.query().unwrap_or_default().to_owned();
    let subscriber = match streaming.authenticate(&headers, &query).await {
        Ok(subscriber) => subscriber,
        Err(refusal) => return refuse_upgrade(refusal),
    };
    // A browser that sent its token as protocol hangs up unless it is told it back.
    let protocol = headers
        .get("sec-websocket-protocol")
        .and_then(|value| value.to_str().ok())
        .map(str::to_owned);
    upgrade
        .protocols(protocol)
        .on_upgrade(move |socket| websocket::serve(streaming, socket, subscriber, query))
}

/// `GET /api/v1/streaming/…`: an event stream.
async fn events(State(streaming): State<Arc<Streaming>>, headers: HeaderMap, uri: Uri) -> Response {
    let query = uri.query().unwrap_or_default();
    let subscriber = match streaming.authenticate(&headers, query).await {
        Ok(subscriber) => subscriber,
        Err(refusal) => return refuse(refusal),
    };
    match event_source::open(streaming, uri.path(), query, subscriber).await {
        Ok(response) => response,
        Err(refusal) => refuse(refusal),
    }
}

fn status(refusal: Refusal) -> StatusCode {
    StatusCode::from_u16(refusal.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
}

fn refuse(refusal: Refusal) -> Response {
    let headers = [
        (header::CONTENT_TYPE, "application/json"),
        (header::ACCESS_CONTROL_ALLOW_ORIGIN, "*"),
    ];
    (
        status(refusal),
        headers,
        json!({ "error": refusal.to_string() }).to_string(),
    )
        .into_response()
}

/// A refused upgrade has no body: the reason is in a header.
fn refuse_upgrade(refusal: Refusal) -> Response {
    log("error", &refusal.to_string());
    (
        status(refusal),
        [
            ("connection", "close".to_owned()),
            ("content-type", "text/plain".to_owned()),
            ("x-error-message", refusal.to_string()),
        ],
    )
        .into_response()
}
