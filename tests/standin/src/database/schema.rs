//! The schema as a whole: whether it is there, its version, loading it into an empty database.

use std::collections::BTreeSet;

use crate::crypto::token::encode_hex;
use crate::database::migration::{Change, migrations};
use crate::database::pool::Lease;
use crate::exception::Exception;
use crate::release::Release;

/// Versions recorded in the database; `None` when nothing was ever loaded.
pub(crate) async fn versions(db: &Lease) -> Result<Option<BTreeSet<i64>>, Exception> {
    let exists = db
        .query_one("SELECT to_regclass('schema_migrations') IS NOT NULL", &[])
        .await?;
    if !exists.get::<_, bool>(0) {
        return Ok(None);
    }
    let rows = db
        .query("SELECT version FROM schema_migrations", &[])
        .await?;
    Ok(Some(
        rows.iter()
            .filter_map(|row| row.get::<_, String>(0).parse().ok())
            .collect(),
    ))
}

/// `schema_migrations` and `ar_internal_metadata`, where they are not there yet.
pub(crate) async fn create_metadata(db: &Lease) -> Result<(), Exception> {
    db.batch_execute(METADATA).await?;
    Ok(())
}

const METADATA: &str = "
CREATE TABLE IF NOT EXISTS schema_migrations (version varchar NOT NULL PRIMARY KEY);
CREATE TABLE IF NOT EXISTS ar_internal_metadata (
  key varchar NOT NULL PRIMARY KEY, value varchar,
  created_at timestamp(6) NOT NULL DEFAULT now(), updated_at timestamp(6) NOT NULL DEFAULT now()
);
INSERT INTO ar_internal_metadata (key, value) VALUES ('environment', 'production') ON CONFLICT DO NOTHING;
";

/// Loads the release's schema, post-deployment migrations included, all or nothing.
pub(crate) async fn load(db: &Lease, release: Release) -> Result<(), Exception> {
    let mut script = METADATA.to_owned();
    let mut rows = Vec::new();
    for migration in migrations(release) {
        if let Change::Sql(sql) = migration.change {
            script.push_str(sql);
        }
        rows.push(format!("('{}')", migration.version));
    }
    script.push_str("INSERT INTO schema_migrations (version) VALUES ");
    script.push_str(&rows.join(", "));
    script.push_str(";INSERT INTO ar_internal_metadata (key, value) VALUES ('schema_sha1', '");
    script.push_str(&schema_sha1(&rows));
    script.push_str("');");
    db.begin().await?;
    db.batch_execute(&script).await?;
    db.commit().await
}

/// Tells one schema from another. Rails digests the schema file; here it is the list of versions.
fn schema_sha1(versions: &[String]) -> String {
    let digest = ring::digest::digest(
        &ring::digest::SHA1_FOR_LEGACY_USE_ONLY,
        versions.concat().as_bytes(),
    );
    encode_hex(digest.as_ref())
}
