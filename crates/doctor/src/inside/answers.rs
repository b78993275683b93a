//! What came back from inside.

use serde::Deserialize;
use serde_json::Value;

use super::Inquiry;
use crate::evidence::{EvidenceError, JobWay};
use crate::redis::RedisValue;
use crate::sidekiq::JobState;

/// The answers to an [`Inquiry`], each of them an answer or an error of its own.
#[derive(Clone, Debug)]
pub struct Answers {
    asked: Inquiry,
    given: Given,
}

/// As the program prints it, in the order of the questions.
#[derive(Clone, Debug, Deserialize)]
struct Given {
    sql: Vec<Answer<Rows>>,
    redis: Vec<Answer<Reply>>,
    commands: Vec<Answer<Printed>>,
    job: Answer<Sent>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(untagged)]
enum Answer<T> {
    Refused { error: String },
    Given(T),
}

#[derive(Clone, Debug, Deserialize)]
struct Rows {
    rows: Vec<Vec<Option<String>>>,
}

#[derive(Clone, Debug, Deserialize)]
struct Reply {
    value: Value,
}

#[derive(Clone, Debug, Deserialize)]
struct Printed {
    printed: String,
}

#[derive(Clone, Debug, Deserialize)]
struct Sent {
    state: String,
    ms: u64,
}

impl<T> Answer<T> {
    fn read(&self, what: &str) -> Result<&T, EvidenceError> {
        match self {
            Self::Given(answer) => Ok(answer),
            Self::Refused { error } => Err(EvidenceError::Failed {
                what: what.to_owned(),
                why: error.clone(),
            }),
        }
    }
}

impl Answers {
    pub(super) fn read(asked: Inquiry, given: &str) -> Option<Self> {
        let given = serde_json::from_str(given).ok()?;
        Some(Self { asked, given })
    }

    /// Rows of columns as text, NULL as the empty string.
    ///
    /// # Errors
    ///
    /// [`EvidenceError::Failed`] with what PostgreSQL said, [`EvidenceError::Unavailable`] for what
    /// was not asked.
    pub fn sql(&self, query: &str) -> Result<Vec<Vec<String>>, EvidenceError> {
        let place = self.asked.sql.iter().position(|asked| asked == query);
        let Rows { rows } = answer(&self.given.sql, place)?.read("the query in a task")?;
        let text = |value: &Option<String>| value.clone().unwrap_or_default();
        Ok(rows
            .iter()
            .map(|row| row.iter().map(text).collect())
            .collect())
    }

    /// What Redis gave; an error of its own is [`RedisValue::Error`].
    ///
    /// # Errors
    ///
    /// [`EvidenceError::Unavailable`] for what was not asked.
    pub fn redis(&self, command: &[&str]) -> Result<RedisValue, EvidenceError> {
        // Scripts go with another indentation than they are written with.
        let is_same = |(asked, word): (&String, &&str)| asked.lines().eq(trimmed(word));
        let place = self.asked.redis.iter().position(|asked| {
            asked.len() == command.len() && asked.iter().zip(command).all(is_same)
        });
        Ok(match answer(&self.given.redis, place)? {
            Answer::Given(Reply { value }) => RedisValue::from_json(value.clone()),
            Answer::Refused { error } => RedisValue::Error(error.clone()),
        })
    }

    /// What a command printed that ran in web's image.
    ///
    /// # Errors
    ///
    /// [`EvidenceError::Failed`] for an exit status other than 0, [`EvidenceError::Unavailable`] for
    /// what was not asked.
    pub fn command(&self, argv: &[&str]) -> Result<String, EvidenceError> {
        let place = self.asked.commands.iter().position(|asked| asked == argv);
        let what = format!("`{}` in a task", argv.join(" "));
        let Printed { printed } = answer(&self.given.commands, place)?.read(&what)?;
        Ok(printed.clone())
    }

