//! The files of `topologies/`.

use std::path::{Path, PathBuf};

use expect_test::{Expect, expect};
use topology::{Topology, read};

use crate::check::rendered;

const FILES: [&str; 5] = ["dev", "peer", "small", "medium", "large"];

fn directory() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../topologies")
}

pub(crate) fn text(name: &str) -> String {
    let path = directory().join(format!("{name}.yaml"));
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn topology(name: &str) -> Topology {
    read(&text(name))
        .topology
        .unwrap_or_else(|| panic!("{name} has an error"))
}

#[track_caller]
fn check(name: &str, expected: Expect) {
    let text = text(name);
    expected.assert_eq(&rendered(&text, &read(&text)));
}

#[test]
fn every_file_is_valid_and_only_says_where_the_operators_own_domain_goes() {
    check("dev", expect![[""]]);
    check("peer", expect![[""]]);
    check(
        "small",
        expect![[r#"
        9:9 warning topology::domain-not-public `social.example.com`: `social.example.com` is an example: on AWS it has to be a domain of yours / put your own domain here before the first `masto up --aws`
    "#]],
    );
    check(
        "medium",
        expect![[r#"
        9:9 warning topology::domain-not-public `social.example.com`: `social.example.com` is an example: on AWS it has to be a domain of yours / put your own domain here before the first `masto up --aws`
    "#]],
    );
    check(
        "large",
        expect![[r#"
        9:9 warning topology::domain-not-public `social.example.com`: `social.example.com` is an example: on AWS it has to be a domain of yours / put your own domain here before the first `masto up --aws`
    "#]],
    );
}

#[test]
fn no_other_file_is_there() {
    let mut found: Vec<String> = std::fs::read_dir(directory())
        .expect("the directory of ready-made topologies")
        .map(|entry| {
            entry
                .expect("an entry")
                .file_name()
                .into_string()
                .expect("a name")
        })
        .collect();
    found.sort();
    assert_eq!(
        found,
        [
            "dev.yaml",
            "large.yaml",
            "medium.yaml",
            "peer.yaml",
            "schema.json",
            "small.yaml"
        ]
    );
}

#[test]
fn every_file_names_its_schema_in_the_first_line() {
    for name in FILES {
        assert_eq!(
            text(name).lines().next(),
            Some("# yaml-language-server: $schema=schema.json"),
            "{name}"
        );
    }
}

#[test]
fn the_sizes_of_every_file_are_sold_on_aws() {
    for name in FILES {
        let mut text = text(name);
        if topology(name).aws.is_none() {
            text.push_str("\naws: { region: eu-central-1 }\n");
        }
        // The catcher is what Docker has, and a laptop's file wants no other.
        let text = text.replace("via: catcher", "via: ses");
        let errors: Vec<String> = read(&text)
            .problems
            .iter()
            .filter(|problem| problem.is_error())
            .map(ToString::to_string)
            .collect();
        assert_eq!(errors, [""; 0], "{name}");
    }
}

#[test]
fn the_files_are_sized_for_their_people() {
    let mut lines = Vec::new();
    for name in FILES {
        let topology = topology(name);
        let sidekiq: Vec<String> = topology
            .sidekiq
            .iter()
            .map(|process| format!("{} {}×{}", process.name, process.replicas, process.threads))
            .collect();
        lines.push(format!(
            "{name}: web {}×{}×{}, streaming {}, {}, postgres {}, redis {}",
            topology.web.replicas,
            topology.web.workers,
            topology.web.threads,
            topology.streaming.replicas,
            sidekiq.join(", "),
            topology.postgres.size,
            topology.redis.size,
        ));
    }
    expect![[r#"
        dev: web 1×0×5, streaming 1, all 1×5, postgres micro, redis micro
        peer: web 1×0×5, streaming 1, all 1×5, postgres micro, redis micro
        small: web 1×2×5, streaming 1, all 1×10, postgres micro, redis micro
        medium: web 2×3×5, streaming 2, clock 1×5, work 2×25, postgres medium, redis small
        large: web 4×4×5, streaming 3, scheduler 1×5, default 2×25, push 4×25, ingress 2×25, pull 2×25, mailers 1×10, postgres 2xlarge, redis large"#]].assert_eq(&lines.join("\n"));
}

#[test]
fn the_large_file_has_one_process_for_each_queue_group() {
    let topology = topology("large");
    let scheduler = topology
        .sidekiq
        .iter()
        .find(|process| process.queues.contains(&topology::Queue::Scheduler))
        .expect("a scheduler");
    assert_eq!(
        (
            scheduler.queues.len(),
            scheduler.replicas,
            scheduler.autoscale
        ),
        (1, 1, None)
    );
    assert!(
        topology
            .sidekiq
            .iter()
            .all(|process| process.queues.len() <= 2)
    );
}
