//! The pool of one process, as large as Active Record's: whoever waits longer than five seconds
//! for a connection gets an exception.

use std::ops::Deref;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::{OnceCell, OwnedSemaphorePermit, Semaphore};
use tokio_postgres::Client;

use crate::config::database::Postgres;
use crate::database::connection::connect;
use crate::exception::Exception;

/// Active Record's `checkout_timeout`.
const CHECKOUT_TIMEOUT: Duration = Duration::from_secs(5);

/// Connections, opened when first needed, never more than `size`.
pub(crate) struct Pool {
    postgres: Postgres,
    permits: Arc<Semaphore>,
    idle: Mutex<Vec<Arc<Client>>>,
}

impl Pool {
    /// An empty pool.
    pub(crate) fn new(postgres: Postgres, size: usize) -> Arc<Self> {
        Arc::new(Self {
            postgres,
            permits: Arc::new(Semaphore::new(size)),
            idle: Mutex::new(Vec::new()),
        })
    }

    /// Takes a connection out.
    ///
    /// # Errors
    /// [`Exception::ConnectionTimeout`] after five seconds without a free one, and whatever
    /// connecting gives.
    pub(crate) async fn checkout(self: &Arc<Self>) -> Result<Lease, Exception> {
        let started = Instant::now();
        let acquire = Arc::clone(&self.permits).acquire_owned();
        let permit = match tokio::time::timeout(CHECKOUT_TIMEOUT, acquire).await {
            Ok(Ok(permit)) => permit,
            Ok(Err(_)) | Err(_) => return Err(Exception::ConnectionTimeout(started.elapsed())),
        };
        let idle = std::iter::from_fn(|| self.idle().pop()).find(|client| !client.is_closed());
        let client = match idle {
            Some(client) => client,
            None => Arc::new(connect(&self.postgres).await?),
        };
        Ok(Lease {
            client,
            pool: Arc::clone(self),
            in_transaction: AtomicBool::new(false),
            _permit: permit,
        })
    }

    fn idle(&self) -> std::sync::MutexGuard<'_, Vec<Arc<Client>>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A connection that goes back when dropped.
pub(crate) struct Lease {
    client: Arc<Client>,
    pool: Arc<Pool>,
    in_transaction: AtomicBool,
    _permit: OwnedSemaphorePermit,
}

impl Deref for Lease {
    type Target = Client;

    fn deref(&self) -> &Client {
        &self.client
    }
}

impl Lease {
    /// Opens a transaction; a lease dropped inside one closes its connection.
    pub(crate) async fn begin(&self) -> Result<(), Exception> {
        self.in_transaction.store(true, Ordering::Relaxed);
        Ok(self.batch_execute("BEGIN").await?)
    }

    /// Ends the transaction.
    pub(crate) async fn commit(&self) -> Result<(), Exception> {
        self.batch_execute("COMMIT").await?;
        self.in_transaction.store(false, Ordering::Relaxed);
        Ok(())
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        let reusable = !self.in_transaction.load(Ordering::Relaxed);
        if reusable && !self.client.is_closed() {
            self.pool.idle().push(Arc::clone(&self.client));
        }
    }
}

/// What one request or job holds: nothing until its first statement, then one connection until
/// it ends, as a thread of Rails does.
pub(crate) struct Session {
    pool: Arc<Pool>,
    lease: OnceCell<Lease>,
}

impl Session {
    /// Holds nothing yet.
    pub(crate) fn new(pool: Arc<Pool>) -> Self {
        Self {
            pool,
            lease: OnceCell::new(),
        }
    }

    /// The connection.
    pub(crate) async fn connection(&self) -> Result<&Lease, Exception> {
        self.lease.get_or_try_init(|| self.pool.checkout()).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::database::Tls;

    /// Of more threads than connections, the last one waits in vain. No server is asked: the place
    /// in the pool comes before the connection.
    #[tokio::test(start_paused = true)]
    async fn who_finds_the_pool_empty_gets_an_exception_after_five_seconds() {
        let postgres = Postgres {
            host: "127.0.0.1".to_owned(),
            port: 5432,
            name: "mastodon_production".to_owned(),
            user: "mastodon".to_owned(),
            password: String::new(),
            tls: Tls::Disable,
        };
        let pool = Pool::new(postgres, 0);
        let started = tokio::time::Instant::now();
        let ended = pool.checkout().await;
        assert!(matches!(ended, Err(Exception::ConnectionTimeout(_))));
        assert_eq!(started.elapsed(), CHECKOUT_TIMEOUT);
    }
}
