//! The poller: jobs that are due go from `retry` and `schedule` back into their queues.

use jiff::Timestamp;

use crate::app::App;
use crate::exception::Exception;
use crate::sidekiq::client;
use crate::sidekiq::job::Job;

/// Moves everything that is due; how many jobs that were.
pub(crate) async fn enqueue_due(app: &App) -> Result<usize, Exception> {
    let now = Timestamp::now();
    let mut moved = 0;
    for set in ["retry", "schedule"] {
        let due: Vec<String> = app
            .queues
            .query(
                redis::cmd("ZRANGE")
                    .arg(set)
                    .arg("-inf")
                    .arg(now.as_millisecond() as f64 / 1000.0)
                    .arg("BYSCORE")
                    .arg("LIMIT")
                    .arg(0)
                    .arg(100),
            )
            .await?;
        for text in due {
            // Of several processes only the one that removes it enqueues it.
            let removed: i64 = app
                .queues
                .query(redis::cmd("ZREM").arg(set).arg(&text))
                .await?;
            if removed == 1
                && let Ok(job) = Job::parse(&text)
            {
                client::push(app, &job.enqueued(app.settings.release, now)).await?;
                moved += 1;
            }
        }
    }
    Ok(moved)
}
