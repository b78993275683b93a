//! What holds for any file.

use proptest::collection::vec;
use proptest::prelude::*;
use topology::{Parsed, Queue, Size, read, read_bytes};

use crate::ready_made;

/// Words that topologies and YAML are made of.
fn word() -> impl Strategy<Value = String> {
    let words = [
        "name",
        "domain",
        "web",
        "sidekiq",
        "queues",
        "replicas",
        "threads",
        "memory",
        "aws",
        "region",
        "mail",
        "via",
        "smtp",
        "env",
        "social",
        "1GiB",
        "0.5",
        "17",
        "default",
        ": ",
        "- ",
        "\n",
        "\n  ",
        "\n    ",
        "[",
        "]",
        "{",
        "}",
        ",",
        "&a ",
        "*a",
        "<<: ",
        "\"",
        "'",
        "|\n",
        ">\n",
        "# ",
        "!x ",
        "? ",
        "---\n",
        "\t",
        "\r\n",
        "~",
        "ü",
        "\u{feff}",
        "\u{0}",
        "\u{85}",
        "\u{2028}",
        "%YAML 1.2\n",
    ];
    proptest::sample::select(words.to_vec()).prop_map(str::to_owned)
}

/// A ready-made file with a few places cut out, doubled or written over.
fn mutated() -> impl Strategy<Value = Vec<u8>> {
    let edit = (
        any::<prop::sample::Index>(),
        0_usize..20,
        0_u8..4,
        vec(any::<u8>(), 0..4),
        word(),
    );
    (
        proptest::sample::select(vec!["dev", "peer", "small", "medium", "large"]),
        vec(edit, 1..6),
    )
        .prop_map(|(name, edits)| {
            let mut bytes = ready_made::text(name).into_bytes();
            for (at, length, kind, noise, word) in edits {
                let start = at.index(bytes.len());
                let end = (start + length).min(bytes.len());
                let replacement = match kind {
                    0 => Vec::new(),
                    1 => [&bytes[start..end], &bytes[start..end]].concat(),
                    2 => noise,
                    _ => word.into_bytes(),
                };
                bytes.splice(start..end, replacement);
            }
            bytes
        })
}

