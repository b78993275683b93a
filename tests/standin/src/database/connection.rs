//! One connection.

use std::time::Duration;

use tokio_postgres::config::SslMode;
use tokio_postgres::{Client, Config, NoTls};
use tokio_postgres_rustls::MakeRustlsConnect;

use crate::config::database::{Postgres, Tls};
use crate::database::tls;
use crate::exception::Exception;

/// As in `config/database.yml`.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(15);

/// Connects to the configured database.
///
/// # Errors
/// [`Exception::NoDatabase`] when the server answers and the database is not there,
/// [`Exception::NotConnected`] for everything else.
pub(crate) async fn connect(postgres: &Postgres) -> Result<Client, Exception> {
    connect_to(postgres, &postgres.name).await
}

/// Connects to another database of the same server.
pub(crate) async fn connect_to(postgres: &Postgres, database: &str) -> Result<Client, Exception> {
    match &postgres.tls {
        Tls::Disable => plain(postgres, database).await,
        // libpq tries without and comes back with TLS only when that was refused.
        Tls::Allow => match plain(postgres, database).await {
            Err(Exception::NotConnected(_)) => {
                encrypted(postgres, database, SslMode::Require).await
            }
            result => result,
        },
        Tls::Prefer => encrypted(postgres, database, SslMode::Prefer).await,
        Tls::Require | Tls::VerifyCa(_) | Tls::VerifyFull(_) => {
            encrypted(postgres, database, SslMode::Require).await
        }
    }
}

async fn plain(postgres: &Postgres, database: &str) -> Result<Client, Exception> {
    let (client, connection) = config(postgres, database, SslMode::Disable)
        .connect(NoTls)
        .await
        .map_err(|error| refused(&error, postgres, database))?;
    tokio::spawn(connection);
    Ok(client)
}

async fn encrypted(
    postgres: &Postgres,
    database: &str,
    mode: SslMode,
) -> Result<Client, Exception> {
    let config = config(postgres, database, mode);
    if postgres.host.starts_with('/') {
        // Sockets are never encrypted.
        return plain(postgres, database).await;
    }
    let tls =
        MakeRustlsConnect::new(tls::client_config(&postgres.tls).map_err(Exception::NotConnected)?);
    let (client, connection) = config
        .connect(tls)
        .await
        .map_err(|error| refused(&error, postgres, database))?;
    tokio::spawn(connection);
    Ok(client)
}

fn config(postgres: &Postgres, database: &str, mode: SslMode) -> Config {
    let mut config = Config::new();
    config
        .host(&postgres.host)
        .port(postgres.port)
        .dbname(database)
        .user(&postgres.user)
        .ssl_mode(mode)
        .connect_timeout(CONNECT_TIMEOUT);
    if !postgres.password.is_empty() {
        config.password(&postgres.password);
    }
    config
}

fn refused(error: &tokio_postgres::Error, postgres: &Postgres, database: &str) -> Exception {
    if error.code().is_some_and(|code| code.code() == "3D000") {
        return Exception::NoDatabase(database.to_owned());
    }
    let mut text = format!(
        "connection to server at \"{}\", port {} failed: {error}",
        postgres.host, postgres.port
    );
    let mut source = std::error::Error::source(error);
    while let Some(cause) = source {
        text.push_str(": ");
        text.push_str(&cause.to_string());
        source = cause.source();
    }
    Exception::NotConnected(text)
}
