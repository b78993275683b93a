//! The web server process.

use std::net::SocketAddr;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};

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

    let bind = app
        .settings
        .environment
        .filled("BIND")
        .unwrap_or("127.0.0.1");
    let address = format!("{bind}:{}", shape.port);
    let listener = TcpListener::bind(&address).await.map_err(|error| {
        Exception::Argument(format!(
            "{error} - bind(2) for \"{bind}\" port {} (Errno::EADDRINUSE)",
            shape.port
        ))
    })?;
    say(&format!("{prefix}* Listening on http://{address}"));
    for worker in 0..shape.workers {
        say(&format!(
            "{prefix}- Worker {worker} (PID: {process}) booted in 0.0s, phase: 0"
        ));
    }
    say(&format!("{prefix}Use Ctrl-C to stop"));

    let pool = ruby_pool(&app.settings.environment, shape.threads);
    let router = routes::router(Puma::new(Arc::clone(&app), pool));
    let service = router.into_make_service_with_connect_info::<SocketAddr>();
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let server = axum::serve(listener, service).with_graceful_shutdown(async {
        let _ = stopped.await;
    });
    let server = tokio::spawn(async move { server.await });
    let code = signalled().await;
    say(&format!("{prefix}- Gracefully shutting down workers..."));
    let _ = stop.send(());
    // Whoever is still being answered after the timeout is cut off, as Puma does.
    let _ = tokio::time::timeout(SHUTDOWN_TIMEOUT, server).await;
    say(&format!("{prefix}- Goodbye!"));
    Ok(code)
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
