//! The doctor's look from inside, as `crates/doctor/src/inside/inside.rb` is written.

use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use serde::Deserialize;
use serde_json::{Value, json};
use tokio::time::interval;
use tokio_postgres::{Client, SimpleQueryMessage};

use crate::app::App;
use crate::database::listing;
use crate::exception::Exception;
use crate::output::say;

/// Characters of one part of the answer.
const PART: usize = 4_000;
const PACE: Duration = Duration::from_millis(50);
/// Until a job that fails has failed.
const FAILED: Duration = Duration::from_millis(300);

#[derive(Deserialize)]
struct Questions {
    sql: Vec<String>,
    redis: Vec<Vec<String>>,
    commands: Vec<Vec<String>>,
    job: Errand,
}

#[derive(Deserialize)]
struct Errand {
    push: Vec<String>,
    look: Vec<String>,
    take_back: Vec<String>,
    seconds: u64,
}

/// Answers the questions in `MASTO_QUESTIONS`.
pub(super) async fn run(app: &App) -> Result<bool, Exception> {
    let asked = app
        .settings
        .environment
        .get("MASTO_QUESTIONS")
        .ok_or_else(|| {
            Exception::Argument("key not found: \"MASTO_QUESTIONS\" (KeyError)".to_owned())
        })?;
    let asked: Questions = serde_json::from_str(asked)
        .map_err(|error| Exception::Argument(format!("JSON::ParserError: {error}")))?;
    // From the image's working directory, where a command lists it.
    let _ = listing::write(Path::new("."), app.settings.release);
    let db = app.connection().await?;
    let mut sql = Vec::new();
    for query in &asked.sql {
        sql.push(or_error(rows(&db, query).await));
    }
    let mut redis = Vec::new();
    for command in &asked.redis {
        let answer = ask(app, command).await;
        redis.push(or_error(answer.map(|value| json!({ "value": value }))));
    }
    let commands: Vec<Value> = asked.commands.iter().map(|words| printed(words)).collect();
    let job = or_error(send_through(app, &asked.job).await);
    let answers = json!({ "sql": sql, "redis": redis, "commands": commands, "job": job });
    let text: Vec<char> = answers.to_string().chars().collect();
    let parts = text.chunks(PART);
    let of = parts.len();
    for (number, part) in (1..).zip(parts) {
        let part: String = part.iter().collect();
        say(&format!("masto-answer {number}/{of} {part}"));
    }
    Ok(true)
}

fn or_error(answer: Result<Value, Exception>) -> Value {
    answer.unwrap_or_else(|error| {
        let error = error.to_string();
        json!({ "error": error.lines().next().unwrap_or_default() })
    })
}

async fn rows(db: &Client, query: &str) -> Result<Value, Exception> {
    let answers = db.simple_query(query).await?;
    let rows = answers.iter().filter_map(|answer| match answer {
        SimpleQueryMessage::Row(row) => {
            let columns: Vec<Option<&str>> = (0..row.len()).map(|place| row.get(place)).collect();
            Some(columns)
        }
        _ => None,
    });
    Ok(json!({ "rows": rows.collect::<Vec<_>>() }))
}

async fn ask(app: &App, command: &[String]) -> Result<Option<String>, Exception> {
    let mut asked = redis::Cmd::new();
    for word in command {
        asked.arg(word);
    }
    app.queues.query(&asked).await
}

fn printed(words: &[String]) -> Value {
    let Some((program, arguments)) = words.split_first() else {
        return json!({ "error": "nothing to run" });
    };
    match Command::new(program).args(arguments).output() {
        Ok(output) if output.status.success() => {
            json!({ "printed": String::from_utf8_lossy(&output.stdout) })
        }
        Ok(output) => {
            let complaint = String::from_utf8_lossy(&output.stderr);
            let first = complaint.lines().next().unwrap_or_default();
            let code = output.status.code().unwrap_or_default();
            json!({ "error": format!("exit status {code}: {first}") })
        }
        Err(error) => json!({ "error": format!("{error} - {program}") }),
    }
}

async fn send_through(app: &App, job: &Errand) -> Result<Value, Exception> {
    let look = || async {
        let state = ask(app, &job.look).await?;
        Ok::<_, Exception>(state.unwrap_or_default())
    };
    ask(app, &job.push).await?;
    let began = Instant::now();
    let mut ticks = interval(PACE);
    let mut state = "waiting".to_owned();
    while state == "waiting" && began.elapsed() < Duration::from_secs(job.seconds) {
        ticks.tick().await;
        state = look().await?;
    }
    let took = began.elapsed();
    if state == "waiting" {
        ask(app, &job.take_back).await?;
    }
    while state == "gone" && began.elapsed() - took <= FAILED {
        ticks.tick().await;
        state = look().await?;
    }
    Ok(json!({ "state": state, "ms": took.as_millis() }))
}