    /// How the job went through the queue `ingress`.
    ///
    /// # Errors
    ///
    /// [`EvidenceError::Failed`] where the answer makes no sense.
    pub fn job(&self) -> Result<JobWay, EvidenceError> {
        let Sent { state, ms } = match &self.given.job {
            Answer::Given(sent) => sent,
            Answer::Refused { error } => return Ok(JobWay::Refused(error.clone())),
        };
        Ok(match JobState::read(&RedisValue::Text(state.clone()))? {
            JobState::Waiting => JobWay::Stayed {
                seconds: u64::from(self.asked.job.seconds),
            },
            JobState::Gone => JobWay::Taken { ms: *ms },
            JobState::Failed(error) => JobWay::Failed(error),
        })
    }
}

fn trimmed(text: &str) -> impl Iterator<Item = &str> {
    text.lines().map(str::trim_start)
}

fn answer<T>(given: &[T], place: Option<usize>) -> Result<&T, EvidenceError> {
    place.and_then(|place| given.get(place)).ok_or_else(|| {
        EvidenceError::Unavailable("it was not among what the task was asked".to_owned())
    })
}

#[cfg(test)]
mod tests {
    use expect_test::{Expect, expect};

    use super::*;
    use crate::probe::database::{APPLIED, LIST, STATE};
    use crate::sidekiq::SNAPSHOT;

    fn answers(given: &str) -> Answers {
        let asked = Inquiry::new("2026-11-22T12:00:00Z".parse().unwrap());
        Answers::read(asked, given).unwrap()
    }

    fn job(answer: &str, expected: &Expect) {
        let given = format!(r#"{{"sql":[],"redis":[],"commands":[],"job":{answer}}}"#);
        expected.assert_eq(&format!("{:?}", answers(&given).job()));
    }

    #[test]
    fn each_question_finds_its_answer() {
        let given = answers(
            r#"{"sql": [{"rows": [["17.2", null]]}, {"error": "relation \"schema_migrations\" does not exist"}],
                "redis": [{"value": "{}"}], "commands": [{"printed": "db/migrate:\n"}],
                "job": {"state": "gone", "ms": 3}}"#,
        );
        let rows = vec![vec!["17.2".to_owned(), String::new()]];
        assert_eq!(given.sql(STATE), Ok(rows));
        expect![[r#"the query in a task failed: relation "schema_migrations" does not exist"#]]
            .assert_eq(&given.sql(APPLIED).unwrap_err().to_string());
        assert_eq!(
            given.redis(&["EVAL", SNAPSHOT, "0"]),
            Ok(RedisValue::Text("{}".to_owned()))
        );
        assert_eq!(given.command(LIST), Ok("db/migrate:\n".to_owned()));
        expect!["it was not among what the task was asked"]
            .assert_eq(&given.redis(&["TIME"]).unwrap_err().to_string());
    }

    #[test]
    fn an_error_of_redis_is_an_answer() {
        let given = answers(
            r#"{"sql": [], "redis": [{"error": "NOAUTH Authentication required."}],
                "commands": [], "job": {"error": "NOAUTH Authentication required."}}"#,
        );
        let refused = "NOAUTH Authentication required.".to_owned();
        assert_eq!(
            given.redis(&["EVAL", SNAPSHOT, "0"]),
            Ok(RedisValue::Error(refused.clone()))
        );
        assert_eq!(given.job(), Ok(JobWay::Refused(refused)));
    }

    #[test]
    fn the_job_was_taken_or_failed_or_stayed() {
        job(
            r#"{"state":"gone","ms":31}"#,
            &expect!["Ok(Taken { ms: 31 })"],
        );
        job(
            r#"{"state":"waiting","ms":7003}"#,
            &expect!["Ok(Stayed { seconds: 7 })"],
        );
        job(
            r#"{"state":"failed NameError: uninitialized constant","ms":31}"#,
            &expect![[r#"Ok(Failed("NameError: uninitialized constant"))"#]],
        );
        job(
            r#"{"state":"elsewhere","ms":31}"#,
            &expect![[
                r#"Err(Failed { what: "looking for the test job in Redis", why: "the answer is `elsewhere`" })"#
            ]],
        );
    }
}
