//! What the documentation tells to type, to write and to look at is there.

mod markdown;
mod shell;

use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use crate::environment::{TestEnvironment, VALID, repository, topologies};
use markdown::Page;

/// The pages that people read.
fn pages() -> Vec<Page> {
    let mut paths: Vec<PathBuf> = ["README.md", "CONTRIBUTING.md", "ARCHITECTURE.md"]
        .map(repository)
        .into();
    let docs = fs::read_dir(repository("docs")).unwrap();
    paths.extend(docs.map(|entry| entry.unwrap().path()));
    paths.sort();
    paths.iter().map(|path| Page::read(path)).collect()
}

/// Runs `words` on a machine without an engine, and gives the transcript where they cannot be typed.
fn misunderstood(words: &[String]) -> Option<String> {
    let home = TestEnvironment::with_topology(VALID);
    for (name, text) in topologies() {
        home.write(&format!("topologies/{name}.yaml"), text);
    }
    let run = home.masto(words[1..].iter().map(String::as_str));
    // Other failures are of this machine, which has no engine.
    let is_usage = run.stderr.contains("For more information, try");
    let is_no_help = words[1] == "help" && run.status != 0;
    (is_usage || is_no_help).then(|| run.transcript())
}

#[test]
fn a_command_that_cannot_be_typed_is_noticed() {
    for (line, is_noticed) in [
        ("masto up --lokal", true),
        ("masto lock teapots", true),
        ("masto lock status", false),
        ("masto exec", true),
        ("masto help teapots", true),
        ("masto up --local", false),
        ("masto exec web -- bash", false),
        ("masto help exit-codes", false),
    ] {
        let words = shell::masto_commands(line).remove(0);
        assert_eq!(misunderstood(&words).is_some(), is_noticed, "{line}");
    }
}

#[test]
fn every_command_on_a_page_can_be_typed() {
    let mut seen = BTreeSet::new();
    for page in pages() {
        for text in page.shell().chain(page.inline()) {
            for line in text.lines() {
                for words in shell::masto_commands(line) {
                    assert_eq!(misunderstood(&words), None, "{}: {line}", page.name);
                    seen.insert(words[1].clone());
                }
            }
        }
    }
    assert!(seen.len() > 12, "{seen:?}");
}

#[test]
fn every_command_in_an_example_of_the_help_can_be_typed() {
    let mut seen = 0;
    for entry in fs::read_dir(repository("tests/it/snapshots/help")).unwrap() {
        let path = entry.unwrap().path();
        let help = fs::read_to_string(&path).unwrap();
        let examples = help.lines().skip_while(|line| *line != "Examples:").skip(1);
        for line in examples.take_while(|line| !line.is_empty()) {
            // Two spaces and more set off what the example is for.
            let line = line.trim_start().split("  ").next().unwrap();
            for words in shell::masto_commands(line) {
                assert_eq!(misunderstood(&words), None, "{}: {line}", path.display());
                seen += 1;
            }
        }
    }
    assert!(seen > 30, "{seen}");
}

#[test]
fn every_link_leads_somewhere() {
    let mut seen = 0;
    for page in pages() {
        for link in page.links() {
            if link.contains("://") {
                continue;
            }
            let (file, heading) = link.split_once('#').unwrap_or((link, ""));
            let target = match file {
                "" => page.path.clone(),
                file => page.path.parent().unwrap().join(file),
            };
            assert!(target.exists(), "{}: {link}", page.name);
            assert!(
                heading.is_empty() || Page::read(&target).has_heading(heading),
                "{}: {link}",
                page.name
            );
            seen += 1;
        }
    }
    assert!(seen > 8, "{seen}");
}

#[test]
fn every_script_on_a_page_can_be_run() {
    let mut seen = BTreeSet::new();
    for page in pages() {
        let is_of_path = |c: char| c.is_ascii_alphanumeric() || "/._-".contains(c);
        for word in page.text.split(|c| !is_of_path(c)) {
            if !word.starts_with("scripts/") {
                continue;
            }
            let script = word.trim_end_matches(['.', '/']);
            let mode = fs::metadata(repository(script)).map(|found| found.permissions().mode());
            assert!(
                mode.is_ok_and(|mode| mode & 0o111 == 0o111),
                "{}: {script} cannot be run",
                page.name
            );
            seen.insert(script.to_owned());
        }
    }
    assert!(seen.len() >= 4, "{seen:?}");
}

#[test]
fn every_topology_on_a_page_is_one_or_is_told_what_is_wrong() {
    let mut seen = (0, 0);
    for page in pages() {
        let blocks = page.blocks();
        for (at, block) in blocks.iter().enumerate() {
            if block.language != "yaml" {
                continue;
            }
            let run = TestEnvironment::with_topology(&block.text).masto(["validate"]);
            let told = blocks.get(at + 1).filter(|next| next.language == "text");
            if let Some(told) = told.filter(|told| told.text.contains("error:")) {
                assert_eq!(run.stdout, told.text, "{}", page.name);
                seen.1 += 1;
            } else {
                assert_eq!(run.status, 0, "{}: {}", page.name, run.transcript());
                seen.0 += 1;
            }
        }
    }
    assert!(seen.0 >= 3 && seen.1 >= 1, "{seen:?}");
}

/// Of a path, what to call it in a message.
fn name_of(path: &Path) -> String {
    let root = repository("");
    path.strip_prefix(root)
        .unwrap_or(path)
        .display()
        .to_string()
}
