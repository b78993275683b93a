//! One job, in Sidekiq's format.

use jiff::Timestamp;
use serde_json::{Map, Value, json};

use crate::crypto::token;
use crate::release::Release;

/// How often a job is tried again when nothing else is said.
const DEFAULT_RETRIES: u32 = 25;

/// A job: a JSON object of which unknown fields are kept.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Job(Map<String, Value>);

/// How a worker's jobs are kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Kind {
    /// Class.
    pub(crate) class: &'static str,
    /// Queue.
    pub(crate) queue: &'static str,
    /// Retries before the job is dead; 0 for none.
    pub(crate) retries: u32,
}

/// Text that is no job.
#[derive(Debug, thiserror::Error)]
#[error("not a job: {0}")]
pub(crate) struct BadJob(String);

impl Job {
    /// A new job of a kind.
    pub(crate) fn new(release: Release, kind: Kind, args: Value, now: Timestamp) -> Self {
        let time = time(release, now);
        let retry = if kind.retries == DEFAULT_RETRIES {
            Value::Bool(true)
        } else {
            kind.retries.into()
        };
        let fields = json!({
            "retry": retry, "queue": kind.queue, "class": kind.class, "args": args,
            "jid": token::hex(12), "created_at": time, "enqueued_at": time
        });
        match fields {
            Value::Object(map) => Self(map),
            _ => Self(Map::new()),
        }
    }

    /// A mail: Active Job's wrapping around the mailer, as Rails enqueues it.
    pub(crate) fn mail(
        release: Release,
        mailer: &str,
        action: &str,
        user_id: i64,
        parameter: &str,
        now: Timestamp,
    ) -> Self {
        let kind = Kind {
            class: "Sidekiq::ActiveJob::Wrapper",
            queue: "mailers",
            retries: DEFAULT_RETRIES,
        };
        let user = json!({ "_aj_globalid": format!("gid://mastodon/User/{user_id}") });
        let arguments = json!([mailer, action, "deliver_now", { "args": [user, parameter, { "_aj_symbol_keys": [] }], "_aj_ruby2_keywords": ["args"] }]);
        let wrapped = json!({
            "job_class": "ActionMailer::MailDeliveryJob", "job_id": token::hex(16), "provider_job_id": null, "queue_name": "mailers",
            "priority": null, "arguments": arguments, "executions": 0, "exception_executions": {}, "locale": "en", "timezone": "UTC",
            "enqueued_at": now.to_string(), "scheduled_at": null
        });
        let mut job = Self::new(release, kind, json!([wrapped]), now);
        job.0
            .insert("wrapped".to_owned(), "ActionMailer::MailDeliveryJob".into());
        job
    }

    /// Reads one.
    pub(crate) fn parse(text: &str) -> Result<Self, BadJob> {
        match serde_json::from_str(text) {
            Ok(Value::Object(map)) if map.get("class").is_some_and(Value::is_string) => {
                Ok(Self(map))
            }
            Ok(_) => Err(BadJob("no class".to_owned())),
            Err(error) => Err(BadJob(error.to_string())),
        }
    }

    /// As it lies in Redis.
    pub(crate) fn to_text(&self) -> String {
        serde_json::to_string(&self.0).unwrap_or_default()
    }

    /// The class that works on it; of a wrapped job the inner one.
    pub(crate) fn class(&self) -> &str {
        self.text("wrapped")
            .or_else(|| self.text("class"))
            .unwrap_or_default()
    }

    /// Its queue.
    pub(crate) fn queue(&self) -> &str {
        self.text("queue").unwrap_or("default")
    }

    /// Its id.
    pub(crate) fn jid(&self) -> &str {
        self.text("jid").unwrap_or_default()
    }

    /// Its arguments.
    pub(crate) fn args(&self) -> &[Value] {
        self.0
            .get("args")
            .and_then(Value::as_array)
            .map_or(&[], Vec::as_slice)
    }

