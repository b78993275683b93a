//! What should exist, as a checked graph without cycles.

use std::collections::{BTreeMap, BTreeSet};

use crate::resource::Resource;

/// Desired resources in a stable topological order: dependencies first, then by id. The same
/// resources give the same order, whatever order they came in.
#[derive(Clone, Debug)]
pub struct Graph<R: Resource> {
    /// In topological order.
    nodes: Vec<Node<R>>,
    /// Where each id is in `nodes`.
    places: BTreeMap<R::Id, usize>,
}

/// A resource with its edges as places in the graph; both sets hold smaller places only.
#[derive(Clone, Debug)]
pub(crate) struct Node<R: Resource> {
    pub(crate) id: R::Id,
    pub(crate) resource: R,
    pub(crate) depends_on: BTreeSet<usize>,
    /// A subset of `depends_on`.
    pub(crate) holds: BTreeSet<usize>,
}

/// Why resources are not a graph. Always a mistake of the code that described them, never of the
/// person who wrote the topology. Resources are named as their ids display.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum GraphError {
    /// Two resources have one id.
    #[error("{resource} is described twice")]
    Duplicate {
        /// The id.
        resource: String,
    },
    /// A dependency is not in the graph.
    #[error("{resource} needs {needs}, which is not described")]
    Unknown {
        /// What needs it.
        resource: String,
        /// What is not there.
        needs: String,
    },
    /// [`Resource::holds`] names something that [`Resource::depends_on`] does not.
    #[error("{resource} holds {holds} without depending on it")]
    HoldsWithoutNeed {
        /// What holds it.
        resource: String,
        /// What is held.
        holds: String,
    },
    /// Resources need each other in a circle.
    #[error("{} need each other in a circle", path.join(", "))]
    Cycle {
        /// Each needs the next one, the last needs the first.
        path: Vec<String>,
    },
}

impl<R: Resource> Graph<R> {
    /// Checks and orders `resources`.
    ///
    /// # Errors
    ///
    /// When an id comes twice, a dependency is missing, or there is a circle.
    pub fn new(resources: impl IntoIterator<Item = R>) -> Result<Self, GraphError> {
        let mut by_id = BTreeMap::new();
        for resource in resources {
            let id = resource.id();
            if by_id.contains_key(&id) {
                return Err(GraphError::Duplicate {
                    resource: id.to_string(),
                });
            }
            by_id.insert(id, resource);
        }
        let needs = check_edges(&by_id)?;
        let order = topological_order(&needs).map_err(|circle| {
            let ids: Vec<_> = by_id.keys().collect();
            GraphError::Cycle {
                path: circle.into_iter().map(|at| ids[at].to_string()).collect(),
            }
        })?;
        Ok(Self::arrange(by_id, &order))
    }

    /// A graph of nothing: what `down` plans against.
    #[must_use]
    pub fn empty() -> Self {
        Self {
            nodes: Vec::new(),
            places: BTreeMap::new(),
        }
    }

    /// The resource with this id.
    #[must_use]
    pub fn get(&self, id: &R::Id) -> Option<&R> {
        self.places
            .get(id)
            .map(|place| &self.nodes[*place].resource)
    }

    /// All resources, each after everything it depends on.
    pub fn iter(&self) -> impl Iterator<Item = &R> {
        self.nodes.iter().map(|node| &node.resource)
    }

    /// How many resources there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.nodes.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.nodes.is_empty()
    }

    pub(crate) fn nodes(&self) -> &[Node<R>] {
        &self.nodes
    }

    pub(crate) fn node(&self, id: &R::Id) -> Option<&Node<R>> {
        self.places.get(id).map(|place| &self.nodes[*place])
    }

    pub(crate) fn place(&self, id: &R::Id) -> Option<usize> {
        self.places.get(id).copied()
    }

    /// `order` holds positions in `by_id`.
    fn arrange(by_id: BTreeMap<R::Id, R>, order: &[usize]) -> Self {
        let mut place_of = vec![0; order.len()];
        for (place, position) in order.iter().enumerate() {
            place_of[*position] = place;
        }
        let places: BTreeMap<R::Id, usize> = by_id.keys().cloned().zip(place_of).collect();
        let find = |ids: BTreeSet<R::Id>| {
            ids.iter()
                .filter_map(|id| places.get(id).copied())
                .collect()
        };
        let mut nodes: Vec<_> = by_id
            .into_iter()
            .map(|(id, resource)| Node {
                depends_on: find(resource.depends_on()),
                holds: find(resource.holds()),
                id,
                resource,
            })
            .collect();
        nodes.sort_by_key(|node| places.get(&node.id).copied());
        Self { nodes, places }
    }
}

/// The dependencies of each resource as positions in `by_id`.
fn check_edges<R: Resource>(
    by_id: &BTreeMap<R::Id, R>,
) -> Result<Vec<BTreeSet<usize>>, GraphError> {
    let positions: BTreeMap<&R::Id, usize> = by_id
        .keys()
        .enumerate()
        .map(|(position, id)| (id, position))
        .collect();
    by_id
        .iter()
        .map(|(id, resource)| {
            let depends_on = resource.depends_on();
            if let Some(held) = resource.holds().difference(&depends_on).next() {
                return Err(GraphError::HoldsWithoutNeed {
                    resource: id.to_string(),
                    holds: held.to_string(),
                });
            }
            depends_on
                .iter()
                .map(|needed| {
                    positions
                        .get(needed)
                        .copied()
                        .ok_or_else(|| GraphError::Unknown {
                            resource: id.to_string(),
                            needs: needed.to_string(),
                        })
                })
                .collect()
        })
        .collect()
}

/// Positions such that each comes after what it needs, the smallest first among those that may
/// come next; or a circle, each of whose members needs the next.
fn topological_order(needs: &[BTreeSet<usize>]) -> Result<Vec<usize>, Vec<usize>> {
    let mut needed_by = vec![Vec::new(); needs.len()];
    let mut missing: Vec<usize> = needs.iter().map(BTreeSet::len).collect();
    for (at, needed) in needs.iter().enumerate() {
        for &dependency in needed {
            needed_by[dependency].push(at);
        }
    }
    let mut ready: BTreeSet<usize> = (0..needs.len()).filter(|at| missing[*at] == 0).collect();
    let mut order = Vec::with_capacity(needs.len());
    while let Some(at) = ready.pop_first() {
        order.push(at);
        for &dependent in &needed_by[at] {
            missing[dependent] -= 1;
            if missing[dependent] == 0 {
                ready.insert(dependent);
            }
        }
    }
    match missing.iter().position(|left| *left > 0) {
        None => Ok(order),
        Some(start) => Err(circle_from(start, needs, &missing)),
    }
}

/// Walks from `start`, whose dependencies were never all met, along unmet ones until a place comes
/// again: whatever is unmet needs something unmet.
fn circle_from(start: usize, needs: &[BTreeSet<usize>], missing: &[usize]) -> Vec<usize> {
    let mut path = vec![start];
    loop {
        let last = path[path.len() - 1];
        let Some(next) = needs[last]
            .iter()
            .copied()
            .find(|needed| missing[*needed] > 0)
        else {
            return path;
        };
        if let Some(first) = path.iter().position(|seen| *seen == next) {
            return path.split_off(first);
        }
        path.push(next);
    }
}
