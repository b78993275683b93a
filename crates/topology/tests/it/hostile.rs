//! Files that mean harm, or are no topologies at all.
//!
//! Each is read in a process of its own (this test binary, started again for that one file), whose
//! address space the kernel limits: taking more ends it. What it may take is far below what an
//! operator's machine has, and a hang would run into the limit of processor time.

use std::fmt::Write as _;
use std::io::{Read as _, Write as _};
use std::process::{Command, Output, Stdio};

use expect_test::{Expect, expect};
use topology::{read, read_bytes};

/// Address space in KiB: code, stacks and heap together.
const SPACE: u64 = 100 * 1024;

/// Processor time in seconds; a file takes a few milliseconds.
const TIME: u64 = 10;

/// Set for the process that reads.
const OTHER: &str = "MASTO_TEST_HOSTILE";

fn files() -> Vec<(&'static str, Vec<u8>)> {
    let text = |name, text: String| (name, text.into_bytes());
    let start = "name: social\ndomain: social.example.com\n";
    let laughs = |levels: usize| {
        let mut text = format!("{start}a0: &a0 [ha, ha, ha, ha, ha, ha, ha, ha, ha, ha]\n");
        for level in 1..levels {
            let inner = format!("*a{}, ", level - 1).repeat(10);
            writeln!(text, "a{level}: &a{level} [{inner}]").expect("writing to a text");
        }
        text
    };
    vec![
        text("nested lists", "[".repeat(100_000)),
        text(
            "nested lists that are closed",
            format!("web: {}{}", "[".repeat(50_000), "]".repeat(50_000)),
        ),
        text("nested mappings", "{a: ".repeat(50_000)),
        text("nested blocks", "- ".repeat(100_000)),
        text("nested keys", "? ".repeat(100_000)),
        text(
            "deep indentation",
            (0..400)
                .map(|depth| format!("{}a:\n", " ".repeat(depth)))
                .collect(),
        ),
        text("a billion laughs", laughs(10)),
        text(
            "laughs in merges",
            format!(
                "{start}web: &a {{ x: 1 }}\n{}",
                "streaming: { <<: [*a, *a, *a, *a] }\n".repeat(5000)
            ),
        ),
        text(
            "a large text and many aliases",
            format!(
                "{start}a: &a {}\nb: [{}]\n",
                "x".repeat(100_000),
                "*a, ".repeat(10_000)
            ),
        ),
        text(
            "nested anchors",
            format!("{}1{}", "&a [".repeat(30), ", 2]".repeat(30)),
        ),
        text(
            "many anchors",
            (0..20_000).map(|n| format!("- &a{n}\n")).collect(),
        ),
        text(
            "one anchor again and again",
            format!("{start}{}web: *a\n", "x: &a 1\n".repeat(10_000)),
        ),
        text("an anchor in itself", "&a [*a, *a]".to_owned()),
        text("ten megabytes of text", "x".repeat(10_000_000)),
        text("ten megabytes of keys", "key: value\n".repeat(1_000_000)),
        text("ten megabytes of comments", "# comment\n".repeat(1_000_000)),
        ("ten megabytes that are no text", vec![0xff; 10_000_000]),
        text("many comments", "# comment\n".repeat(20_000)),
        text("many empty lines", "\n".repeat(250_000)),
        text("many documents", "---\n".repeat(50_000)),
        text(
            "many keys",
            (0..4_500).map(|n| format!("k{n}: 1\n")).collect(),
        ),
        text("one key again and again", "web: 1\n".repeat(4_500)),
        text("many values", format!("[{}]", "1,".repeat(120_000))),
        text("a long key", format!("{}: 1\n", "k".repeat(200_000))),
        text("a long value", format!("name: {}\n", "n".repeat(200_000))),
        text(
            "a long quoted value",
            format!("name: \"{}\"\n", "\\n".repeat(100_000)),
        ),
        text(
            "a quote that is never closed",
            format!("name: \"{}", "a\n ".repeat(60_000)),
        ),
        text(
            "a block that never ends",
            format!("name: |\n{}", "  a\n".repeat(60_000)),
        ),
        text("spaces", " ".repeat(250_000)),
        text("tabs", "\t".repeat(250_000)),
        text("question marks", "?\n".repeat(100_000)),
        text("colons", ":".repeat(200_000)),
        text("colons and spaces", ": ".repeat(100_000)),
        text("dashes", "-\n".repeat(100_000)),
        text("commas", format!("[{}", ",".repeat(200_000))),
        text("brackets and braces", "[{".repeat(100_000)),
        text("tags", "!".repeat(200_000)),
        text("many tags", "- !a b\n".repeat(15_000)),
        text("a long tag", format!("name: !{} a\n", "t".repeat(200_000))),
        text(
            "a long directive",
            format!("%YAML {}\n---\n", "1".repeat(200_000)),
        ),
        text("many directives", "%TAG !a! tag:a\n".repeat(10_000)),
        text(
            "huge numbers",
            format!(
                "web: {{ replicas: {}, cpu: {}, memory: {}GiB }}\n",
                "9".repeat(60_000),
                "9".repeat(60_000),
                "9".repeat(60_000)
            ),
        ),
        text(
            "many processes",
            format!(
                "{start}sidekiq:\n{}",
                "  - { name: a, queues: [default] }\n".repeat(1_300)
            ),
        ),
        text("a NUL", format!("{start}\0web: {{}}\n")),
        text("an escape", format!("{start}web: \u{1b}[2J\n")),
        ("half a character", b"name: soci\xc3".to_vec()),
        ("Latin-1", b"name: b\xfccher\ndomain: x\n".to_vec()),
        (
            "UTF-16",
            "\u{feff}name: social\n"
                .encode_utf16()
                .flat_map(u16::to_le_bytes)
                .collect(),
        ),
        text("a BOM in the middle", format!("{start}\u{feff}web: {{}}\n")),
        text("directions", format!("{start}\u{202e}web: {{}}\n")),
    ]
}

