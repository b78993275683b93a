//! What Redis tells of Sidekiq and of itself at one moment.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Deserializer};
use serde_json::Value;

use crate::evidence::EvidenceError;
use crate::redis::RedisValue;

/// The script for `EVAL <script> 0`.
pub(crate) const SNAPSHOT: &str = include_str!("snapshot.lua");

/// A process whose last sign of life is older than this is taken for dead, as Sidekiq itself
/// does (its heartbeat is every 10 s, its entry expires after 60 s).
const DEAD_AFTER: f64 = 60.0;

/// Sidekiq and Redis at one moment.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Snapshot {
    /// Redis's clock, seconds since 1970.
    pub(crate) now: f64,
    /// Jobs waiting in each queue that ever had one.
    pub(crate) queues: BTreeMap<String, Waiting>,
    /// Processes that registered themselves, by identity; the dead ones included.
    pub(crate) processes: Vec<SidekiqProcess>,
    /// Jobs that failed and will be tried again.
    pub(crate) retries: u64,
    /// Jobs that failed for good.
    pub(crate) dead: u64,
    /// The failed jobs, the last one to fail first.
    pub(crate) failed: Vec<FailedJob>,
    /// Redis itself.
    pub(crate) redis: RedisFacts,
}

/// Jobs that wait in a queue.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Waiting {
    /// How many.
    pub(crate) length: u64,
    /// How long the oldest waits, in seconds; 0 without one.
    pub(crate) latency: f64,
}

/// A Sidekiq process that registered itself.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct SidekiqProcess {
    /// `host:pid:nonce`.
    pub(crate) identity: String,
    /// The queues it consumes.
    pub(crate) queues: BTreeSet<String>,
    /// Its threads.
    pub(crate) concurrency: u64,
    /// Threads at work.
    pub(crate) busy: u64,
    /// It was told to take no new jobs.
    pub(crate) quiet: bool,
    /// Seconds since its last sign of life; `None`: its entry has expired.
    pub(crate) silent_for: Option<f64>,
}

impl SidekiqProcess {
    /// Whether it takes jobs.
    pub(crate) fn consumes(&self) -> bool {
        !self.quiet && self.silent_for.is_some_and(|seconds| seconds < DEAD_AFTER)
    }
}

/// A job that failed.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub(crate) struct FailedJob {
    /// The worker's class, or the mailer's.
    pub(crate) class: String,
    /// Its queue.
    pub(crate) queue: String,
    /// `Errno::ECONNREFUSED`.
    pub(crate) error_class: String,
    /// What the error says.
    pub(crate) error_message: String,
}

/// Redis as `INFO` shows it.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct RedisFacts {
    /// `noeviction`.
    pub(crate) policy: Option<String>,
    /// Bytes in use.
    pub(crate) used: u64,
    /// Bytes it may use; 0: no limit.
    pub(crate) limit: u64,
    /// Keys thrown away since it started.
    pub(crate) evicted: u64,
    /// The last save to disk failed.
    pub(crate) save_failed: bool,
    /// `7.2.4`.
    pub(crate) version: Option<String>,
}

impl Snapshot {
    /// Reads what the script gave.
    pub(crate) fn read(answer: &RedisValue) -> Result<Self, EvidenceError> {
        let failed = |why: String| EvidenceError::Failed {
            what: "reading Sidekiq's state from Redis".to_owned(),
            why,
        };
        match answer {
            RedisValue::Text(text) => {
                let raw: Raw =
                    serde_json::from_str(text).map_err(|error| failed(error.to_string()))?;
                Ok(raw.into())
            }
            RedisValue::Error(error) => Err(failed(error.clone())),
            other => Err(failed(format!("the answer is {other:?}"))),
        }
    }

    /// The live processes that consume a queue.
    pub(crate) fn consumers<'s>(
        &'s self,
        queue: &'s str,
    ) -> impl Iterator<Item = &'s SidekiqProcess> {
        self.processes
            .iter()
            .filter(move |process| process.consumes() && process.queues.contains(queue))
    }

    /// What waits in a queue; nothing in one that never had a job.
    pub(crate) fn waiting(&self, queue: &str) -> Waiting {
        self.queues.get(queue).copied().unwrap_or_default()
    }
}

