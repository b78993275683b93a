//! Laws that hold for any graph, any change of it and any accident on the way.
//!
//! A failure prints the smallest input it could find and leaves its seed in
//! `proptest-regressions/`; a run replays those first.

use std::collections::{BTreeMap, BTreeSet};
use std::future::Future;
use std::time::Duration;

use super::graph;
use crate::event::{Event, EventKind};
use crate::graph::Graph;
use crate::plan::{Action, Plan, PlanOptions, Verb};
use crate::planner::plan;
use crate::resource::{How, Live, Resource};
use crate::testing::{Fault, Faults, MemoryBackend, Run, Thing, ThingId, World};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::test_runner::TestCaseResult;

/// Names in use; every set of things draws from these.
const NAMES: usize = 7;

/// What is the same of a name in all sets of things.
#[derive(Clone, Debug)]
struct Nature {
    data: bool,
    /// Whatever needs it holds it.
    held: bool,
    on_change: How,
}

fn nature() -> impl Strategy<Value = Nature> {
    let on_change = prop_oneof![
        Just(How::Update),
        Just(How::DeleteThenCreate),
        Just(How::CreateThenDelete)
    ];
    let parts = (
        prop::bool::weighted(0.25),
        prop::bool::weighted(0.4),
        on_change,
    );
    parts.prop_map(|(data, held, on_change)| Nature {
        data,
        held,
        on_change,
    })
}

/// Which names are there, which version, and who may need whom: a name needs earlier ones of
/// `order` where `edges` says so.
#[derive(Clone, Debug)]
struct Scene {
    order: Vec<usize>,
    present: Vec<bool>,
    edges: Vec<bool>,
    versions: Vec<u32>,
}

fn scene() -> impl Strategy<Value = Scene> {
    let parts = (
        Just((0..NAMES).collect::<Vec<_>>()).prop_shuffle(),
        vec(prop::bool::weighted(0.8), NAMES),
        vec(prop::bool::weighted(0.35), NAMES * NAMES),
        vec(1_u32..3, NAMES),
    );
    parts.prop_map(|(order, present, edges, versions)| Scene {
        order,
        present,
        edges,
        versions,
    })
}

fn things(natures: &[Nature], scene: &Scene) -> Vec<Thing> {
    let mut things: Vec<Thing> = Vec::new();
    let mut numbers = Vec::new();
    for number in scene
        .order
        .iter()
        .copied()
        .filter(|number| scene.present[*number])
    {
        let nature = &natures[number];
        let mut thing = Thing::new("thing", format!("{number}"))
            .version(scene.versions[number])
            .on_change(nature.on_change.clone());
        thing.data = nature.data;
        for (earlier, needed) in things.iter().zip(&numbers) {
            if scene.edges[number * NAMES + needed] {
                let held = natures[*needed].held;
                thing = if held {
                    thing.holds(earlier)
                } else {
                    thing.needs(earlier)
                };
            }
        }
        things.push(thing);
        numbers.push(number);
    }
    things
}

/// What there is, and what shall be.
fn change() -> impl Strategy<Value = (Vec<Thing>, Vec<Thing>)> {
    (vec(nature(), NAMES), scene(), scene(), any::<bool>()).prop_map(
        |(natures, before, mut after, same_edges)| {
            if same_edges {
                after.order.clone_from(&before.order);
                after.edges.clone_from(&before.edges);
            }
            (things(&natures, &before), things(&natures, &after))
        },
    )
}

fn fault() -> impl Strategy<Value = Fault> {
    prop_oneof![
        Just(Fault::Fail),
        Just(Fault::LoseAnswer),
        Just(Fault::CrashBefore),
        Just(Fault::CrashAfter),
    ]
}

fn faults() -> impl Strategy<Value = Faults> {
    let delays = vec(prop::option::of(1_u64..50), 20);
    (delays, prop::option::of((0_usize..16, fault()))).prop_map(|(delays, accident)| {
        let mut faults = Faults::none();
        for (nth, delay) in delays.into_iter().enumerate() {
            if let Some(ms) = delay {
                faults = faults.at(nth, Fault::Delay(Duration::from_millis(ms)));
            }
        }
        match accident {
            Some((nth, fault)) => faults.at(nth, fault),
            None => faults,
        }
    })
}

fn options(remove_data: bool) -> PlanOptions<ThingId> {
    PlanOptions {
        remove_data,
        ..PlanOptions::default()
    }
}

fn block_on<T>(future: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .start_paused(true)
        .build();
    runtime.unwrap().block_on(future)
}

fn up(
    world: &World,
    desired: &Graph<Thing>,
    remove_data: bool,
    concurrency: usize,
    faults: Faults,
) -> (Run, Vec<Event>) {
    let backend = MemoryBackend::new(world)
        .concurrency(concurrency)
        .faults(faults);
    block_on(backend.up(desired, &options(remove_data)))
}

fn check_success(run: &Run) -> TestCaseResult {
    match run {
        Run::Ended(summary) => prop_assert!(summary.is_success(), "{summary:#?}"),
        Run::Crashed => prop_assert!(false, "crashed"),
    }
    Ok(())
}

