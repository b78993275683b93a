//! Lines of several processes in one stream.

use std::collections::BTreeMap;

use anstyle::{AnsiColor, Style};
use jiff::Timestamp;
use serde::Serialize;
use serde_json::{Value, json};

use crate::view::SCHEMA_VERSION;
use crate::view::style::{DIM, paint};
use crate::view::text::pad;

/// How lines are written, and who has which colour.
#[derive(Clone, Debug)]
pub(crate) struct LogStyle {
    /// A time before each line.
    pub(crate) timestamps: bool,
    /// The process before each line.
    pub(crate) prefix: bool,
    /// Processes that have said something, in the order in which they did.
    pub(crate) seen: BTreeMap<String, usize>,
}

/// In this order; red is for errors.
const COLORS: [AnsiColor; 6] = [
    AnsiColor::Cyan,
    AnsiColor::Yellow,
    AnsiColor::Green,
    AnsiColor::Magenta,
    AnsiColor::Blue,
    AnsiColor::BrightCyan,
];

/// Width of the names, so that a late process with a long one moves few lines.
const NAME: usize = 14;

/// What a process printed.
#[derive(Clone, Debug)]
pub(crate) struct Line<'a> {
    /// Whose: `web-1`.
    pub(crate) name: String,
    /// When.
    pub(crate) timestamp: Timestamp,
    /// Without its end.
    pub(crate) text: &'a str,
}

/// One line with its end.
pub(crate) fn line(line: &Line<'_>, style: &mut LogStyle) -> String {
    let mut text = String::new();
    if style.prefix {
        let name = line.name.clone();
        let count = style.seen.len();
        let turn = *style.seen.entry(name.clone()).or_insert(count) % COLORS.len();
        let color: Style = COLORS[turn].on_default();
        text.push_str(&paint(color, &format!("{} |", pad(&name, NAME))));
        text.push(' ');
    }
    if style.timestamps {
        text.push_str(&paint(DIM, &line.timestamp.to_string()));
        text.push(' ');
    }
    text.push_str(line.text);
    text.push('\n');
    text
}

/// One line of a JSON stream.
pub(crate) fn json(line: &impl Serialize) -> String {
    let mut object = json!({ "schema_version": SCHEMA_VERSION });
    if let (Value::Object(object), Ok(Value::Object(fields))) =
        (&mut object, serde_json::to_value(line))
    {
        object.extend(fields);
    }
    format!("{object}\n")
}
