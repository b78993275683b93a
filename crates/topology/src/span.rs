//! Places in the file.

use serde::Serialize;

/// A place in the file: bytes `start..start + len`, on character boundaries, and where a person
/// finds it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct Span {
    /// Byte offset of the first character.
    pub start: usize,
    /// Length in bytes; 0 points between two characters, or behind the last.
    pub len: usize,
    /// Line of the first character, from 1.
    pub line: usize,
    /// Column of the first character, from 1, in characters.
    pub column: usize,
}

impl Span {
    /// The place `start..end` of `text`; what lies outside of `text` or inside a character is
    /// rounded to the next place before it that exists.
    pub(crate) fn of(text: &str, start: usize, end: usize) -> Self {
        let start = boundary(text, start);
        let end = boundary(text, end).max(start);
        let before = &text[..start];
        let line = before.rfind('\n').map_or(before, |at| &before[at + 1..]);
        Self {
            start,
            len: end - start,
            line: 1 + before.bytes().filter(|b| *b == b'\n').count(),
            column: 1 + line.trim_start_matches('\u{feff}').chars().count(),
        }
    }

    /// The byte behind the last.
    #[must_use]
    pub const fn end(&self) -> usize {
        self.start + self.len
    }

    /// From the start of this place to the end of `last`.
    pub(crate) fn to(self, last: Self) -> Self {
        Self {
            len: last.end().max(self.start) - self.start,
            ..self
        }
    }

    /// The part of this place on its first line, for labels: a label over many lines hides them.
    pub(crate) fn first_line(self, text: &str) -> Self {
        let line = text
            .get(self.start..self.end())
            .unwrap_or_default()
            .lines()
            .next()
            .unwrap_or_default();
        Self {
            len: line.trim_end().len(),
            ..self
        }
    }
}

fn boundary(text: &str, at: usize) -> usize {
    let mut at = at.min(text.len());
    while !text.is_char_boundary(at) {
        at -= 1;
    }
    at
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_and_columns_count_from_one_and_in_characters() {
        let text = "a: ü\r\nbü: 1\n";
        let place = |start, end| {
            let span = Span::of(text, start, end);
            (span.start, span.len, span.line, span.column)
        };
        assert_eq!(place(0, 1), (0, 1, 1, 1));
        assert_eq!(place(3, 5), (3, 2, 1, 4));
        assert_eq!(place(4, 5), (3, 2, 1, 4), "inside a character");
        assert_eq!(place(7, 10), (7, 3, 2, 1), "behind CRLF");
        assert_eq!(
            place(12, 13),
            (12, 1, 2, 5),
            "behind a character of two bytes"
        );
        assert_eq!(place(99, 100), (14, 0, 3, 1), "behind the end");
        assert_eq!(place(10, 3), (10, 0, 2, 3), "end before start");
    }
}
