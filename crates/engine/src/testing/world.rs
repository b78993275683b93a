//! What exists, and what was ever done to it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::graph::Graph;
use crate::plan::Verb;
use crate::resource::{Known, Observed};
use crate::testing::faults::MemoryError;
use crate::testing::thing::{LiveThing, Thing, ThingAttributes, ThingId};

/// A world in memory; clones are the same world. It outlives the crashes of backends that work on
/// it.
#[derive(Clone, Debug, Default)]
pub struct World(Arc<Mutex<State>>);

#[derive(Debug, Default)]
struct State {
    /// By identity, so that newer things come later.
    things: BTreeMap<u64, Existing>,
    identities: u64,
    history: Vec<Effect>,
}

#[derive(Clone, Debug)]
struct Existing {
    id: ThingId,
    version: u32,
    needs: BTreeSet<ThingId>,
    held: BTreeMap<ThingId, u64>,
    data: bool,
    foreign: bool,
}

/// Something that really happened; a step that found its work done leaves none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Effect {
    /// What was done.
    pub verb: Verb,
    /// To what, by the name it had when it was made.
    pub id: ThingId,
    /// To which one of that name.
    pub identity: u64,
    /// Whether data is, or was, in it.
    pub data: bool,
}

impl World {
    /// Nothing exists.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// All of `graph` exists, and nothing was ever done.
    ///
    /// # Panics
    ///
    /// Never for a checked graph, whose order has everything after what it needs.
    #[must_use]
    pub fn of(graph: &Graph<Thing>) -> Self {
        let world = Self::new();
        let mut known = Known::<Thing>::new();
        for thing in graph.iter() {
            let made = world.create(thing, None, &known);
            known.insert(thing.id.clone(), made.expect("dependencies come first"));
        }
        world.lock().history.clear();
        world
    }

    /// Everything there is, as a backend finds it.
    #[must_use]
    pub fn observe(&self) -> Observed<Thing> {
        let state = self.lock();
        let newest = state.newest();
        let current = |id: &ThingId, identity: u64| ThingId {
            leftover: (newest.get(id) != Some(&identity)).then_some(identity),
            ..id.clone()
        };
        let now = |id: &ThingId, held: &BTreeMap<ThingId, u64>| match held.get(id) {
            Some(identity) if state.things.contains_key(identity) => current(id, *identity),
            Some(_) | None => id.clone(),
        };
        let look = |(identity, existing): (&u64, &Existing)| {
            let Existing {
                id,
                version,
                needs,
                held,
                data,
                foreign,
            } = existing;
            let id = current(id, *identity);
            let live = LiveThing {
                id: id.clone(),
                attributes: ThingAttributes {
                    identity: *identity,
                    version: *version,
                },
                depends_on: needs.iter().map(|needed| now(needed, held)).collect(),
                needs: needs.clone(),
                held: held.clone(),
                data: *data,
                foreign: *foreign,
            };
            (id, live)
        };
        state.things.iter().map(look).collect()
    }

    /// Everything that was done, oldest first.
    #[must_use]
    pub fn history(&self) -> Vec<Effect> {
        self.lock().history.clone()
    }

    /// What exists, sorted, a line each: `container `web-1` v2`; leftovers marked by identity.
    #[must_use]
    pub fn text(&self) -> String {
        let line = |live: &LiveThing| format!("{} v{}\n", live.id, live.attributes.version);
        self.observe().values().map(line).collect()
    }

    /// Somebody else makes a thing with one of our names.
    pub fn add_foreign(&self, id: &ThingId) {
        let mut state = self.lock();
        state.add(Existing {
            id: id.clone(),
            version: 0,
            needs: BTreeSet::new(),
            held: BTreeMap::new(),
            data: false,
            foreign: true,
        });
    }

    /// Somebody changes all things of this name by hand.
    pub fn tamper(&self, id: &ThingId, version: u32) {
        for existing in self
            .lock()
            .things
            .values_mut()
            .filter(|existing| existing.id == *id)
        {
            existing.version = version;
        }
    }

