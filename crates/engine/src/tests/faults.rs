//! Single faults, told as stories; `laws` has them at random.

use super::{graph, world};
use crate::plan::{PlanOptions, Verb};
use crate::resource::How;
use crate::summary::Summary;
use crate::testing::{Fault, Faults, MemoryBackend, Run, Thing, World};

async fn up(world: &World, desired: &[Thing], faults: Faults) -> Option<Summary> {
    let backend = MemoryBackend::new(world).faults(faults);
    match backend.up(&graph(desired), &PlanOptions::default()).await.0 {
        Run::Ended(summary) => Some(summary),
        Run::Crashed => None,
    }
}

/// How often a thing of this name was made.
fn made(world: &World, thing: &Thing) -> usize {
    let history = world.history();
    history
        .iter()
        .filter(|effect| effect.verb == Verb::Create && effect.id == thing.id)
        .count()
}

#[tokio::test(start_paused = true)]
async fn a_thing_whose_answer_was_lost_is_found_and_not_made_twice() {
    let database = Thing::new("container", "db");
    let web = Thing::new("container", "web").needs(&database);
    let things = [database.clone(), web];
    let world = World::new();
    let lost = Faults::none().on(&database.id, Verb::Create, Fault::LoseAnswer);
    let summary = up(&world, &things, lost).await.unwrap();
    assert_eq!(summary.failed.len(), 1);
    assert_eq!(summary.skipped.len(), 1);

    assert!(
        up(&world, &things, Faults::none())
            .await
            .unwrap()
            .is_success()
    );
    assert_eq!(world.text(), "container `db` v1\ncontainer `web` v1\n");
    assert_eq!(made(&world, &database), 1);
}

#[tokio::test(start_paused = true)]
async fn a_crash_on_either_side_of_an_effect_is_finished_by_the_next_run() {
    let database = Thing::new("container", "db");
    for crash in [Fault::CrashBefore, Fault::CrashAfter] {
        let world = World::new();
        let things = [database.clone()];
        assert_eq!(up(&world, &things, Faults::none().at(0, crash)).await, None);
        up(&world, &things, Faults::none()).await.unwrap();
        assert_eq!(world.text(), "container `db` v1\n");
        assert_eq!(made(&world, &database), 1);
    }
}

#[tokio::test(start_paused = true)]
async fn a_crash_between_the_halves_of_a_replacement_leaves_nothing_double() {
    for how in [How::DeleteThenCreate, How::CreateThenDelete] {
        let web = Thing::new("container", "web").on_change(how);
        let world = world(std::slice::from_ref(&web));
        let desired = [web.version(2)];
        let crash = Faults::none().at(0, Fault::CrashAfter);
        assert_eq!(up(&world, &desired, crash).await, None);
        up(&world, &desired, Faults::none()).await.unwrap();
        assert_eq!(world.text(), "container `web` v2\n");
    }
}