/// The world is as desired, and holds nothing else but what is kept.
fn check_converged(world: &World, desired: &Graph<Thing>, remove_data: bool) -> TestCaseResult {
    let observed = world.observe();
    let plan = plan(desired, &observed, &options(remove_data));
    prop_assert!(plan.is_empty(), "{plan}");
    for thing in desired.iter() {
        prop_assert_eq!(observed[&thing.id].attributes.version, thing.version);
    }
    let kept: BTreeSet<_> = plan.kept.iter().collect();
    for id in observed.keys() {
        prop_assert!(
            desired.get(id).is_some() || kept.contains(id),
            "{} is left over",
            id
        );
    }
    Ok(())
}

/// All that `id` needs, directly or not.
fn below<'a>(desired: &'a Graph<Thing>, id: &'a ThingId) -> BTreeSet<&'a ThingId> {
    below_by(desired, id, |thing| &thing.needs)
}

fn below_by<'a>(
    desired: &'a Graph<Thing>,
    id: &'a ThingId,
    edges: impl Fn(&Thing) -> &BTreeSet<ThingId>,
) -> BTreeSet<&'a ThingId> {
    let mut below = BTreeSet::new();
    let mut open = vec![id];
    while let Some(id) = open.pop() {
        open.extend(
            edges(desired.get(id).unwrap())
                .iter()
                .filter(|id| below.insert(*id)),
        );
    }
    below
}

/// All steps that must have ended before `index` starts.
fn earlier(plan: &Plan<Thing>, index: usize) -> BTreeSet<usize> {
    let mut earlier = BTreeSet::new();
    let mut open = vec![index];
    while let Some(index) = open.pop() {
        open.extend(
            plan.steps[index]
                .after
                .iter()
                .filter(|step| earlier.insert(**step)),
        );
    }
    earlier
}

