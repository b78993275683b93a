//! `minio server`: listens, answers probes, ends with a signal.

use std::io;
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;

use axum::Router;
use axum::error_handling::HandleError;
use axum::extract::Request;
use axum::http::header::{
    ACCESS_CONTROL_ALLOW_CREDENTIALS, ACCESS_CONTROL_ALLOW_METHODS, ACCESS_CONTROL_ALLOW_ORIGIN,
    ACCESS_CONTROL_EXPOSE_HEADERS, ACCESS_CONTROL_REQUEST_METHOD, ORIGIN, VARY,
};
use axum::http::{HeaderValue, Method, StatusCode};
use axum::middleware::{Next, from_fn};
use axum::response::{IntoResponse as _, Response};
use axum::routing::any;
use s3s::HttpError;
use s3s::auth::SecretKey;
use s3s::service::S3ServiceBuilder;
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};

use super::access::{PolicyAccess, RootUser};
use super::multipart::Uploads;
use super::s3::Service;
use super::settings::Settings;
use super::storage::Storage;
use crate::environment::Environment;
use crate::output::{complain, say};

/// Runs `minio` with what followed its name.
pub(crate) async fn run(arguments: Vec<String>) -> ExitCode {
    if arguments
        .first()
        .is_some_and(|argument| argument == "--version" || argument == "-v")
    {
        say("minio version stand-in (a test double of RELEASE.2025-09-07T16-13-09Z)");
        return ExitCode::SUCCESS;
    }
    let environment = Environment::of_process(Path::new(""));
    let settings = match Settings::parse(&arguments, &environment) {
        Ok(settings) => settings,
        Err(error) => return fatal(&error.to_string()),
    };
    match serve(&settings).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => fatal(&message),
    }
}

fn fatal(message: &str) -> ExitCode {
    complain(&format!("FATAL {message}"));
    ExitCode::FAILURE
}

async fn serve(settings: &Settings) -> Result<(), String> {
    let data = settings.data.display();
    let storage = Storage::open(&settings.data).await.map_err(|error| {
        format!("Unable to initialize backend: unable to use the drive {data}: {error}")
    })?;
    let listener = listen(settings.address).await?;
    let console = match settings.console {
        Some(address) => Some(listen(address).await?),
        None => None,
    };
    say("MinIO stand-in: a test double of the object store, not MinIO itself");
    if settings.has_default_credentials() {
        say(
            "WARN: Detected default credentials 'minioadmin:minioadmin', we recommend that you change these values with 'MINIO_ROOT_USER' and 'MINIO_ROOT_PASSWORD' environment variables",
        );
    }
    say(&format!("API: http://{}", settings.address));

    let pages = async {
        match console {
            Some(console) => serve_until_signal(console, console_pages()).await,
            None => Ok(()),
        }
    };
    let (api, pages) = tokio::join!(serve_until_signal(listener, api(storage, settings)), pages);
    api.and(pages)
        .map_err(|error| format!("Unable to serve: {error}"))
}

async fn listen(address: std::net::SocketAddr) -> Result<TcpListener, String> {
    TcpListener::bind(address)
        .await
        .map_err(|error| format!("Unable to start the server: Specified port is already in use: listen tcp {address}: {error}"))
}

async fn serve_until_signal(listener: TcpListener, router: Router) -> io::Result<()> {
    let (mut terminate, mut interrupt) = (
        signal(SignalKind::terminate())?,
        signal(SignalKind::interrupt())?,
    );
    axum::serve(listener, router)
        .with_graceful_shutdown(async move {
            tokio::select! {
                _ = terminate.recv() => {}
                _ = interrupt.recv() => {}
            }
        })
        .await
}

pub(super) fn api(storage: Storage, settings: &Settings) -> Router {
    let storage = Arc::new(storage);
    let mut builder = S3ServiceBuilder::new(Service {
        storage: Arc::clone(&storage),
        uploads: Uploads::default(),
    });
    builder.set_auth(RootUser {
        access_key: settings.access_key.clone(),
        secret_key: SecretKey::from(settings.secret_key.clone()),
    });
    builder.set_access(PolicyAccess(storage));
    let s3 = HandleError::new(builder.build(), |error: HttpError| async move {
        tracing::error!(?error, "a request failed");
        StatusCode::INTERNAL_SERVER_ERROR
    });
    let healthy = || any(|| async { StatusCode::OK });
    Router::new()
        .route("/minio/health/live", healthy())
        .route("/minio/health/ready", healthy())
        .route("/minio/health/cluster", healthy())
        .route("/minio/health/cluster/read", healthy())
        .fallback_service(s3)
        .layer(from_fn(cross_origin))
}

/// Lets pages of every origin read what they may read, as MinIO does when nobody restricts it. A
/// proxy in front that adds these headers once more makes browsers refuse the answer.
async fn cross_origin(request: Request, next: Next) -> Response {
    let origin = request.headers().get(ORIGIN).cloned();
    let asks = request.method() == Method::OPTIONS
        && request
            .headers()
            .contains_key(ACCESS_CONTROL_REQUEST_METHOD);
    let Some(origin) = origin else {
        return next.run(request).await;
    };
    let mut response = match asks {
        true => {
            let mut response = StatusCode::NO_CONTENT.into_response();
            response.headers_mut().insert(
                ACCESS_CONTROL_ALLOW_METHODS,
                HeaderValue::from_static("GET, HEAD, PUT, POST, DELETE, OPTIONS, PATCH"),
            );
            response
        }
        false => next.run(request).await,
    };
    let headers = response.headers_mut();
    headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, origin);
    headers.insert(
        ACCESS_CONTROL_ALLOW_CREDENTIALS,
        HeaderValue::from_static("true"),
    );
    headers.insert(
        ACCESS_CONTROL_EXPOSE_HEADERS,
        HeaderValue::from_static("Date, Etag, Server, Content-Length, Content-Range, X-Amz*"),
    );
    headers.append(VARY, HeaderValue::from_static("Origin"));
    response
}

fn console_pages() -> Router {
    Router::new().fallback(|| async { "This is the stand-in for MinIO, a test double. It has no console: use mc, or any S3 client.\n" })
}
