//! A plan as plain data: one entry a resource.

use std::collections::BTreeMap;

use crate::plan::{Action, ChangeAction, ChangeSummary, Plan, PlanSummary, Step, Verb};
use crate::resource::Resource;

impl<R: Resource> Plan<R> {
    /// The plan without its types, for views and machines. A replacement is one entry, at the
    /// place of its creation.
    #[must_use]
    pub fn summary(&self) -> PlanSummary {
        PlanSummary {
            changes: self.changes().map(|change| change.summary()).collect(),
            kept: self.kept.iter().map(ToString::to_string).collect(),
            refusals: self.refusals.clone(),
            unchanged: self.unchanged,
        }
    }

    /// One entry a resource, in the order of the plan.
    pub(crate) fn changes(&self) -> impl Iterator<Item = PlannedChange<'_, R>> {
        let removals: BTreeMap<&R::Id, usize> = self
            .steps
            .iter()
            .enumerate()
            .filter(|(_, step)| step.replaces && step.verb() == Verb::Delete)
            .map(|(at, step)| (&step.id, at))
            .collect();
        self.steps.iter().enumerate().filter_map(move |(at, step)| {
            let kind = match &step.action {
                Action::Create { .. } if step.replaces => {
                    let removal = *removals.get(&step.id)?;
                    let removed = &self.steps[removal];
                    ChangeKind::Replace {
                        removed,
                        create_first: removal > at,
                    }
                }
                Action::Create { .. } => ChangeKind::Create,
                Action::Update { .. } => ChangeKind::Update,
                Action::Delete { .. } if step.replaces => return None,
                Action::Delete { .. } => ChangeKind::Delete,
            };
            Some(PlannedChange { step, kind })
        })
    }
}

/// What happens to one resource.
pub(crate) struct PlannedChange<'a, R: Resource> {
    /// The step that says why; of a replacement, the creation.
    pub(crate) step: &'a Step<R>,
    pub(crate) kind: ChangeKind<'a, R>,
}

pub(crate) enum ChangeKind<'a, R: Resource> {
    Create,
    Update,
    Replace {
        removed: &'a Step<R>,
        create_first: bool,
    },
    Delete,
}

impl<R: Resource> PlannedChange<'_, R> {
    pub(crate) fn summary(&self) -> ChangeSummary {
        let (action, impact) = match self.kind {
            ChangeKind::Create => (ChangeAction::Create, self.step.impact),
            ChangeKind::Update => (ChangeAction::Update, self.step.impact),
            ChangeKind::Replace {
                removed,
                create_first: _,
            } => (ChangeAction::Replace, self.step.impact.max(removed.impact)),
            ChangeKind::Delete => (ChangeAction::Delete, self.step.impact),
        };
        ChangeSummary {
            resource: self.step.id.to_string(),
            action,
            cause: self.step.cause.clone(),
            impact,
            attributes: self.step.attributes.clone(),
        }
    }
}
