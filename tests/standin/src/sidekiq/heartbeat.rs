//! What a process tells about itself, every ten seconds.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use jiff::Timestamp;
use redis::pipe;
use serde_json::{Value, json};

use crate::app::App;
use crate::crypto::token;
use crate::exception::Exception;
use crate::sidekiq::job::Job;
use crate::sidekiq::queues::Queues;

/// Between two beats.
pub(crate) const BEAT: Duration = Duration::from_secs(10);
/// After so many seconds without a beat a process counts as gone.
const EXPIRY: i64 = 60;

/// The state of a process.
pub(crate) struct Heartbeat {
    identity: String,
    info: String,
    concurrency: usize,
    quiet: AtomicBool,
    processed: AtomicU64,
    failed: AtomicU64,
    busy: Mutex<BTreeMap<String, Value>>,
}

impl Heartbeat {
    /// Of this process, not yet told to anyone.
    pub(crate) fn new(app: &App, queues: &Queues, concurrency: usize) -> Self {
        let hostname = rustix::system::uname()
            .nodename()
            .to_string_lossy()
            .into_owned();
        let pid = std::process::id();
        let identity = format!("{hostname}:{pid}:{}", token::hex(6));
        let started = Timestamp::now();
        let info = json!({
            "hostname": hostname, "started_at": started.as_microsecond() as f64 / 1e6, "pid": pid, "tag": "mastodon",
            "concurrency": concurrency, "queues": queues.names().collect::<Vec<_>>(), "weights": [queues.weights()],
            "labels": [], "identity": identity, "version": app.settings.release.sidekiq(), "embedded": false
        });
        Self {
            identity,
            info: info.to_string(),
            concurrency,
            quiet: AtomicBool::new(false),
            processed: AtomicU64::new(0),
            failed: AtomicU64::new(0),
            busy: Mutex::new(BTreeMap::new()),
        }
    }

    /// Stopped fetching.
    pub(crate) fn set_quiet(&self) {
        self.quiet.store(true, Ordering::Relaxed);
    }

    /// A thread began with a job.
    pub(crate) fn began(&self, app: &App, thread: &str, queue: &str, job: &str) {
        let run_at = if app.settings.release.job_times_in_milliseconds() {
            Timestamp::now().as_millisecond()
        } else {
            Timestamp::now().as_second()
        };
        self.busy().insert(
            thread.to_owned(),
            json!({ "queue": queue, "payload": job, "run_at": run_at }),
        );
    }

    /// A thread is free again.
    pub(crate) fn ended(&self, thread: &str, failed: bool) {
        self.busy().remove(thread);
        self.processed.fetch_add(1, Ordering::Relaxed);
        if failed {
            self.failed.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// Jobs in work, as they lie in Redis.
    pub(crate) fn in_work(&self) -> Vec<Job> {
        self.busy()
            .values()
            .filter_map(|work| Job::parse(work["payload"].as_str()?).ok())
            .collect()
    }

    /// Tells everything; what somebody else asks of this process (`TSTP`, `TERM`), if anything.
    pub(crate) async fn beat(&self, app: &App) -> Result<Option<String>, Exception> {
        let (processed, failed) = (
            self.processed.swap(0, Ordering::Relaxed),
            self.failed.swap(0, Ordering::Relaxed),
        );
        let work: Vec<(String, String)> = self
            .busy()
            .iter()
            .map(|(thread, work)| (thread.clone(), work.to_string()))
            .collect();
        let (key, work_key, signals) = (
            &self.identity,
            format!("{}:work", self.identity),
            format!("{}-signals", self.identity),
        );
        let day = Timestamp::now().strftime("%Y-%m-%d").to_string();
        let beat = Timestamp::now().as_microsecond() as f64 / 1e6;
        let mut pipeline = pipe();
        for (name, count) in [("processed", processed), ("failed", failed)] {
            pipeline
                .cmd("INCRBY")
                .arg(format!("stat:{name}"))
                .arg(count)
                .ignore();
            pipeline
                .cmd("INCRBY")
                .arg(format!("stat:{name}:{day}"))
                .arg(count)
                .ignore();
        }
        pipeline.sadd("processes", key).ignore();
        pipeline
            .cmd("HSET")
            .arg(key)
            .arg("info")
            .arg(&self.info)
            .arg("concurrency")
            .arg(self.concurrency)
            .arg("busy")
            .arg(work.len());
        pipeline
            .arg("beat")
            .arg(beat)
            .arg("rtt_us")
            .arg(0)
            .arg("quiet")
            .arg(self.quiet.load(Ordering::Relaxed).to_string())
            .arg("rss")
            .arg(rss_kilobytes())
            .ignore();
        pipeline.expire(key, EXPIRY).ignore();
        pipeline.del(&work_key).ignore();
        if !work.is_empty() {
            pipeline.hset_multiple(&work_key, &work).ignore();
            pipeline.expire(&work_key, EXPIRY).ignore();
        }
        pipeline.cmd("RPOP").arg(&signals);
        let (signal,): (Option<String>,) = app.queues.pipeline(&pipeline).await?;
        Ok(signal)
    }

    /// Takes the process off the list.
    pub(crate) async fn clear(&self, app: &App) -> Result<(), Exception> {
        let mut pipeline = pipe();
        pipeline
            .srem("processes", &self.identity)
            .ignore()
            .del(&self.identity)
            .ignore()
            .del(format!("{}:work", self.identity))
            .ignore();
        app.queues.pipeline(&pipeline).await
    }

    fn busy(&self) -> MutexGuard<'_, BTreeMap<String, Value>> {
        self.busy.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn rss_kilobytes() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("VmRSS:"))
        .unwrap_or_default();
    line.split_whitespace()
        .next()
        .and_then(|number| number.parse().ok())
        .unwrap_or(0)
}
