//! What runs on AWS, as a table.

use std::fmt::Write as _;
use std::time::Duration;

use anstyle::Style;
use aws::{AlarmStatus, TaskStatus};
use jiff::Timestamp;

use crate::view::style::{BOLD, DIM, ERROR, GOOD, Signs, WARNING, paint};
use crate::view::table::{Cell, table};
use crate::view::text;

const PLAIN: Style = Style::new();

/// One line a task, the alarms that ring, and a verdict.
pub(crate) fn render(
    name: &str,
    tasks: &[TaskStatus],
    alarms: &[AlarmStatus],
    now: Timestamp,
    signs: Signs,
) -> String {
    let rows: Vec<[Cell; 6]> = tasks.iter().map(|task| row(task, now)).collect();
    let mut text = table(
        ["PROCESS", "STATE", "HEALTH", "SINCE", "TASK", "IMAGE"],
        &rows,
    );
    for task in tasks {
        if let Some(reason) = &task.reason {
            let _ = writeln!(text, "{}: {reason}", label(task));
        }
    }
    for alarm in alarms.iter().filter(|alarm| alarm.state == "ALARM") {
        let _ = writeln!(
            text,
            "{} {}: {}",
            paint(WARNING, "alarm"),
            alarm.alarm,
            alarm.reason
        );
    }
    let ill: Vec<&TaskStatus> = tasks.iter().filter(|task| !task.well).collect();
    let _ = if ill.is_empty() {
        writeln!(text, "\n{} {name}: all is well", paint(GOOD, signs.good))
    } else {
        let labels: Vec<String> = ill.iter().map(|task| label(task)).collect();
        let mut logs: Vec<&str> = ill.iter().map(|task| task.process.as_str()).collect();
        logs.dedup();
        writeln!(
            text,
            "\n{} {name}: {} not well. Look: `masto logs --aws --tail 50 {}`; repair: `masto up --aws`",
            paint(ERROR, signs.bad),
            labels.join(", "),
            logs.join(" ")
        )
    };
    text
}

fn row(task: &TaskStatus, now: Timestamp) -> [Cell; 6] {
    let state = if task.well { GOOD } else { ERROR };
    let health = match task.health.as_deref() {
        None => ("-".to_owned(), DIM),
        Some(health @ "healthy") => (health.to_owned(), GOOD),
        Some(health) => (health.to_owned(), ERROR),
    };
    let since = task.created.map_or_else(
        || "-".to_owned(),
        |created| {
            let seconds = now.duration_since(created).as_secs();
            text::age(Duration::from_secs(u64::try_from(seconds).unwrap_or(0)))
        },
    );
    let id: String = task
        .task
        .as_deref()
        .unwrap_or("-")
        .chars()
        .take(12)
        .collect();
    [
        (label(task), BOLD),
        (task.state.clone(), state),
        health,
        (since, PLAIN),
        (id, DIM),
        (task.image.clone(), DIM),
    ]
}

/// `web-1`
fn label(task: &TaskStatus) -> String {
    format!("{}-{}", task.process, task.replica)
}

#[cfg(test)]
mod tests {
    use expect_test::expect;

    use super::*;

    fn task(process: &str, state: &str, well: bool) -> TaskStatus {
        TaskStatus {
            process: process.to_owned(),
            replica: 1,
            task: well.then(|| "0123456789abcdef".to_owned()),
            state: state.to_owned(),
            health: well.then(|| "healthy".to_owned()),
            well,
            image: "registry.example/mastodon:1".to_owned(),
            created: well.then(|| "2026-11-22T09:57:00Z".parse().unwrap()),
            reason: (!well).then(|| "no such image".to_owned()),
            exit_code: None,
            memory: None,
        }
    }

    #[test]
    fn what_is_not_well_is_named_with_its_reason_and_what_to_type() {
        let tasks = [
            task("sidekiq-all", "absent", false),
            task("web", "running", true),
        ];
        let alarm = AlarmStatus {
            alarm: "web-down".to_owned(),
            state: "ALARM".to_owned(),
            reason: "no target answers".to_owned(),
        };
        let now = "2026-11-22T10:00:00Z".parse().unwrap();
        let text = render("social", &tasks, &[alarm], now, Signs::UNICODE);
        expect![[r#"
            PROCESS        STATE    HEALTH   SINCE  TASK          IMAGE
            sidekiq-all-1  absent   -        -      -             registry.example/mastodon:1
            web-1          running  healthy  3m     0123456789ab  registry.example/mastodon:1
            sidekiq-all-1: no such image
            alarm web-down: no target answers

            ✘ social: sidekiq-all-1 not well. Look: `masto logs --aws --tail 50 sidekiq-all`; repair: `masto up --aws`
        "#]]
        .assert_eq(&anstream::adapter::strip_str(&text).to_string());
    }
}
