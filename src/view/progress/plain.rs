//! A line on each change, without control codes, and a sign of life while nothing changes.

use std::fmt::Write as _;
use std::time::Duration;

use engine::{Event, EventKind};

use super::board::{Board, State, doing, done, waiting_for};
use crate::view::text;

/// After how long without a line the next one only says that masto is still at work; below what
/// CI systems take for a hang.
pub(crate) const HEARTBEAT: Duration = Duration::from_secs(10);

/// The line that tells of `event`; `None` for what only the heartbeat mentions.
pub(crate) fn line(event: &Event) -> Option<String> {
    let text = match &event.kind {
        EventKind::Started {
            resource,
            verb,
            cause,
        } => {
            let doing = doing(resource, *verb);
            format!("{resource}: {doing} ({cause})")
        }
        // Before the first look there is nothing to tell that the start did not.
        EventKind::Waiting { state, .. } if state.is_empty() => return None,
        EventKind::Waiting {
            resource,
            condition,
            state,
        } => {
            format!("{resource}: {}", waiting_for(condition, state))
        }
        EventKind::Advanced { .. } => return None,
        EventKind::Finished {
            resource,
            verb,
            took_ms,
        } => {
            let done = done(resource, *verb);
            format!(
                "{resource}: {done} in {}",
                text::duration(Duration::from_millis(*took_ms))
            )
        }
        EventKind::Failed {
            resource,
            error,
            took_ms,
            ..
        } => {
            let took = text::duration(Duration::from_millis(*took_ms));
            let message = text::without_subject(&error.message, resource);
            format!("{resource}: failed after {took}: {message}")
        }
        EventKind::Skipped {
            resource, needs, ..
        } if needs.is_empty() => {
            format!("{resource}: not started")
        }
        EventKind::Skipped {
            resource, needs, ..
        } => {
            format!("{resource}: skipped, needs {}", needs.join(", "))
        }
        EventKind::Stopping { running } if running.is_empty() => "stopping".to_owned(),
        EventKind::Stopping { running } => format!(
            "stopping: {} still at work; press Ctrl-C again to leave at once",
            running.join(", ")
        ),
    };
    Some(format!("{} {text}\n", stamp(event.elapsed_ms)))
}

/// The line that says what is still under way; `None` when nothing is.
pub(crate) fn heartbeat(board: &Board, now_ms: u64) -> Option<String> {
    let running: Vec<_> = board
        .rows()
        .iter()
        .filter(|row| matches!(row.state, State::Running { .. }))
        .collect();
    let (first, rest) = running.split_first()?;
    let took = text::duration(Duration::from_millis(first.took_ms(now_ms).unwrap_or(0)));
    let mut line = format!(
        "{} still at work: {}: {}, {took}",
        stamp(now_ms),
        first.resource,
        first.activity()
    );
    if !rest.is_empty() {
        let _ = write!(line, "; and {} more", rest.len());
    }
    line.push('\n');
    Some(line)
}

/// Time since the start: `[  12.3s]`.
fn stamp(elapsed_ms: u64) -> String {
    format!("[{:>7}]", text::duration(Duration::from_millis(elapsed_ms)))
}

#[cfg(test)]
mod tests {
    use engine::{FailureReport, Verb};
    use expect_test::expect;

    use super::*;

    fn event(elapsed_ms: u64, kind: EventKind) -> Event {
        Event { elapsed_ms, kind }
    }

    fn run() -> Vec<Event> {
        let (web, job) = ("container `web-1`".to_owned(), "job `schema`".to_owned());
        let waiting = |state: &str| EventKind::Waiting {
            resource: web.clone(),
            condition: "GET /health answers 200".to_owned(),
            state: state.to_owned(),
        };
        vec![
            event(
                0,
                EventKind::Started {
                    resource: job.clone(),
                    verb: Verb::Create,
                    cause: "not there".to_owned(),
                },
            ),
            event(
                900,
                EventKind::Finished {
                    resource: job,
                    verb: Verb::Create,
                    took_ms: 900,
                },
            ),
            event(
                901,
                EventKind::Started {
                    resource: web.clone(),
                    verb: Verb::Update,
                    cause: "is paused".to_owned(),
                },
            ),
            event(902, waiting("")),
            event(1000, waiting("502")),
            event(
                2000,
                EventKind::Advanced {
                    resource: web.clone(),
                    what: "layer 3f2a: downloading".to_owned(),
                    current: 1,
                    total: Some(2),
                },
            ),
            event(
                62_000,
                EventKind::Stopping {
                    running: vec![web.clone()],
                },
            ),
            event(
                63_000,
                EventKind::Failed {
                    resource: web.clone(),
                    verb: Verb::Update,
                    took_ms: 62_099,
                    error: FailureReport {
                        message: "out of memory".to_owned(),
                        causes: Vec::new(),
                        hint: None,
                        log_tail: Vec::new(),
                    },
                },
            ),
            event(
                63_001,
                EventKind::Skipped {
                    resource: "route".to_owned(),
                    verb: Verb::Create,
                    needs: vec![web],
                },
            ),
        ]
    }

    #[test]
    fn a_line_tells_each_change_and_nothing_twice() {
        let text: String = run().iter().filter_map(line).collect();
        expect![[r#"
            [   0.0s] job `schema`: running (not there)
            [   0.9s] job `schema`: ended well in 0.9s
            [   0.9s] container `web-1`: updating (is paused)
            [   1.0s] container `web-1`: waiting: GET /health answers 200 (502)
            [  1m02s] stopping: container `web-1` still at work; press Ctrl-C again to leave at once
            [  1m03s] container `web-1`: failed after 1m02s: out of memory
            [  1m03s] route: skipped, needs container `web-1`
        "#]]
        .assert_eq(&text);
    }

    #[test]
    fn the_sign_of_life_says_what_is_under_way_and_for_how_long() {
        let mut board = Board::default();
        assert_eq!(heartbeat(&board, 10_000), None, "nothing is under way");
        for event in &run()[..5] {
            board.apply(event);
        }
        let text = heartbeat(&board, 11_000).unwrap();
        expect![[r#"
            [  11.0s] still at work: container web-1: waiting: GET /health answers 200 (502), 10.0s
        "#]]
        .assert_eq(&text);
        for event in &run()[5..] {
            board.apply(event);
        }
        assert_eq!(heartbeat(&board, 70_000), None, "everything has ended");
    }
}