    /// Somebody removes all things of this name by hand, used or not.
    pub fn remove_by_hand(&self, id: &ThingId) {
        self.lock().things.retain(|_, existing| existing.id != *id);
    }

    /// Makes `thing`; leaves what is there alone, unless it is the one to be replaced.
    pub(super) fn create(
        &self,
        thing: &Thing,
        previous: Option<&LiveThing>,
        inputs: &Known<Thing>,
    ) -> Result<ThingAttributes, MemoryError> {
        let mut state = self.lock();
        let replaced = previous.map(|live| live.attributes.identity);
        let there = state.newest().get(&thing.id).copied();
        if let Some(identity) = there.filter(|identity| Some(*identity) != replaced) {
            return Ok(ThingAttributes {
                identity,
                version: state.things[&identity].version,
            });
        }
        let held = state.check_inputs(thing, inputs)?;
        let identity = state.add(Existing {
            id: thing.id.clone(),
            version: thing.version,
            needs: thing.needs.clone(),
            held,
            data: thing.data,
            foreign: false,
        });
        state.record(Verb::Create, identity);
        Ok(ThingAttributes {
            identity,
            version: thing.version,
        })
    }

    pub(super) fn update(
        &self,
        thing: &Thing,
        live: &LiveThing,
        inputs: &Known<Thing>,
    ) -> Result<ThingAttributes, MemoryError> {
        let mut state = self.lock();
        state.check_inputs(thing, inputs)?;
        let identity = live.attributes.identity;
        let Some(existing) = state.things.get_mut(&identity) else {
            return Err(MemoryError::Gone {
                id: thing.id.to_string(),
            });
        };
        existing.version = thing.version;
        existing.needs = thing.needs.clone();
        state.record(Verb::Update, identity);
        Ok(ThingAttributes {
            identity,
            version: thing.version,
        })
    }

    pub(super) fn delete(&self, live: &LiveThing) -> Result<(), MemoryError> {
        let mut state = self.lock();
        let identity = live.attributes.identity;
        if !state.things.contains_key(&identity) {
            return Ok(());
        }
        let holder = state
            .things
            .values()
            .find(|other| other.held.values().any(|held| *held == identity));
        if let Some(holder) = holder {
            return Err(MemoryError::InUse {
                id: live.id.to_string(),
                holder: holder.id.to_string(),
            });
        }
        state.record(Verb::Delete, identity);
        state.things.remove(&identity);
        Ok(())
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn newest(&self) -> BTreeMap<ThingId, u64> {
        self.things
            .iter()
            .map(|(identity, existing)| (existing.id.clone(), *identity))
            .collect()
    }

    fn add(&mut self, existing: Existing) -> u64 {
        self.identities += 1;
        self.things.insert(self.identities, existing);
        self.identities
    }

    fn record(&mut self, verb: Verb, identity: u64) {
        if let Some(Existing { id, data, .. }) = self.things.get(&identity) {
            self.history.push(Effect {
                verb,
                id: id.clone(),
                identity,
                data: *data,
            });
        }
    }

    /// The identities of what `thing` holds.
    fn check_inputs(
        &self,
        thing: &Thing,
        inputs: &Known<Thing>,
    ) -> Result<BTreeMap<ThingId, u64>, MemoryError> {
        let newest = self.newest();
        let id = thing.id.to_string();
        for needed in &thing.needs {
            let missing = needed.to_string();
            let Some(identity) = newest.get(needed) else {
                return Err(MemoryError::Missing { id, missing });
            };
            if inputs.get(needed).map(|input| input.identity) != Some(*identity) {
                return Err(MemoryError::Unknown { id, missing });
            }
        }
        Ok(thing
            .holds
            .iter()
            .filter_map(|held| newest.get_key_value(held))
            .map(|(id, identity)| (id.clone(), *identity))
            .collect())
    }
}
