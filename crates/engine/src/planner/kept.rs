//! What is no longer wanted but stays, because data would be lost with it.

use std::collections::BTreeMap;

use crate::graph::Graph;
use crate::plan::PlanOptions;
use crate::resource::{Impact, Live, Observed, Resource};

/// Unwanted things that stay.
pub(super) struct Kept<R: Resource> {
    /// With the kept thing that needs it; `None` for what holds data itself.
    things: BTreeMap<R::Id, Option<R::Id>>,
    /// What a kept thing needs, desired or not, with one that needs it.
    needed: BTreeMap<R::Id, R::Id>,
}

/// What is there, ours, and not desired.
pub(super) fn unwanted<'a, R: Resource>(
    desired: &Graph<R>,
    observed: &'a Observed<R>,
) -> impl Iterator<Item = (&'a R::Id, &'a R::Live)> {
    observed
        .iter()
        .filter(|(id, live)| desired.get(id).is_none() && !live.is_foreign())
}

impl<R: Resource> Kept<R> {
    pub(super) fn find(
        desired: &Graph<R>,
        observed: &Observed<R>,
        options: &PlanOptions<R::Id>,
    ) -> Self {
        let unwanted: BTreeMap<_, _> = unwanted(desired, observed).collect();
        let mut things = BTreeMap::new();
        let mut open = Vec::new();
        for (id, live) in &unwanted {
            if live.removal_impact() == Impact::DataLoss && !options.remove_data {
                things.insert((*id).clone(), None);
                open.push(*id);
            }
        }
        let mut needed = BTreeMap::new();
        while let Some(keeper) = open.pop() {
            for id in unwanted[keeper].depends_on() {
                if let Some((id, _)) = unwanted.get_key_value(&id)
                    && !things.contains_key(*id)
                {
                    things.insert((*id).clone(), Some(keeper.clone()));
                    open.push(*id);
                }
                needed.entry(id).or_insert_with(|| keeper.clone());
            }
        }
        Self { things, needed }
    }

    pub(super) fn contains(&self, id: &R::Id) -> bool {
        self.things.contains_key(id)
    }

    pub(super) fn ids(&self) -> impl Iterator<Item = &R::Id> {
        self.things.keys()
    }

    pub(super) fn keepers(&self) -> BTreeMap<R::Id, R::Id> {
        let needed = self
            .things
            .iter()
            .filter_map(|(id, keeper)| Some((id, keeper.as_ref()?)));
        needed
            .map(|(id, keeper)| (id.clone(), keeper.clone()))
            .collect()
    }

    /// A kept thing that needs `id`.
    pub(super) fn keeper_of(&self, id: &R::Id) -> Option<&R::Id> {
        self.needed.get(id)
    }
}
