//! One writer per deployment: a leased object in S3. See [`engine::lease`] for how.

mod object;

use std::time::Duration;

use engine::lease::{self, LeaseError, LeaseStore as _, Terms};

pub use engine::lease::{Claimant, Fence, Holder};

use crate::account::Account;
use crate::error::{Error, ErrorKind};
use crate::scope::Scope;
use object::LeaseObject;

/// A held lock: it is free when this was released, or has expired after it was dropped.
pub type Held = lease::Held<Error>;

/// Takes the deployment's lock. While somebody else has it, calls `on_wait` once and waits at most
/// `patience`, a little longer where the holder seems dead.
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
    lease::acquire(store, claimant, patience, on_wait, Terms::default())
        .await
        .map_err(|error| match error {
            LeaseError::Store(error) => error,
            LeaseError::Held(holder) => held(scope.name.as_str(), &holder),
        })
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
        if store.write(Some(&version), &lease.freed()).await?.is_some() {
            return Ok(Some(holder));
        }
    }
}

/// For a step that is about to begin.
pub(crate) fn check(fence: &Fence) -> Result<(), Error> {
    if fence.holds() {
        return Ok(());
    }
    Err(Error::Setup {
        message: "the lock was lost: it could not be renewed in time, or somebody took it away"
            .to_owned(),
        hint:
            "see who is at work (`masto lock status --aws`), then run the same command again: it \
               goes on from there"
                .to_owned(),
        kind: ErrorKind::Locked,
    })
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
