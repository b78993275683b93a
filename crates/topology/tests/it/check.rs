//! How tests compare problems: as text.

use std::fmt::Write;

use expect_test::Expect;
use topology::{Parsed, Problem, read};

/// Two lines that make any file complete.
pub(crate) const COMPLETE: &str = "name: social\ndomain: social.example.com\n";

/// Compares every problem of a file with what is expected:
///
/// ```text
/// 3:5 error topology::unknown-key `replica`: unknown key … / did you mean `replicas`?
/// ```
#[track_caller]
pub(crate) fn check(text: &str, expected: Expect) {
    let parsed = read(text);
    assert_eq!(
        parsed.topology.is_none(),
        parsed.problems.iter().any(Problem::is_error),
        "a topology, or an error"
    );
    expected.assert_eq(&rendered(text, &parsed));
}

/// Compares the problems of a file that is complete but for what is added here.
#[track_caller]
pub(crate) fn check_part(part: &str, expected: Expect) {
    check(&format!("{COMPLETE}{part}"), expected);
}

pub(crate) fn rendered(text: &str, parsed: &Parsed) -> String {
    let mut lines = String::new();
    for problem in &parsed.problems {
        let span = problem
            .span
            .expect("a problem of a file that was read has a place");
        writeln!(
            lines,
            "{}:{} {} {} `{}`: {} / {}",
            span.line,
            span.column,
            problem.severity,
            problem.code,
            text[span.start..span.end()].escape_debug(),
            problem.message,
            problem.hint.as_deref().unwrap_or("-"),
        )
        .expect("writing to a text");
        for (span, label) in &problem.related {
            writeln!(
                lines,
                "    {}:{} `{}`: {label}",
                span.line,
                span.column,
                text[span.start..span.end()].escape_debug()
            )
            .expect("writing to a text");
        }
    }
    lines
}

#[test]
fn every_rule_has_a_bad_file() {
    let tests = [
        include_str!("combination.rs"),
        include_str!("hostile.rs"),
        include_str!("shape.rs"),
        include_str!("value.rs"),
        include_str!("yaml.rs"),
    ]
    .concat();
    for code in topology::Code::ALL {
        // The table of hostile files leaves out `topology::`.
        let rule = code.as_str().trim_start_matches("topology::");
        let seen = tests.contains(&format!("{code} "))
            || tests.contains(&format!(": {rule}\n"))
            || tests.contains(&format!(" {rule} ("));
        assert!(seen, "{code}");
    }
}
