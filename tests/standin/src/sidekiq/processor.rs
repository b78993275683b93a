//! One thread of a Sidekiq process: fetches a job, works on it, and so on.

use std::sync::Arc;
use std::time::{Duration, Instant};

use jiff::Timestamp;
use rand::Rng;
use redis::aio::MultiplexedConnection;
use tokio::sync::watch;

use crate::app::App;
use crate::database::pool::Session;
use crate::exception::Exception;
use crate::sidekiq::heartbeat::Heartbeat;
use crate::sidekiq::job::{Failed, Job};
use crate::sidekiq::queues::Queues;
use crate::sidekiq::server::log;
use crate::worker;

/// How long one fetch blocks.
const FETCH_TIMEOUT: u64 = 2;

/// What the process is asked to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stage {
    /// Fetch and work.
    Running,
    /// Finish what runs, fetch nothing.
    Quiet,
}

/// One thread.
pub(crate) struct Processor {
    /// The application.
    pub(crate) app: Arc<App>,
    /// Where it fetches from.
    pub(crate) queues: Arc<Queues>,
    /// Where it says what it does.
    pub(crate) heartbeat: Arc<Heartbeat>,
    /// Its name in logs.
    pub(crate) thread: String,
}

impl Processor {
    /// Works until the process is quiet.
    pub(crate) async fn run(self, mut stage: watch::Receiver<Stage>) {
        let mut own: Option<(MultiplexedConnection, i64)> = None;
        while *stage.borrow() == Stage::Running {
            let connected = match own.take() {
                Some(connected) => Ok(connected),
                None => self.connect().await,
            };
            let fetched = match connected {
                Ok((mut connection, id)) => {
                    let fetched = self.fetch(&mut connection, id, &mut stage).await;
                    if fetched.is_ok() {
                        own = Some((connection, id));
                    }
                    fetched
                }
                Err(error) => Err(error),
            };
            match fetched {
                Ok(Some((queue, text))) => self.process(&queue, &text).await,
                Ok(None) => {}
                Err(error) => {
                    log(
                        "ERROR",
                        &format!("tid={} ", self.thread),
                        &format!("Error fetching job: {error}"),
                    );
                    // Sidekiq waits a second before it asks a broken Redis again.
                    let _ = tokio::time::timeout(Duration::from_secs(1), stage.changed()).await;
                }
            }
        }
    }

    async fn connect(&self) -> Result<(MultiplexedConnection, i64), Exception> {
        let mut connection = self.app.queues.own().await?;
        let id = redis::cmd("CLIENT")
            .arg("ID")
            .query_async(&mut connection)
            .await?;
        Ok((connection, id))
    }

    /// Blocks until there is a job, the time is up, or the process becomes quiet. A fetch is
    /// never dropped half way: Redis may have handed the job over already.
    async fn fetch(
        &self,
        connection: &mut MultiplexedConnection,
        id: i64,
        stage: &mut watch::Receiver<Stage>,
    ) -> Result<Option<(String, String)>, Exception> {
        let mut command = redis::cmd("BRPOP");
        // Drawn before anything is awaited: the generator must not cross threads.
        let order = self.queues.order(&mut rand::rng());
        for queue in order {
            command.arg(format!("queue:{queue}"));
        }
        command.arg(FETCH_TIMEOUT);
        let fetch = command.query_async::<Option<(String, String)>>(connection);
        tokio::pin!(fetch);
        tokio::select! {
            fetched = &mut fetch => Ok(fetched?),
            _ = stage.changed() => {
                let _: Result<i64, _> = self.app.queues.query(redis::cmd("CLIENT").arg("UNBLOCK").arg(id)).await;
                match fetch.await? {
                    // Fetched in the last moment: back to where it came from.
                    Some((queue, text)) => {
                        let _: i64 = self.app.queues.query(redis::cmd("RPUSH").arg(queue).arg(text)).await?;
                        Ok(None)
                    }
                    None => Ok(None),
                }
            }
        }
    }

    async fn process(&self, queue: &str, text: &str) {
        let job = match Job::parse(text) {
            Ok(job) => job,
            Err(error) => {
                log(
                    "ERROR",
                    &format!("tid={} ", self.thread),
                    &format!("Invalid JSON for job: {error}"),
                );
                self.bury(text).await;
                return;
            }
        };
        let context = format!(
            "tid={} class={} jid={} ",
            self.thread,
            job.class(),
            job.jid()
        );
        log("INFO", &context, "start");
        let started = Instant::now();
        self.heartbeat.began(
            &self.app,
            &self.thread,
            queue.trim_start_matches("queue:"),
            text,
        );
        let session = Session::new(Arc::clone(&self.app.pool));
        let result = worker::perform(&self.app, &session, &job).await;
        drop(session);
        self.heartbeat.ended(&self.thread, result.is_err());
        let context = format!("{context}elapsed={:.3} ", started.elapsed().as_secs_f64());
        match result {
            Ok(()) => log("INFO", &context, "done"),
            Err(error) => {
                log("INFO", &context, "fail");
                log("WARN", &context, &format!("{}: {error}", error.class()));
                if let Err(error) = self.reschedule(&job, &error).await {
                    log(
                        "ERROR",
                        &context,
                        &format!("cannot keep the failed job: {error}"),
                    );
                }
            }
        }
    }

    async fn reschedule(&self, job: &Job, error: &Exception) -> Result<(), Exception> {
        let now = Timestamp::now();
        let jitter = rand::rng().random_range(0..10);
        match job.failed(
            self.app.settings.release,
            error.class(),
            &error.to_string(),
            now,
            jitter,
        ) {
            Failed::Gone => {}
            Failed::Dead(job) => self.bury(&job.to_text()).await,
            Failed::Again(job, delay) => {
                let due = now.as_millisecond() as f64 / 1000.0 + delay as f64;
                let _: i64 = self
                    .app
                    .queues
                    .query(redis::cmd("ZADD").arg("retry").arg(due).arg(job.to_text()))
                    .await?;
            }
        }
        Ok(())
    }

    async fn bury(&self, text: &str) {
        let now = Timestamp::now().as_millisecond() as f64 / 1000.0;
        let buried: Result<i64, _> = self
            .app
            .queues
            .query(redis::cmd("ZADD").arg("dead").arg(now).arg(text))
            .await;
        if let Err(error) = buried {
            log(
                "ERROR",
                &format!("tid={} ", self.thread),
                &format!("cannot bury a job: {error}"),
            );
        }
    }
}
