//! The web server process.

use std::io::ErrorKind;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::ConnectInfo;
use axum::http::Request;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};
use tower_service::Service;

use crate::app::App;
use crate::config::concurrency::ruby_pool;
use crate::exception::Exception;
use crate::output::{complain, say};
use crate::web::pipeline::Puma;
use crate::web::routes;

/// `worker_shutdown_timeout`
const SHUTDOWN_TIMEOUT: Duration = Duration::from_secs(30);
/// A process that ended by SIGTERM: 128 + 15.
const TERMINATED: u8 = 143;

/// Serves until SIGTERM or SIGINT.
pub(crate) async fn run(app: Arc<App>) -> ExitCode {
    match serve(app).await {
        Ok(code) => code,
        Err(error) => {
            complain(&format!(
                "! Unable to load application: {}: {error}",
                error.class()
            ));
            ExitCode::FAILURE
        }
    }
}

async fn serve(app: Arc<App>) -> Result<ExitCode, Exception> {
    let (release, shape) = (app.settings.release, app.settings.puma);
    let process = std::process::id();
    say(&format!(
        "This is masto's stand-in for Mastodon {release}: a test double, not Mastodon"
    ));
    let prefix = if shape.workers == 0 {
        String::new()
    } else {
        format!("[{process}] ")
    };
    say(&format!(
        "{prefix}Puma starting in {} mode...",
        if shape.workers == 0 {
            "single"
        } else {
            "cluster"
        }
    ));
    say(&format!("{prefix}* Puma version: {}", release.puma()));
    say(&format!("{prefix}* Ruby version: ruby {}", release.ruby()));
    say(&format!(
        "{prefix}*  Min threads: {0}\n{prefix}*  Max threads: {0}\n{prefix}*  Environment: production",
        shape.threads
    ));
    // Rails boots with its stores: without them the process ends here.
    drop(app.connection().await?);
    app.redis.version().await?;

    let listener = listen(&app).await?;
    say(&format!(
        "{prefix}* Listening on http://{}",
        listener
            .local_addr()
            .map_or_else(|error| error.to_string(), |address| address.to_string())
    ));
    for worker in 0..shape.workers {
        say(&format!(
            "{prefix}- Worker {worker} (PID: {process}) booted in 0.0s, phase: 0"
        ));
    }
    say(&format!("{prefix}Use Ctrl-C to stop"));

    let pool = ruby_pool(&app.settings.environment, shape.threads);
    let router = routes::router(Puma::new(Arc::clone(&app), pool));
    let connections = GracefulShutdown::new();
    let code = tokio::select! {
        code = signalled() => code,
        never = accept(&listener, &router, shape.persistent_timeout, &connections) => never,
    };
    drop(listener);
    say(&format!("{prefix}- Gracefully shutting down workers..."));
    // Whoever is still being answered after the timeout is cut off, as Puma does.
    let _ = tokio::time::timeout(SHUTDOWN_TIMEOUT, connections.shutdown()).await;
    say(&format!("{prefix}- Goodbye!"));
    Ok(code)
}

async fn listen(app: &App) -> Result<TcpListener, Exception> {
    let environment = &app.settings.environment;
    if environment.filled("SOCKET").is_some() {
        return Err(Exception::Argument(
            "SOCKET is set, but the stand-in for Mastodon listens on BIND and PORT only".to_owned(),
        ));
    }
    let bind = environment
        .filled("BIND")
        .unwrap_or("127.0.0.1")
        .trim_matches(['[', ']']);
    let port = app.settings.puma.port;
    TcpListener::bind((bind, port)).await.map_err(|error| {
        let class = if error.kind() == ErrorKind::AddrInUse {
            "Errno::EADDRINUSE"
        } else {
            "Errno::EADDRNOTAVAIL"
        };
        Exception::foreign(
            class,
            format!("{error} - bind(2) for \"{bind}\" port {port}"),
        )
    })
}

/// Accepts connections for ever. One that stays idle for `persistent_timeout` seconds is closed,
/// which is a 502 for a proxy that believed in it longer.
async fn accept(
    listener: &TcpListener,
    router: &Router,
    persistent_timeout: u64,
    connections: &GracefulShutdown,
) -> ExitCode {
    loop {
        let Ok((stream, peer)) = listener.accept().await else {
            // Out of file descriptors, most likely: others must end first.
            tokio::task::yield_now().await;
            continue;
        };
        let router = router.clone();
        let service = service_fn(move |mut request: Request<Incoming>| {
            request.extensions_mut().insert(ConnectInfo(peer));
            router.clone().call(request)
        });
        let connection = http1::Builder::new()
            .timer(TokioTimer::new())
            .keep_alive(persistent_timeout > 0)
            .header_read_timeout(Duration::from_secs(persistent_timeout.max(1)))
            .serve_connection(TokioIo::new(stream), service);
        let connection = connections.watch(connection);
        tokio::spawn(async move {
            // Nobody is left to tell of a connection that broke.
            let _ = connection.await;
        });
    }
}

/// Waits for the signal; the exit code it gives.
async fn signalled() -> ExitCode {
    let (Ok(mut terminate), Ok(mut interrupt)) = (
        signal(SignalKind::terminate()),
        signal(SignalKind::interrupt()),
    ) else {
        return std::future::pending().await;
    };
    tokio::select! {
        _ = terminate.recv() => ExitCode::from(TERMINATED),
        _ = interrupt.recv() => ExitCode::SUCCESS,
    }
}
