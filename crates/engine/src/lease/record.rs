//! The lease itself, and what keeps it.

use std::error::Error;
use std::fmt;
use std::future::Future;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::Terms;

/// Who wants the lock.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Claimant {
    /// The ARN of the credentials.
    pub who: String,
    /// The machine's name.
    pub host: String,
    /// `up`, `down`.
    pub operation: String,
}

/// Who has the lock. `Display`: `` `masto up` by arn:… on laptop, since … ``.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Holder {
    /// The ARN of the credentials.
    pub who: String,
    /// The machine's name.
    pub host: String,
    /// `up`, `down`.
    pub operation: String,
    /// Since when, by the holder's clock.
    pub since: Timestamp,
    /// When it showed itself last, by the holder's clock.
    pub seen: Timestamp,
    /// Tells two runs of one person on one machine apart.
    pub(super) token: u64,
    /// Grows at every beat, so that no two states are alike.
    pub(super) beat: u64,
}

impl Holder {
    pub(super) fn new(claimant: Claimant) -> Self {
        let Claimant {
            who,
            host,
            operation,
        } = claimant;
        let now = Timestamp::now();
        Self {
            who,
            host,
            operation,
            since: now,
            seen: now,
            token: rand::random(),
            beat: 0,
        }
    }

    /// Whether it has not shown itself for so long that it may be dead, if its clock goes as ours.
    pub(super) fn is_silent(&self, terms: Terms) -> bool {
        let age = Timestamp::now().duration_since(self.seen);
        age > SignedDuration::try_from(terms.beat * 2).unwrap_or(SignedDuration::MAX)
    }
}

impl fmt::Display for Holder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            who,
            host,
            operation,
            since,
            seen: _,
            token: _,
            beat: _,
        } = self;
        write!(
            f,
            "`masto {operation}` by {who} on {host}, since {since:.0}"
        )
    }
}

/// What the object says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lease {
    /// Grows with every holder, and with every removal of one.
    pub generation: u64,
    /// Nobody, or who.
    pub holder: Option<Holder>,
}

impl Lease {
    pub(super) fn first(holder: Holder) -> Self {
        Self {
            generation: 1,
            holder: Some(holder),
        }
    }

    pub(super) fn taken_by(&self, holder: Holder) -> Self {
        Self {
            generation: self.generation + 1,
            holder: Some(holder),
        }
    }

    /// The same without a holder.
    #[must_use]
    pub fn freed(&self) -> Self {
        Self {
            generation: self.generation + 1,
            holder: None,
        }
    }

    /// The same a beat later.
    pub(super) fn renewed(&self) -> Self {
        let mut lease = self.clone();
        if let Some(holder) = &mut lease.holder {
            holder.beat += 1;
            holder.seen = Timestamp::now();
        }
        lease
    }
}

/// Where the lease is: something that compares and swaps.
pub trait LeaseStore: Send + Sync + 'static {
    /// What can go wrong there.
    type Error: Error + Send + Sync + 'static;

    /// Whether a write with this error may have been done all the same, or may be tried again.
    fn is_passing(error: &Self::Error) -> bool;

    /// The lease with its version; `None` where there never was one.
    fn read(&self) -> impl Future<Output = Result<Option<(String, Lease)>, Self::Error>> + Send;

    /// Puts `lease` where `version` is (`None`: where nothing is), and gives its version. `Ok(None)`
    /// where something else is.
    fn write(
        &self,
        version: Option<&str>,
        lease: &Lease,
    ) -> impl Future<Output = Result<Option<String>, Self::Error>> + Send;
}

/// As [`LeaseStore::write`]; also right where the answer to a write that was done is lost and the
/// next try is refused because of it.
pub(super) async fn write_surely<S: LeaseStore>(
    store: &S,
    version: Option<&str>,
    lease: &Lease,
) -> Result<Option<String>, S::Error> {
    let refused = match store.write(version, lease).await {
        Ok(Some(version)) => return Ok(Some(version)),
        Ok(None) => None,
        Err(error) if S::is_passing(&error) => Some(error),
        Err(error) => return Err(error),
    };
    match (store.read().await?, refused) {
        // No two writers write the same: a lease has its holder's token and beat.
        (Some((version, found)), _) if found == *lease && lease.holder.is_some() => {
            Ok(Some(version))
        }
        (_, Some(error)) => Err(error),
        (_, None) => Ok(None),
    }
}
