//! Desired and observed to a plan: pure, synchronous, deterministic.

mod decide;
mod edges;
mod kept;
mod order;

use std::collections::{BTreeMap, BTreeSet};

use crate::graph::Graph;
use crate::plan::{Action, Plan, PlanOptions, Step};
use crate::resource::{Change, How, Impact, Live, Observed, Resource};
use decide::{Fate, decide};
use edges::{World, late, must, needs, recorded, successions, turns};
use kept::Kept;
use order::{After, arrange, settle};

/// What to do so that `observed` becomes `desired`.
///
/// - Only desired: created, after what it depends on.
/// - Both: as [`Resource::diff`] says. A replacement is a removal and a creation. The removal comes
///   as late as it can: after the steps of the dependencies, so that a failed migration leaves the
///   old processes running. It comes before the removal of what the resource holds, and what holds
///   something replaced is replaced as well; what only depends on it merely comes after it. Those
///   that take turns ([`Resource::replaced_after`]) are replaced one after another.
/// - Only observed: removed, dependents first, before or after what follows it
///   ([`Resource::succession`]); kept where it holds data, unless the options say
///   otherwise, together with what it needs. Foreign things are passed over.
///
/// Never fails: what stands in the way is in [`Plan::refusals`].
///
/// The steps of a dependency that already matches are those of its own dependencies, so nothing
/// starts before everything below it, direct or not, is as it should be.
#[must_use]
pub fn plan<R: Resource>(
    desired: &Graph<R>,
    observed: &Observed<R>,
    options: &PlanOptions<R::Id>,
) -> Plan<R> {
    let kept = Kept::find(desired, observed, options);
    let mut fates = decide(desired, observed, options, &kept);
    let mut draft = draft(desired, observed, &fates, &kept);
    let after = settle_steps(desired, observed, &mut fates, &draft);
    let order = arrange(&after, &draft.keys);

    let mut index_of = vec![0; order.len()];
    for (index, slot) in order.iter().enumerate() {
        index_of[*slot] = index;
    }
    let mut steps: Vec<Step<R>> = Vec::with_capacity(order.len());
    for slot in order {
        let Some(mut step) = draft.steps[slot].take() else {
            continue;
        };
        step.after = after[slot]
            .iter()
            .map(|earlier| index_of[*earlier])
            .collect();
        steps.push(step);
    }

    let mut plan = Plan {
        steps,
        kept: kept.ids().cloned().collect(),
        kept_for: kept.keepers(),
        refusals: Vec::new(),
        known: BTreeMap::new(),
        unchanged: 0,
    };
    for (node, fate) in desired.nodes().iter().zip(fates) {
        match fate {
            Fate::Keep(attributes) => {
                plan.known.insert(node.id.clone(), attributes);
                plan.unchanged += 1;
            }
            Fate::Refuse(refusal) => plan.refusals.push(refusal),
            Fate::Create | Fate::Update(_) | Fate::Replace(_) => {}
        }
    }
    plan
}

/// Steps without their order. A slot is a step's index here.
struct Draft<'a, R: Resource> {
    steps: Vec<Option<Step<R>>>,
    /// Where a step stands among those that may come next: by the place of its resource, what is no
    /// longer wanted last; a removal before the creation it makes room for.
    keys: Vec<(usize, u8)>,
    /// By place in the graph: the slot that creates or updates the resource.
    main: Vec<Option<usize>>,
    /// The slot that removes a thing.
    removal: BTreeMap<&'a R::Id, usize>,
}

impl<'a, R: Resource> Draft<'a, R> {
    fn push(&mut self, step: Step<R>, key: (usize, u8)) -> usize {
        self.steps.push(Some(step));
        self.keys.push(key);
        self.steps.len() - 1
    }

    fn push_removal(&mut self, id: &'a R::Id, step: Step<R>, key: (usize, u8)) {
        let slot = self.push(step, key);
        self.removal.insert(id, slot);
    }
}

