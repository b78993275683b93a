//! `mailpit`: listens for mail and for readers, ends with a signal.

use std::io;
use std::net::SocketAddr;
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;

use axum::Router;
use axum::http::StatusCode;
use axum::routing::get;
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};

use super::mailbox::Mailbox;
use super::settings::{Command, Settings};
use super::{api, page, smtp};
use crate::environment::Environment;
use crate::output::{complain, say};
use crate::probe;

/// Runs `mailpit` with what followed its name.
pub(crate) async fn run(arguments: Vec<String>) -> ExitCode {
    let environment = Environment::of_process(Path::new(""));
    let outcome = match Command::parse(&arguments, &environment) {
        Ok(Command::Version) => {
            say("mailpit stand-in (a test double)");
            Ok(())
        }
        Ok(Command::Ready(address)) => ready(address).await,
        Ok(Command::Serve(settings)) => serve(&settings).await,
        Err(error) => Err(error.to_string()),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            complain(&format!("Error: {message}"));
            ExitCode::FAILURE
        }
    }
}

/// For the image's health check.
async fn ready(address: SocketAddr) -> Result<(), String> {
    // Nobody can be reached at "every address"; the server that listens there answers on loopback.
    let host = if address.ip().is_unspecified() {
        "127.0.0.1".to_owned()
    } else {
        address.ip().to_string()
    };
    match probe::status(&format!("{host}:{}", address.port()), "/readyz").await {
        Ok(200) => Ok(()),
        Ok(status) => Err(format!("not ready: HTTP status {status}")),
        Err(error) => Err(format!("not ready: {error}")),
    }
}

async fn serve(settings: &Settings) -> Result<(), String> {
    let mail = listen(settings.smtp).await?;
    let pages = listen(settings.http).await?;
    let mailbox = Arc::new(Mailbox::new(settings.capacity));
    say("Mailpit stand-in: a test double of the mail catcher, not Mailpit itself");
    say(&format!(
        "[smtpd] starting on {} (no encryption)",
        settings.smtp
    ));
    say(&format!("[http] starting on {}", settings.http));

    let router = api::routes()
        .merge(page::routes())
        .merge(probes())
        .with_state(Arc::clone(&mailbox));
    let stopped =
        stop_signal().map_err(|error| format!("failed to listen for signals: {error}"))?;
    let reading = axum::serve(pages, router).with_graceful_shutdown(stopped);
    tokio::select! {
        served = reading => served.map_err(|error| format!("failed to serve: {error}")),
        never = take_mail(mail, mailbox, settings.accept_any_login) => match never {},
    }
}

async fn listen(address: SocketAddr) -> Result<TcpListener, String> {
    TcpListener::bind(address)
        .await
        .map_err(|error| format!("listen tcp {address}: {error}"))
}

fn probes() -> Router<Arc<Mailbox>> {
    Router::new()
        .route("/livez", get(|| async { StatusCode::OK }))
        .route("/readyz", get(|| async { StatusCode::OK }))
}

/// Takes every connection, for as long as the process lives.
async fn take_mail(
    listener: TcpListener,
    mailbox: Arc<Mailbox>,
    offers_auth: bool,
) -> std::convert::Infallible {
    loop {
        let stream = match listener.accept().await {
            Ok((stream, _)) => stream,
            Err(error) => {
                // Too many open files, or a client that left at once: the next may come through.
                tracing::warn!(%error, "failed to take a connection");
                tokio::task::yield_now().await;
                continue;
            }
        };
        let mailbox = Arc::clone(&mailbox);
        tokio::spawn(async move {
            if let Err(error) = smtp::serve(stream, mailbox, offers_auth).await {
                tracing::warn!(%error, "a connection broke");
            }
        });
    }
}

fn stop_signal() -> io::Result<impl Future<Output = ()>> {
    let (mut terminate, mut interrupt) = (
        signal(SignalKind::terminate())?,
        signal(SignalKind::interrupt())?,
    );
    Ok(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
    })
}
