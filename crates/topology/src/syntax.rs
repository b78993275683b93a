//! Where the file is not YAML.

use serde_yaml::granit_parser::{ErrorKind, ScanError};

use crate::{Code, Problem, Span};

/// The parser's error in the words of someone who does not know YAML's grammar.
///
/// `open` is the innermost bracket that is open there.
pub(crate) fn syntax(text: &str, error: &ScanError, open: Option<Span>) -> Problem {
    let at = error.marker().byte_offset().unwrap_or(text.len());
    let place = character(text, at);
    // Behind a bracket that is never closed everything looks wrong.
    if let Some(open) = open
        && open.line < place.line
        && matches!(
            error.kind(),
            ErrorKind::MappingValueNotAllowed
                | ErrorKind::InvalidColonPlacement
                | ErrorKind::InvalidIndentation
        )
    {
        let bracket = character(text, open.start);
        return match text.get(bracket.start..bracket.end()) {
            Some("{") => problem("a `{` is not closed", BRACE),
            _ => problem("a `[` is not closed", BRACKET),
        }
        .at(bracket);
    }
    let explained = match error.kind() {
        ErrorKind::TabNotAllowed
        | ErrorKind::TabInBlockIndentation
        | ErrorKind::TabInIndentation
        | ErrorKind::TabInPlainScalar
        | ErrorKind::TabAtBlockScalarStart => {
            let tab = indenting_tab(text, at).map_or(place, |at| character(text, at));
            return problem("a tab stands where YAML wants spaces", "indent with spaces").at(tab);
        }
        ErrorKind::RecursionLimitExceeded => {
            let mut problem = problem(
                "the file is nested too deep",
                "a topology has five levels; is this the right file?",
            );
            problem.code = Code::TOO_COMPLEX;
            problem
        }
        other => match explanation(other) {
            Some((message, hint)) => problem(message, hint),
            None => Problem::new(Code::SYNTAX, "", format!("this is not YAML: {other}")),
        },
    };
    explained.at(place)
}

const BRACE: &str = "write `}` behind the last value, and `,` between values";
const BRACKET: &str = "write `]` behind the last value, and `,` between values";

fn problem(message: &str, hint: &str) -> Problem {
    Problem::new(Code::SYNTAX, "", message).hint(hint)
}

/// What is wrong, and what to write.
fn explanation(kind: &ErrorKind) -> Option<(&'static str, &'static str)> {
    Some(match kind {
        ErrorKind::MappingValueNotAllowed | ErrorKind::InvalidColonPlacement => (
            "a `:` where no key can be",
            "put a value with `: ` in it between quotes, write `:` behind every key, and start the keys of one part in the same column",
        ),
        ErrorKind::InvalidIndentation
        | ErrorKind::ExpectedBlockMappingKey
        | ErrorKind::MappingKeyNotAllowed
        | ErrorKind::ExpectedBlockSequenceEntry
        | ErrorKind::BlockSequenceEntryNotAllowed => (
            "this does not stand in the column of its neighbours",
            "start the keys of one part, and the `-` of one list, in the same column",
        ),
        ErrorKind::SimpleKeyExpected | ErrorKind::InvalidSimpleKey => (
            "a key without `:` behind it",
            "write `key: value`, with a space behind the colon",
        ),
        ErrorKind::UnclosedFlowCollection { open: '{' }
        | ErrorKind::ExpectedFlowMappingSeparator
        | ErrorKind::UnexpectedEofFlowMapping
        | ErrorKind::UnexpectedEofImplicitFlowMapping => ("a `{` is not closed", BRACE),
        ErrorKind::UnclosedFlowCollection { .. }
        | ErrorKind::ExpectedFlowSequenceSeparator
        | ErrorKind::UnexpectedEofFlowSequence => ("a `[` is not closed", BRACKET),
        ErrorKind::MisplacedFlowCollectionEnd | ErrorKind::MismatchedFlowCollectionEnd { .. } => (
            "a closing bracket without its opening one",
            "remove it, or put text with brackets between quotes",
        ),
        ErrorKind::UnclosedQuotedScalar
        | ErrorKind::DocumentIndicatorInQuotedScalar
        | ErrorKind::InvalidQuotedScalarIndent => (
            "a quote is not closed",
            "write the same quote at the end of the text",
        ),
        ErrorKind::InvalidTrailingSingleQuotedScalar
        | ErrorKind::InvalidTrailingDoubleQuotedScalar => (
            "text stands behind a closing quote",
            "put the whole value between quotes; inside of '…' a quote is written twice",
        ),
        ErrorKind::UnknownQuotedScalarEscape => (
            "a `\\` inside of \"…\" starts an escape that YAML does not know",
            "write `\\\\`, or put the text between '…'",
        ),
        ErrorKind::UnexpectedCharacter { .. } => (
            "a value cannot start with this character",
            "put the value between quotes",
        ),
        ErrorKind::InvalidDocumentEnd | ErrorKind::ExpectedDocumentStart => (
            "text stands behind the end of the document",
            "start the keys of the file in the first column",
        ),
        _ => return None,
    })
}

/// The first tab among the blanks at the start of a line, on the line of `at` or behind.
fn indenting_tab(text: &str, at: usize) -> Option<usize> {
    let start = text.get(..at)?.rfind('\n').map_or(0, |at| at + 1);
    let mut line_start = start;
    for line in text.get(start..)?.split_inclusive('\n') {
        let blanks = line.len() - line.trim_start_matches([' ', '\t']).len();
        if let Some(tab) = line.get(..blanks)?.find('\t') {
            return Some(line_start + tab);
        }
        line_start += line.len();
    }
    None
}

/// The one character there; nothing at the end of a line.
fn character(text: &str, at: usize) -> Span {
    let next = text.get(at..).and_then(|rest| rest.chars().next());
    Span::of(
        text,
        at,
        at + next
            .filter(|c| !matches!(c, '\n' | '\r'))
            .map_or(0, char::len_utf8),
    )
}
