//! A look from inside the network, for a backend that can send a program to where the stores are
//! reached from, and hold no conversation with it: a task on ECS.
//!
//! Everything that the probes ask is asked at once, by `rails runner` in the image of Mastodon, and
//! comes back as lines of its log.

mod answers;

use jiff::Timestamp;
use serde::Serialize;

pub use answers::Answers;

use crate::probe::database;
use crate::sidekiq::{SNAPSHOT, TestJob};

/// What runs inside.
const PROGRAM: &str = include_str!("inside.rb");
/// The variable that hands it the questions.
const VARIABLE: &str = "MASTO_QUESTIONS";
/// Before each part of what it prints.
const MARK: &str = "masto-answer ";
/// Until the job that nobody takes is taken back.
const PATIENCE_SECONDS: u8 = 7;

/// All that is asked in one go.
#[derive(Clone, Debug, Serialize)]
pub struct Inquiry {
    sql: Vec<String>,
    redis: Vec<Vec<String>>,
    commands: Vec<Vec<String>>,
    job: Errand,
}

/// A job, and the commands for Redis that send it, look for it and take it back.
#[derive(Clone, Debug, Serialize)]
struct Errand {
    push: Vec<String>,
    look: Vec<String>,
    take_back: Vec<String>,
    seconds: u8,
}

impl Inquiry {
    /// What the probes ask. The job gets its id from the time.
    #[must_use]
    pub fn new(now: Timestamp) -> Self {
        let owned = |words: &[&str]| words.iter().map(|&word| word.to_owned()).collect();
        let job = TestJob::new(now);
        // Lua minds no indentation, and what is handed to a task has a limit.
        let snapshot: Vec<&str> = SNAPSHOT.lines().map(str::trim_start).collect();
        Self {
            sql: owned(&[database::STATE, database::APPLIED]),
            redis: vec![owned(&["EVAL", &snapshot.join("\n"), "0"])],
            commands: vec![owned(database::LIST)],
            job: Errand {
                push: owned(&job.push()),
                look: owned(&job.look()),
                take_back: owned(&job.take_back()),
                seconds: PATIENCE_SECONDS,
            },
        }
    }

    /// The program and its arguments, for a container of Mastodon's own image, in which Rails
    /// reaches PostgreSQL and Redis.
    #[must_use]
    pub fn command(&self) -> Vec<String> {
        let program: Vec<&str> = PROGRAM
            .lines()
            .enumerate()
            .filter(|(number, line)| *number == 0 || !(line.is_empty() || line.starts_with('#')))
            .map(|(_, line)| line)
            .collect();
        vec![
            "bin/rails".to_owned(),
            "runner".to_owned(),
            program.join("\n"),
        ]
    }

    /// What its environment needs besides the image's own: names and values, none of them secret.
    #[must_use]
    pub fn environment(&self) -> Vec<(String, String)> {
        let questions = serde_json::to_string(self).unwrap_or_default();
        vec![(VARIABLE.to_owned(), questions)]
    }

    /// The answers in what the program printed, among whatever else is there, in any order; `None`
    /// while a part of them is missing.
    #[must_use]
    pub fn answers<'l>(&self, printed: impl IntoIterator<Item = &'l str>) -> Option<Answers> {
        let mut parts: Vec<Option<&str>> = Vec::new();
        for line in printed {
            let Some((number, of, part)) = part(line) else {
                continue;
            };
            parts.resize(of, None);
            *parts.get_mut(number.checked_sub(1)?)? = Some(part);
        }
        let whole: String = parts.into_iter().collect::<Option<Vec<&str>>>()?.concat();
        Answers::read(self.clone(), &whole)
    }
}

/// `masto-answer 2/3 …`
fn part(line: &str) -> Option<(usize, usize, &str)> {
    let (numbers, part) = line.strip_prefix(MARK)?.split_once(' ')?;
    let (number, of) = numbers.split_once('/')?;
    Some((number.parse().ok()?, of.parse().ok()?, part))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::evidence::JobWay;

    fn inquiry() -> Inquiry {
        Inquiry::new("2026-11-22T12:00:00.5Z".parse().unwrap())
    }

    fn answers(lines: &[&str]) -> Option<Answers> {
        inquiry().answers(lines.iter().copied())
    }

    #[test]
    fn it_fits_into_what_a_task_may_be_given() {
        // Characters of `overrides` in RunTask's request, with those of its JSON:
        // https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_TaskOverride.html
        let overrides = serde_json::json!({
            "containerOverrides": [{
                "name": "one-off",
                "command": inquiry().command(),
                "environment": inquiry().environment().into_iter()
                    .map(|(name, value)| serde_json::json!({"name": name, "value": value}))
                    .collect::<Vec<_>>(),
            }],
        });
        let characters = overrides.to_string().chars().count();
        assert!(characters <= 8_192, "{characters}");
    }

    #[test]
    fn the_parts_of_the_answer_may_come_in_any_order_and_must_all_come() {
        let whole = r#"{"sql":[],"redis":[],"commands":[],"job":{"state":"gone","ms":12}}"#;
        let (first, second) = whole.split_at(20);
        let first = format!("masto-answer 1/2 {first}");
        let second = format!("masto-answer 2/2 {second}");
        let taken = Ok(JobWay::Taken { ms: 12 });
        let job = |lines: &[&str]| answers(lines).map(|answers| answers.job());
        assert_eq!(job(&["warming up", &second, &first]), Some(taken));
        assert_eq!(job(&[&second]), None);
        assert_eq!(job(&["masto-answer 0/1 {}"]), None);
        assert_eq!(job(&[]), None);
    }
}
