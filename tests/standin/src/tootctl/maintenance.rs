//! `tootctl settings`, `media`, `cache` and `feeds`.

use crate::app::App;
use crate::database::parameter::{int, text};
use crate::database::pool::Lease;
use crate::exception::Exception;
use crate::model::{account, media_attachment};
use crate::output::{complain, say};
use crate::tootctl::options::Options;
use crate::worker::distribution::add_to_feed;

/// `settings registrations open|approved|close`
pub(crate) async fn registrations(db: &Lease, options: &Options) -> Result<bool, Exception> {
    let mode = match options.word() {
        Some("open") => "open",
        Some("approved") => "approved",
        Some("close") => "none",
        _ => {
            complain("Unknown mode: type open, approved or close");
            return Ok(false);
        }
    };
    let statement = "INSERT INTO settings (var, value) VALUES ('registrations_mode', $1) ON CONFLICT (var) DO UPDATE SET value = excluded.value, updated_at = now()";
    db.query_typed(statement, &[text(&format!("--- {mode}\n"))])
        .await?;
    say("OK");
    Ok(true)
}

/// `media remove`: files of other servers, older than `--days` (7).
pub(crate) async fn remove_media(
    app: &App,
    db: &Lease,
    options: &Options,
) -> Result<bool, Exception> {
    let Ok(days) = options.value("days").unwrap_or("7").parse::<i64>() else {
        complain("Expected numeric value for '--days'");
        return Ok(false);
    };
    let statement = "SELECT id, coalesce(file_file_size, 0) FROM media_attachments WHERE remote_url <> '' AND file_file_name IS NOT NULL AND created_at < now() - make_interval(days => $1::bigint::integer)";
    let rows = db.query_typed(statement, &[int(&days)]).await?;
    let bytes: i64 = rows.iter().map(|row| row.get::<_, i64>(1)).sum();
    let dry_run = options.is_on("dry-run");
    for row in rows.iter().filter(|_| !dry_run) {
        let attachment = media_attachment::find(db, row.get(0)).await?;
        for style in ["original", "small"] {
            app.objects.delete(&attachment.path(style)).await?;
        }
        db.query_typed("UPDATE media_attachments SET file_file_name = NULL, file_file_size = NULL WHERE id = $1", &[int(&attachment.id)]).await?;
    }
    say(&format!(
        "Removed {} media attachments (approx. {bytes} Bytes){}",
        rows.len(),
        if dry_run { " (DRY RUN)" } else { "" }
    ));
    Ok(true)
}

/// `cache clear`
pub(crate) async fn clear_cache(app: &App) -> Result<bool, Exception> {
    delete_keys(&app.cache, "cache:*").await?;
    say("OK");
    Ok(true)
}

/// `feeds clear`
pub(crate) async fn clear_feeds(app: &App) -> Result<bool, Exception> {
    delete_keys(&app.redis, "feed:*").await?;
    say("OK");
    Ok(true)
}

/// `feeds build [USERNAME]`: home feeds anew, of one account or of all.
pub(crate) async fn build_feeds(
    app: &App,
    db: &Lease,
    options: &Options,
) -> Result<bool, Exception> {
    let ids: Vec<i64> = match options.word() {
        Some(name) => match account::find_local(db, name).await? {
            Some(account) => vec![account.id],
            None => {
                complain("No such account");
                return Ok(false);
            }
        },
        None => db
            .query("SELECT account_id FROM users ORDER BY id", &[])
            .await?
            .iter()
            .map(|row| row.get(0))
            .collect(),
    };
    for id in &ids {
        let _: i64 = app
            .redis
            .query(redis::cmd("DEL").arg(format!("feed:home:{id}")))
            .await?;
        let statement = "SELECT id FROM statuses WHERE deleted_at IS NULL AND visibility < 3 AND (account_id = $1 OR account_id IN (SELECT target_account_id FROM follows WHERE account_id = $1)) ORDER BY id DESC LIMIT 400";
        for row in db.query_typed(statement, &[int(id)]).await? {
            add_to_feed(app, *id, row.get(0)).await?;
        }
    }
    say(&if options.word().is_some() {
        "OK".to_owned()
    } else {
        format!("Regenerated feeds for {} accounts", ids.len())
    });
    Ok(true)
}

async fn delete_keys(keyspace: &crate::keyspace::Keyspace, pattern: &str) -> Result<(), Exception> {
    let mut cursor = 0u64;
    loop {
        let (next, keys): (u64, Vec<String>) = keyspace
            .query(
                redis::cmd("SCAN")
                    .arg(cursor)
                    .arg("MATCH")
                    .arg(pattern)
                    .arg("COUNT")
                    .arg(500),
            )
            .await?;
        if !keys.is_empty() {
            let _: i64 = keyspace.query(redis::cmd("DEL").arg(keys)).await?;
        }
        cursor = next;
        if cursor == 0 {
            return Ok(());
        }
    }
}