/// The script's answer. Lua has one type for lists and maps, so an empty list comes as `{}`.
#[derive(Deserialize)]
struct Raw {
    now: String,
    #[serde(deserialize_with = "list")]
    queues: Vec<RawQueue>,
    #[serde(deserialize_with = "list")]
    processes: Vec<RawProcess>,
    retries: u64,
    dead: u64,
    #[serde(deserialize_with = "list")]
    failed: Vec<RawFailure>,
    #[serde(deserialize_with = "list")]
    buried: Vec<RawFailure>,
    memory: String,
    stats: String,
    persistence: String,
    server: String,
}

#[derive(Deserialize)]
struct RawQueue {
    name: String,
    length: u64,
    oldest: String,
}

#[derive(Deserialize)]
struct RawFailure {
    failed_at: String,
    /// Empty before the first retry.
    retried_at: String,
    #[serde(flatten)]
    job: FailedJob,
}

impl RawFailure {
    /// When it failed last.
    fn last(&self) -> f64 {
        seconds(&self.retried_at)
            .or_else(|| seconds(&self.failed_at))
            .unwrap_or_default()
    }
}

fn newest_first(failures: impl Iterator<Item = RawFailure>) -> Vec<FailedJob> {
    let mut failures: Vec<RawFailure> = failures.collect();
    failures.sort_by(|one, other| other.last().total_cmp(&one.last()));
    failures.into_iter().map(|failure| failure.job).collect()
}

#[derive(Deserialize)]
struct RawProcess {
    identity: String,
    info: String,
    beat: String,
    busy: String,
    quiet: String,
}

fn list<'de, D: Deserializer<'de>, T: serde::de::DeserializeOwned>(
    deserializer: D,
) -> Result<Vec<T>, D::Error> {
    match Value::deserialize(deserializer)? {
        Value::Object(map) if map.is_empty() => Ok(Vec::new()),
        value => serde_json::from_value(value).map_err(serde::de::Error::custom),
    }
}

impl From<Raw> for Snapshot {
    fn from(raw: Raw) -> Self {
        let now = seconds(&raw.now).unwrap_or_default();
        let queues = raw
            .queues
            .into_iter()
            .map(|queue| {
                let latency = seconds(&queue.oldest).map_or(0.0, |since| (now - since).max(0.0));
                let length = queue.length;
                (queue.name, Waiting { length, latency })
            })
            .collect();
        let mut processes: Vec<SidekiqProcess> = newest(raw.processes)
            .map(|process| process.read(now))
            .collect();
        processes.sort_by(|a, b| a.identity.cmp(&b.identity));
        Self {
            now,
            queues,
            processes,
            retries: raw.retries,
            dead: raw.dead,
            failed: newest_first(raw.failed.into_iter().chain(raw.buried)),
            redis: redis_facts(&raw.memory, &raw.stats, &raw.persistence, &raw.server),
        }
    }
}

impl RawProcess {
    fn read(self, now: f64) -> SidekiqProcess {
        let info: Value = serde_json::from_str(&self.info).unwrap_or_default();
        SidekiqProcess {
            queues: queues(&info),
            concurrency: info["concurrency"].as_u64().unwrap_or_default(),
            busy: self.busy.parse().unwrap_or_default(),
            quiet: self.quiet == "true",
            silent_for: seconds(&self.beat).map(|beat| (now - beat).max(0.0)),
            identity: self.identity,
        }
    }
}

/// A replica has a host name of its own and runs one process at a time: of two under one name the
/// older was killed, and its entry has a minute to live.
fn newest(processes: Vec<RawProcess>) -> impl Iterator<Item = RawProcess> {
    let mut by_host: BTreeMap<String, (f64, RawProcess)> = BTreeMap::new();
    for process in processes {
        let host = process.identity.split(':').next().unwrap_or_default();
        let info: Value = serde_json::from_str(&process.info).unwrap_or_default();
        let started = info["started_at"].as_f64().unwrap_or_default();
        let is_older = |(known, _): &(f64, RawProcess)| *known > started;
        if !by_host.get(host).is_some_and(is_older) {
            by_host.insert(host.to_owned(), (started, process));
        }
    }
    by_host.into_values().map(|(_, process)| process)
}

