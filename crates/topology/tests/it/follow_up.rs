//! Problems that another crate finds over a topology.

use expect_test::expect;
use topology::{Code, Parsed, Problem, read};

use crate::check::{COMPLETE, rendered};

const RULE: Code = Code::new("mastodon::some-rule");

fn problem(path: &str) -> Problem {
    Problem::new(RULE, path, "does not fit")
}

#[track_caller]
fn added(text: &str, problems: impl IntoIterator<Item = Problem>) -> (Parsed, String) {
    let mut parsed = read(text);
    parsed.add(problems);
    let rendered = rendered(text, &parsed);
    (parsed, rendered)
}

#[test]
fn a_path_finds_the_value_or_the_nearest_part_that_the_file_has() {
    let text = format!(
        "{COMPLETE}web:\n  threads: 5\nsidekiq:\n  - name: a\n    queues:\n      - default\n      - push\nredis: {{ size: small }}\n"
    );
    let parsed = read(&text);
    let found = |path: &str| {
        parsed.position(path).map(|span| {
            format!(
                "{}:{} {}",
                span.line,
                span.column,
                &text[span.start..span.end()]
            )
        })
    };
    assert_eq!(found("web.threads").as_deref(), Some("4:12 5"));
    assert_eq!(found("web.replicas").as_deref(), Some("3:1 web"));
    assert_eq!(found("web").as_deref(), Some("3:1 web"));
    assert_eq!(found("sidekiq[0]").as_deref(), Some("6:5 name: a"));
    assert_eq!(found("sidekiq[0].queues").as_deref(), Some("7:5 queues"));
    assert_eq!(found("sidekiq[0].queues[1]").as_deref(), Some("9:9 push"));
    assert_eq!(found("sidekiq[0].threads").as_deref(), Some("6:5 name: a"));
    assert_eq!(found("sidekiq[7]").as_deref(), Some("5:1 sidekiq"));
    assert_eq!(found("redis").as_deref(), Some("10:8 { size: small }"));
    assert_eq!(found("postgres.size"), None);
    assert_eq!(found(""), None);
}

#[test]
fn a_problem_gets_its_places_from_its_paths_and_takes_the_topology_away() {
    let text = format!("{COMPLETE}web: {{ threads: 50 }}\n");
    let (parsed, rendered) = added(
        &text,
        [problem("postgres.size")
            .see("web.threads", "these need it")
            .see("web.workers", "and these")
            .hint("write more")],
    );
    assert!(parsed.topology.is_none());
    expect![[r#"
        1:1 error mastodon::some-rule `name`: does not fit / write more
            3:17 `50`: these need it
    "#]]
    .assert_eq(&rendered);
}

#[test]
fn a_warning_leaves_the_topology() {
    let (parsed, rendered) = added(COMPLETE, [problem("domain").warning()]);
    assert!(parsed.topology.is_some());
    expect![[r#"
        2:9 warning mastodon::some-rule `social.example.com`: does not fit / -
    "#]]
    .assert_eq(&rendered);
}

#[test]
fn a_problem_about_a_value_that_is_wrong_anyway_is_left_out() {
    let text = format!(
        "{COMPLETE}web: {{ threads: many }}\nsidekiq:\n  - {{ name: a, queues: [default, psuh, pull] }}\n"
    );
    let about = |paths: &[&str]| {
        let (first, rest) = paths.split_first().expect("a path");
        let problem = rest
            .iter()
            .fold(problem(first), |problem, path| problem.see(*path, "too"));
        added(&text, [problem]).1.contains(RULE.as_str())
    };
    assert!(!about(&["web.threads"]));
    assert!(!about(&["web"]));
    assert!(!about(&["postgres.size", "web.threads"]));
    assert!(
        !about(&["sidekiq"]),
        "a queue is not known, so who consumes what is not either"
    );
    assert!(
        !about(&["sidekiq[0].queues[0]"]),
        "the entries of a list with a wrong one have moved"
    );
    assert!(about(&["web.workers"]));
    assert!(about(&["sidekiq[0].threads"]));
    assert!(about(&["postgres.size", "web.workers"]));
}

#[test]
fn the_rest_of_a_broken_file_can_be_checked_by_its_draft() {
    let parsed = read("domain: nonsense\nweb: { threads: 7, replica: 3 }\nmail: { from: me }\n");
    assert!(parsed.topology.is_none());
    assert_eq!(parsed.draft.expect("a draft").web.threads, 7);
}

#[test]
fn two_problems_of_one_value_are_two() {
    let [first, second] =
        ["one", "two"].map(|message| Problem::new(RULE, "domain", message).hint("the same"));
    let (parsed, _) = added(COMPLETE, [first, second]);
    assert_eq!(parsed.problems.len(), 2);
}

#[test]
fn a_problem_is_json_for_scripts() {
    let parsed = read(&format!("{COMPLETE}name: other\n"));
    let json = serde_json::to_string_pretty(&parsed.problems).expect("problems are JSON");
    expect![[r#"
        [
          {
            "code": "topology::duplicate-key",
            "severity": "error",
            "path": "name",
            "span": {
              "start": 40,
              "len": 4,
              "line": 3,
              "column": 1
            },
            "message": "the key `name` stands here twice",
            "label": "again",
            "hint": "remove one of the two: each key counts once",
            "related": [
              {
                "span": {
                  "start": 0,
                  "len": 4,
                  "line": 1,
                  "column": 1
                },
                "label": "first here"
              }
            ]
          }
        ]"#]]
    .assert_eq(&json);
}
