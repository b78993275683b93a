//! One writer per deployment: a leased object in S3.
//!
//! No clock is compared with another's. The holder writes its lease anew at every beat; who wants it
//! watches, and takes it when it has not changed for [`Terms::expiry`] on its own clock. The holder
//! counts from before its last beat that arrived and stops itself [`Terms::margin`] sooner, so that
//! at no moment two may write. Every write is conditional on what was read: of two that are equally
//! fast, S3 lets one through.

mod held;
mod lease;
mod object;
#[cfg(test)]
mod tests;

use std::sync::Mutex;
use std::time::Duration;

use engine::wait::{self, Condition, Look, Poll, WaitError};
use tokio::time::Instant;

pub use held::{Fence, Held};
pub use lease::{Claimant, Holder};

use crate::account::Account;
use crate::error::{Error, ErrorKind};
use crate::scope::Scope;
use lease::{Lease, LeaseStore, write_surely};
use object::LeaseObject;

/// How often the holder shows that it lives, and when it counts as dead.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Terms {
    /// Between two beats.
    pub(crate) beat: Duration,
    /// Unchanged for so long, a lease is free.
    pub(crate) expiry: Duration,
    /// So much sooner its holder stops.
    pub(crate) margin: Duration,
}

/// A killed holder's lock is free within a minute of the next command.
const TERMS: Terms = Terms {
    beat: Duration::from_secs(10),
    expiry: Duration::from_secs(40),
    margin: Duration::from_secs(10),
};

/// Takes the deployment's lock. While somebody else has it, calls `on_wait` once and waits at most
/// `patience`; a holder that has not shown itself for a while is given the time in which it would,
/// whatever the patience.
///
/// # Errors
///
/// [`Error::Setup`] of [`ErrorKind::Locked`] when the patience is over.
pub async fn acquire(
    account: &Account,
    scope: &Scope,
    claimant: Claimant,
    patience: Duration,
    on_wait: impl FnMut(&Holder) + Send,
) -> Result<Held, Error> {
    let store = LeaseObject::new(account.clone(), scope.clone());
    acquire_in(
        store,
        scope.name.as_str(),
        claimant,
        patience,
        on_wait,
        TERMS,
    )
    .await
}

/// Who has the lock; `None` when nobody has. Takes nothing.
///
/// # Errors
///
/// [`Error::Call`].
pub async fn holder(account: &Account, scope: &Scope) -> Result<Option<Holder>, Error> {
    let store = LeaseObject::new(account.clone(), scope.clone());
    Ok(store.read().await?.and_then(|(_, lease)| lease.holder))
}

/// Takes the lock from whoever has it, and tells who that was. A holder that lives notices at its
/// next beat, starts nothing more and says so.
///
/// # Errors
///
/// [`Error::Call`].
pub async fn release(account: &Account, scope: &Scope) -> Result<Option<Holder>, Error> {
    let store = LeaseObject::new(account.clone(), scope.clone());
    loop {
        let Some((version, lease)) = store.read().await? else {
            return Ok(None);
        };
        let Some(holder) = lease.holder.clone() else {
            return Ok(None);
        };
        if write_surely(&store, Some(&version), &lease.freed())
            .await?
            .is_some()
        {
            return Ok(Some(holder));
        }
    }
}

async fn acquire_in<S: LeaseStore>(
    store: S,
    deployment: &str,
    claimant: Claimant,
    patience: Duration,
    mut on_wait: impl FnMut(&Holder) + Send,
    terms: Terms,
) -> Result<Held, Error> {
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
        let found = store.read().await?;
        let (version, next) = match &found {
            None => (None, Lease::first(holder.clone())),
            Some((version, lease)) => {
                if let Some(other) = &lease.holder
                    && !locked(&watched).is_expired(version, terms)
                {
                    let is_over = locked(&watched).is_over(began, patience, other, terms);
                    return if is_over {
                        Err(held(deployment, other))
                    } else {
                        Ok(Look::NotYet(other.to_string()))
                    };
                }
                (Some(version.as_str()), lease.taken_by(holder.clone()))
            }
        };
        Ok(match write_surely(&store, version, &next).await? {
            Some(version) => Look::Ready((version, next, asked)),
            None => Look::NotYet("somebody else was faster".to_owned()),
        })
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
        Err(WaitError::Timeout { .. }) => {
            let other = locked(&watched).whom.clone();
            Err(other.map_or_else(
                || Error::bug("waited for a lock that nobody has"),
                |other| held(deployment, &other),
            ))
        }
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

fn held(deployment: &str, holder: &Holder) -> Error {
    Error::Setup {
        message: format!("another masto is at work on `{deployment}`: {holder}"),
        hint:
            "wait until it is done (`--lock-timeout`); if it was killed, its lock is free within a \
               minute; `masto lock release --aws` takes it away"
                .to_owned(),
        kind: ErrorKind::Locked,
    }
}