/// The queues in a process's `info`: a plain list, and in releases with capsules the names in
/// each capsule's weights as well.
fn queues(info: &Value) -> BTreeSet<String> {
    let plain = info["queues"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(|queue| Some(queue.as_str()?.to_owned()));
    let capsules = info["capsules"]
        .as_object()
        .into_iter()
        .flat_map(|capsules| capsules.values())
        .filter_map(|capsule| capsule["weights"].as_object())
        .flat_map(|weights| weights.keys().cloned());
    plain.chain(capsules).collect()
}

/// A point in time: seconds with a fraction, or milliseconds since Sidekiq 8.
fn seconds(text: &str) -> Option<f64> {
    let number: f64 = text.parse().ok()?;
    Some(if number > 1e11 {
        number / 1_000.0
    } else {
        number
    })
}

fn redis_facts(memory: &str, stats: &str, persistence: &str, server: &str) -> RedisFacts {
    let (memory, stats) = (info(memory), info(stats));
    let (persistence, server) = (info(persistence), info(server));
    let number = |map: &BTreeMap<&str, &str>, key: &str| {
        map.get(key)
            .and_then(|value| value.parse().ok())
            .unwrap_or_default()
    };
    let failed = |key: &str| persistence.get(key).is_some_and(|value| *value == "err");
    RedisFacts {
        policy: memory.get("maxmemory_policy").map(ToString::to_string),
        used: number(&memory, "used_memory"),
        limit: number(&memory, "maxmemory"),
        evicted: number(&stats, "evicted_keys"),
        save_failed: failed("rdb_last_bgsave_status") || failed("aof_last_write_status"),
        version: server
            .get("valkey_version")
            .or_else(|| server.get("redis_version"))
            .map(ToString::to_string),
    }
}

/// The `key:value` lines of an `INFO` section.
fn info(section: &str) -> BTreeMap<&str, &str> {
    section
        .lines()
        .filter_map(|line| line.trim().split_once(':'))
        .collect()
}

#[cfg(test)]
pub(crate) mod tests {
    use expect_test::expect;
    use serde_json::json;

    use super::*;

    /// The script's answer at 1000 s: one live process, one that fell silent, one quiet, one
    /// whose entry expired.
    fn answer() -> Value {
        let info = |queues: &[&str]| {
            json!({"hostname": "h", "concurrency": 5, "queues": queues, "identity": "x"})
                .to_string()
        };
        json!({
            "now": "1000.000500",
            "queues": [
                {"name": "default", "length": 0, "oldest": ""},
                {"name": "ingress", "length": 2, "oldest": "940.5"},
                {"name": "push", "length": 1, "oldest": ""},
            ],
            "processes": [
                {"identity": "a:1:x", "info": info(&["default", "ingress"]), "beat": "995.1", "busy": "1", "quiet": "false"},
                {"identity": "b:1:x", "info": info(&["push"]), "beat": "900", "busy": "0", "quiet": "false"},
                {"identity": "c:1:x", "info": info(&["pull"]), "beat": "999", "busy": "0", "quiet": "true"},
                {"identity": "d:1:x", "info": "", "beat": "", "busy": "", "quiet": ""},
            ],
            "retries": 1, "dead": 0,
            "failed": [{"class": "ActionMailer::MailDeliveryJob", "queue": "mailers",
                "error_class": "Errno::ECONNREFUSED", "error_message": "Connection refused", "failed_at": "999", "retried_at": ""}],
            "buried": {},
            "memory": "# Memory\r\nused_memory:1048576\r\nmaxmemory:0\r\nmaxmemory_policy:noeviction\r\n",
            "stats": "evicted_keys:0\r\n",
            "persistence": "rdb_last_bgsave_status:ok\r\naof_last_write_status:ok\r\n",
            "server": "redis_version:7.2.4\r\nvalkey_version:8.1.1\r\n",
        })
    }

    fn read(answer: &Value) -> Snapshot {
        Snapshot::read(&RedisValue::Text(answer.to_string())).unwrap()
    }

    #[test]
    fn only_live_processes_that_take_jobs_are_consumers() {
        let snapshot = read(&answer());
        let consumers = |queue| snapshot.consumers(queue).count();
        assert_eq!(consumers("ingress"), 1);
        assert_eq!(consumers("push"), 0, "silent for 100 s");
        assert_eq!(consumers("pull"), 0, "quiet");
        assert_eq!(consumers("fasp"), 0);
    }

    #[test]
    fn the_last_failure_comes_first() {
        let failure = |class: &str, failed: &str, retried: &str| {
            json!({"class": class, "queue": "default", "error_class": "E", "error_message": "",
                "failed_at": failed, "retried_at": retried})
        };
        let mut answer = answer();
        answer["failed"] = json!([
            failure("Old", "100", "200"),
            failure("New", "990", ""),
            // Sidekiq 8 counts in milliseconds.
            failure("Retried", "100", "1000000000000"),
        ]);
        answer["buried"] = json!([failure("Buried", "500", "600")]);
        let failed = read(&answer).failed;
        let classes: Vec<&str> = failed.iter().map(|job| job.class.as_str()).collect();
        assert_eq!(classes, ["Retried", "New", "Buried", "Old"]);
    }

    #[test]
    fn a_process_that_was_killed_and_came_back_counts_once() {
        let process = |identity: &str, started: f64, beat: &str| {
            let info = json!({"queues": ["scheduler"], "started_at": started}).to_string();
            json!({"identity": identity, "info": info, "beat": beat, "busy": "0", "quiet": "false"})
        };
        let mut answer = answer();
        answer["processes"] = json!([
            process("sidekiq-all-1:7:new", 990.0, "999"),
            process("sidekiq-all-1:7:killed", 900.0, "985"),
            process("sidekiq-all-2:7:other", 900.0, "998"),
        ]);
        let snapshot = read(&answer);
        let consumers = snapshot.consumers("scheduler");
        let identities: Vec<&str> = consumers.map(|process| process.identity.as_str()).collect();
        assert_eq!(identities, ["sidekiq-all-1:7:new", "sidekiq-all-2:7:other"]);
    }

    #[test]
    fn latency_is_the_age_of_the_oldest_job() {
        let snapshot = read(&answer());
        let latency = snapshot.waiting("ingress").latency;
        assert!((latency - 59.5005).abs() < 1e-6, "{latency}");
        assert_eq!(
            snapshot.waiting("push"),
            Waiting {
                length: 1,
                latency: 0.0
            }
        );
        assert_eq!(snapshot.waiting("unheard-of"), Waiting::default());
    }

    #[test]
    fn milliseconds_of_sidekiq_8_are_seconds() {
        assert_eq!(seconds("1732275000.5"), Some(1_732_275_000.5));
        assert_eq!(seconds("1732275000500"), Some(1_732_275_000.5));
        assert_eq!(seconds("1.7322750005e+12"), Some(1_732_275_000.5));
        assert_eq!(seconds(""), None);
    }

    #[test]
    fn queues_of_capsules_count() {
        let info = json!({"queues": ["default"], "capsules": {
            "default": {"weights": {"default": 0}}, "unsafe": {"weights": {"pull": 1}}}});
        let queues: Vec<String> = queues(&info).into_iter().collect();
        assert_eq!(queues, ["default", "pull"]);
    }

    #[test]
    fn redis_describes_itself() {
        expect![[r#"
            RedisFacts {
                policy: Some(
                    "noeviction",
                ),
                used: 1048576,
                limit: 0,
                evicted: 0,
                save_failed: false,
                version: Some(
                    "8.1.1",
                ),
            }
        "#]]
        .assert_debug_eq(&read(&answer()).redis);
    }

    #[test]
    fn what_is_not_the_scripts_answer_is_missing_evidence() {
        let read = |value| Snapshot::read(&value).unwrap_err().to_string();
        expect!["reading Sidekiq's state from Redis failed: NOAUTH Authentication required."]
            .assert_eq(&read(RedisValue::Error(
                "NOAUTH Authentication required.".into(),
            )));
        expect!["reading Sidekiq's state from Redis failed: the answer is Nil"]
            .assert_eq(&read(RedisValue::Nil));
    }
}
