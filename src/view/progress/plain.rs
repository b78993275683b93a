//! A line on each change, without control codes, and a sign of life while nothing changes.

use std::fmt::Write as _;
use std::time::Duration;

use engine::{Event, EventKind, Verb};

use super::board::{Board, State, waiting_for};
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
            let doing = match verb {
                Verb::Create => "creating",
                Verb::Update => "updating",
                Verb::Delete => "removing",
            };
            format!("{resource}: {doing} ({cause})")
        }
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
            let done = match verb {
                Verb::Create => "created",
                Verb::Update => "updated",
                Verb::Delete => "removed",
            };
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
            format!("{resource}: failed after {took}: {}", error.message)
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
