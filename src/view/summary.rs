//! How a run ended: what failed and why, what was left out because of it, what goes on.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use engine::{FailureReport, Summary};
use serde_json::{Value, json};

use crate::error::ExitStatus;
use crate::view::SCHEMA_VERSION;
use crate::view::style::{DIM, ERROR, HINT, WARNING, paint};
use crate::view::text::without_subject;

/// Everything that did not go well; empty after a success.
pub(crate) fn render(summary: &Summary) -> String {
    let mut text = String::new();
    for (resource, report) in &summary.failed {
        write_failure(&mut text, resource, report);
    }
    write_skipped(&mut text, &summary.skipped);
    if !summary.unfinished.is_empty() {
        let _ = writeln!(
            text,
            "{} left in the middle: {}",
            paint(WARNING, "unfinished:"),
            summary.unfinished.join(", ")
        );
    }
    text
}

/// The last line of a JSON stream: the run as a whole, and where the server answers.
pub(crate) fn json(summary: &Summary, outputs: Option<Value>) -> Value {
    let mut line = json!({ "schema_version": SCHEMA_VERSION, "event": "summary" });
    if let (Value::Object(line), Ok(Value::Object(fields))) =
        (&mut line, serde_json::to_value(summary))
    {
        line.extend(fields);
        if let Some(outputs) = outputs {
            line.insert("outputs".to_owned(), outputs);
        }
    }
    line
}

/// What to do after a run of `command` that ended with `status`. `retyped` repeats the flags that
/// select the deployment; `bound` is the time it was given.
pub(crate) fn next_step(status: ExitStatus, command: &str, retyped: &str, bound: &str) -> String {
    let again = format!("`masto {command}{retyped}`");
    let text = match status {
        ExitStatus::Timeout => format!(
            "The time given ({bound}) is over. What runs was left as it is; {again} goes on from here, \
             with more time by `--wait-timeout`.\n"
        ),
        ExitStatus::Cancelled => {
            format!("Stopped; nothing is half done. {again} goes on from here.\n")
        }
        ExitStatus::Interrupted | ExitStatus::Terminated => {
            format!(
                "Left at once. What was under way may go on in the engine; {again} picks it up.\n"
            )
        }
        _ => {
            format!("What succeeded is kept. When the cause is gone, {again} goes on from here.\n")
        }
    };
    format!("\n{text}")
}

fn write_failure(text: &mut String, resource: &str, report: &FailureReport) {
    let FailureReport {
        message,
        causes,
        hint,
        log_tail,
    } = report;
    let message = without_subject(message, resource);
    let _ = writeln!(text, "{} {resource}: {message}", paint(ERROR, "failed:"));
    for cause in causes {
        let _ = writeln!(text, "  {} {cause}", paint(DIM, "because:"));
    }
    if !log_tail.is_empty() {
        let _ = writeln!(text, "  {}", paint(DIM, "its last lines:"));
        for line in log_tail {
            let _ = writeln!(text, "  {} {line}", paint(DIM, "|"));
        }
    }
    if let Some(hint) = hint {
        let _ = writeln!(
            text,
            "{} {}",
            paint(HINT, "hint:"),
            hint.replace('\n', "\n      ")
        );
    }
    text.push('\n');
}

/// One line for each set of things that were needed.
fn write_skipped(text: &mut String, skipped: &[(String, Vec<String>)]) {
    let mut groups: BTreeMap<&[String], Vec<&str>> = BTreeMap::new();
    for (resource, needs) in skipped {
        groups.entry(needs).or_default().push(resource);
    }
    for (needs, resources) in groups {
        let resources = resources.join(", ");
        let label = paint(WARNING, "skipped:");
        let _ = if needs.is_empty() {
            writeln!(text, "{label} {resources} (stopped before its turn)")
        } else {
            writeln!(text, "{label} {resources} (needs {})", needs.join(", "))
        };
    }
}

#[cfg(test)]
mod tests {
    use expect_test::expect;

    use super::*;

    fn summary() -> Summary {
        Summary {
            done: vec!["network `stores`".to_owned()],
            failed: vec![(
                "job `schema`".to_owned(),
                FailureReport {
                    message: "ended with status 1".to_owned(),
                    causes: vec!["the database refused the password".to_owned()],
                    hint: Some("look at all of it: `masto logs schema`".to_owned()),
                    log_tail: vec!["PG::ConnectionBad".to_owned(), "rake aborted!".to_owned()],
                },
            )],
            skipped: vec![
                (
                    "container `web-1`".to_owned(),
                    vec!["job `schema`".to_owned()],
                ),
                (
                    "container `sidekiq-all-1`".to_owned(),
                    vec!["job `schema`".to_owned()],
                ),
                (
                    "ingress route".to_owned(),
                    vec!["container `web-1`".to_owned()],
                ),
            ],
            unfinished: vec!["container `minio`".to_owned()],
            refusals: Vec::new(),
            cancelled: false,
            took_ms: 4200,
            critical_path_ms: 4000,
        }
    }

    #[test]
    fn a_failure_is_told_with_its_cause_its_last_lines_and_what_to_do() {
        expect![[r#"
            failed: job `schema`: ended with status 1
              because: the database refused the password
              its last lines:
              | PG::ConnectionBad
              | rake aborted!
            hint: look at all of it: `masto logs schema`

            skipped: ingress route (needs container `web-1`)
            skipped: container `web-1`, container `sidekiq-all-1` (needs job `schema`)
            unfinished: left in the middle: container `minio`
        "#]]
        .assert_eq(&anstream::adapter::strip_str(&render(&summary())).to_string());
    }

    #[test]
    fn the_last_line_of_the_stream_is_the_summary() {
        let line = json(
            &summary(),
            Some(json!({ "url": "https://social.localhost" })),
        );
        assert_eq!(line["event"], "summary");
        assert_eq!(line["outputs"]["url"], "https://social.localhost");
        assert_eq!(line["took_ms"], 4200);
    }
}
