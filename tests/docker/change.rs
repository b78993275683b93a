//! Changes of the topology file touch what they concern and nothing else.

use std::collections::BTreeSet;

use crate::support::{Found, Scenario, Visitor};

/// Names of containers that are not the same container any more, without the deployment's part.
fn renewed(scenario: &Scenario, before: &Found, after: &Found) -> BTreeSet<String> {
    let prefix = scenario.container("");
    let (before, after) = (before.ids(), after.ids());
    before
        .iter()
        .filter(|(name, id)| after.get(*name).is_some_and(|now| now != *id))
        .map(|(name, _)| name.trim_start_matches(&prefix).to_owned())
        .collect()
}

#[test]
fn a_change_of_one_process_restarts_that_process_only() {
    let scenario =
        Scenario::new("a change of streaming's memory replaces streaming and nothing else");
    scenario.up();
    let before = scenario.found();
    scenario.write("streaming: { memory: 384MiB }\n");
    scenario
        .masto(&["plan", "--local", "--detailed-exitcode"])
        .exits(2);
    scenario.up();
    let after = scenario.found();
    assert_eq!(
        renewed(&scenario, &before, &after),
        BTreeSet::from(["streaming-1".to_owned()])
    );
    assert_eq!(before.volumes, after.volumes);
    scenario.doctor();
}

#[test]
fn replicas_come_and_go_without_touching_the_others() {
    let scenario = Scenario::new("scaling web to 3 and back to 1 leaves the first replica alone");
    scenario.up();
    let one = scenario.found();
    scenario.write("web: { replicas: 3 }\n");
    scenario.up();
    let three = scenario.found();
    let running = three.running();
    for replica in ["web-1", "web-2", "web-3"] {
        assert!(
            running.contains(&scenario.container(replica).as_str()),
            "{running:?}"
        );
    }
    assert_eq!(renewed(&scenario, &one, &three), BTreeSet::new());
    scenario.doctor();
    scenario.write("");
    scenario.up();
    assert_eq!(scenario.found(), one);
    scenario.doctor();
}

#[test]
fn a_store_is_replaced_without_losing_its_volume() {
    let scenario = Scenario::new("new containers for every store keep the data");
    scenario.up();
    let before = scenario.found();
    let count = [
        "psql",
        "--local",
        "--",
        "-Atc",
        "select count(*) from accounts",
    ];
    let accounts = scenario.masto(&count).success().stdout;
    scenario
        .masto(&["up", "--local", "--force-recreate"])
        .success();
    let after = scenario.found();
    assert!(renewed(&scenario, &before, &after).contains("postgres"));
    assert_eq!(before.volumes, after.volumes);
    assert_eq!(scenario.masto(&count).success().stdout, accounts);
    scenario.doctor();
}

#[test]
fn sidekiq_split_by_queue_moves_over_in_one_up() {
    let scenario = Scenario::new(
        "one Sidekiq becomes two, and no queue is ever without a consumer afterwards",
    );
    scenario.up();
    scenario.write(
        "sidekiq:
  - { name: scheduler, queues: [scheduler, mailers], threads: 2 }
  - { name: rest, queues: [default, push, ingress, pull, fasp], threads: 5, replicas: 2 }
",
    );
    scenario.up();
    let found = scenario.found();
    let running = found.running();
    assert!(
        !running.contains(&scenario.container("sidekiq-all-1").as_str()),
        "{running:?}"
    );
    assert!(
        running.contains(&scenario.container("sidekiq-rest-2").as_str()),
        "{running:?}"
    );
    let schedulers = scenario
        .engine
        .most_at_once(&scenario.name, "masto.singleton");
    assert_eq!(schedulers, 1, "the scheduler must never run twice");
    scenario.doctor();
}

#[test]
fn web_answers_all_the_while_its_replicas_are_replaced() {
    let scenario =
        Scenario::new("two replicas of web are replaced, and no request goes unanswered");
    scenario.write("web: { replicas: 2 }\n");
    scenario.up();
    let before = scenario.found();
    scenario.write("web: { replicas: 2, threads: 4 }\n");
    let visitor = Visitor::arrive(&scenario, "/health");
    scenario.up();
    let visits = visitor.leave();
    assert_eq!(
        renewed(&scenario, &before, &scenario.found()),
        ["web-1", "web-2"].map(str::to_owned).into()
    );
    assert!(visits.len() > 10, "{visits:?}");
    let failed: Vec<_> = visits.iter().filter(|visit| *visit != "200").collect();
    assert!(failed.is_empty(), "{failed:?} of {}", visits.len());
}
