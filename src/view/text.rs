//! Widths, durations, sizes: how numbers and long lines are written everywhere.

use std::time::Duration;

use unicode_width::{UnicodeWidthChar as _, UnicodeWidthStr as _};

/// Columns that `text`, which holds no escapes, takes on a terminal.
pub(crate) fn width(text: &str) -> usize {
    text.width()
}

/// `text` on at most `columns` columns, ending in `ellipsis` where something was cut off. Line
/// ends and tabs become spaces, other control characters go.
pub(crate) fn fit(text: &str, columns: usize, ellipsis: &str) -> String {
    let line: String = text
        .chars()
        .map(|letter| if letter.is_whitespace() { ' ' } else { letter })
        .filter(|letter| !letter.is_control())
        .collect();
    if line.width() <= columns {
        return line;
    }
    let room = columns.saturating_sub(ellipsis.width());
    let mut cut = String::new();
    let mut taken = 0;
    for letter in line.chars() {
        taken += letter.width().unwrap_or(0);
        if taken > room {
            break;
        }
        cut.push(letter);
    }
    if columns >= ellipsis.width() {
        cut.push_str(ellipsis);
    }
    cut
}

/// `text` behind something that takes `indent` columns: broken between words where it would be
/// longer than `columns`, and indented below itself. A word that is too long stays whole, as an
/// address has to. `None` breaks nothing.
pub(crate) fn below_itself(text: &str, indent: usize, columns: Option<usize>) -> String {
    /// A column of text that is narrower is read with more trouble than a broken line.
    const NARROWEST: usize = 24;
    let room = columns.map(|columns| columns.saturating_sub(indent));
    let Some(room @ NARROWEST..) = room else {
        return text.to_owned();
    };
    let options = textwrap::Options::new(room)
        .break_words(false)
        .word_separator(textwrap::WordSeparator::AsciiSpace)
        .word_splitter(textwrap::WordSplitter::NoHyphenation);
    textwrap::wrap(text, options).join(&format!("\n{}", " ".repeat(indent)))
}

/// `text` filled up with spaces to `columns`.
pub(crate) fn pad(text: &str, columns: usize) -> String {
    format!("{text}{}", " ".repeat(columns.saturating_sub(width(text))))
}

/// `0.4s`, `12.3s`, `1m04s`, `2h05m`.
pub(crate) fn duration(duration: Duration) -> String {
    let seconds = duration.as_secs();
    match seconds {
        0..60 => format!("{}.{}s", seconds, duration.subsec_millis() / 100),
        60..3600 => format!("{}m{:02}s", seconds / 60, seconds % 60),
        _ => format!("{}h{:02}m", seconds / 3600, seconds / 60 % 60),
    }
}

/// How long ago, coarsely: `12s`, `5m`, `3h`, `2d`.
pub(crate) fn age(duration: Duration) -> String {
    let seconds = duration.as_secs();
    match seconds {
        0..60 => format!("{seconds}s"),
        60..3600 => format!("{}m", seconds / 60),
        3600..86400 => format!("{}h", seconds / 3600),
        _ => format!("{}d", seconds / 86400),
    }
}

/// `512 B`, `1.5 MiB`.
pub(crate) fn bytes(count: u64) -> String {
    const UNITS: [&str; 4] = ["KiB", "MiB", "GiB", "TiB"];
    if count < 1024 {
        return format!("{count} B");
    }
    let mut tenths = u128::from(count) * 10 / 1024;
    let mut unit = UNITS[0];
    for next in &UNITS[1..] {
        if tenths < 10_240 {
            break;
        }
        tenths /= 1024;
        unit = next;
    }
    format!("{}.{} {unit}", tenths / 10, tenths % 10)
}

/// `message` without `subject`, under which it is going to stand.
pub(crate) fn without_subject<'a>(message: &'a str, subject: &str) -> &'a str {
    message
        .strip_prefix(subject)
        // The subject and not a word that begins like it.
        .filter(|rest| rest.starts_with([':', ' ']))
        .map_or(message, |rest| rest.trim_start_matches([':', ' ']))
}

/// `1 change`, `3 changes`.
pub(crate) fn count(number: usize, singular: &str) -> String {
    if number == 1 {
        format!("1 {singular}")
    } else {
        format!("{number} {singular}s")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_text_goes_on_below_itself_and_addresses_stay_whole() {
        let text = "12420 bytes became https://media.example.com/a/b/c/d/e/f/g and more";
        let broken =
            "12420 bytes became\n    https://media.example.com/a/b/c/d/e/f/g\n    and more";
        assert_eq!(below_itself(text, 4, Some(32)), broken);
        assert_eq!(below_itself(text, 4, None), text);
        // Too narrow for a column of its own.
        assert_eq!(below_itself(text, 44, Some(60)), text);
    }

    #[test]
    fn a_long_line_is_cut_to_the_columns_it_may_take() {
        assert_eq!(
            fit("GET /health answers 200", 23, "…"),
            "GET /health answers 200"
        );
        assert_eq!(fit("GET /health answers 200", 12, "…"), "GET /health…");
        assert_eq!(fit("GET /health answers 200", 12, "..."), "GET /heal...");
        assert_eq!(fit("象の群れ", 5, "…"), "象の…");
        assert_eq!(fit("two\nlines\u{1b}[2J", 20, "…"), "two lines[2J");
        assert_eq!(fit("abc", 0, "…"), "");
    }

    #[test]
    fn durations_and_sizes_are_short() {
        let shown = |millis| duration(Duration::from_millis(millis));
        assert_eq!(shown(449), "0.4s");
        assert_eq!(shown(59_999), "59.9s");
        assert_eq!(shown(64_000), "1m04s");
        assert_eq!(shown(7_500_000), "2h05m");
        assert_eq!(age(Duration::from_secs(200_000)), "2d");
        assert_eq!(bytes(512), "512 B");
        assert_eq!(bytes(1_572_864), "1.5 MiB");
        assert_eq!(bytes(u64::MAX), "16777215.9 TiB");
        assert_eq!(
            without_subject("job `x` failed: exit code 1", "job `x`"),
            "failed: exit code 1"
        );
        assert_eq!(without_subject("no space left", "job `x`"), "no space left");
        let of_a_service = "secretsmanager:CreateSecret failed";
        assert_eq!(without_subject(of_a_service, "secret"), of_a_service);
        assert_eq!(count(1, "change"), "1 change");
        assert_eq!(count(0, "change"), "0 changes");
    }
}
