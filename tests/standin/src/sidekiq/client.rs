//! Putting jobs into queues.

use std::time::Duration;

use jiff::Timestamp;
use redis::pipe;
use serde_json::Value;

use crate::app::App;
use crate::exception::Exception;
use crate::sidekiq::job::{Job, Kind};

/// Enqueues work for the consumers of a kind's queue.
pub(crate) async fn perform_async(app: &App, kind: Kind, args: Value) -> Result<(), Exception> {
    push(
        app,
        &Job::new(app.settings.release, kind, args, Timestamp::now()),
    )
    .await
}

/// Enqueues work that becomes due after a while.
pub(crate) async fn perform_in(
    app: &App,
    kind: Kind,
    args: Value,
    delay: Duration,
) -> Result<(), Exception> {
    let now = Timestamp::now();
    let job = Job::new(app.settings.release, kind, args, now);
    let due = now.as_duration().as_secs_f64() + delay.as_secs_f64();
    let _: i64 = app
        .queues
        .query(
            redis::cmd("ZADD")
                .arg("schedule")
                .arg(due)
                .arg(job.to_text()),
        )
        .await?;
    Ok(())
}

/// Enqueues a mail to a user.
pub(crate) async fn deliver_later(
    app: &App,
    mailer: &str,
    action: &str,
    user_id: i64,
    parameter: &str,
) -> Result<(), Exception> {
    push(
        app,
        &Job::mail(
            app.settings.release,
            mailer,
            action,
            user_id,
            parameter,
            Timestamp::now(),
        ),
    )
    .await
}

/// Puts a job at the end of its queue.
pub(crate) async fn push(app: &App, job: &Job) -> Result<(), Exception> {
    let queue = job.queue();
    let mut pipeline = pipe();
    pipeline
        .sadd("queues", queue)
        .ignore()
        .lpush(format!("queue:{queue}"), job.to_text())
        .ignore();
    app.queues.pipeline(&pipeline).await
}
