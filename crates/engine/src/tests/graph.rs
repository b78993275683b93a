use super::graph;
use crate::graph::{Graph, GraphError};
use crate::testing::Thing;
use expect_test::{Expect, expect};

fn check_refused(things: &[Thing], expected: &Expect) -> GraphError {
    let error = Graph::new(things.iter().cloned()).unwrap_err();
    expected.assert_eq(&error.to_string());
    error
}

#[test]
fn dependencies_come_first_then_names() {
    let network = Thing::new("network", "z");
    let first = Thing::new("container", "b").needs(&network);
    let second = Thing::new("container", "a").needs(&network);
    let alone = Thing::new("container", "c");
    let graph = graph(&[first, network, alone, second]);
    let names: Vec<_> = graph.iter().map(|thing| thing.id.to_string()).collect();
    assert_eq!(
        names,
        [
            "container `c`",
            "network `z`",
            "container `a`",
            "container `b`"
        ]
    );
}

#[test]
fn one_id_is_described_once() {
    let thing = Thing::new("network", "net");
    check_refused(
        &[thing.clone(), thing.version(2)],
        &expect!["network `net` is described twice"],
    );
}

#[test]
fn what_is_needed_must_be_described() {
    let network = Thing::new("network", "net");
    let web = Thing::new("container", "web").needs(&network);
    check_refused(
        &[web],
        &expect!["container `web` needs network `net`, which is not described"],
    );
}

#[test]
fn what_is_held_must_be_needed() {
    let network = Thing::new("network", "net");
    let mut web = Thing::new("container", "web").holds(&network);
    web.needs.clear();
    check_refused(
        &[web, network],
        &expect!["container `web` holds network `net` without depending on it"],
    );
}

#[test]
fn a_circle_is_named_without_what_only_leads_to_it() {
    let (mut a, b, c) = (
        Thing::new("job", "a"),
        Thing::new("job", "b"),
        Thing::new("job", "c"),
    );
    let leads_to_it = Thing::new("job", "0").needs(&b);
    let b = b.needs(&a);
    let c = c.needs(&b);
    a = a.needs(&c);
    let error = check_refused(
        &[a, b, c, leads_to_it],
        &expect!["job `b`, job `a`, job `c` need each other in a circle"],
    );
    assert!(matches!(error, GraphError::Cycle { path } if path.len() == 3));
}
