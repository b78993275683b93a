//! Replacements: what they drag along, and how late they come.

use std::collections::BTreeSet;

use super::{check, check_with, graph, world};
use crate::plan::{Action, PlanOptions};
use crate::planner::plan;
use crate::resource::How;
use crate::testing::{Fault, Faults, MemoryBackend, Thing};
use expect_test::expect;

fn replaced(kind: &str, name: &str) -> Thing {
    Thing::new(kind, name).on_change(How::DeleteThenCreate)
}

fn created_first(kind: &str, name: &str) -> Thing {
    Thing::new(kind, name).on_change(How::CreateThenDelete)
}

#[test]
fn the_old_process_stays_until_the_migration_is_through() {
    let database = Thing::new("container", "db");
    let job = replaced("job", "migrate").needs(&database);
    let web = replaced("container", "web").needs(&database).needs(&job);
    let world = world(&[database.clone(), job.clone(), web.clone()]);
    check(
        &world,
        &[database, job.version(2), web.version(2)],
        &expect![[r#"
            -/+ replace job `migrate`  (version changed) [restart]
                version: 1 -> 2
            -/+ replace container `web`  (version changed) [restart]
                version: 1 -> 2
            2 to replace; 1 unchanged

            0 delete job `migrate`
            1 create job `migrate` after 0
            2 delete container `web` after 1
            3 create container `web` after 1 2
        "#]],
    );
}

#[test]
fn what_only_depends_on_a_replaced_thing_is_left_alone() {
    let database = replaced("container", "db");
    let web = Thing::new("container", "web").needs(&database);
    let world = world(&[database.clone(), web.clone()]);
    check(
        &world,
        &[database.version(2), web],
        &expect![[r#"
        -/+ replace container `db`  (version changed) [restart]
            version: 1 -> 2
        1 to replace; 1 unchanged

        0 delete container `db`
        1 create container `db` after 0
    "#]],
    );
}

#[test]
fn what_holds_a_replaced_thing_is_replaced_and_goes_before_it() {
    let network = replaced("network", "net");
    let database = Thing::new("container", "db").holds(&network);
    let web = Thing::new("container", "web")
        .holds(&network)
        .holds(&database);
    let world = world(&[network.clone(), database.clone(), web.clone()]);
    check(
        &world,
        &[network.version(2), database, web],
        &expect![[r#"
        -/+ replace network `net`  (version changed) [restart]
            version: 1 -> 2
        -/+ replace container `db`  (network `net` is replaced)
        -/+ replace container `web`  (network `net` is replaced; container `db` is replaced)
        3 to replace

        0 delete container `web`
        1 delete container `db` after 0
        2 delete network `net` after 0 1
        3 create network `net` after 2
        4 create container `db` after 1 3
        5 create container `web` after 0 3 4
    "#]],
    );
}

#[test]
fn what_holds_a_replaced_thing_cannot_wait_for_a_job_above_it() {
    let network = replaced("network", "net");
    let job = replaced("job", "migrate").holds(&network);
    let certificate = Thing::new("certificate", "ca");
    let web = replaced("container", "web")
        .holds(&network)
        .needs(&job)
        .needs(&certificate);
    let world = world(&[
        network.clone(),
        job.clone(),
        web.clone(),
        certificate.clone(),
    ]);
    let desired = [
        network.version(2),
        job.version(2),
        web.version(2),
        certificate.version(2),
    ];
    check(
        &world,
        &desired,
        &expect![[r#"
        ~ update certificate `ca`  (version changed)
            version: 1 -> 2
        -/+ replace network `net`  (version changed) [restart]
            version: 1 -> 2
        -/+ replace job `migrate`  (version changed; network `net` is replaced) [restart]
            version: 1 -> 2
        -/+ replace container `web`  (version changed; network `net` is replaced) [restart]
            version: 1 -> 2
        1 to update, 3 to replace

        0 update certificate `ca`
        1 delete job `migrate`
        2 delete container `web` after 0
        3 delete network `net` after 1 2
        4 create network `net` after 3
        5 create job `migrate` after 1 4
        6 create container `web` after 0 2 4 5
    "#]],
    );
}

#[test]
fn a_cause_of_its_own_is_named_beside_the_inherited_one() {
    let network = replaced("network", "net");
    let web = Thing::new("container", "web").holds(&network);
    let world = world(&[network.clone(), web.clone()]);
    check(
        &world,
        &[network.version(2), web.version(2)],
        &expect![[r#"
            -/+ replace network `net`  (version changed) [restart]
                version: 1 -> 2
            -/+ replace container `web`  (version changed; network `net` is replaced)
                version: 1 -> 2
            2 to replace

            0 delete container `web`
            1 delete network `net` after 0
            2 create network `net` after 1
            3 create container `web` after 0 2
        "#]],
    );
}

#[test]
fn what_holds_a_thing_that_was_lost_is_replaced() {
    let network = Thing::new("network", "net");
    let web = Thing::new("container", "web").holds(&network);
    let world = world(&[network.clone(), web.clone()]);
    world.remove_by_hand(&network.id);
    check(
        &world,
        &[network, web],
        &expect![[r#"
            + create network `net`  (not there)
            -/+ replace container `web`  (network `net` is made anew)
            1 to create, 1 to replace

            0 create network `net`
            1 delete container `web` after 0
            2 create container `web` after 0 1
        "#]],
    );
}

#[test]
fn a_new_edge_to_a_new_thing_is_for_the_difference_to_judge() {
    let web = Thing::new("container", "web");
    let world = world(std::slice::from_ref(&web));
    let network = Thing::new("network", "net");
    let mut observed = world.observe();
    let connected = web.holds(&network);
    // As a backend whose difference says: connect it where it is.
    if let Some(live) = observed.get_mut(&connected.id) {
        live.held.insert(network.id.clone(), 7);
    }
    let plan = plan(
        &graph(&[network, connected]),
        &observed,
        &PlanOptions::default(),
    );
    expect![[r#"
        + create network `net`  (not there)
        ~ update container `web`  (needs changed)
            needs:  -> network `net`
        1 to create, 1 to update
    "#]]
    .assert_eq(&plan.to_string());
}

#[test]
fn a_replacement_can_be_forced() {
    let database = Thing::new("container", "db");
    let web = Thing::new("container", "web").needs(&database);
    let world = world(&[database.clone(), web.clone()]);
    let absent = Thing::new("container", "nobody").id;
    let options = PlanOptions {
        force_replace: BTreeSet::from([web.id.clone(), absent]),
        ..PlanOptions::default()
    };
    check_with(
        &world,
        &[database, web],
        &options,
        &expect![[r#"
        -/+ replace container `web`  (replacement was asked for)
        1 to replace; 1 unchanged

        0 delete container `web`
        1 create container `web` after 0
    "#]],
    );
}

#[test]
fn an_old_thing_goes_when_its_dependents_have_moved() {
    let group = created_first("target group", "web");
    let listener = Thing::new("listener", "https").needs(&group);
    let service = Thing::new("service", "web").holds(&group);
    let world = world(&[group.clone(), listener.clone(), service.clone()]);
    check(
        &world,
        &[group.version(2), listener.version(2), service],
        &expect![[r#"
            +/- replace target group `web`  (version changed)
                version: 1 -> 2
            ~ update listener `https`  (version changed)
                version: 1 -> 2
            -/+ replace service `web`  (target group `web` is replaced)
            1 to update, 2 to replace

            0 create target group `web`
            1 update listener `https` after 0
            2 delete service `web` after 0
            3 create service `web` after 0 2
            4 delete target group `web` after 0 1 2 3
        "#]],
    );
}

#[test]
fn a_new_thing_cannot_come_first_when_the_old_one_holds_what_must_go() {
    let network = replaced("network", "net");
    let service = created_first("service", "web").holds(&network);
    let world = world(&[network.clone(), service.clone()]);
    check(
        &world,
        &[network.version(2), service.version(2)],
        &expect![[r#"
            -/+ replace network `net`  (version changed) [restart]
                version: 1 -> 2
            -/+ replace service `web`  (version changed; network `net` is replaced)
                version: 1 -> 2
            2 to replace

            0 delete service `web`
            1 delete network `net` after 0
            2 create network `net` after 1
            3 create service `web` after 0 2
        "#]],
    );
}

#[test]
fn the_new_thing_is_told_what_it_replaces() {
    let web = replaced("container", "web");
    let world = world(std::slice::from_ref(&web));
    let plan = plan(
        &graph(&[web.version(2)]),
        &world.observe(),
        &PlanOptions::default(),
    );
    let previous = plan.steps.iter().find_map(|step| match &step.action {
        Action::Create { previous, .. } => previous.clone(),
        Action::Update { .. } | Action::Delete { .. } => None,
    });
    assert_eq!(previous.map(|live| live.attributes.version), Some(1));
}

/// A crash between the new and the removal of the old leaves two of one name.
#[tokio::test(start_paused = true)]
async fn a_leftover_goes_after_what_still_holds_it() {
    let group = created_first("target group", "web");
    let service = Thing::new("service", "web").holds(&group);
    let world = world(&[group.clone(), service.clone()]);
    let desired = [group.version(2), service];
    let crash = Faults::none().at(0, Fault::CrashAfter);
    MemoryBackend::new(&world)
        .faults(crash)
        .up(&graph(&desired), &PlanOptions::default())
        .await;
    check(
        &world,
        &desired,
        &expect![[r#"
        -/+ replace service `web`  (holds an old thing) [restart]
            target group `web`: 1 -> 3
        - delete target group `web~1`  (no longer wanted)
        1 to replace, 1 to delete; 1 unchanged

        0 delete service `web`
        1 create service `web` after 0
        2 delete target group `web~1` after 0
    "#]],
    );
}
