//! Replicas one after another, and old things next to what follows them.

use super::{check, world};
use crate::resource::{How, Succession};
use crate::testing::Thing;
use expect_test::expect;

fn replaced(name: &str) -> Thing {
    Thing::new("container", name).on_change(How::DeleteThenCreate)
}

#[test]
fn replicas_are_replaced_one_after_another() {
    let one = replaced("web-1");
    let two = replaced("web-2").replaced_after(&one);
    let world = world(&[one.clone(), two.clone()]);
    check(
        &world,
        &[one.version(2), two.version(2)],
        &expect![[r#"
            -/+ replace container `web-1`  (version changed) [restart]
                version: 1 -> 2
            -/+ replace container `web-2`  (version changed) [restart]
                version: 1 -> 2
            2 to replace

            0 delete container `web-1`
            1 create container `web-1` after 0
            2 delete container `web-2` after 1
            3 create container `web-2` after 2
        "#]],
    );
}

#[test]
fn replicas_are_made_together() {
    let one = replaced("web-1");
    let two = replaced("web-2").replaced_after(&one);
    check(
        &world(&[]),
        &[one, two],
        &expect![[r#"
        + create container `web-1`  (not there)
        + create container `web-2`  (not there)
        2 to create

        0 create container `web-1`
        1 create container `web-2`
    "#]],
    );
}

#[test]
fn replicas_that_hold_what_is_replaced_go_together() {
    let network = Thing::new("network", "net").on_change(How::DeleteThenCreate);
    let one = replaced("web-1").holds(&network);
    let two = replaced("web-2").holds(&network).replaced_after(&one);
    let world = world(&[network.clone(), one.clone(), two.clone()]);
    check(
        &world,
        &[network.version(2), one, two],
        &expect![[r#"
        -/+ replace network `net`  (version changed) [restart]
            version: 1 -> 2
        -/+ replace container `web-1`  (network `net` is replaced)
        -/+ replace container `web-2`  (network `net` is replaced)
        3 to replace

        0 delete container `web-1`
        1 delete container `web-2`
        2 delete network `net` after 0 1
        3 create network `net` after 2
        4 create container `web-1` after 0 3
        5 create container `web-2` after 1 3
    "#]],
    );
}

#[test]
fn a_surplus_replica_stays_until_those_that_remain_are_replaced() {
    let one = replaced("web-1");
    let two = replaced("web-2");
    let world = world(&[one.clone(), two.clone()]);
    let one = one.version(2).follows(&two, Succession::NewFirst);
    check(
        &world,
        &[one],
        &expect![[r#"
        -/+ replace container `web-1`  (version changed) [restart]
            version: 1 -> 2
        - delete container `web-2`  (no longer wanted)
        1 to replace, 1 to delete

        0 delete container `web-1`
        1 create container `web-1` after 0
        2 delete container `web-2` after 1
    "#]],
    );
}

#[test]
fn what_must_not_be_there_twice_goes_first_but_not_before_its_follower_can_begin() {
    let job = Thing::new("job", "migrate").on_change(How::DeleteThenCreate);
    let all = replaced("sidekiq-all");
    let world = world(&[job.clone(), all.clone()]);
    let scheduler = replaced("sidekiq-scheduler")
        .needs(&job)
        .follows(&all, Succession::OldFirst);
    let rest = replaced("sidekiq-rest")
        .needs(&job)
        .follows(&all, Succession::NewFirst);
    check(
        &world,
        &[job.version(2), scheduler, rest],
        &expect![[r#"
            -/+ replace job `migrate`  (version changed) [restart]
                version: 1 -> 2
            + create container `sidekiq-rest`  (not there)
            - delete container `sidekiq-all`  (no longer wanted)
            + create container `sidekiq-scheduler`  (not there)
            2 to create, 1 to replace, 1 to delete

            0 delete job `migrate`
            1 create job `migrate` after 0
            2 create container `sidekiq-rest` after 1
            3 delete container `sidekiq-all` after 1 2
            4 create container `sidekiq-scheduler` after 1 3
        "#]],
    );
}

#[test]
fn what_moves_to_another_leaves_the_one_before_it_is_made_in_the_other() {
    let one = replaced("sidekiq-one");
    let two = replaced("sidekiq-two");
    let world = world(&[one.clone(), two.clone()]);
    let two = two.version(2).follows(&one, Succession::OldFirst);
    check(
        &world,
        &[one.version(2), two],
        &expect![[r#"
        -/+ replace container `sidekiq-one`  (version changed) [restart]
            version: 1 -> 2
        -/+ replace container `sidekiq-two`  (version changed) [restart]
            version: 1 -> 2
        2 to replace

        0 delete container `sidekiq-one`
        1 create container `sidekiq-one` after 0
        2 delete container `sidekiq-two`
        3 create container `sidekiq-two` after 0 2
    "#]],
    );
}