/// What every reading must hold.
fn holds(parsed: &Parsed) -> Result<(), TestCaseError> {
    let text = parsed.text();
    let errors = parsed
        .problems
        .iter()
        .filter(|problem| problem.is_error())
        .count();
    prop_assert_eq!(
        parsed.topology.is_none(),
        errors > 0,
        "a topology, or an error"
    );
    for problem in &parsed.problems {
        let related = problem.related.iter().map(|(span, _)| *span);
        for span in problem.span.into_iter().chain(related) {
            prop_assert!(
                text.get(span.start..span.end()).is_some(),
                "{:?} lies inside of the text: {}",
                span,
                problem
            );
            let before = &text[..span.start];
            let line = before
                .rsplit('\n')
                .next()
                .unwrap_or_default()
                .trim_start_matches('\u{feff}');
            // YAML takes a lone carriage return for the end of a line.
            if !before.replace("\r\n", "\n").contains('\r') {
                prop_assert_eq!(span.line, before.matches('\n').count() + 1, "{}", problem);
                prop_assert_eq!(span.column, line.chars().count() + 1, "{}", problem);
            }
        }
        prop_assert!(problem.span.is_some(), "{} has a place", problem);
        prop_assert!(
            !problem.message.is_empty() && !problem.message.ends_with('.'),
            "{}",
            problem
        );
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_bytes_are_read_without_panic(bytes in vec(any::<u8>(), 0..300)) {
        holds(&read_bytes(&bytes))?;
    }

    #[test]
    fn any_text_is_read_without_panic(text in any::<String>()) {
        holds(&read(&text))?;
    }

    #[test]
    fn any_words_of_yaml_are_read_without_panic(words in vec(word(), 0..60)) {
        let text = words.concat();
        holds(&read(&text))?;
    }

    #[test]
    fn a_damaged_file_is_read_without_panic(bytes in mutated()) {
        holds(&read_bytes(&bytes))?;
    }

    #[test]
    fn a_generated_topology_is_read_as_it_was_meant(meant in meant()) {
        let text = meant.text();
        let parsed = read(&text);
        let topology = parsed.topology.ok_or_else(|| TestCaseError::fail(format!("{:?}\n{text}", parsed.problems)))?;
        prop_assert_eq!(topology.name.as_str(), &meant.name);
        prop_assert_eq!(topology.domain.as_str(), &meant.domain);
        prop_assert_eq!(topology.web.replicas, meant.replicas);
        prop_assert_eq!(topology.web.threads, meant.threads);
        prop_assert_eq!(topology.web.memory.as_mib(), meant.memory);
        prop_assert_eq!(topology.web.cpu.as_millis(), meant.millis);
        prop_assert_eq!(topology.postgres.size, meant.size);
        let queues: Vec<Vec<Queue>> = topology.sidekiq.into_iter().map(|process| process.queues).collect();
        prop_assert_eq!(queues, meant.queues);
        prop_assert_eq!(topology.mastodon.env.get("TEXT"), Some(&meant.env));
    }
}

/// Values for a file, and what the file must say.
#[derive(Clone, Debug)]
struct Meant {
    name: String,
    domain: String,
    replicas: u16,
    threads: u16,
    memory: u64,
    millis: u32,
    size: Size,
    queues: Vec<Vec<Queue>>,
    env: String,
    flow: bool,
}

fn meant() -> impl Strategy<Value = Meant> {
    let queues = vec(
        proptest::sample::subsequence(Queue::ALL.to_vec(), 1..=7),
        1..4,
    );
    (
        (
            "[a-z]([a-z0-9]{0,15}|[a-z0-9]{1,6}-[a-z0-9]{1,8})",
            "[a-z][a-z0-9]{0,20}\\.(xn--[a-z0-9]{2,8}|[a-z]{2,10})",
        ),
        1_u16..=100,
        1_u16..=100,
        64_u64..=1024 * 1024,
        50_u32..=128_000,
        proptest::sample::select(Size::ALL.to_vec()),
        queues,
        "[ -~äöü]{0,30}",
        any::<bool>(),
    )
        .prop_map(
            |((name, domain), replicas, threads, memory, millis, size, queues, env, flow)| Meant {
                name,
                domain,
                replicas,
                threads,
                memory,
                millis,
                size,
                queues,
                env,
                flow,
            },
        )
}

impl Meant {
    fn text(&self) -> String {
        let sidekiq: Vec<serde_json::Value> = self
            .queues
            .iter()
            .enumerate()
            .map(|(index, queues)| serde_json::json!({ "name": format!("p{index}"), "queues": queues }))
            .collect();
        let cpu = f64::from(self.millis) / 1000.0;
        let Self {
            name,
            domain,
            replicas,
            threads,
            memory,
            size,
            ..
        } = self;
        if self.flow {
            let file = serde_json::json!({
                "name": name,
                "domain": domain,
                "web": { "replicas": replicas, "threads": threads, "memory": format!("{memory}MiB"), "cpu": cpu },
                "sidekiq": sidekiq,
                "postgres": { "size": size },
                "mastodon": { "env": { "TEXT": self.env } },
            });
            return file.to_string();
        }
        let sidekiq = serde_json::Value::from(sidekiq);
        let env = self.env.replace('\'', "''");
        format!(
            "postgres:\r\n  size: {size} # a comment\r\nname: {name}\ndomain: '{domain}'\nweb:\n  cpu: {cpu}\n  replicas: {replicas}\n  memory: \"{memory}MiB\"\n  threads: {threads}\nsidekiq: {sidekiq}\nmastodon:\n    env:\n        TEXT: '{env}'\n"
        )
    }
}
