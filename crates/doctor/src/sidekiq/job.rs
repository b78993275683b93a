//! A harmless job for the `ingress` queue, and its way through it.

use jiff::Timestamp;
use serde_json::json;

use crate::evidence::EvidenceError;
use crate::redis::RedisValue;

/// Hands the job in as Sidekiq's own client does.
const PUSH: &str = "redis.call('SADD', 'queues', 'ingress') \
                    return redis.call('LPUSH', 'queue:ingress', ARGV[1])";
/// Takes it back, when nobody wanted it.
const TAKE_BACK: &str = "return redis.call('LREM', 'queue:ingress', 0, ARGV[1])";
/// Looks where it is.
const LOOK: &str = include_str!("job.lua");

/// A job that `ActivityPub::ProcessingWorker` takes and, as no account has the id 0, ends at
/// once without doing anything.
#[derive(Clone, Debug)]
pub(crate) struct TestJob {
    id: String,
    payload: String,
}

/// Where the job is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum JobState {
    /// In the queue.
    Waiting,
    /// Taken, and not failed so far.
    Gone,
    /// Taken and failed, with this error.
    Failed(String),
}

impl TestJob {
    /// A job whose id is made from the time; not tried again when it fails.
    pub(crate) fn new(now: Timestamp) -> Self {
        // 24 hex digits, as Sidekiq's own ids.
        let id = format!("{:024x}", now.as_nanosecond());
        let seconds = now.as_duration().as_secs_f64();
        let payload = json!({
            "retry": 0,
            "queue": "ingress",
            "class": "ActivityPub::ProcessingWorker",
            "args": [0, "{}"],
            "jid": id,
            "created_at": seconds,
            "enqueued_at": seconds,
        })
        .to_string();
        Self { id, payload }
    }

    /// The command that hands it in.
    pub(crate) fn push(&self) -> [&str; 4] {
        ["EVAL", PUSH, "0", &self.payload]
    }

    /// The command that takes it out of the queue.
    pub(crate) fn take_back(&self) -> [&str; 4] {
        ["EVAL", TAKE_BACK, "0", &self.payload]
    }

    /// The command that looks for it, and removes it from the failed jobs.
    pub(crate) fn look(&self) -> [&str; 5] {
        ["EVAL", LOOK, "0", &self.payload, &self.id]
    }
}

impl JobState {
    /// Reads the answer to [`TestJob::look`].
    pub(crate) fn read(answer: &RedisValue) -> Result<Self, EvidenceError> {
        let failed = |why: String| EvidenceError::Failed {
            what: "looking for the test job in Redis".to_owned(),
            why,
        };
        match answer {
            RedisValue::Text(text) => match text.as_str() {
                "waiting" => Ok(Self::Waiting),
                "gone" => Ok(Self::Gone),
                text => match text.strip_prefix("failed ") {
                    Some(error) => Ok(Self::Failed(error.to_owned())),
                    None => Err(failed(format!("the answer is `{text}`"))),
                },
            },
            RedisValue::Error(error) => Err(failed(error.clone())),
            other => Err(failed(format!("the answer is {other:?}"))),
        }
    }
}

#[cfg(test)]
mod tests {
    use expect_test::expect;

    use super::*;

    #[test]
    fn the_job_is_in_sidekiqs_format_and_is_not_retried() {
        let job = TestJob::new("2026-11-22T12:00:00.5Z".parse().unwrap());
        expect![[r#"{"retry":0,"queue":"ingress","class":"ActivityPub::ProcessingWorker","args":[0,"{}"],"jid":"0000000018ea5c38cdb9e500","created_at":1795348800.5,"enqueued_at":1795348800.5}"#]]
        .assert_eq(&job.payload);
    }

    #[test]
    fn the_answer_names_the_state() {
        let read = |text: &str| JobState::read(&RedisValue::Text(text.to_owned()));
        assert_eq!(read("waiting"), Ok(JobState::Waiting));
        assert_eq!(read("gone"), Ok(JobState::Gone));
        assert_eq!(
            read("failed NameError: uninitialized constant"),
            Ok(JobState::Failed("NameError: uninitialized constant".into()))
        );
        assert!(read("else").is_err());
        assert!(JobState::read(&RedisValue::Error("ERR".into())).is_err());
    }
}
