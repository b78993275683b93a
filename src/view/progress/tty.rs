//! One line a resource, redrawn in place.
//!
//! [`frame`] is pure. The lines never exceed the terminal in either direction, because a line
//! that wraps cannot be redrawn.

use std::time::Duration;

use super::board::{Board, Row, State};
use crate::view::style::{BOLD, BUSY, DIM, ERROR, GOOD, Signs, WARNING, paint};
use crate::view::text::{self, fit, pad};

/// The size of a terminal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Size {
    /// Columns.
    pub(crate) width: usize,
    /// Lines; `None` draws every row.
    pub(crate) height: Option<usize>,
}

/// What the screen shows at `now_ms` milliseconds into a run that is called `title`.
pub(crate) fn frame(
    board: &Board,
    title: &str,
    now_ms: u64,
    size: Size,
    signs: Signs,
) -> Vec<String> {
    let mut lines = vec![header(board, title, now_ms, size.width, signs)];
    // The header, the line for what is left out, and the line the cursor stands on.
    let room = size
        .height
        .map_or(usize::MAX, |height| height.saturating_sub(3).max(1));
    let rows = board.rows();
    let shown = most_telling(rows, room);
    let names = shown
        .iter()
        .map(|row| text::width(&row.resource))
        .max()
        .unwrap_or(0);
    let names = names.min(size.width * 2 / 5);
    lines.extend(
        shown
            .iter()
            .map(|row| line(row, names, now_ms, size.width, signs)),
    );
    if shown.len() < rows.len() {
        let more = format!("   {} {} more", signs.ellipsis, rows.len() - shown.len());
        lines.push(paint(DIM, &fit(&more, size.width, signs.ellipsis)));
    }
    lines
}

fn header(board: &Board, title: &str, now_ms: u64, width: usize, signs: Signs) -> String {
    let total = board.rows().len();
    let state = if board.stopping {
        "  stopping: press Ctrl-C again to leave at once"
    } else {
        ""
    };
    let count = if total == 0 {
        String::new()
    } else {
        format!("  {}/{total}", board.ended())
    };
    let elapsed = text::duration(Duration::from_millis(now_ms));
    let room = width.saturating_sub(elapsed.len() + 2);
    let left = pad(
        &fit(&format!("{title}{count}{state}"), room, signs.ellipsis),
        room,
    );
    format!("{}  {}", paint(BOLD, &left), paint(DIM, &elapsed))
}

fn line(row: &Row, names: usize, now_ms: u64, width: usize, signs: Signs) -> String {
    let (sign, style) = match row.state {
        State::Pending => (" ", DIM),
        State::Running { .. } => {
            let turn = usize::try_from(now_ms / 100).unwrap_or(0) % signs.spinner.len();
            (signs.spinner[turn], BUSY)
        }
        State::Done { .. } => (signs.good, GOOD),
        State::Failed { .. } => (signs.bad, ERROR),
        State::Skipped { .. } => (signs.skipped, WARNING),
    };
    let elapsed = row.took_ms(now_ms).map_or_else(String::new, |took| {
        text::duration(Duration::from_millis(took))
    });
    let name = pad(&fit(&row.resource, names, signs.ellipsis), names);
    // A space, the sign, a space, the name, two spaces, the activity, a space, six for the time.
    let room = width.saturating_sub(names + 12);
    let activity = pad(&fit(&row.activity(), room, signs.ellipsis), room);
    let activity = match row.state {
        State::Failed { .. } => paint(ERROR, &activity),
        State::Pending | State::Done { .. } | State::Skipped { .. } => paint(DIM, &activity),
        State::Running { .. } => activity,
    };
    format!(
        " {} {name}  {activity} {}",
        paint(style, sign),
        paint(DIM, &format!("{elapsed:>6}"))
    )
}

/// The `room` rows that tell most, in their own order: failures, then what runs, then what ended
/// last, then what is still to come.
fn most_telling(rows: &[Row], room: usize) -> Vec<&Row> {
    if rows.len() <= room {
        return rows.iter().collect();
    }
    let mut ranked: Vec<usize> = (0..rows.len()).collect();
    ranked.sort_by_key(|&place| match &rows[place].state {
        State::Failed { .. } => (0, 0),
        State::Running { .. } => (1, 0),
        State::Done { ended_ms } => (2, u64::MAX - ended_ms),
        State::Skipped { .. } => (3, 0),
        State::Pending => (4, 0),
    });
    ranked.truncate(room);
    ranked.sort_unstable();
    ranked.into_iter().map(|place| &rows[place]).collect()
}

#[cfg(test)]
mod tests {
    use engine::{Event, EventKind, FailureReport, Verb};
    use expect_test::{Expect, expect};

    use super::*;

    fn started(elapsed_ms: u64, resource: &str, verb: Verb) -> Event {
        let kind = EventKind::Started {
            resource: resource.to_owned(),
            verb,
            cause: "is new".to_owned(),
        };
        Event { elapsed_ms, kind }
    }

    fn finished(elapsed_ms: u64, resource: &str) -> Event {
        let kind = EventKind::Finished {
            resource: resource.to_owned(),
            verb: Verb::Create,
            took_ms: 0,
        };
        Event { elapsed_ms, kind }
    }

