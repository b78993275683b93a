//! How the database goes: its protection first, then itself, and a snapshot stays.

use std::time::Duration;

use engine::wait::Look;
use jiff::Timestamp;

use super::{BUSY, CHANGE, HOPELESS, LiveDatabase, find, status};
use crate::error::Error;
use crate::id::Id;
use crate::kind::Site;
use crate::{names, rds, snapshot};

/// With its final snapshot.
const REMOVAL: Duration = Duration::from_secs(60 * 60);

/// Removes the database and waits until it is gone. A final snapshot is taken, unless the database
/// is broken.
pub(super) async fn remove(live: &LiveDatabase, site: Site<'_>) -> Result<(), Error> {
    let name = names::of(&Id::Database, site.scope);
    if live.status != "deleting" {
        unprotect(site, &name).await?;
        ask(site, &name).await?;
    }
    site.until(
        &Id::Database,
        "the database is gone, its final snapshot taken",
        REMOVAL,
        || async {
            Ok(match find(site.account, site.scope).await? {
                None => Look::Ready(()),
                Some(instance) => Look::NotYet(instance.db_instance_status.unwrap_or_default()),
            })
        },
    )
    .await
}

/// Switches the deletion protection off, and waits until RDS shows that it is: whoever finds it on
/// after that has another will than ours.
async fn unprotect(site: Site<'_>, name: &str) -> Result<(), Error> {
    site.until(
        &Id::Database,
        "its deletion protection is off",
        CHANGE,
        || async {
            let Some(instance) = find(site.account, site.scope).await? else {
                return Ok(Look::Ready(()));
            };
            let status = instance.db_instance_status.unwrap_or_default();
            // One that failed takes no change, and needs none.
            let is_past_it = status == "deleting" || HOPELESS.contains(&status.as_str());
            if is_past_it || instance.deletion_protection != Some(true) {
                return Ok(Look::Ready(()));
            }
            let answer = site
                .account
                .rds
                .modify_db_instance()
                .db_instance_identifier(name)
                .deletion_protection(false)
                .apply_immediately(true)
                .send()
                .await
                .map_err(|error| Error::call("rds:ModifyDBInstance", error));
            match answer {
                Err(error) if !error.is(&BUSY) && !error.is_not_found() => Err(error),
                _ => Ok(Look::NotYet(status)),
            }
        },
    )
    .await
}

/// Asks for the removal, with a snapshot under a name that is free.
async fn ask(site: Site<'_>, name: &str) -> Result<(), Error> {
    let Site { account, scope, .. } = site;
    let at = Timestamp::now();
    let mut attempt = 0;
    loop {
        let Some(instance) = find(account, scope).await? else {
            return Ok(());
        };
        let status = instance.db_instance_status.unwrap_or_default();
        if status == "deleting" {
            return Ok(());
        }
        let call = account
            .rds
            .delete_db_instance()
            .db_instance_identifier(name)
            .delete_automated_backups(true);
        // RDS takes no snapshot of what is broken.
        let call = if HOPELESS.contains(&status.as_str()) {
            call.skip_final_snapshot(true)
        } else {
            call.skip_final_snapshot(false)
                .final_db_snapshot_identifier(snapshot::new_name(scope, at, attempt))
        };
        let answer = call
            .customize()
            .config_override(rds::once())
            .send()
            .await
            .map_err(|error| Error::call("rds:DeleteDBInstance", error));
        match answer {
            Ok(_) => return Ok(()),
            Err(error) if error.is_not_found() => return Ok(()),
            Err(error)
                if error.is(&["DBSnapshotAlreadyExists", "DBSnapshotAlreadyExistsFault"]) =>
            {
                attempt += 1;
            }
            Err(error) if is_protection(&error) => return Err(protected()),
            Err(error) if error.is(&BUSY) || error.is_passing() => {
                available(site).await?;
                attempt += 1;
            }
            Err(error) => return Err(error),
        }
        if attempt > 20 {
            return Err(Error::Failed {
                id: Id::Database,
                reason: "RDS did not take the removal".to_owned(),
                hint: Some("run the same command again: it goes on from there".to_owned()),
                tail: Vec::new(),
            });
        }
    }
}

/// Waits until RDS takes the next order.
async fn available(site: Site<'_>) -> Result<(), Error> {
    site.until(
        &Id::Database,
        "the database takes orders",
        CHANGE,
        || async {
            let (status, _) = status(site.account, site.scope).await?;
            let is_settled = matches!(status.as_str(), "available" | "deleting" | "" | "stopped")
                || HOPELESS.contains(&status.as_str());
            Ok(if is_settled {
                Look::Ready(())
            } else {
                Look::NotYet(status)
            })
        },
    )
    .await
}

/// "Cannot delete protected DB Instance, please disable deletion protection and try again."
fn is_protection(error: &Error) -> bool {
    error.is(&["InvalidParameterCombination"])
        && error
            .message()
            .is_some_and(|message| message.to_lowercase().contains("protect"))
}

fn protected() -> Error {
    Error::Failed {
        id: Id::Database,
        reason: "somebody switched its deletion protection on while it was being removed".to_owned(),
        hint: Some(
            "ask them first: CloudTrail has their `ModifyDBInstance`. To remove it all the same, run \
             the same command again: it switches the protection off"
                .to_owned(),
        ),
        tail: Vec::new(),
    }
}
