//! What runs by the clock.

use crate::app::App;
use crate::database::parameter::{int, text};
use crate::database::pool::Session;
use crate::exception::Exception;
use crate::model::media_attachment;

/// A year, as Mastodon counts retention.
const YEAR: &str = "31556952";

/// Runs the scheduler of that class.
pub(crate) async fn run(app: &App, session: &Session, class: &str) -> Result<(), Exception> {
    let db = session.connection().await?;
    app.load_models(db).await?;
    let statement = match class {
        // Without Elasticsearch there is nothing to index; without a moderator's action nobody to clean up.
        "Scheduler::IndexingScheduler" => return Ok(()),
        "Scheduler::SuspendedUserCleanupScheduler" => {
            "DELETE FROM accounts WHERE domain IS NULL AND suspended_at < now() - interval '30 days'"
        }
        "Scheduler::InstanceRefreshScheduler" => "ANALYZE accounts",
        "Scheduler::UserCleanupScheduler" => {
            "DELETE FROM users WHERE confirmed_at IS NULL AND created_at < now() - interval '2 days'"
        }
        "Scheduler::IpCleanupScheduler" => {
            let seconds = app
                .settings
                .environment
                .filled("SESSION_RETENTION_PERIOD")
                .unwrap_or(YEAR);
            db.query_typed("DELETE FROM session_activations WHERE updated_at < now() - make_interval(secs => $1::text::double precision)", &[text(&seconds)]).await?;
            return Ok(());
        }
        "Scheduler::VacuumScheduler" => return vacuum(app, db).await,
        other => return Err(Exception::UnknownClass(other.to_owned())),
    };
    db.batch_execute(statement).await?;
    Ok(())
}

/// Revoked tokens, used codes, and uploads nobody ever posted.
async fn vacuum(app: &App, db: &tokio_postgres::Client) -> Result<(), Exception> {
    db.batch_execute("DELETE FROM oauth_access_tokens WHERE revoked_at < now(); DELETE FROM oauth_access_grants WHERE revoked_at < now()").await?;
    let rows = db.query_typed("SELECT id FROM media_attachments WHERE status_id IS NULL AND created_at < now() - interval '1 day' AND id > $1", &[int(&0i64)]).await?;
    for row in rows {
        let attachment = media_attachment::find(db, row.get(0)).await?;
        for style in ["original", "small"] {
            app.objects.delete(&attachment.path(style)).await?;
        }
        media_attachment::delete(db, attachment.id).await?;
    }
    Ok(())
}
