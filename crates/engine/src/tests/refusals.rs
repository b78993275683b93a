//! What stands in the way of a plan.

use super::{check, check_with, removing_data, world};
use crate::resource::How;
use crate::testing::{Thing, World};
use expect_test::expect;

#[test]
fn every_refusal_is_told_with_what_would_be_done_otherwise() {
    let volume = Thing::new("volume", "db").on_change(How::Refuse {
        hint: "dump and restore".into(),
    });
    let world = world(std::slice::from_ref(&volume));
    let secret = Thing::new("secret", "key").refuse_create(
        "the data was encrypted with a key that is gone",
        "restore it",
    );
    let web = Thing::new("container", "web").needs(&secret);
    check(
        &world,
        &[volume.version(2), secret, web],
        &expect![[r#"
        + create container `web`  (not there)
        ! refuse secret `key`  (the data was encrypted with a key that is gone)
            restore it
        ! refuse volume `db`  (version changed)
            dump and restore
        1 to create; 2 refused

        0 create container `web`
    "#]],
    );
}

#[test]
fn a_strangers_thing_is_neither_adopted_nor_removed() {
    let web = Thing::new("container", "web");
    let world = World::new();
    world.add_foreign(&web.id);
    world.add_foreign(&Thing::new("container", "other").id);
    check(
        &world,
        &[web],
        &expect![[r#"
        ! refuse container `web`  (something with this name is there, and it is not ours)
            rename or remove it
        nothing to change; 1 refused
    "#]],
    );
    check_with(
        &world,
        &[],
        &removing_data(),
        &expect![[r#"
        nothing to change
    "#]],
    );
}

#[test]
fn data_is_not_replaced_without_the_flag() {
    let volume = Thing::new("volume", "db")
        .with_data()
        .on_change(How::DeleteThenCreate);
    let world = world(std::slice::from_ref(&volume));
    let desired = [volume.version(2)];
    check(
        &world,
        &desired,
        &expect![[r#"
        ! refuse volume `db`  (version changed; to replace it would lose its data)
            undo the change, or back up the data and remove it first
        nothing to change; 1 refused
    "#]],
    );
    check_with(
        &world,
        &desired,
        &removing_data(),
        &expect![[r#"
        -/+ replace volume `db`  (version changed) [data loss]
            version: 1 -> 2
        1 to replace

        0 delete volume `db`
        1 create volume `db` after 0
    "#]],
    );
}

#[test]
fn data_is_not_lost_to_the_replacement_of_something_else() {
    let network = Thing::new("network", "net").on_change(How::DeleteThenCreate);
    let database = Thing::new("database", "db").with_data().holds(&network);
    let world = world(&[network.clone(), database.clone()]);
    check(
        &world,
        &[network.version(2), database],
        &expect![[r#"
        -/+ replace network `net`  (version changed) [restart]
            version: 1 -> 2
        ! refuse database `db`  (network `net` is replaced; to replace it would lose its data)
            undo the change, or back up the data and remove it first
        1 to replace; 1 refused

        0 delete network `net`
        1 create network `net` after 0
    "#]],
    );
}

#[test]
fn what_kept_data_needs_is_not_replaced() {
    let key = Thing::new("key", "k").on_change(How::DeleteThenCreate);
    let volume = Thing::new("volume", "db").with_data().needs(&key);
    let world = world(&[key.clone(), volume]);
    check(
        &world,
        &[key.version(2)],
        &expect![[r#"
        = keep volume `db`  (holds data)
        ! refuse key `k`  (version changed; to replace it would break volume `db`, which is kept)
            undo the change, or remove volume `db` first
        nothing to change; 1 refused, 1 kept
    "#]],
    );
}
