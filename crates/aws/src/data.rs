//! Whether something exists that was written with the deployment's secrets.

use engine::Observed;

use crate::account::Account;
use crate::error::Error;
use crate::id::Id;
use crate::resource::{Resource, database};
use crate::scope::Scope;
use crate::snapshot;

/// What exists.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Data {
    /// The database itself.
    Database,
    /// A snapshot of it, by name.
    Snapshot(String),
}

/// The database, else its newest snapshot; `None` where the secrets may be made anew.
pub(crate) async fn any(account: &Account, scope: &Scope) -> Result<Option<Data>, Error> {
    if database::find(account, scope).await?.is_some() {
        return Ok(Some(Data::Database));
    }
    let newest = snapshot::of_database(account, scope)
        .await?
        .into_iter()
        .next_back();
    Ok(newest.map(|snapshot| Data::Snapshot(snapshot.name)))
}

/// Whether anything was found whose loss nobody could make good.
#[must_use]
pub fn has_data(observed: &Observed<Resource>) -> bool {
    observed.contains_key(&Id::Database) || observed.contains_key(&Id::Bucket)
}
