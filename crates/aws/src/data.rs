//! Whether something exists that was written with the deployment's secrets.

use engine::Observed;

use crate::account::Account;
use crate::error::Error;
use crate::id::Id;
use crate::names;
use crate::resource::Resource;
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
    let databases = account
        .rds
        .describe_db_instances()
        .db_instance_identifier(names::of(&Id::Database, scope))
        .send()
        .await
        .map_err(|error| Error::call("rds:DescribeDBInstances", error));
    match databases {
        Ok(answer) if !answer.db_instances().is_empty() => return Ok(Some(Data::Database)),
        Ok(_) => {}
        Err(error) if error.is_not_found() => {}
        Err(error) => return Err(error),
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
