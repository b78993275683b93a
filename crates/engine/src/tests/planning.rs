//! What is made, changed, removed and left alone, and in which order.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::{check, check_with, graph, removing_data, world};
use crate::graph::Graph;
use crate::plan::PlanOptions;
use crate::planner::plan;
use crate::resource::{Change, Impact, Known, Live, Observed, Resource};
use crate::testing::{Thing, World};
use expect_test::expect;

#[test]
fn what_is_not_there_is_made_after_what_it_needs() {
    let network = Thing::new("network", "net");
    let database = Thing::new("container", "db").needs(&network);
    let job = Thing::new("job", "migrate").needs(&database);
    let web = Thing::new("container", "a-web").needs(&network).needs(&job);
    check(
        &World::new(),
        &[web, job, database, network],
        &expect![[r#"
            + create network `net`  (not there)
            + create container `db`  (not there)
            + create job `migrate`  (not there)
            + create container `a-web`  (not there)
            4 to create

            0 create network `net`
            1 create container `db` after 0
            2 create job `migrate` after 1
            3 create container `a-web` after 0 2
        "#]],
    );
}

#[test]
fn what_matches_is_left_alone() {
    let network = Thing::new("network", "net");
    let things = [Thing::new("container", "web").holds(&network), network];
    check(
        &world(&things),
        &things,
        &expect![[r#"
        nothing to change; 2 unchanged
    "#]],
    );
}

#[test]
fn what_differs_is_changed_in_place_with_its_attributes() {
    let web = Thing::new("container", "web");
    let world = world(std::slice::from_ref(&web));
    check(
        &world,
        &[web.version(2)],
        &expect![[r#"
        ~ update container `web`  (version changed)
            version: 1 -> 2
        1 to update

        0 update container `web`
    "#]],
    );
}

#[test]
fn what_is_no_longer_wanted_goes_before_what_it_needed() {
    let network = Thing::new("network", "a");
    let database = Thing::new("container", "b").needs(&network);
    let web = Thing::new("container", "c").needs(&database);
    check(
        &world(&[network, database, web]),
        &[],
        &expect![[r#"
        - delete container `c`  (no longer wanted)
        - delete container `b`  (no longer wanted)
        - delete network `a`  (no longer wanted)
        3 to delete

        0 delete container `c`
        1 delete container `b` after 0
        2 delete network `a` after 1
    "#]],
    );
}

#[test]
fn a_change_comes_after_changes_below_what_is_unchanged() {
    let database = Thing::new("container", "db");
    let job = Thing::new("job", "migrate").needs(&database);
    let web = Thing::new("container", "a-web").needs(&job);
    let world = world(&[database.clone(), job.clone(), web.clone()]);
    check(
        &world,
        &[database.version(2), job, web.version(2)],
        &expect![[r#"
            ~ update container `db`  (version changed)
                version: 1 -> 2
            ~ update container `a-web`  (version changed)
                version: 1 -> 2
            2 to update; 1 unchanged

            0 update container `db`
            1 update container `a-web` after 0
        "#]],
    );
}

#[test]
fn what_is_removed_by_hand_is_made_again_and_only_that() {
    let database = Thing::new("container", "db");
    let web = Thing::new("container", "web").needs(&database);
    let world = world(&[database.clone(), web.clone()]);
    world.remove_by_hand(&database.id);
    check(
        &world,
        &[database, web],
        &expect![[r#"
        + create container `db`  (not there)
        1 to create; 1 unchanged

        0 create container `db`
    "#]],
    );
}

#[test]
fn a_thing_goes_after_the_update_that_lets_go_of_it() {
    let old = Thing::new("volume", "old");
    let web = Thing::new("container", "web").needs(&old);
    let world = world(&[old, web]);
    check(
        &world,
        &[Thing::new("container", "web")],
        &expect![[r#"
        ~ update container `web`  (needs changed)
            needs: volume `old` -> 
        - delete volume `old`  (no longer wanted)
        1 to update, 1 to delete

        0 update container `web`
        1 delete volume `old` after 0
    "#]],
    );
}

#[test]
fn data_that_is_no_longer_wanted_is_kept_with_what_it_needs() {
    let vault = Thing::new("vault", "v");
    let key = Thing::new("key", "k").needs(&vault);
    let volume = Thing::new("volume", "db").needs(&key).with_data();
    let database = Thing::new("container", "db").needs(&volume);
    let world = world(&[vault, key, volume, database]);
    check(
        &world,
        &[],
        &expect![[r#"
            - delete container `db`  (no longer wanted)
            = keep key `k`  (needed by volume `db`)
            = keep vault `v`  (needed by key `k`)
            = keep volume `db`  (holds data)
            1 to delete; 3 kept

            0 delete container `db`
        "#]],
    );
    check_with(
        &world,
        &[],
        &removing_data(),
        &expect![[r#"
            - delete container `db`  (no longer wanted)
            - delete volume `db`  (no longer wanted) [data loss]
            - delete key `k`  (no longer wanted)
            - delete vault `v`  (no longer wanted)
            4 to delete

            0 delete container `db`
            1 delete volume `db` after 0
            2 delete key `k` after 1
            3 delete vault `v` after 2
        "#]],
    );
}

#[test]
fn a_value_of_several_lines_stays_on_one() {
    let old = Thing::new("volume", "two\nlines");
    let web = Thing::new("container", "web").needs(&old);
    let world = world(&[old, web.clone()]);
    let plan = plan(
        &graph(&[Thing::new("container", "web")]),
        &world.observe(),
        &PlanOptions::default(),
    );
    assert!(
        plan.to_string()
            .contains("    needs: volume `two\\nlines` -> \n")
    );
}

#[test]
fn the_order_of_records_survives_records_that_go_in_circles() {
    let a = Thing::new("container", "a");
    let b = Thing::new("container", "b").needs(&a);
    let world = world(&[a.clone(), b.clone()]);
    let mut observed = world.observe();
    if let Some(live) = observed.get_mut(&a.id) {
        live.depends_on = BTreeSet::from([b.id.clone(), a.id.clone()]);
    }
    let plan = plan(&Graph::<Thing>::empty(), &observed, &PlanOptions::default());
    assert_eq!(plan.steps.len(), 2);
}

#[test]
fn a_summary_is_plain_data_with_one_entry_a_resource() {
    let network = Thing::new("network", "net").on_change(crate::resource::How::DeleteThenCreate);
    let web = Thing::new("container", "web").holds(&network);
    let volume = Thing::new("volume", "old").with_data();
    let world = world(&[network.clone(), web.clone(), volume]);
    let plan = plan(
        &graph(&[network.version(2), web, Thing::new("volume", "new")]),
        &world.observe(),
        &PlanOptions::default(),
    );
    assert_eq!(plan.impact(), Impact::Restart);
    expect![[r#"
        {
          "changes": [
            {
              "resource": "network `net`",
              "action": "replace",
              "cause": "version changed",
              "impact": "restart",
              "attributes": [
                {
                  "name": "version",
                  "old": "1",
                  "new": "2"
                }
              ]
            },
            {
              "resource": "container `web`",
              "action": "replace",
              "cause": "network `net` is replaced",
              "impact": "none",
              "attributes": []
            },
            {
              "resource": "volume `new`",
              "action": "create",
              "cause": "not there",
              "impact": "none",
              "attributes": []
            }
          ],
          "kept": [
            "volume `old`"
          ],
          "refusals": [],
          "unchanged": 0
        }"#]]
    .assert_eq(&serde_json::to_string_pretty(&plan.summary()).unwrap());
}

/// Counts how often anybody asks what differs.
#[derive(Clone, Debug)]
struct Counted {
    number: usize,
    diffs: Arc<AtomicUsize>,
}

#[derive(Clone, Debug)]
struct CountedLive;

impl Live for CountedLive {
    type Id = usize;
    type Attributes = ();

    fn attributes(&self) {}

    fn depends_on(&self) -> BTreeSet<usize> {
        BTreeSet::new()
    }

    fn removal_impact(&self) -> Impact {
        Impact::None
    }
}

impl Resource for Counted {
    type Id = usize;
    type Attributes = ();
    type Live = CountedLive;

    fn id(&self) -> usize {
        self.number
    }

    fn depends_on(&self) -> BTreeSet<usize> {
        (self.number.saturating_sub(3)..self.number).collect()
    }

    fn holds(&self) -> BTreeSet<usize> {
        self.depends_on()
    }

    fn diff(&self, _live: &CountedLive, known: &Known<Self>) -> Option<Change> {
        self.diffs.fetch_add(1, Ordering::Relaxed);
        assert!(known.len() <= 3, "direct dependencies only");
        None
    }
}

#[test]
fn a_thousand_resources_are_compared_once_each() {
    let diffs = Arc::new(AtomicUsize::new(0));
    let things = (0..1000).map(|number| Counted {
        number,
        diffs: diffs.clone(),
    });
    let desired = Graph::new(things).unwrap();
    let observed: Observed<Counted> = (0..1000).map(|number| (number, CountedLive)).collect();
    let options = PlanOptions {
        force_replace: BTreeSet::from([0]),
        ..PlanOptions::default()
    };
    let plan = plan(&desired, &observed, &options);
    assert_eq!(diffs.load(Ordering::Relaxed), 1000);
    // Everything holds what is replaced, so all removals come first, backwards.
    assert_eq!(plan.steps.len(), 2000);
    let removed: Vec<_> = plan.steps[..1000].iter().map(|step| step.id).collect();
    assert_eq!(removed, (0..1000).rev().collect::<Vec<_>>());
}
