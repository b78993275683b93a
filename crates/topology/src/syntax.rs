//! Where the file is not YAML.

use serde_yaml::granit_parser::{ErrorKind, ScanError};

use crate::{Code, Problem, Span};

/// The parser's error in the words of someone who does not know YAML's grammar.
pub(crate) fn syntax(text: &str, error: &ScanError) -> Problem {
    let at = error.marker().byte_offset().unwrap_or(text.len());
    let width = text
        .get(at..)
        .and_then(|rest| rest.chars().next())
        .filter(|c| !matches!(c, '\n' | '\r'))
        .map_or(0, char::len_utf8);
    let span = Span::of(text, at, at + width);
    let (message, hint) = explain(error.kind());
    let code = match error.kind() {
        ErrorKind::RecursionLimitExceeded => Code::TOO_COMPLEX,
        _ => Code::SYNTAX,
    };
    let mut problem = Problem::new(code, "", message).at(span);
    problem.hint = hint.map(str::to_owned);
    problem
}

fn explain(kind: &ErrorKind) -> (String, Option<&'static str>) {
    let (message, hint) = match kind {
        ErrorKind::TabNotAllowed
        | ErrorKind::TabInBlockIndentation
        | ErrorKind::TabInIndentation
        | ErrorKind::TabInPlainScalar
        | ErrorKind::TabAtBlockScalarStart => (
            "a tab stands where YAML wants spaces",
            Some("indent with spaces"),
        ),
        ErrorKind::MappingValueNotAllowed | ErrorKind::InvalidColonPlacement => (
            "a second `: ` on the line, or a key that is indented deeper than its neighbours",
            Some(
                "put a value that has `: ` in it between quotes, and start the keys of one part in the same column",
            ),
        ),
        ErrorKind::InvalidIndentation
        | ErrorKind::ExpectedBlockMappingKey
        | ErrorKind::MappingKeyNotAllowed
        | ErrorKind::ExpectedBlockSequenceEntry
        | ErrorKind::BlockSequenceEntryNotAllowed => (
            "this line does not stand in the column of its neighbours",
            Some("start the keys of one part, and the `-` of one list, in the same column"),
        ),
        ErrorKind::SimpleKeyExpected | ErrorKind::InvalidSimpleKey => (
            "a key without `:` behind it",
            Some("write `key: value`, with a space after the colon"),
        ),
        ErrorKind::UnclosedFlowCollection { open: '{' }
        | ErrorKind::ExpectedFlowMappingSeparator
        | ErrorKind::UnexpectedEofFlowMapping
        | ErrorKind::UnexpectedEofImplicitFlowMapping => (
            "a `{` is not closed",
            Some("write `}` behind the last value, and `,` between values"),
        ),
        ErrorKind::UnclosedFlowCollection { .. }
        | ErrorKind::ExpectedFlowSequenceSeparator
        | ErrorKind::UnexpectedEofFlowSequence => (
            "a `[` is not closed",
            Some("write `]` behind the last value, and `,` between values"),
        ),
        ErrorKind::MisplacedFlowCollectionEnd | ErrorKind::MismatchedFlowCollectionEnd { .. } => (
            "a closing bracket without its opening one",
            Some("remove it, or put text with brackets between quotes"),
        ),
        ErrorKind::UnclosedQuotedScalar | ErrorKind::DocumentIndicatorInQuotedScalar => (
            "a quote is not closed",
            Some("write the same quote at the end of the text"),
        ),
        ErrorKind::InvalidTrailingSingleQuotedScalar
        | ErrorKind::InvalidTrailingDoubleQuotedScalar => (
            "text stands behind a closing quote",
            Some("put the whole value between quotes; inside of '…' a quote is written twice"),
        ),
        ErrorKind::UnknownQuotedScalarEscape => (
            "a `\\` inside of \"…\" starts an escape that YAML does not know",
            Some("write `\\\\`, or put the text between '…'"),
        ),
        ErrorKind::UnexpectedCharacter { .. } => (
            "a value cannot start with this character",
            Some("put the value between quotes"),
        ),
        ErrorKind::RecursionLimitExceeded => (
            "the file is nested too deep",
            Some("a topology has five levels; is this the right file?"),
        ),
        ErrorKind::InvalidDocumentEnd | ErrorKind::ExpectedDocumentStart => (
            "text stands behind the end of the document",
            Some("start the keys of the file in the first column"),
        ),
        other => return (format!("this is not YAML: {other}"), None),
    };
    (message.to_owned(), hint)
}
