//! Which step comes before which, and how much that matters.

use std::collections::{BTreeMap, BTreeSet};

use crate::graph::Graph;
use crate::planner::decide::Fate;
use crate::planner::order::Edge;
use crate::resource::{How, Live, Observed, Resource};

/// Groups of edges, strongest first.
const GROUPS: usize = 6;
/// What is made comes after what it needs; the two halves of a replacement; an old thing goes after
/// its dependents have moved to the new one. Never a circle.
const MUST: usize = 0;
/// An old thing goes before the old things it was made with.
const RECORDED: usize = 1;
/// A thing goes after an update that lets go of it.
const LET_GO: usize = 2;
/// As [`RECORDED`], inferred from what is desired, for worlds that do not record it.
const HELD: usize = 3;
/// A removal of a replacement comes after the steps of the dependencies.
const LATE: usize = 4;
/// The same for one that has to come before other removals.
const LATE_THOUGH_HELD: usize = 5;

/// Contradictions of these mean that an old thing must go before its new one comes.
pub(super) const RECORDED_AND_HELD: [usize; 2] = [RECORDED, HELD];

/// What edges are made from; slots are indices of steps.
pub(super) struct World<'a, R: Resource> {
    pub(super) desired: &'a Graph<R>,
    pub(super) observed: &'a Observed<R>,
    /// By place.
    pub(super) fates: &'a [Fate<R>],
    /// By place.
    pub(super) main: &'a [Option<usize>],
    pub(super) removal: &'a BTreeMap<&'a R::Id, usize>,
}

/// All edges between the steps, by strength.
pub(super) fn edges<R: Resource>(world: &World<'_, R>) -> Vec<Vec<Edge>> {
    let mut groups = vec![Vec::new(); GROUPS];
    let before_removal: BTreeSet<usize> = {
        recorded_edges(world, &mut groups);
        held_edges(world, &mut groups);
        groups[RECORDED]
            .iter()
            .chain(&groups[HELD])
            .map(|(before, _)| *before)
            .collect()
    };
    let frontier = frontier(world);
    for (place, node) in world.desired.nodes().iter().enumerate() {
        let Some(main) = world.main[place] else {
            continue;
        };
        let needed: BTreeSet<usize> = node
            .depends_on
            .iter()
            .flat_map(|place| frontier[*place].iter().copied())
            .collect();
        groups[MUST].extend(needed.iter().map(|slot| (*slot, main)));

        let Some(removal) = world.removal.get(&node.id).copied() else {
            continue;
        };
        if world.creates_first(place) {
            groups[MUST].push((main, removal));
        } else {
            groups[MUST].push((removal, main));
            let late = if before_removal.contains(&removal) {
                LATE_THOUGH_HELD
            } else {
                LATE
            };
            groups[late].extend(needed.iter().map(|slot| (*slot, removal)));
        }
    }
    for (place, node) in world.desired.nodes().iter().enumerate() {
        for needed in node
            .depends_on
            .iter()
            .filter(|needed| world.creates_first(**needed))
        {
            let moved = world.main[place].into_iter();
            let old = world.removal.get(&world.desired.nodes()[*needed].id);
            groups[MUST].extend(moved.zip(old.copied()));
        }
    }
    groups
}

impl<R: Resource> World<'_, R> {
    fn creates_first(&self, place: usize) -> bool {
        matches!(&self.fates[place], Fate::Replace(change) if change.how == How::CreateThenDelete)
    }
}

/// By place: the steps that must have ended for the resource to be as it should be. Its own where
/// it has one, which comes after those of its dependencies; else those of its dependencies.
fn frontier<R: Resource>(world: &World<'_, R>) -> Vec<BTreeSet<usize>> {
    let mut frontier: Vec<BTreeSet<usize>> = Vec::with_capacity(world.main.len());
    for (node, main) in world.desired.nodes().iter().zip(world.main) {
        let slots = match main {
            Some(slot) => BTreeSet::from([*slot]),
            None => node
                .depends_on
                .iter()
                .flat_map(|place| frontier[*place].iter().copied())
                .collect(),
        };
        frontier.push(slots);
    }
    frontier
}

/// Edges from what the world says its things were made with.
fn recorded_edges<R: Resource>(world: &World<'_, R>, groups: &mut [Vec<Edge>]) {
    for (id, live) in world.observed.iter().filter(|(_, live)| !live.is_foreign()) {
        let place = world.desired.place(id);
        let updated = place.and_then(|place| match world.fates[place] {
            Fate::Update(_) => world.main[place],
            Fate::Keep(_) | Fate::Create | Fate::Replace(_) | Fate::Refuse(_) => None,
        });
        let old = world.removal.get(id).copied();
        for needed in live.depends_on().iter().filter(|needed| *needed != id) {
            let Some(gone) = world.removal.get(needed).copied() else {
                continue;
            };
            if world.still_needs(id, needed) {
                // The thing it needs is replaced under the same id, which it survives unless it
                // holds it; then it is replaced as well.
                groups[RECORDED].extend(
                    old.filter(|_| world.holds(id, needed))
                        .map(|old| (old, gone)),
                );
            } else {
                groups[RECORDED].extend(old.map(|old| (old, gone)));
                groups[LET_GO].extend(updated.map(|updated| (updated, gone)));
            }
        }
    }
}

fn held_edges<R: Resource>(world: &World<'_, R>, groups: &mut [Vec<Edge>]) {
    for node in world.desired.nodes() {
        let Some(old) = world.removal.get(&node.id) else {
            continue;
        };
        for held in &node.holds {
            let gone = world.removal.get(&world.desired.nodes()[*held].id);
            groups[HELD].extend(gone.map(|gone| (*old, *gone)));
        }
    }
}

impl<R: Resource> World<'_, R> {
    fn still_needs(&self, id: &R::Id, needed: &R::Id) -> bool {
        let edge = self.desired.node(id).zip(self.desired.place(needed));
        edge.is_some_and(|(node, place)| node.depends_on.contains(&place))
    }

    fn holds(&self, id: &R::Id, needed: &R::Id) -> bool {
        let edge = self.desired.node(id).zip(self.desired.place(needed));
        edge.is_some_and(|(node, place)| node.holds.contains(&place))
    }
}