/// What happens to a file, in one line. What is said about it is short, and nothing in it reaches
/// the terminal of who reads it.
fn outcome(bytes: &[u8]) -> String {
    let parsed = read_bytes(bytes);
    for problem in &parsed.problems {
        let shown = format!(
            "{} {} {}",
            problem.message,
            problem.label,
            problem.hint.as_deref().unwrap_or_default()
        );
        assert!(shown.len() < 1000, "{shown}");
        assert!(!shown.chars().any(char::is_control), "{shown:?}");
    }
    let codes: Vec<&str> = parsed
        .problems
        .iter()
        .map(|problem| problem.code.as_str().trim_start_matches("topology::"))
        .collect();
    match codes.as_slice() {
        [] => "fine".to_owned(),
        [first] => (*first).to_owned(),
        [first, .., last] => format!("{first} … {last} ({})", codes.len()),
    }
}

#[test]
fn no_file_takes_more_than_a_hundred_megabytes_or_a_moment() {
    let mut outcomes = String::new();
    for (name, bytes) in files() {
        let output = in_another_process(&bytes).expect("a shell");
        let text = String::from_utf8_lossy(&output.stdout);
        let outcome = text
            .split_once("outcome: ")
            .and_then(|(_, rest)| rest.lines().next());
        assert!(output.status.success(), "{name}: {output:?}");
        writeln!(outcomes, "{name}: {}", outcome.expect("an outcome")).expect("writing to a text");
    }
    check(
        &outcomes,
        expect![[r#"
            nested lists: too-complex
            nested lists that are closed: too-complex
            nested mappings: too-complex
            nested blocks: too-complex
            nested keys: too-complex
            deep indentation: too-complex
            a billion laughs: too-complex
            laughs in merges: too-complex
            a large text and many aliases: too-complex
            nested anchors: too-complex
            many anchors: too-complex
            one anchor again and again: too-complex
            an anchor in itself: wrong-type … alias (3)
            ten megabytes of text: too-large
            ten megabytes of keys: too-large
            ten megabytes of comments: too-large
            ten megabytes that are no text: not-utf8
            many comments: empty
            many empty lines: empty
            many documents: several-documents
            many keys: missing-key … more-problems (101)
            one key again and again: missing-key … more-problems (101)
            many values: too-complex
            a long key: syntax
            a long value: missing-key … name (2)
            a long quoted value: missing-key … name (2)
            a quote that is never closed: syntax
            a block that never ends: missing-key … name (2)
            spaces: empty
            tabs: empty
            question marks: too-complex
            colons: syntax
            colons and spaces: too-complex
            dashes: too-complex
            commas: syntax
            brackets and braces: too-complex
            tags: syntax
            many tags: tag … more-problems (101)
            a long tag: missing-key … tag (2)
            a long directive: syntax
            many directives: syntax
            huge numbers: missing-key … size (5)
            many processes: duplicate-name … more-problems (101)
            a NUL: control-character
            an escape: control-character
            half a character: not-utf8
            Latin-1: not-utf8
            UTF-16: not-utf8
            a BOM in the middle: syntax
            directions: unknown-key
        "#]],
    );
}

fn in_another_process(bytes: &[u8]) -> std::io::Result<Output> {
    let mut process = Command::new("sh")
        .args([
            "-c",
            &format!("ulimit -v {SPACE}; ulimit -t {TIME}; exec \"$@\""),
            "sh",
        ])
        .arg(std::env::current_exe()?)
        .args([
            "--exact",
            "hostile::the_file_of_the_other_process",
            "--nocapture",
            "--test-threads=1",
        ])
        .env(OTHER, "1")
        // Otherwise glibc reserves 64 MiB of address space for each thread, used or not.
        .env("MALLOC_ARENA_MAX", "1")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()?;
    // Dropped at the end of the statement, which tells the other process that this was all.
    process
        .stdin
        .take()
        .expect("it is piped")
        .write_all(bytes)?;
    process.wait_with_output()
}

/// The other half of the test above; alone it has nothing to read.
#[test]
#[expect(
    clippy::print_stdout,
    reason = "how this process tells the other what happened"
)]
#[expect(
    clippy::disallowed_methods,
    reason = "how this process knows that it is the other"
)]
fn the_file_of_the_other_process() {
    if std::env::var_os(OTHER).is_none() {
        return;
    }
    let mut bytes = Vec::new();
    std::io::stdin()
        .read_to_end(&mut bytes)
        .expect("a file on standard input");
    println!("outcome: {}", outcome(&bytes));
}

#[track_caller]
fn check(text: &str, expected: Expect) {
    expected.assert_eq(text);
}

#[test]
fn the_limit_of_the_address_space_holds() {
    // What the test above rests on: a process that takes more ends.
    let status = Command::new("sh")
        .args([
            "-c",
            &format!("ulimit -v {SPACE}; head -c 200000000 /dev/zero | sort -S 190M >/dev/null"),
        ])
        .output()
        .expect("a shell")
        .status;
    assert!(!status.success());
}

#[test]
fn beyond_a_hundred_problems_the_rest_is_only_counted() {
    let text: String = (0..500).map(|n| format!("key{n}: 1\n")).collect();
    let problems = read(&text).problems;
    assert_eq!(problems.len(), 101);
    assert_eq!(problems[100].message, "and 402 more problems");
}