fn main_steps(plan: &Plan<Thing>) -> BTreeMap<&ThingId, usize> {
    let steps = plan.steps.iter().enumerate();
    steps
        .filter(|(_, step)| step.verb() != Verb::Delete)
        .map(|(at, step)| (&step.id, at))
        .collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn a_plan_of_a_world_against_itself_is_empty((before, _) in change()) {
        let desired = graph(&before);
        let plan = plan(&desired, &World::of(&desired).observe(), &options(false));
        prop_assert!(plan.is_empty(), "{plan}");
        prop_assert_eq!(plan.unchanged, before.len());
        prop_assert_eq!(plan.known.len(), before.len());
    }

    #[test]
    fn after_a_run_the_plan_is_empty((before, after) in change(), concurrency in 1_usize..5) {
        let (world, desired) = (World::of(&graph(&before)), graph(&after));
        let (run, _) = up(&world, &desired, true, concurrency, Faults::none());
        check_success(&run)?;
        check_converged(&world, &desired, true)?;
    }

    #[test]
    fn what_was_changed_or_removed_by_hand_is_found_and_repaired(
        (before, _) in change(),
        removed in prop::sample::subsequence((0..NAMES).collect::<Vec<_>>(), 0..3),
        changed in prop::sample::subsequence((0..NAMES).collect::<Vec<_>>(), 0..3),
    ) {
        let desired = graph(&before);
        let world = World::of(&desired);
        let mut touched = BTreeSet::new();
        for thing in &before {
            let named = |numbers: &[usize]| numbers.iter().any(|number| thing.id.name == number.to_string());
            if named(&removed) {
                world.remove_by_hand(&thing.id);
                touched.insert(&thing.id);
            } else if named(&changed) {
                world.tamper(&thing.id, 9);
                touched.insert(&thing.id);
            }
        }
        let plan = plan(&desired, &world.observe(), &options(true));
        let steps = main_steps(&plan);
        prop_assert!(touched.iter().all(|id| steps.contains_key(id)), "{plan}");
        // Nothing else changes but what holds something of it, directly or not.
        for id in steps.keys() {
            let mut holding = below_by(&desired, id, |thing| &thing.holds);
            holding.insert(*id);
            prop_assert!(!holding.is_disjoint(&touched), "{plan}");
        }
        let (run, _) = up(&world, &desired, true, 4, Faults::none());
        check_success(&run)?;
        check_converged(&world, &desired, true)?;
    }

    #[test]
    fn whatever_happens_the_next_run_finishes_it(
        (before, after) in change(),
        remove_data in prop::bool::weighted(0.7),
        concurrency in 1_usize..5,
        accidents in vec(faults(), 1..4),
    ) {
        let (world, desired) = (World::of(&graph(&before)), graph(&after));
        if !plan(&desired, &world.observe(), &options(remove_data)).is_executable() {
            return Ok(());
        }
        for faults in accidents {
            up(&world, &desired, remove_data, concurrency, faults);
        }
        let (run, _) = up(&world, &desired, remove_data, concurrency, Faults::none());
        check_success(&run)?;
        check_converged(&world, &desired, remove_data)?;

        // One thing a name, however often its creation was tried.
        let history = world.history();
        for thing in desired.iter() {
            let count = |verb| {
                history.iter().filter(|effect| effect.verb == verb && effect.id == thing.id).count()
            };
            let there_before = usize::from(before.iter().any(|other| other.id == thing.id));
            prop_assert_eq!(there_before + count(Verb::Create), 1 + count(Verb::Delete));
        }
    }

    #[test]
    fn no_step_runs_before_what_it_needs(
        (before, after) in change(),
        concurrency in 1_usize..5,
        faults in faults(),
    ) {
        let (world, desired) = (World::of(&graph(&before)), graph(&after));
        let plan = plan(&desired, &world.observe(), &options(true));
        let main = main_steps(&plan);
        for (index, step) in plan.steps.iter().enumerate() {
            prop_assert!(step.after.iter().all(|earlier| *earlier < index));
        }
        for (id, index) in &main {
            let earlier = earlier(&plan, *index);
            for needed in below(&desired, id) {
                prop_assert!(main.get(needed).is_none_or(|step| earlier.contains(step)));
            }
        }

        let (_, events) = up(&world, &desired, true, concurrency, faults);
        let names: BTreeMap<_, _> =
            plan.steps.iter().enumerate().map(|(at, step)| ((step.id.to_string(), step.verb()), at)).collect();
        let mut ended = BTreeSet::new();
        for event in events {
            match event.kind {
                EventKind::Started { resource, verb, .. } => {
                    let step = names[&(resource, verb)];
                    prop_assert!(plan.steps[step].after.is_subset(&ended));
                }
                EventKind::Finished { resource, verb, .. } => {
                    ended.insert(names[&(resource, verb)]);
                }
                _ => {}
            }
        }
    }

    #[test]
    fn an_old_thing_goes_after_the_steps_of_what_it_needs_unless_others_wait_for_it(
        (before, after) in change(),
    ) {
        let (world, desired) = (World::of(&graph(&before)), graph(&after));
        let plan = plan(&desired, &world.observe(), &options(true));
        let main = main_steps(&plan);
        for (index, step) in plan.steps.iter().enumerate() {
            let makes_room = plan.steps.iter().any(|other| {
                other.verb() == Verb::Delete && other.after.contains(&index)
            });
            if step.verb() != Verb::Delete || !step.replaces || makes_room {
                continue;
            }
            let earlier = earlier(&plan, index);
            for needed in below(&desired, &step.id) {
                prop_assert!(main.get(needed).is_none_or(|step| earlier.contains(step)), "{plan:#}");
            }
        }
    }

    #[test]
    fn what_is_removed_for_good_goes_before_what_it_was_made_with((before, _) in change()) {
        let world = World::of(&graph(&before));
        let plan = plan(&Graph::<Thing>::empty(), &world.observe(), &options(true));
        let removed: BTreeMap<_, _> =
            plan.steps.iter().enumerate().map(|(at, step)| (&step.id, at)).collect();
        prop_assert_eq!(removed.len(), before.len());
        for step in &plan.steps {
            let Action::Delete { live } = &step.action else { panic!("{plan}") };
            for needed in live.depends_on() {
                prop_assert!(plan.steps[removed[&needed]].after.contains(&removed[&step.id]));
            }
        }
    }

    #[test]
    fn the_order_of_the_input_changes_nothing(
        ((before, after), shuffled) in change().prop_flat_map(|(before, after)| {
            let shuffled = Just(after.clone()).prop_shuffle();
            (Just((before, after)), shuffled)
        }),
    ) {
        let observed = World::of(&graph(&before)).observe();
        let text = |things: &[Thing]| {
            let plan = plan(&graph(things), &observed, &options(false));
            format!("{plan}{plan:#}")
        };
        prop_assert_eq!(text(&after), text(&shuffled));
    }

    #[test]
    fn the_same_timing_gives_the_same_events(
        (before, after) in change(),
        concurrency in 1_usize..5,
        faults in faults(),
    ) {
        let events = || {
            let world = World::of(&graph(&before));
            up(&world, &graph(&after), true, concurrency, faults.clone()).1
        };
        prop_assert_eq!(events(), events());
    }

    #[test]
    fn data_stays_without_the_flag(
        (before, after) in change(),
        forced in any::<bool>(),
        faults in faults(),
    ) {
        let (world, desired) = (World::of(&graph(&before)), graph(&after));
        let mut options = options(false);
        if forced {
            options.force_replace = desired.iter().map(Resource::id).collect();
        }
        let backend = MemoryBackend::new(&world).faults(faults);
        let plan = backend.plan(&desired, &options);
        let _ended_or_crashed = block_on(backend.up(&desired, &options));
        let lost = |verb, data| verb == Verb::Delete && data;
        prop_assert!(!world.history().iter().any(|effect| lost(effect.verb, effect.data)));
        if !plan.is_executable() {
            prop_assert_eq!(world.history(), std::vec![]);
        }
        // What is kept keeps what it needs.
        let removed: BTreeSet<_> = world
            .history()
            .into_iter()
            .filter(|effect| effect.verb == Verb::Delete)
            .map(|effect| effect.id)
            .collect();
        for id in &plan.kept {
            prop_assert!(world.observe()[id].depends_on.is_disjoint(&removed));
        }
    }
}