    /// A failed job as it goes into the retry set, and the seconds until it is due; `None` when
    /// it was the last try and the job is dead or, without retries, gone.
    pub(crate) fn failed(
        &self,
        release: Release,
        class: &str,
        message: &str,
        now: Timestamp,
        jitter: u32,
    ) -> Failed {
        let most = match self.0.get("retry") {
            Some(Value::Bool(false)) | None => 0,
            Some(Value::Number(number)) => number
                .as_u64()
                .and_then(|most| u32::try_from(most).ok())
                .unwrap_or(DEFAULT_RETRIES),
            Some(_) => DEFAULT_RETRIES,
        };
        let mut job = self.clone();
        let count = self
            .0
            .get("retry_count")
            .and_then(Value::as_u64)
            .map_or(0, |count| {
                u32::try_from(count).unwrap_or(u32::MAX).saturating_add(1)
            });
        let time = time(release, now);
        job.0.insert("error_message".to_owned(), message.into());
        job.0.insert("error_class".to_owned(), class.into());
        job.0.insert(
            if count == 0 {
                "failed_at"
            } else {
                "retried_at"
            }
            .to_owned(),
            time,
        );
        job.0.insert("retry_count".to_owned(), count.into());
        if most == 0 {
            Failed::Gone
        } else if count >= most {
            Failed::Dead(job)
        } else {
            // Sidekiq's own formula; jitter is 0 to 9.
            let delay = u64::from(count).pow(4) + 15 + u64::from(jitter) * (u64::from(count) + 1);
            Failed::Again(job, delay)
        }
    }

    /// As it is put back into its queue by the poller.
    pub(crate) fn enqueued(mut self, release: Release, now: Timestamp) -> Self {
        self.0.insert("enqueued_at".to_owned(), time(release, now));
        self
    }

    fn text(&self, field: &str) -> Option<&str> {
        self.0.get(field).and_then(Value::as_str)
    }
}

/// What becomes of a failed job.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Failed {
    /// Tried again after that many seconds.
    Again(Job, u64),
    /// Kept among the dead.
    Dead(Job),
    /// Never was to be tried again.
    Gone,
}

/// Sidekiq 8 counts milliseconds, 7 seconds with a fraction.
pub(crate) fn time(release: Release, now: Timestamp) -> Value {
    if release.job_times_in_milliseconds() {
        now.as_millisecond().into()
    } else {
        (now.as_microsecond() as f64 / 1e6).into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::release::NEWEST;

    const KIND: Kind = Kind {
        class: "DistributionWorker",
        queue: "default",
        retries: 25,
    };

    fn now() -> Timestamp {
        "2026-11-22T12:00:00.5Z".parse().unwrap()
    }

    #[test]
    fn a_job_lies_in_redis_as_sidekiq_writes_it() {
        let job = Job::new(NEWEST, KIND, json!([1]), now());
        let text = job.to_text().replace(job.jid(), "JID");
        assert_eq!(
            text,
            r#"{"retry":true,"queue":"default","class":"DistributionWorker","args":[1],"jid":"JID","created_at":1795348800500,"enqueued_at":1795348800500}"#
        );
        assert_eq!(job.jid().len(), 24);
    }

    #[test]
    fn sidekiq_7_writes_float_seconds() {
        let job = Job::new(
            "4.4.27".parse().unwrap(),
            Kind { retries: 0, ..KIND },
            json!([]),
            now(),
        );
        assert!(job.to_text().contains(r#""retry":0"#));
        assert!(
            job.to_text()
                .ends_with(r#""created_at":1795348800.5,"enqueued_at":1795348800.5}"#),
            "{}",
            job.to_text()
        );
    }

    #[test]
    fn unknown_fields_survive() {
        let text = r#"{"class":"X","args":[],"queue":"pull","cattr":{"locale":"en"}}"#;
        assert_eq!(Job::parse(text).unwrap().to_text(), text);
        assert!(Job::parse("[]").is_err());
        assert!(Job::parse("{}").is_err());
    }

    #[test]
    fn mails_are_wrapped_and_go_by_the_inner_name() {
        let job = Job::mail(
            NEWEST,
            "UserMailer",
            "reset_password_instructions",
            1,
            "token",
            now(),
        );
        assert_eq!(
            (job.class(), job.queue()),
            ("ActionMailer::MailDeliveryJob", "mailers")
        );
        assert_eq!(
            job.args()[0]["arguments"][3]["args"][0]["_aj_globalid"],
            "gid://mastodon/User/1"
        );
    }

    #[test]
    fn retries_wait_longer_each_time_and_end_dead() {
        let mut job = Job::new(NEWEST, Kind { retries: 2, ..KIND }, json!([]), now());
        let mut delays = Vec::new();
        loop {
            match job.failed(NEWEST, "ArgumentError", "no", now(), 0) {
                Failed::Again(next, delay) => {
                    delays.push(delay);
                    job = next;
                }
                Failed::Dead(last) => {
                    assert_eq!(last.0["error_class"], "ArgumentError");
                    break;
                }
                Failed::Gone => panic!("gone"),
            }
        }
        assert_eq!(delays, [15, 16]);
    }

    #[test]
    fn a_job_without_retries_is_gone() {
        let job = Job::new(NEWEST, Kind { retries: 0, ..KIND }, json!([]), now());
        assert_eq!(job.failed(NEWEST, "X", "", now(), 0), Failed::Gone);
    }
}
