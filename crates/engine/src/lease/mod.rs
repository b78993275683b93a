//! A lease: one writer at a time, in a store that can compare and swap.
//!
//! No clock is compared with another's. The holder writes its lease anew at every beat; who wants it
//! watches, and takes it when it has not changed for [`Terms::expiry`] on its own clock. The holder
//! counts from before its last beat that arrived and stops itself [`Terms::margin`] sooner, so that
//! at no moment two may write. Every write is conditional on what was read: of two that are equally
//! fast, the store lets one through.

mod held;
mod record;
#[cfg(test)]
mod tests;

use std::error::Error;
use std::sync::Mutex;
use std::time::Duration;

use tokio::time::Instant;

use crate::wait::{self, Condition, Look, Poll, WaitError};

pub use held::{Fence, Held};
use record::write_surely;
pub use record::{Claimant, Holder, Lease, LeaseStore};

/// How often the holder shows that it lives, and when it counts as dead.
#[derive(Clone, Copy, Debug)]
pub struct Terms {
    /// Between two beats.
    pub beat: Duration,
    /// Unchanged for so long, a lease is free.
    pub expiry: Duration,
    /// So much sooner its holder stops.
    pub margin: Duration,
}

impl Default for Terms {
    /// A killed holder's lease is free within a minute of the next attempt.
    fn default() -> Self {
        Self {
            beat: Duration::from_secs(10),
            expiry: Duration::from_secs(40),
            margin: Duration::from_secs(10),
        }
    }
}

/// Why a lease could not be had.
#[derive(Debug, thiserror::Error)]
pub enum LeaseError<E: Error + 'static> {
    /// Somebody else has it, and the time to wait is over.
    #[error("somebody else is at work: {0}")]
    Held(Box<Holder>),
    /// The store failed.
    #[error("the lease could not be read or written")]
    Store(#[source] E),
}

/// Takes the lease in `store`. While somebody else has it, calls `on_wait` once and waits at most
/// `patience`; a holder that has not shown itself for a while is given the time in which it would,
/// whatever the patience.
///
/// # Errors
///
/// [`LeaseError::Held`] when the patience is over.
pub async fn acquire<S: LeaseStore>(
    store: S,
    claimant: Claimant,
    patience: Duration,
    mut on_wait: impl FnMut(&Holder) + Send,
    terms: Terms,
) -> Result<Held<S::Error>, LeaseError<S::Error>> {
    let began = Instant::now();
    let watched = Mutex::new(Watched::default());
    let holder = Holder::new(claimant);
    // The longest that could be of use: see `Watched::is_over`.
    let bound = patience.max(terms.expiry) + terms.expiry;
    let condition = Condition::new("the lock is free", bound).poll(Poll::adaptive(
        Duration::from_millis(200),
        Duration::from_secs(2),
        1.5,
    ));
    let look = || async {
        let asked = Instant::now();
        let found = store.read().await.map_err(LeaseError::Store)?;
        let (version, next) = match &found {
            None => (None, Lease::first(holder.clone())),
            Some((version, lease)) => {
                if let Some(other) = &lease.holder
                    && !locked(&watched).is_expired(version, terms)
                {
                    let is_over = locked(&watched).is_over(began, patience, other, terms);
                    return if is_over {
                        Err(LeaseError::Held(Box::new(other.clone())))
                    } else {
                        Ok(Look::NotYet(other.to_string()))
                    };
                }
                (Some(version.as_str()), lease.taken_by(holder.clone()))
            }
        };
        Ok(
            match write_surely(&store, version, &next)
                .await
                .map_err(LeaseError::Store)?
            {
                Some(version) => Look::Ready((version, next, asked)),
                None => Look::NotYet("somebody else was faster".to_owned()),
            },
        )
    };
    // Whoever waits is told once for whom.
    let mut told = false;
    let waited = wait::until(&condition, None, || {
        let waiting = locked(&watched).whom.clone();
        if let (false, Some(other)) = (told, &waiting) {
            on_wait(other);
            told = true;
        }
        look()
    })
    .await;
    match waited {
        Ok((version, lease, asked)) => Ok(Held::keep(store, version, lease, asked, terms)),
        Err(WaitError::Look { source, .. }) => Err(source),
        // Somebody was always faster, or kept alive: the last one seen.
        Err(WaitError::Timeout { .. }) => Err(LeaseError::Held(Box::new(
            locked(&watched).whom.clone().unwrap_or(holder),
        ))),
    }
}

/// What has been seen of somebody else's lease.
#[derive(Debug, Default)]
struct Watched {
    seen: Option<(String, Instant)>,
    /// Whether it has changed while we watched: then its holder lives.
    lives: bool,
    whom: Option<Holder>,
}

impl Watched {
    /// Whether the lease has been `version` for so long that its holder is dead. The time counts
    /// from when it was first seen here.
    fn is_expired(&mut self, version: &str, terms: Terms) -> bool {
        match &self.seen {
            Some((seen, since)) if seen == version => since.elapsed() >= terms.expiry,
            seen => {
                self.lives = seen.is_some();
                self.seen = Some((version.to_owned(), Instant::now()));
                false
            }
        }
    }

    /// Whether there is no more waiting.
    fn is_over(
        &mut self,
        began: Instant,
        patience: Duration,
        other: &Holder,
        terms: Terms,
    ) -> bool {
        self.whom = Some(other.clone());
        // Clocks of other machines are good for a guess, and for nothing more.
        let may_be_dead = !self.lives && other.is_silent(terms);
        began.elapsed() >= patience && !may_be_dead
    }
}

fn locked(watched: &Mutex<Watched>) -> std::sync::MutexGuard<'_, Watched> {
    watched
        .lock()
        .unwrap_or_else(std::sync::PoisonError::into_inner)
}
