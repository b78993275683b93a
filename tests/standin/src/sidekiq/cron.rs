//! The schedule: only a process that consumes `scheduler` enqueues it.

use std::time::Duration;

use jiff::Timestamp;
use serde_json::json;

use crate::app::App;
use crate::exception::Exception;
use crate::sidekiq::client;
use crate::sidekiq::job::Kind;
use crate::sidekiq::server::log;

/// One entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Entry {
    /// Name in Redis.
    pub(crate) name: &'static str,
    /// What it enqueues.
    pub(crate) class: &'static str,
    /// How often, in seconds.
    pub(crate) every: u64,
}

/// What runs when. Those that run daily at a random time in Mastodon run every 24 hours here.
pub(crate) const SCHEDULE: [Entry; 6] = [
    Entry {
        name: "indexing_scheduler",
        class: "Scheduler::IndexingScheduler",
        every: 60,
    },
    Entry {
        name: "suspended_user_cleanup_scheduler",
        class: "Scheduler::SuspendedUserCleanupScheduler",
        every: 60,
    },
    Entry {
        name: "instance_refresh_scheduler",
        class: "Scheduler::InstanceRefreshScheduler",
        every: 3600,
    },
    Entry {
        name: "vacuum_scheduler",
        class: "Scheduler::VacuumScheduler",
        every: 86_400,
    },
    Entry {
        name: "user_cleanup_scheduler",
        class: "Scheduler::UserCleanupScheduler",
        every: 86_400,
    },
    Entry {
        name: "ip_cleanup_scheduler",
        class: "Scheduler::IpCleanupScheduler",
        every: 86_400,
    },
];

/// Tells the schedule to Redis, as sidekiq-scheduler does, and runs it until dropped.
pub(crate) async fn run(app: &App) {
    log("INFO", "", "Loading Schedule");
    for entry in SCHEDULE {
        log(
            "INFO",
            "",
            &format!(
                "Scheduling {} {{\"every\" => \"{}s\", \"class\" => \"{}\", \"queue\" => \"scheduler\"}}",
                entry.name, entry.every, entry.class
            ),
        );
        let definition = json!({ "every": [format!("{}s", entry.every)], "class": entry.class, "queue": "scheduler" });
        let told: Result<i64, _> = app
            .queues
            .query(
                redis::cmd("HSET")
                    .arg("schedules")
                    .arg(entry.name)
                    .arg(definition.to_string()),
            )
            .await;
        if let Err(error) = told {
            log("ERROR", "", &format!("cannot keep the schedule: {error}"));
        }
    }
    log("INFO", "", "Schedules Loaded");
    let timers = SCHEDULE.map(|entry| async move {
        let period = Duration::from_secs(entry.every);
        let mut ticks = tokio::time::interval_at(tokio::time::Instant::now() + period, period);
        loop {
            ticks.tick().await;
            if let Err(error) = enqueue(app, entry).await {
                log(
                    "ERROR",
                    "",
                    &format!("cannot enqueue {}: {error}", entry.class),
                );
            }
        }
    });
    futures_util::future::join_all(timers).await;
}

async fn enqueue(app: &App, entry: Entry) -> Result<(), Exception> {
    let now = Timestamp::now().as_second();
    // Two processes that fire in the same second enqueue once; otherwise twice, as in reality.
    let first: i64 = app
        .queues
        .query(
            redis::cmd("ZADD")
                .arg(format!("sidekiq-scheduler:pushed:{}", entry.name))
                .arg("NX")
                .arg(now)
                .arg(now),
        )
        .await?;
    if first == 1 {
        client::perform_async(
            app,
            Kind {
                class: entry.class,
                queue: "scheduler",
                retries: 0,
            },
            json!([]),
        )
        .await?;
        let _: i64 = app
            .queues
            .query(
                redis::cmd("HSET")
                    .arg("sidekiq-scheduler:last_times")
                    .arg(entry.name)
                    .arg(Timestamp::now().to_string()),
            )
            .await?;
    }
    Ok(())
}
