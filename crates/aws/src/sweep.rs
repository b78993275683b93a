//! What is left of a deployment in the account: what still carries its tags, and what costs money
//! without being part of it any more.

use std::fmt;

use engine::Live as _;
use serde::Serialize;

use crate::account::Account;
use crate::error::Error;
use crate::id::Id;
use crate::kind::Owner;
use crate::names;
use crate::observe::observe;
use crate::scope::Scope;
use crate::secrets::{self, Stored};
use crate::snapshot;
use crate::state_bucket;

/// One thing that is left. `Display`: a line with what it costs and what removes it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Remainder {
    /// `snapshot`, `secret`, `database`.
    pub kind: String,
    /// As AWS calls it.
    pub name: String,
    /// What it costs, or until when it can be brought back.
    pub note: String,
    /// What to type to be rid of it.
    pub removal: String,
    /// It is a resource of the deployment: the next `up` finds it and goes on with it.
    pub deployed: bool,
}

impl fmt::Display for Remainder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            kind,
            name,
            note,
            removal,
            deployed: _,
        } = self;
        write!(f, "{kind} `{name}`: {note}. To remove it:  {removal}")
    }
}

/// Looks for everything of the deployment, whether or not a plan would.
///
/// # Errors
///
/// The first call that failed.
pub async fn sweep(account: &Account, scope: &Scope) -> Result<Vec<Remainder>, Error> {
    let mut left = Vec::new();
    for (id, live) in observe(account, scope).await? {
        if *live.owner() != Owner::Ours || is_nothing(&id) {
            continue;
        }
        left.push(Remainder {
            kind: id.kind().to_owned(),
            name: named(&id, live.attributes().identity, scope),
            note: "still part of the deployment".to_owned(),
            removal: "masto down --aws --data".to_owned(),
            deployed: true,
        });
    }
    for snapshot in snapshot::of_database(account, scope).await? {
        left.push(of_snapshot(&snapshot));
    }
    if let Some(Stored::Leaving { owner: Owner::Ours }) = secrets::find(account, scope).await? {
        left.push(of_secret(&names::of(&Id::Secret, scope)));
    }
    left.extend(automated_backups(account, scope).await?);
    if state_bucket::exists(account, scope).await? {
        let name = state_bucket::name(scope);
        left.push(Remainder {
            kind: "bucket".to_owned(),
            note: "locks and history of all deployments in this region, a few kilobytes".to_owned(),
            removal: format!("aws s3 rb --force s3://{name}"),
            deployed: false,
            name,
        });
    }
    Ok(left)
}

/// A fact about something else, with nothing of its own in the account.
fn is_nothing(id: &Id) -> bool {
    matches!(id, Id::Validation(_) | Id::Job(_))
}

fn named(id: &Id, identity: String, scope: &Scope) -> String {
    if identity.is_empty() {
        names::of(id, scope)
    } else {
        identity
    }
}

fn of_snapshot(snapshot: &snapshot::Snapshot) -> Remainder {
    let snapshot::Snapshot { name, status, gib } = snapshot;
    // 0.095 dollars a GiB and month, for what is used of it.
    let cents = i64::from(*gib) * 95 / 10;
    let state = if status == "available" {
        String::new()
    } else {
        format!("{status}, ")
    };
    Remainder {
        kind: "snapshot".to_owned(),
        name: name.clone(),
        note: format!(
            "{state}the database as it was, at most ${}.{:02} a month; `aws rds \
             restore-db-instance-from-db-snapshot` makes a database of it",
            cents / 100,
            cents % 100
        ),
        removal: format!("aws rds delete-db-snapshot --db-snapshot-identifier {name}"),
        deployed: false,
    }
}

fn of_secret(name: &str) -> Remainder {
    Remainder {
        kind: "secret".to_owned(),
        name: name.to_owned(),
        note: "free of charge until AWS removes it, 30 days after `down`; the snapshot's accounts \
               cannot be decrypted without it; the next `masto up --aws` restores it"
            .to_owned(),
        removal: format!(
            "aws secretsmanager delete-secret --secret-id {name} --force-delete-without-recovery"
        ),
        deployed: false,
    }
}

/// Backups that RDS keeps of a database that somebody else removed.
async fn automated_backups(account: &Account, scope: &Scope) -> Result<Vec<Remainder>, Error> {
    let answer = account
        .rds
        .describe_db_instance_automated_backups()
        .db_instance_identifier(names::of(&Id::Database, scope))
        .send()
        .await
        .map_err(|error| Error::call("rds:DescribeDBInstanceAutomatedBackups", error));
    let backups = match answer {
        Ok(answer) => answer.db_instance_automated_backups.unwrap_or_default(),
        // An emulator that keeps none does not know the question.
        Err(error) if error.is_not_found() || error.is(&["InvalidAction"]) => Vec::new(),
        Err(error) => return Err(error),
    };
    Ok(backups
        .into_iter()
        .filter(|backup| backup.status() == Some("retained"))
        .filter_map(|backup| {
            let id = backup.dbi_resource_id?;
            Some(Remainder {
                kind: "automatic backups".to_owned(),
                note: "of a database that is gone; they end with their retention".to_owned(),
                removal: format!(
                    "aws rds delete-db-instance-automated-backup --dbi-resource-id {id}"
                ),
                deployed: false,
                name: id,
            })
        })
        .collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_left_says_what_it_costs_and_what_removes_it() {
        let snapshot = snapshot::Snapshot {
            name: "masto-social-final-1".to_owned(),
            status: "available".to_owned(),
            gib: 20,
        };
        let shown = of_snapshot(&snapshot).to_string();
        assert!(shown.contains("$1.90 a month"), "{shown}");
        assert!(
            shown.ends_with(
                "aws rds delete-db-snapshot --db-snapshot-identifier masto-social-final-1"
            ),
            "{shown}"
        );
    }
}
