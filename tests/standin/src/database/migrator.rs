//! Running migrations, one process at a time.

use std::collections::BTreeSet;
use std::time::Instant;

use crate::app::App;
use crate::database::migration::{Change, Migration, Phase, migrations};
use crate::database::parameter::{int, text};
use crate::database::pool::Lease;
use crate::database::schema;
use crate::exception::Exception;
use crate::model::keypair;
use crate::output::say;

/// Rails multiplies this with the checksum of the database's name for its advisory lock.
const MIGRATOR_SALT: i64 = 2_053_462_845;

/// What is still to run, oldest first. With `skip_post`, post-deployment migrations wait.
pub(crate) fn pending(
    app: &App,
    applied: &BTreeSet<i64>,
    skip_post: bool,
) -> Vec<&'static Migration> {
    migrations(app.settings.release)
        .filter(|migration| !applied.contains(&migration.version))
        .filter(|migration| !(skip_post && migration.phase == Phase::Post))
        .collect()
}

/// Runs what is pending under Rails' advisory lock.
///
/// # Errors
/// [`Exception::ConcurrentMigration`] when another process holds the lock.
pub(crate) async fn migrate(app: &App, db: &Lease, skip_post: bool) -> Result<(), Exception> {
    schema::create_metadata(db).await?;
    let lock = MIGRATOR_SALT.wrapping_mul(i64::from(crc32(app.settings.postgres.name.as_bytes())));
    let row = db
        .query_typed("SELECT pg_try_advisory_lock($1)", &[int(&lock)])
        .await?;
    let locked = row.first().is_some_and(|row| row.get::<_, bool>(0));
    if !locked {
        return Err(Exception::ConcurrentMigration);
    }
    let applied = schema::versions(db).await?.unwrap_or_default();
    let mut result = Ok(());
    for migration in pending(app, &applied, skip_post) {
        result = run(app, db, migration).await;
        if result.is_err() {
            break;
        }
    }
    // The lock belongs to the connection: it goes with it when a failed transaction closes it.
    if result.is_ok() {
        db.query_typed("SELECT pg_advisory_unlock($1)", &[int(&lock)])
            .await?;
    }
    result
}

async fn run(app: &App, db: &Lease, migration: &Migration) -> Result<(), Exception> {
    let title = format!("{} {}", migration.version, migration.name);
    say(&headline(&format!("{title}: migrating")));
    let started = Instant::now();
    db.begin().await?;
    match migration.change {
        Change::Sql(sql) => db.batch_execute(sql).await?,
        Change::MovePrivateKeys => keypair::move_private_keys(app, db).await?,
    }
    db.query_typed(
        "INSERT INTO schema_migrations (version) VALUES ($1)",
        &[text(&migration.version.to_string())],
    )
    .await?;
    db.commit().await?;
    say(&format!(
        "{}\n",
        headline(&format!(
            "{title}: migrated ({:.4}s)",
            started.elapsed().as_secs_f64()
        ))
    ));
    Ok(())
}

fn headline(text: &str) -> String {
    format!(
        "== {text} {}",
        "=".repeat(75usize.saturating_sub(text.len()))
    )
}

/// The checksum of zlib.
fn crc32(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(u32::MAX, |crc, byte| {
        (0..8).fold(crc ^ u32::from(*byte), |crc, _| {
            if crc & 1 == 1 {
                (crc >> 1) ^ 0xedb8_8320
            } else {
                crc >> 1
            }
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_lock_is_derived_as_rails_derives_it() {
        assert_eq!(crc32(b"123456789"), 0xcbf4_3926);
    }

    #[test]
    fn headlines_are_filled_up() {
        assert!(headline("1 A: migrating").ends_with("===="));
    }
}
