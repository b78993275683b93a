//! Tests of the whole engine against the in-memory world.

mod execution;
mod faults;
mod graph;
mod laws;
mod planning;
mod refusals;
mod replacing;
mod retrying;
mod turns;
mod waiting;

use crate::graph::Graph;
use crate::plan::PlanOptions;
use crate::planner::plan;
use crate::testing::{Thing, ThingId, World};
use expect_test::Expect;

fn graph(things: &[Thing]) -> Graph<Thing> {
    Graph::new(things.iter().cloned()).unwrap()
}

/// A world where all of `things` exist.
fn world(things: &[Thing]) -> World {
    World::of(&graph(things))
}

/// Compares both texts of the plan that makes `world` into `desired`.
fn check_with(world: &World, desired: &[Thing], options: &PlanOptions<ThingId>, expected: &Expect) {
    let plan = plan(&graph(desired), &world.observe(), options);
    let steps = format!("{plan:#}");
    let separator = if steps.is_empty() { "" } else { "\n" };
    expected.assert_eq(&format!("{plan}{separator}{steps}"));
}

fn check(world: &World, desired: &[Thing], expected: &Expect) {
    check_with(world, desired, &PlanOptions::default(), expected);
}

fn removing_data() -> PlanOptions<ThingId> {
    PlanOptions {
        remove_data: true,
        ..PlanOptions::default()
    }
}
