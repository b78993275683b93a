//! Columns.

use anstyle::Style;

use crate::view::style::{BOLD, paint};
use crate::view::text::{pad, width};

/// A cell and its colour.
pub(crate) type Cell = (String, Style);

/// `rows` under `headings`, columns as wide as they need and two spaces apart.
pub(crate) fn table<const N: usize>(headings: [&str; N], rows: &[[Cell; N]]) -> String {
    let mut widths = headings.map(width);
    for row in rows {
        for (column, (text, _)) in row.iter().enumerate() {
            widths[column] = widths[column].max(width(text));
        }
    }
    let mut written = String::new();
    let mut line = |cells: [(&str, Style); N]| {
        for (column, (text, style)) in cells.into_iter().enumerate() {
            let is_last = column + 1 == N;
            let filled = if is_last {
                text.to_owned()
            } else {
                pad(text, widths[column])
            };
            written.push_str(&paint(style, &filled));
            written.push_str(if is_last { "\n" } else { "  " });
        }
    };
    line(headings.map(|heading| (heading, BOLD)));
    for row in rows {
        line(std::array::from_fn(|column| {
            (row[column].0.as_str(), row[column].1)
        }));
    }
    written
}
