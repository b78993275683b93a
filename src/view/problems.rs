//! Problems of a topology file, with its lines.

use std::error::Error;
use std::fmt::{self, Write as _};

use miette::{
    Diagnostic, GraphicalReportHandler, GraphicalTheme, LabeledSpan, NamedSource, SourceCode,
    ThemeCharacters, ThemeStyles,
};
use serde_json::Value;
use topology::{Problem, Severity, Span};

use crate::source::Source;
use crate::view::style::{DIM, ERROR, HINT, WARNING, paint};
use crate::view::text::{fit, width};

/// How problems are drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ProblemStyle {
    /// The lines of the file in a frame, for a person at a terminal.
    Graphical {
        /// Frames of UTF-8 characters.
        unicode: bool,
        /// Columns of the terminal.
        width: usize,
    },
    /// `file:line:column: error: message` first, as compilers write it and editors read it.
    Plain,
}

/// All problems of `source`, each with a blank line behind it.
pub(crate) fn render(source: &Source, style: ProblemStyle) -> String {
    let mut text = String::new();
    let file = source.path.display().to_string();
    match style {
        ProblemStyle::Graphical { unicode, width } => {
            let characters = if unicode {
                ThemeCharacters::unicode()
            } else {
                ThemeCharacters::ascii()
            };
            let theme = GraphicalTheme {
                characters,
                styles: ThemeStyles::ansi(),
            };
            let handler = GraphicalReportHandler::new_themed(theme)
                .with_width(width)
                .with_links(false);
            let lines = NamedSource::new(file, source.text.clone());
            for problem in &source.problems {
                // Writing to a string does not fail.
                let _ = handler.render_report(
                    &mut text,
                    &Shown {
                        problem,
                        source: &lines,
                    },
                );
                text.push('\n');
            }
        }
        ProblemStyle::Plain => {
            for problem in &source.problems {
                text.push_str(&plain(problem, &file, &source.text));
                text.push('\n');
            }
        }
    }
    text
}

/// All problems as an array.
pub(crate) fn json(problems: &[Problem]) -> Value {
    serde_json::to_value(problems).unwrap_or(Value::Null)
}

fn plain(problem: &Problem, file: &str, source: &str) -> String {
    let (word, style) = match problem.severity {
        Severity::Error => ("error", ERROR),
        Severity::Warning => ("warning", WARNING),
    };
    let place = problem.span.map_or_else(String::new, |span| {
        format!(":{}:{}", span.line, span.column)
    });
    let code = paint(DIM, &format!("[{}]", problem.code));
    let mut text = format!(
        "{file}{place}: {} {} {code}\n",
        paint(style, &format!("{word}:")),
        problem.message
    );
    if let Some(span) = problem.span {
        excerpt(&mut text, source, span, &problem.label);
    }
    for (span, label) in &problem.related {
        excerpt(&mut text, source, *span, label);
    }
    if let Some(hint) = &problem.hint {
        let _ = writeln!(
            text,
            "  {} {}",
            paint(HINT, "hint:"),
            hint.replace('\n', "\n        ")
        );
    }
    text
}

/// The line of `span` with the marked part underlined and the label behind it.
fn excerpt(text: &mut String, source: &str, span: Span, label: &str) {
    const WIDEST: usize = 100;
    let line = span
        .line
        .checked_sub(1)
        .and_then(|above| source.lines().nth(above));
    let Some(line) = line else { return };
    let before: String = line.chars().take(span.column.saturating_sub(1)).collect();
    if width(&before) > WIDEST {
        return;
    }
    let marked = source
        .get(span.start..span.start + span.len)
        .unwrap_or_default();
    let marked = width(marked.lines().next().unwrap_or_default()).clamp(1, WIDEST);
    let number = span.line.to_string();
    let _ = writeln!(
        text,
        "  {}",
        paint(DIM, &format!("{number} | {}", fit(line, WIDEST, "...")))
    );
    let gap = " ".repeat(number.len());
    let room = " ".repeat(width(&before));
    let _ = writeln!(
        text,
        "  {} {room}{} {label}",
        paint(DIM, &format!("{gap} |")),
        "^".repeat(marked)
    );
    if label.is_empty() {
        text.truncate(text.trim_end().len());
        text.push('\n');
    }
}

/// A problem as miette takes it.
struct Shown<'a> {
    problem: &'a Problem,
    source: &'a NamedSource<String>,
}

impl fmt::Debug for Shown<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.problem.fmt(f)
    }
}

impl fmt::Display for Shown<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.problem.message)
    }
}

impl Error for Shown<'_> {}

impl Diagnostic for Shown<'_> {
    fn code<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        Some(Box::new(self.problem.code))
    }

    fn severity(&self) -> Option<miette::Severity> {
        Some(match self.problem.severity {
            Severity::Error => miette::Severity::Error,
            Severity::Warning => miette::Severity::Warning,
        })
    }

    fn help<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        let hint = self.problem.hint.as_ref()?;
        Some(Box::new(hint))
    }

    fn source_code(&self) -> Option<&dyn SourceCode> {
        self.problem.span.map(|_| self.source as &dyn SourceCode)
    }

    fn labels(&self) -> Option<Box<dyn Iterator<Item = LabeledSpan> + '_>> {
        let span = self.problem.span?;
        let label = Some(self.problem.label.clone()).filter(|label| !label.is_empty());
        let first = LabeledSpan::new_primary_with_span(label, (span.start, span.len));
        let others = self
            .problem
            .related
            .iter()
            .map(|(span, label)| LabeledSpan::new(Some(label.clone()), span.start, span.len));
        Some(Box::new(std::iter::once(first).chain(others)))
    }
}