    fn run() -> Board {
        let mut board = Board::default();
        for event in [
            started(0, "network `stores`", Verb::Create),
            finished(110, "network `stores`"),
            started(
                110,
                "image `ghcr.io/mastodon/mastodon:v4.7.5`",
                Verb::Create,
            ),
            Event {
                elapsed_ms: 500,
                kind: EventKind::Advanced {
                    resource: "image `ghcr.io/mastodon/mastodon:v4.7.5`".to_owned(),
                    what: "layer 3f2a".to_owned(),
                    current: 31_457_280,
                    total: Some(104_857_600),
                },
            },
            started(120, "container `postgres`", Verb::Create),
            Event {
                elapsed_ms: 700,
                kind: EventKind::Waiting {
                    resource: "container `postgres`".to_owned(),
                    condition: "pg_isready -U mastodon ends with 0".to_owned(),
                    state: "2: no response, the database system is starting up".to_owned(),
                },
            },
            Event {
                elapsed_ms: 900,
                kind: EventKind::Failed {
                    resource: "container `redis`".to_owned(),
                    verb: Verb::Create,
                    took_ms: 1,
                    error: FailureReport {
                        message: "no space left on device".to_owned(),
                        causes: Vec::new(),
                        hint: None,
                        log_tail: Vec::new(),
                    },
                },
            },
            Event {
                elapsed_ms: 901,
                kind: EventKind::Skipped {
                    resource: "container `web-1`".to_owned(),
                    verb: Verb::Create,
                    needs: vec!["container `redis`".to_owned()],
                },
            },
        ] {
            board.apply(&event);
        }
        board
    }

    #[track_caller]
    fn check(board: &Board, width: usize, height: Option<usize>, expected: &Expect) {
        let lines = frame(
            board,
            "masto up social",
            12_345,
            Size { width, height },
            Signs::UNICODE,
        );
        let plain: Vec<String> = lines
            .iter()
            .map(|line| anstream::adapter::strip_str(line).to_string())
            .collect();
        for line in &plain {
            assert!(
                text::width(line) <= width,
                "{} columns: {line}",
                text::width(line)
            );
        }
        if let Some(height) = height {
            assert!(lines.len() < height, "{} lines on {height}", lines.len());
        }
        let trimmed: String = plain
            .iter()
            .map(|line| format!("{}\n", line.trim_end()))
            .collect();
        expected.assert_eq(&trimmed);
    }

    #[test]
    fn every_resource_has_a_line_with_its_reason_and_time_at_80_columns() {
        check(
            &run(),
            80,
            Some(24),
            &expect![[r#"
            masto up social  3/5                                                       12.3s
             ✔ network stores                    created                                0.1s
             ⠸ image ghcr.io/mastodon/mastodon…  layer 3f2a, 30.0 MiB of 100.0 MiB     12.2s
             ⠸ container postgres                waiting: pg_isready -U mastodon end…  12.2s
             ✘ container redis                   failed: no space left on device        0.9s
             ◌ container web-1                   skipped: needs container redis
        "#]],
        );
    }

    #[test]
    fn a_wide_terminal_shows_the_whole_reason() {
        check(
            &run(),
            160,
            Some(24),
            &expect![[r#"
            masto up social  3/5                                                                                                                                       12.3s
             ✔ network stores                          created                                                                                                          0.1s
             ⠸ image ghcr.io/mastodon/mastodon:v4.7.5  layer 3f2a, 30.0 MiB of 100.0 MiB                                                                               12.2s
             ⠸ container postgres                      waiting: pg_isready -U mastodon ends with 0 (2: no response, the database system is starting up)                12.2s
             ✘ container redis                         failed: no space left on device                                                                                  0.9s
             ◌ container web-1                         skipped: needs container redis
        "#]],
        );
    }

    #[test]
    fn a_short_terminal_shows_what_tells_most_and_counts_the_rest() {
        check(
            &run(),
            80,
            Some(6),
            &expect![[r#"
            masto up social  3/5                                                       12.3s
             ⠸ image ghcr.io/mastodon/mastodon…  layer 3f2a, 30.0 MiB of 100.0 MiB     12.2s
             ⠸ container postgres                waiting: pg_isready -U mastodon end…  12.2s
             ✘ container redis                   failed: no space left on device        0.9s
               … 2 more
        "#]],
        );
    }

    #[test]
    fn a_narrow_terminal_never_wraps() {
        for width in 1..40 {
            let lines = frame(
                &run(),
                "masto up social",
                0,
                Size {
                    width,
                    height: None,
                },
                Signs::ASCII,
            );
            assert_eq!(lines.len(), 6);
            if width >= 20 {
                for line in lines {
                    let plain = anstream::adapter::strip_str(&line).to_string();
                    assert!(text::width(&plain) <= width, "{width}: {plain}");
                }
            }
        }
    }

    #[test]
    fn the_first_interrupt_says_what_a_second_does() {
        let mut board = Board::default();
        board.apply(&Event {
            elapsed_ms: 1,
            kind: EventKind::Stopping {
                running: Vec::new(),
            },
        });
        check(
            &board,
            80,
            None,
            &expect![[r#"
            masto up social  stopping: press Ctrl-C again to leave at once             12.3s
        "#]],
        );
    }
}
