//! The topology of a test's server: as small as it gets.

use std::fmt::Write as _;

use topology::{Severity, Topology};

use crate::error::Error;

/// One process of web is enough for a test, unless the test's own lines say otherwise.
const WEB: &str = "web: { workers: 0, threads: 5 }\n";

/// The file of the server `name`, with `lines` of a topology file on top.
pub(crate) fn file(name: &str, version: Option<&str>, lines: &str) -> String {
    let mut file = format!("name: {name}\ndomain: {name}.example.com\n");
    if !lines.lines().any(|line| line.starts_with("web:")) {
        file.push_str(WEB);
    }
    if let Some(version) = version {
        let version = version.trim_start_matches('v');
        let _ = writeln!(file, "mastodon: {{ version: v{version} }}");
    }
    file.push_str(lines);
    file
}

/// Reads it.
pub(crate) fn topology(file: &str) -> Result<Topology, Error> {
    let mut parsed = topology::read(file);
    if let Some(draft) = &parsed.draft {
        let found = mastodon::check(draft);
        parsed.add(found);
    }
    let problems = parsed
        .problems
        .iter()
        .filter(|problem| problem.severity == Severity::Error)
        .map(|problem| {
            let hint = problem.hint.as_ref();
            let hint = hint.map(|hint| format!(" ({hint})")).unwrap_or_default();
            format!("{}: {}{hint}", problem.path, problem.message)
        })
        .collect();
    parsed.topology.ok_or(Error::Topology { problems })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_test_says_wins_over_what_is_small() {
        let small = topology(&file("t-1", None, "")).unwrap();
        assert_eq!((small.web.workers, small.web.threads), (0, 5));
        let told = file("t-1", Some("4.6.9"), "web: { workers: 2 }\n");
        let told = topology(&told).unwrap();
        assert_eq!(told.web.workers, 2);
        assert_eq!(told.mastodon.version.to_string(), "v4.6.9");
    }

    #[test]
    fn a_mistake_is_told_with_its_place_and_what_to_type() {
        let error = topology(&file("t-1", None, "streaming: { replica: 2 }\n")).unwrap_err();
        let text = error.to_string();
        assert!(text.contains("streaming.replica"), "{text}");
        assert!(text.contains("replicas"), "{text}");
    }
}
