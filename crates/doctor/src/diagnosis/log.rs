//! Lines in logs that name a cause: the errors of Rails, Sidekiq, Node, PostgreSQL, Redis and S3
//! as these programs write them.

mod signs;

use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

use self::signs::SIGNS;
use super::{Diagnosis, Facts, involved, process};
use crate::problem::Symptom;

/// How many of a log's last lines are looked at.
const LINES: usize = 200;
/// Older lines of a process that works have nothing to do with what was found just now.
const RECENT: SignedDuration = SignedDuration::from_secs(60);

/// A line that names a cause. `{process}` in the texts is the process that printed it.
struct Sign {
    /// The line holds one of these…
    any: &'static [&'static str],
    /// …and all of these.
    all: &'static [&'static str],
    cause: &'static str,
    fix: &'static str,
    /// The store that the line complains of: when it is down, that is the cause.
    store: Option<&'static str>,
}

/// The cause that the last telling line of a process's log names, however old it is: for a
/// process that is down.
pub(super) fn sign(process: &str, facts: &Facts) -> Option<Diagnosis> {
    facts
        .last_lines(process, LINES)
        .iter()
        .rev()
        .find_map(|line| named(process, line, facts))
}

/// The cause that a line names: where it complains of a store that is down, why that is down.
fn named(name: &str, line: &str, facts: &Facts) -> Option<Diagnosis> {
    let sign = find(line)?;
    if let Some(store) = sign.store
        && store != name
        && let Some(diagnosis) = process::down(store, facts)
    {
        return Some(diagnosis.because(format!("{name}: {}", shorten(line))));
    }
    Some(sign.diagnosis(name, line))
}

/// The cause that an error names.
pub(super) fn recognise(process: &str, error: &str) -> Option<Diagnosis> {
    Some(find(error)?.diagnosis(process, error))
}

fn find(line: &str) -> Option<&'static Sign> {
    SIGNS.iter().find(|sign| {
        sign.any.iter().any(|needle| line.contains(needle))
            && sign.all.iter().all(|needle| line.contains(needle))
    })
}

impl Sign {
    fn diagnosis(&self, process: &str, line: &str) -> Diagnosis {
        Diagnosis::new(
            self.cause.replace("{process}", process),
            self.fix.replace("{process}", process),
        )
        .because(format!("{process}: {}", shorten(line)))
    }
}

/// The cause that the log of a process on the symptom's way has named lately. Not asked where
/// the answer itself proves that the process works.
pub(super) fn sign_of_involved(symptom: &Symptom, facts: &Facts) -> Option<Diagnosis> {
    match symptom {
        Symptom::LoginRefused => return None,
        Symptom::Answer(answered) if answered.status < 500 => return None,
        _ => {}
    }
    involved(symptom, facts).iter().find_map(|process| {
        recent(facts.last_lines(process, LINES), facts.now)
            .iter()
            .rev()
            .find_map(|line| named(process, line, facts))
    })
}

/// The lines from the first recent one on. Lines without a time belong to the one before them;
/// where no line has a time, all count.
fn recent(lines: &[String], now: Timestamp) -> &[String] {
    let old = lines
        .iter()
        .rposition(|line| stamp(line).is_some_and(|time| now.duration_since(time) > RECENT));
    match old {
        None => lines,
        Some(old) => {
            let next = lines[old + 1..]
                .iter()
                .position(|line| stamp(line).is_some());
            next.map_or(&[], |next| &lines[old + 1 + next..])
        }
    }
}

/// The time at the head of a line: `2026-11-22T13:15:26.152275` or with a space, in UTC as all
/// images have it, or milliseconds in `"time":1795353327822`.
fn stamp(line: &str) -> Option<Timestamp> {
    const HEAD: usize = 60;
    const LENGTH: usize = "2026-11-22T13:15:26".len();
    let head = line.get(..HEAD.min(line.len())).unwrap_or_default();
    if let Some((_, rest)) = head.split_once("\"time\":") {
        let digits = rest.split(|c: char| !c.is_ascii_digit()).next()?;
        return Timestamp::from_millisecond(digits.parse().ok()?).ok();
    }
    (0..head.len().saturating_sub(LENGTH - 1)).find_map(|start| {
        let text = head.get(start..start + LENGTH)?;
        let shaped = text.bytes().enumerate().all(|(place, byte)| match place {
            4 | 7 => byte == b'-',
            10 => byte == b'T' || byte == b' ',
            13 | 16 => byte == b':',
            _ => byte.is_ascii_digit(),
        });
        if !shaped {
            return None;
        }
        let time: DateTime = text.parse().ok()?;
        Some(time.to_zoned(TimeZone::UTC).ok()?.timestamp())
    })
}

/// A line short enough to stand in a report.
pub(crate) fn shorten(line: &str) -> String {
    const LENGTH: usize = 200;
    let line = line.trim();
    match line.char_indices().nth(LENGTH) {
        Some((end, _)) => format!("{}…", &line[..end]),
        None => line.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read_as_rails_sidekiq_postgres_and_node_write_them() {
        let check = |line: &str, expected: &str| {
            let read = stamp(line).map(|time| time.strftime("%FT%TZ").to_string());
            assert_eq!(read.as_deref().unwrap_or("none"), expected, "{line}");
        };
        check(
            "F, [2026-11-22T13:15:26.152275 #8] FATAL -- : x",
            "2026-11-22T13:15:26Z",
        );
        check(
            "2026-11-22T13:11:02.477Z pid=8 tid=007 INFO: done",
            "2026-11-22T13:11:02Z",
        );
        check(
            "2026-11-22 13:08:00.013 UTC [53] LOG:  x",
            "2026-11-22T13:08:00Z",
        );
        check(
            r#"{"level":30,"time":1795353327822,"pid":1}"#,
            "2026-11-22T13:15:27Z",
        );
        check("app/models/account.rb:12:in 'x'", "none");
        check("é 2026-99-99T99:99:99", "none");
        check("", "none");
    }

    #[test]
    fn only_lines_of_the_last_minute_count() {
        let now = "2026-11-22T12:00:00Z".parse().unwrap();
        let check = |lines: &[&str], expected: &[&str]| {
            let lines: Vec<String> = lines.iter().map(ToString::to_string).collect();
            assert_eq!(recent(&lines, now), expected);
        };
        check(&["no times", "at all"], &["no times", "at all"]);
        check(
            &[
                "2026-11-22T11:00:00 old",
                "  its backtrace",
                "2026-11-22T11:59:30 new",
                "  its backtrace",
            ],
            &["2026-11-22T11:59:30 new", "  its backtrace"],
        );
        check(&["2026-11-22T11:00:00 old", "  its backtrace"], &[]);
    }
}
