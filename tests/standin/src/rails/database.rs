//! `rails db:…`

use crate::app::App;
use crate::command::Task;
use crate::database::connection::connect_to;
use crate::database::pool::Lease;
use crate::database::{migrator, schema, seed};
use crate::exception::Exception;
use crate::output::{complain, say};

/// Whether post-deployment migrations wait: the variable's presence, whatever it says.
fn skips_post(app: &App) -> bool {
    app.settings
        .environment
        .get("SKIP_POST_DEPLOYMENT_MIGRATIONS")
        .is_some()
}

/// Runs a task. `Ok(false)` when it ended by itself with a message.
pub(crate) async fn run(app: &App, task: Task) -> Result<bool, Exception> {
    match task {
        Task::DbCreate => {
            create(app).await?;
            Ok(true)
        }
        Task::DbPrepare => prepare(app).await,
        Task::DbSetup => setup(app).await,
        Task::DbMigrateSetup => {
            let db = connection(app).await?;
            let empty = schema::versions(&db)
                .await?
                .is_none_or(|versions| versions.is_empty());
            if !migrate(app, &db).await? {
                return Ok(false);
            }
            if empty {
                seed::seed(app, &db).await?;
            }
            Ok(true)
        }
        Task::DbMigrate => migrate(app, &app.connection().await?).await,
        Task::DbSeed => {
            seed::seed(app, &app.connection().await?).await?;
            Ok(true)
        }
        Task::DbVersion => {
            let versions = schema::versions(&app.connection().await?)
                .await?
                .unwrap_or_default();
            say(&format!(
                "database: {}\nCurrent version: {}",
                app.settings.postgres.name,
                versions.last().unwrap_or(&0)
            ));
            Ok(true)
        }
        Task::DbAbortIfPendingMigrations => abort_if_pending(app).await,
        Task::Secret | Task::GenerateVapidKey | Task::EncryptionInit => Ok(true),
    }
}

/// Makes the database where it is missing, loads and seeds the schema where it is empty,
/// migrates otherwise. Does not go through the pre-migration check, by Rails' design.
async fn prepare(app: &App) -> Result<bool, Exception> {
    let db = connection(app).await?;
    match schema::versions(&db).await? {
        None => {
            schema::load(&db, app.settings.release).await?;
            seed::seed(app, &db).await?;
        }
        Some(_) => migrator::migrate(app, &db, skips_post(app)).await?,
    }
    Ok(true)
}

/// Loads and seeds; refuses a database in use.
async fn setup(app: &App) -> Result<bool, Exception> {
    let db = connection(app).await?;
    if schema::versions(&db).await?.is_some() {
        return Err(Exception::ProtectedEnvironment);
    }
    schema::load(&db, app.settings.release).await?;
    seed::seed(app, &db).await?;
    Ok(true)
}

async fn migrate(app: &App, db: &Lease) -> Result<bool, Exception> {
    if let Some(reason) = pre_migration_check(app, db).await? {
        complain(&reason);
        return Ok(false);
    }
    migrator::migrate(app, db, skips_post(app)).await?;
    Ok(true)
}

/// What `db:pre_migration_check` ends the command with.
async fn pre_migration_check(app: &App, db: &Lease) -> Result<Option<String>, Exception> {
    let release = app.settings.release;
    let server: i32 = db
        .query_one("SELECT current_setting('server_version_num')::integer", &[])
        .await?
        .get(0);
    let version = schema::versions(db)
        .await?
        .and_then(|versions| versions.last().copied())
        .unwrap_or(0);
    Ok(refusal(server, version, skips_post(app), release))
}

fn refusal(
    server: i32,
    schema: i64,
    skips_post: bool,
    release: crate::release::Release,
) -> Option<String> {
    let (oldest, name) = release.oldest_postgres();
    if server < oldest {
        return Some(format!(
            "This version of Mastodon requires PostgreSQL {name} or newer. Please update PostgreSQL before updating Mastodon."
        ));
    }
    // strong_migrations looks at the minor version too.
    if (140_000..140_004).contains(&server) {
        return Some("PostgreSQL 14.0 to 14.3 can corrupt indexes that are built concurrently: update to 14.4 or newer (StrongMigrations::UnsupportedVersion)".to_owned());
    }
    let (oldest, from) = release.oldest_live_schema();
    (skips_post && schema < oldest).then(|| {
        format!("Zero-downtime migrations from Mastodon versions earlier than {from}.0 are not supported.\nPlease update to Mastodon {from}.x first or upgrade by stopping all services and running migrations without `SKIP_POST_DEPLOYMENT_MIGRATIONS`.")
    })
}

async fn abort_if_pending(app: &App) -> Result<bool, Exception> {
    let applied = schema::versions(&app.connection().await?)
        .await?
        .unwrap_or_default();
    let pending = migrator::pending(app, &applied, skips_post(app));
    if pending.is_empty() {
        return Ok(true);
    }
    say(&format!("You have {} pending migrations:", pending.len()));
    for migration in pending {
        say(&format!("  {} {}", migration.version, migration.name));
    }
    complain("Run `bin/rails db:migrate` to update your database then try again.");
    Ok(false)
}

/// A connection to the database, which is made first where it is missing.
async fn connection(app: &App) -> Result<Lease, Exception> {
    match app.connection().await {
        Err(Exception::NoDatabase(_)) => {
            create(app).await?;
            app.connection().await
        }
        result => result,
    }
}

async fn create(app: &App) -> Result<(), Exception> {
    let name = &app.settings.postgres.name;
    let server = connect_to(&app.settings.postgres, "postgres").await?;
    let created = server
        .batch_execute(&format!(
            "CREATE DATABASE \"{}\" ENCODING 'UTF8' TEMPLATE template0",
            name.replace('"', "\"\"")
        ))
        .await;
    match created {
        Ok(()) => say(&format!("Created database '{name}'")),
        Err(error) if error.code().is_some_and(|code| code.code() == "42P04") => {
            complain(&format!("Database '{name}' already exists"));
        }
        Err(error) => {
            complain(&format!(
                "Couldn't create '{name}' database. Please check your configuration."
            ));
            return Err(error.into());
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::refusal;

    #[test]
    fn the_first_migration_must_not_skip_post_deployment_ones() {
        let newest = crate::release::NEWEST;
        assert!(
            refusal(170_000, 0, true, newest)
                .unwrap()
                .contains("SKIP_POST_DEPLOYMENT_MIGRATIONS")
        );
        assert_eq!(refusal(170_000, 0, false, newest), None);
        assert_eq!(refusal(170_000, 20260415093012, true, newest), None);
    }

    #[test]
    fn live_upgrades_need_a_schema_that_is_new_enough() {
        let before_4_3 = 20230907150100;
        assert_eq!(
            refusal(170_000, before_4_3, true, "4.6.9".parse().unwrap()),
            None
        );
        assert!(
            refusal(170_000, before_4_3, true, crate::release::NEWEST)
                .unwrap()
                .contains("4.3.0")
        );
    }

    #[test]
    fn old_postgres_is_refused_by_release() {
        assert!(
            refusal(130_000, 0, false, crate::release::NEWEST)
                .unwrap()
                .contains("PostgreSQL 14.0")
        );
        assert_eq!(refusal(130_000, 0, false, "4.4.27".parse().unwrap()), None);
        assert!(
            refusal(140_003, 0, false, crate::release::NEWEST)
                .unwrap()
                .contains("14.4")
        );
    }
}
