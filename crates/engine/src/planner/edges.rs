//! Which step comes before which, and how much that matters.

use std::collections::{BTreeMap, BTreeSet};

use crate::graph::Graph;
use crate::planner::decide::Fate;
use crate::planner::order::Edge;
use crate::resource::{How, Live, Observed, Resource, Succession};

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

/// Edges that cannot be left out, and never close a circle: what is made comes after what it needs;
/// the two halves of a replacement; an old thing goes after its dependents have moved to the new
/// one.
pub(super) fn must<R: Resource>(world: &World<'_, R>, needs: &Needs) -> Vec<Edge> {
    let mut edges = Vec::new();
    for (place, node) in world.desired.nodes().iter().enumerate() {
        let Some(main) = world.main[place] else {
            continue;
        };
        edges.extend(needs[place].iter().map(|slot| (*slot, main)));
        let old = world.removal.get(&node.id).copied();
        edges.extend(old.map(|old| {
            if world.creates_first(place) {
                (main, old)
            } else {
                (old, main)
            }
        }));
        for needed in node
            .depends_on
            .iter()
            .filter(|needed| world.creates_first(**needed))
        {
            let old = world
                .removal
                .get(&world.desired.nodes()[*needed].id)
                .copied();
            edges.extend(old.map(|old| (main, old)));
        }
    }
    edges
}

/// A removal of a replacement comes after the steps of what the new one needs: the old one stays
/// for as long as anything may still fail. `removals` chooses among the removals.
pub(super) fn late<R: Resource>(
    world: &World<'_, R>,
    needs: &Needs,
    removals: impl Fn(usize) -> bool,
) -> Vec<Edge> {
    let mut edges = Vec::new();
    for (place, node) in world.desired.nodes().iter().enumerate() {
        if let Some(old) = world.removal.get(&node.id).copied()
            && removals(old)
            && !world.creates_first(place)
        {
            edges.extend(needs[place].iter().map(|slot| (*slot, old)));
        }
    }
    edges
}

impl<R: Resource> World<'_, R> {
    fn creates_first(&self, place: usize) -> bool {
        matches!(&self.fates[place], Fate::Replace(change) if change.how == How::CreateThenDelete)
    }
}

/// Things that take turns: the next one is taken away when the one before it is ready.
pub(super) fn turns<R: Resource>(world: &World<'_, R>) -> Vec<Edge> {
    let mut edges = Vec::new();
    for (place, node) in world.desired.nodes().iter().enumerate() {
        let (Some(main), Some(old)) = (world.main[place], world.removal.get(&node.id)) else {
            continue;
        };
        let before = node.resource.replaced_after();
        let before = before.and_then(|id| world.main[world.desired.place(&id)?]);
        let first = if world.creates_first(place) {
            main
        } else {
            *old
        };
        edges.extend(before.map(|before| (before, first)));
    }
    edges
}

/// Old things and what follows them under another id.
#[derive(Default)]
pub(super) struct Successions {
    /// The old one goes before the new one comes.
    pub(super) old_first: Vec<Edge>,
    /// Such an old one goes when the new one has everything it needs.
    pub(super) old_late: Vec<Edge>,
    /// The old one goes when the new one is there.
    pub(super) new_first: Vec<Edge>,
}

pub(super) fn successions<R: Resource>(world: &World<'_, R>, needs: &Needs) -> Successions {
    let mut found = Successions::default();
    for (id, old) in world.removal {
        let live = &world.observed[*id];
        for (place, node) in world.desired.nodes().iter().enumerate() {
            let made = matches!(world.fates[place], Fate::Create | Fate::Replace(_));
            let Some(main) = world.main[place].filter(|_| made && node.id != **id) else {
                continue;
            };
            match node.resource.succession(live) {
                Some(Succession::OldFirst) => {
                    found.old_first.push((*old, main));
                    found
                        .old_late
                        .extend(needs[place].iter().map(|slot| (*slot, *old)));
                }
                Some(Succession::NewFirst) if world.desired.get(id).is_none() => {
                    found.new_first.push((main, *old));
                }
                Some(Succession::NewFirst) | None => {}
            }
        }
    }
    found
}

/// By place: the steps that must have ended for everything below a resource to be as it should be.
pub(super) type Needs = Vec<BTreeSet<usize>>;

/// A dependency's own step, which comes after those below it; where it has none, those below it.
pub(super) fn needs<R: Resource>(world: &World<'_, R>) -> Needs {
    let mut needs: Needs = Vec::with_capacity(world.main.len());
    for node in world.desired.nodes() {
        let mut slots = BTreeSet::new();
        for place in &node.depends_on {
            match world.main[*place] {
                Some(slot) => {
                    slots.insert(slot);
                }
                None => slots.extend(needs[*place].iter().copied()),
            }
        }
        needs.push(slots);
    }
    needs
}

/// What the world says of its own things.
#[derive(Default)]
pub(super) struct Recorded {
    /// An old thing goes before the old things it was made with.
    pub(super) removals: Vec<Edge>,
    /// The same for old things without a record, as if they were made with what they shall hold.
    pub(super) inferred_removals: Vec<Edge>,
    /// A thing goes after the update that lets go of it.
    pub(super) let_go: Vec<Edge>,
}

pub(super) fn recorded<R: Resource>(world: &World<'_, R>) -> Recorded {
    let mut recorded = Recorded::default();
    for (id, live) in world.observed.iter().filter(|(_, live)| !live.is_foreign()) {
        let old = world.removal.get(id).copied();
        let updated = world
            .desired
            .place(id)
            .and_then(|place| match world.fates[place] {
                Fate::Update(_) => world.main[place],
                Fate::Keep(_) | Fate::Create | Fate::Replace(_) | Fate::Refuse(_) => None,
            });
        let needed = live.depends_on();
        if needed.is_empty() {
            let old = old.into_iter();
            recorded
                .inferred_removals
                .extend(old.flat_map(|old| world.held_removals(id, old)));
        }
        for needed in needed.iter().filter(|needed| *needed != id) {
            let Some(gone) = world.removal.get(needed).copied() else {
                continue;
            };
            // A thing survives the replacement of what it needs under the same id, unless it holds
            // it; then it is replaced as well.
            if !world.still_needs(id, needed) {
                recorded.removals.extend(old.map(|old| (old, gone)));
                recorded
                    .let_go
                    .extend(updated.map(|updated| (updated, gone)));
            } else if world.holds(id, needed) {
                recorded.removals.extend(old.map(|old| (old, gone)));
            }
        }
    }
    recorded
}

impl<R: Resource> World<'_, R> {
    fn held_removals(&self, id: &R::Id, old: usize) -> Vec<Edge> {
        let held = self
            .desired
            .node(id)
            .map(|node| node.holds.iter())
            .into_iter()
            .flatten();
        let gone = held.filter_map(|place| self.removal.get(&self.desired.nodes()[*place].id));
        gone.map(|gone| (old, *gone)).collect()
    }

    fn still_needs(&self, id: &R::Id, needed: &R::Id) -> bool {
        let edge = self.desired.node(id).zip(self.desired.place(needed));
        edge.is_some_and(|(node, place)| node.depends_on.contains(&place))
    }

    fn holds(&self, id: &R::Id, needed: &R::Id) -> bool {
        let edge = self.desired.node(id).zip(self.desired.place(needed));
        edge.is_some_and(|(node, place)| node.holds.contains(&place))
    }
}
