//! A lock that is held.

use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::{oneshot, watch};
use tokio::task::JoinHandle;
use tokio::time::{Instant, MissedTickBehavior, interval_at, timeout_at};

use super::Terms;
use super::record::{Lease, LeaseStore, write_surely};

/// A held lock. Its beats go on until it is released or dropped; where it was dropped, it is free
/// when it has expired.
#[derive(Debug)]
pub struct Held<E> {
    generation: u64,
    fence: Fence,
    release: Option<oneshot::Sender<()>>,
    beats: JoinHandle<Result<(), E>>,
}

/// Whether a lock is still held, for whoever is about to write. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Fence {
    until: Arc<Mutex<Instant>>,
    lost: watch::Receiver<bool>,
}

impl Fence {
    /// Whether nobody else can have the lock at this moment.
    #[must_use]
    pub fn holds(&self) -> bool {
        !*self.lost.borrow()
            && Instant::now() < *self.until.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Resolves when the lock is lost, and never where it is released.
    pub async fn lost(&mut self) {
        if self.lost.wait_for(|lost| *lost).await.is_err() {
            std::future::pending::<()>().await;
        }
    }
}

impl<E: Send + 'static> Held<E> {
    /// Begins to beat. `asked` is when the write began that took the lock.
    pub(super) fn keep<S: LeaseStore<Error = E>>(
        store: S,
        version: String,
        lease: Lease,
        asked: Instant,
        terms: Terms,
    ) -> Self {
        let until = Arc::new(Mutex::new(asked + (terms.expiry - terms.margin)));
        let (loss, lost) = watch::channel(false);
        let (release, released) = oneshot::channel();
        let generation = lease.generation;
        let fence = Fence {
            until: Arc::clone(&until),
            lost,
        };
        let beats = tokio::spawn(beat(store, version, lease, until, loss, released, terms));
        Self {
            generation,
            fence,
            release: Some(release),
            beats,
        }
    }

    /// Which holder this is, counted from the lock's beginning.
    #[must_use]
    pub fn generation(&self) -> u64 {
        self.generation
    }

    /// For those that write under the lock.
    #[must_use]
    pub fn fence(&self) -> Fence {
        self.fence.clone()
    }

    /// Gives the lock back. One that was lost is somebody else's already.
    ///
    /// # Errors
    ///
    /// The store's: then it is free when it has expired.
    pub async fn release(mut self) -> Result<(), E> {
        if let Some(release) = self.release.take() {
            // Where the beats have ended, the lock was lost.
            let _ = release.send(());
        }
        match (&mut self.beats).await {
            Ok(ended) => ended,
            Err(_) => Ok(()),
        }
    }
}

impl<E> Drop for Held<E> {
    fn drop(&mut self) {
        self.beats.abort();
    }
}

/// Renews the lease until it is released or lost.
async fn beat<S: LeaseStore>(
    store: S,
    mut version: String,
    mut lease: Lease,
    until: Arc<Mutex<Instant>>,
    loss: watch::Sender<bool>,
    mut released: oneshot::Receiver<()>,
    terms: Terms,
) -> Result<(), S::Error> {
    let mut beats = interval_at(Instant::now() + terms.beat, terms.beat);
    beats.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            biased;
            ended = &mut released => {
                return match ended {
                    Ok(()) => write_surely(&store, Some(&version), &lease.freed()).await.map(drop),
                    // Dropped: nobody wants to hear of it.
                    Err(_) => Ok(()),
                };
            }
            _ = beats.tick() => {}
        }
        let asked = Instant::now();
        let end = *until.lock().unwrap_or_else(PoisonError::into_inner);
        let next = lease.renewed();
        match timeout_at(end, write_surely(&store, Some(&version), &next)).await {
            Ok(Ok(Some(written))) => {
                version = written;
                lease = next;
                *until.lock().unwrap_or_else(PoisonError::into_inner) =
                    asked + (terms.expiry - terms.margin);
            }
            Ok(Ok(None)) => {
                // A beat whose answer was lost and that came through later is our own lease still.
                match store.read().await {
                    Ok(Some((found, theirs))) if is_ours(&theirs, &lease) => {
                        version = found;
                        lease = theirs;
                    }
                    Err(error) if S::is_passing(&error) => {}
                    _ => {
                        loss.send_replace(true);
                        return Ok(());
                    }
                }
            }
            // S3 does not answer: the next beat may do better, while there is time.
            Ok(Err(_)) | Err(_) => {}
        }
        if Instant::now() >= *until.lock().unwrap_or_else(PoisonError::into_inner) {
            loss.send_replace(true);
            return Ok(());
        }
    }
}

fn is_ours(found: &Lease, ours: &Lease) -> bool {
    let token = |lease: &Lease| lease.holder.as_ref().map(|holder| holder.token);
    found.generation == ours.generation && token(found) == token(ours)
}