fn draft<'a, R: Resource>(
    desired: &Graph<R>,
    observed: &'a Observed<R>,
    fates: &[Fate<R>],
    kept: &Kept<R>,
) -> Draft<'a, R> {
    let mut draft = Draft {
        steps: Vec::new(),
        keys: Vec::new(),
        main: vec![None; fates.len()],
        removal: BTreeMap::new(),
    };
    for (place, (node, fate)) in desired.nodes().iter().zip(fates).enumerate() {
        let resource = &node.resource;
        let step = match (fate, observed.get_key_value(&node.id)) {
            (Fate::Create, _) => creation(resource, "not there"),
            (Fate::Update(change), Some((_, live))) => Step {
                impact: change.impact,
                attributes: change.attributes.clone(),
                ..blank(
                    &node.id,
                    Action::Update {
                        desired: resource.clone(),
                        live: live.clone(),
                    },
                    &change.cause,
                )
            },
            (Fate::Replace(change), Some((id, live))) => {
                let removal = Step {
                    replaces: true,
                    ..removal::<R>(id, live, change)
                };
                draft.push_removal(id, removal, (place, 0));
                Step {
                    replaces: true,
                    attributes: change.attributes.clone(),
                    ..blank(
                        id,
                        Action::Create {
                            desired: resource.clone(),
                            previous: Some(live.clone()),
                        },
                        &change.cause,
                    )
                }
            }
            (Fate::Keep(_) | Fate::Refuse(_) | Fate::Update(_) | Fate::Replace(_), _) => continue,
        };
        draft.main[place] = Some(draft.push(step, (place, 1)));
    }
    for (at, (id, live)) in kept::unwanted(desired, observed).enumerate() {
        if !kept.contains(id) {
            let change = Change {
                how: How::DeleteThenCreate,
                cause: "no longer wanted".to_owned(),
                impact: Impact::None,
                attributes: Vec::new(),
            };
            draft.push_removal(id, removal::<R>(id, live, &change), (fates.len() + at, 0));
        }
    }
    draft
}

fn creation<R: Resource>(resource: &R, cause: &str) -> Step<R> {
    blank(
        &resource.id(),
        Action::Create {
            desired: resource.clone(),
            previous: None,
        },
        cause,
    )
}

fn removal<R: Resource>(id: &R::Id, live: &R::Live, change: &Change) -> Step<R> {
    Step {
        impact: change.impact.max(live.removal_impact()),
        ..blank(id, Action::Delete { live: live.clone() }, &change.cause)
    }
}

fn blank<R: Resource>(id: &R::Id, action: Action<R>, cause: &str) -> Step<R> {
    Step {
        id: id.clone(),
        action,
        cause: cause.to_owned(),
        impact: Impact::None,
        replaces: false,
        attributes: Vec::new(),
        after: BTreeSet::new(),
    }
}

/// For each slot the slots it comes after. Wishes are added strongest first; one that contradicts
/// stronger ones is dropped.
///
/// Where an old thing must go before something that its new one needs, the new one cannot come
/// first: such a replacement is turned into one that deletes first.
fn settle_steps<R: Resource>(
    desired: &Graph<R>,
    observed: &Observed<R>,
    fates: &mut [Fate<R>],
    draft: &Draft<'_, R>,
) -> After {
    loop {
        let world = World {
            desired,
            observed,
            fates,
            main: &draft.main,
            removal: &draft.removal,
        };
        let needs = needs(&world);
        let recorded = recorded(&world);
        let mut after = vec![BTreeSet::new(); draft.steps.len()];
        settle(&mut after, &must(&world, &needs));
        let mut contradicted = settle(&mut after, &recorded.removals);
        settle(&mut after, &recorded.let_go);
        contradicted.extend(settle(&mut after, &recorded.inferred_removals));
        let successions = successions(&world, &needs);
        settle(&mut after, &successions.old_first);
        settle(&mut after, &successions.old_late);
        let makes_room: BTreeSet<usize> = recorded
            .removals
            .iter()
            .chain(&recorded.inferred_removals)
            .filter(|(before, then)| after[*then].contains(before))
            .map(|(before, _)| *before)
            .collect();
        settle(
            &mut after,
            &late(&world, &needs, |old| !makes_room.contains(&old)),
        );
        settle(
            &mut after,
            &late(&world, &needs, |old| makes_room.contains(&old)),
        );
        settle(&mut after, &successions.new_first);
        settle(&mut after, &turns(&world));

        let mut turned = false;
        for (old, _) in contradicted {
            let place = draft.steps[old]
                .as_ref()
                .and_then(|step| desired.place(&step.id));
            if let Some(Fate::Replace(change)) = place.map(|place| &mut fates[place])
                && change.how == How::CreateThenDelete
            {
                change.how = How::DeleteThenCreate;
                turned = true;
            }
        }
        if !turned {
            return after;
        }
    }
}
