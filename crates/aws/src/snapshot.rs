//! Snapshots of the database: what `down` leaves behind.

use std::collections::BTreeMap;

use jiff::Timestamp;

use crate::account::Account;
use crate::error::Error;
use crate::id::Id;
use crate::kind::Owner;
use crate::names;
use crate::scope::Scope;
use crate::tags;

/// One snapshot.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Snapshot {
    /// Its name.
    pub name: String,
    /// `available`.
    pub status: String,
    /// What it bills for, at most.
    pub gib: i32,
}

/// Those of this deployment's database that somebody asked for, oldest name first. The automatic
/// ones go with the database.
pub(crate) async fn of_database(account: &Account, scope: &Scope) -> Result<Vec<Snapshot>, Error> {
    let answer = account
        .rds
        .describe_db_snapshots()
        .db_instance_identifier(names::of(&Id::Database, scope))
        .snapshot_type("manual")
        .send()
        .await
        .map_err(|error| Error::call("rds:DescribeDBSnapshots", error));
    let snapshots = match answer {
        Ok(answer) => answer.db_snapshots.unwrap_or_default(),
        Err(error) if error.is_not_found() => Vec::new(),
        Err(error) => return Err(error),
    };
    let mut found: Vec<Snapshot> = snapshots
        .into_iter()
        .filter(|snapshot| {
            let tags: BTreeMap<String, String> = snapshot
                .tag_list()
                .iter()
                .filter_map(|tag| Some((tag.key.clone()?, tag.value.clone()?)))
                .collect();
            // The tags come with the copy, and are missing where an emulator does not copy them;
            // the database's name is the deployment's own.
            tags.is_empty() || tags::owner(&tags, scope) == Owner::Ours
        })
        .filter_map(|snapshot| {
            Some(Snapshot {
                name: snapshot.db_snapshot_identifier?,
                status: snapshot.status.unwrap_or_default(),
                gib: snapshot.allocated_storage.unwrap_or_default(),
            })
        })
        .collect();
    found.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(found)
}

/// A name that no snapshot of this deployment has: RDS refuses one that is taken. `attempt` tells
/// apart two within one second.
pub(crate) fn new_name(scope: &Scope, at: Timestamp, attempt: u32) -> String {
    let stamp = at.strftime("%Y%m%d-%H%M%S");
    let base = format!("{}-final-{stamp}", names::of(&Id::Database, scope));
    match attempt {
        0 => base,
        _ => format!("{base}-{attempt}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_final_snapshot_has_a_new_name_each_time() {
        let scope = crate::fixture::scope();
        let at = |seconds| Timestamp::from_second(seconds).unwrap();
        assert_eq!(
            new_name(&scope, at(1_700_000_000), 0),
            "masto-social-final-20231114-221320"
        );
        assert_eq!(
            new_name(&scope, at(1_700_000_000), 1),
            "masto-social-final-20231114-221320-1"
        );
    }
}
