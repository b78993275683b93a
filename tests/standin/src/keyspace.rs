//! Redis: one connection that is shared and renewed.

use std::path::Path;
use std::time::Duration;

use redis::aio::{MultiplexedConnection, PubSub};
use redis::{AsyncConnectionConfig, Client, Cmd, FromRedisValue, Pipeline, TlsCertificates};
use tokio::sync::Mutex;

use crate::exception::Exception;

/// As in Mastodon's configuration.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);

/// A database of a Redis server.
pub(crate) struct Keyspace {
    client: Client,
    connection: Mutex<Option<MultiplexedConnection>>,
}

impl Keyspace {
    /// Nothing is connected yet.
    ///
    /// # Errors
    /// When the URL cannot be read. It may hold a password, so it is not repeated.
    pub(crate) fn new(url: &str, authorities: &[&Path]) -> Result<Self, Exception> {
        let client = if url.starts_with("rediss://") {
            let pem = authorities
                .iter()
                .filter_map(|path| std::fs::read(path).ok())
                .collect::<Vec<_>>()
                .concat();
            Client::build_with_tls(
                url,
                TlsCertificates {
                    client_tls: None,
                    root_cert: Some(pem),
                },
            )?
        } else {
            Client::open(url)?
        };
        Ok(Self {
            client,
            connection: Mutex::new(None),
        })
    }

    /// Runs a command, connecting first where needed; a broken connection is renewed once.
    pub(crate) async fn query<T: FromRedisValue>(&self, command: &Cmd) -> Result<T, Exception> {
        let mut connection = self.shared().await?;
        match command.query_async(&mut connection).await {
            Err(error) if error.is_connection_dropped() || error.is_io_error() => {
                *self.connection.lock().await = None;
                Ok(command.query_async(&mut self.shared().await?).await?)
            }
            result => Ok(result?),
        }
    }

    /// Runs several commands in one round trip.
    pub(crate) async fn pipeline<T: FromRedisValue>(
        &self,
        pipeline: &Pipeline,
    ) -> Result<T, Exception> {
        let mut connection = self.shared().await?;
        match pipeline.query_async(&mut connection).await {
            Err(error) if error.is_connection_dropped() || error.is_io_error() => {
                *self.connection.lock().await = None;
                Ok(pipeline.query_async(&mut self.shared().await?).await?)
            }
            result => Ok(result?),
        }
    }

    /// A connection of one's own, for commands that block. Has no answer timeout.
    pub(crate) async fn own(&self) -> Result<MultiplexedConnection, Exception> {
        let config = AsyncConnectionConfig::new()
            .set_connection_timeout(Some(CONNECT_TIMEOUT))
            .set_response_timeout(None);
        Ok(self
            .client
            .get_multiplexed_async_connection_with_config(&config)
            .await?)
    }

    /// A connection that listens to channels.
    pub(crate) async fn subscriber(&self) -> Result<PubSub, Exception> {
        Ok(self.client.get_async_pubsub().await?)
    }

    /// The server's version. Valkey tells the Redis version it is compatible with.
    pub(crate) async fn version(&self) -> Result<String, Exception> {
        let info: String = self.query(redis::cmd("INFO").arg("server")).await?;
        Ok(info
            .lines()
            .find_map(|line| line.strip_prefix("redis_version:"))
            .unwrap_or("0")
            .trim()
            .to_owned())
    }

    async fn shared(&self) -> Result<MultiplexedConnection, Exception> {
        let mut slot = self.connection.lock().await;
        if let Some(connection) = slot.as_ref() {
            return Ok(connection.clone());
        }
        let connection = self.own().await?;
        Ok(slot.insert(connection).clone())
    }
}
