//! A booted Ruby process: its settings and its connections.

use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};

use tokio_postgres::Client;

use crate::boot::Settings;
use crate::crypto::record_encryption::Encryptor;
use crate::crypto::rsa::{self, KeyPair};
use crate::database::migration::expectation;
use crate::database::pool::{Lease, Pool};
use crate::exception::Exception;
use crate::federation::Federation;
use crate::keyspace::Keyspace;
use crate::object_store::ObjectStore;

/// What web, Sidekiq and one-off commands share.
pub(crate) struct App {
    /// After the initializers.
    pub(crate) settings: Settings,
    /// The process's pool. Web has one more for each further worker.
    pub(crate) pool: Arc<Pool>,
    /// Base Redis.
    pub(crate) redis: Keyspace,
    /// Rails' cache.
    pub(crate) cache: Keyspace,
    /// Sidekiq's Redis.
    pub(crate) queues: Keyspace,
    /// Uploads.
    pub(crate) objects: ObjectStore,
    /// Other servers.
    pub(crate) federation: Federation,
    encryptor: OnceLock<Encryptor>,
    loaded: AtomicBool,
}

impl App {
    /// Connects to nothing yet.
    pub(crate) fn new(settings: Settings, pool: usize) -> Result<Arc<Self>, Exception> {
        // With REDIS_DRIVER=ruby OpenSSL's default store is asked, which SSL_CERT_FILE extends.
        let private = settings
            .environment
            .filled("SSL_CERT_FILE")
            .filter(|_| settings.environment.get("REDIS_DRIVER") == Some("ruby"))
            .map(Path::new);
        let mut authorities = vec![Path::new("/etc/ssl/certs/ca-certificates.crt")];
        authorities.extend(private);
        let keyspace = |url: &str| Keyspace::new(url, &authorities);
        Ok(Arc::new(Self {
            pool: Pool::new(settings.postgres.clone(), pool),
            redis: keyspace(&settings.redis.base)?,
            cache: keyspace(&settings.redis.cache)?,
            queues: keyspace(&settings.redis.sidekiq)?,
            objects: ObjectStore::new(settings.storage.clone()),
            federation: Federation::new(&settings),
            encryptor: OnceLock::new(),
            loaded: AtomicBool::new(false),
            settings,
        }))
    }

    /// A connection for a one-off command.
    pub(crate) async fn connection(&self) -> Result<Lease, Exception> {
        self.pool.checkout().await
    }

    /// Loads the models: fails as long as the tables are not those this release expects.
    pub(crate) async fn load_models(&self, db: &Client) -> Result<(), Exception> {
        if !self.loaded.load(Ordering::Relaxed) {
            db.simple_query(expectation(self.settings.release)).await?;
            self.loaded.store(true, Ordering::Relaxed);
        }
        Ok(())
    }

    /// What encrypts records.
    pub(crate) fn encryptor(&self) -> Result<&Encryptor, Exception> {
        if let Some(encryptor) = self.encryptor.get() {
            return Ok(encryptor);
        }
        let encryptor = Encryptor::new(&self.settings.encryption)?;
        Ok(self.encryptor.get_or_init(|| encryptor))
    }

    /// Makes a key pair off the runtime.
    pub(crate) async fn generate_key_pair(&self) -> Result<KeyPair, Exception> {
        tokio::task::spawn_blocking(rsa::generate)
            .await
            .map_err(|error| Exception::Argument(error.to_string()))
    }
}
