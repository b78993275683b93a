//! What becomes of each desired resource.

use crate::graph::{Graph, Node};
use crate::plan::PlanOptions;
use crate::planner::kept::Kept;
use crate::resource::{Change, How, Impact, Known, Live, Observed, Refusal, Resource};

/// What becomes of a desired resource.
pub(super) enum Fate<R: Resource> {
    /// It already matches.
    Keep(R::Attributes),
    /// It is not there.
    Create,
    /// It is changed in place.
    Update(Change),
    /// It is removed and made again; the change says in which order.
    Replace(Change),
    /// It must not be touched.
    Refuse(Refusal),
}

/// The fates by place in the graph.
pub(super) fn decide<R: Resource>(
    desired: &Graph<R>,
    observed: &Observed<R>,
    options: &PlanOptions<R::Id>,
    kept: &Kept<R>,
) -> Vec<Fate<R>> {
    let mut fates = Vec::with_capacity(desired.len());
    for node in desired.nodes() {
        let fate = match observed.get(&node.id) {
            None => node
                .resource
                .refuse_create()
                .map_or(Fate::Create, Fate::Refuse),
            Some(live) => {
                let known = known(desired, observed, node, &fates);
                let change = node.resource.diff(live, &known);
                let replacement = Replacement {
                    held: held_causes(desired, node, live, &fates),
                    forced: options.force_replace.contains(&node.id),
                    may_lose_data: options.remove_data,
                    keeper: kept.keeper_of(&node.id).map(ToString::to_string),
                };
                decide_one(node, live, change, &replacement)
            }
        };
        fates.push(fate);
    }
    fates
}

/// Why a resource is replaced whatever its own difference, and what speaks against it.
struct Replacement {
    /// What happens to things it holds, in words.
    held: Vec<String>,
    forced: bool,
    may_lose_data: bool,
    /// A kept thing that needs the old one.
    keeper: Option<String>,
}

fn decide_one<R: Resource>(
    node: &Node<R>,
    live: &R::Live,
    change: Option<Change>,
    replacement: &Replacement,
) -> Fate<R> {
    let refuse = |cause: String, hint: String| {
        Fate::Refuse(Refusal {
            resource: node.id.to_string(),
            cause,
            hint,
        })
    };
    if let Some(Change {
        how: How::Refuse { hint },
        cause,
        ..
    }) = change
    {
        return refuse(cause, hint);
    }
    if live.is_foreign() {
        return refuse(
            "something with this name is there, and it is not ours".to_owned(),
            "rename or remove it".to_owned(),
        );
    }
    let differs = change
        .as_ref()
        .is_some_and(|change| change.how != How::Update);
    if !differs && replacement.held.is_empty() && !replacement.forced {
        return change.map_or_else(|| Fate::Keep(live.attributes()), Fate::Update);
    }

    let change = replacement.widen(change, live.removal_impact());
    if change.impact == Impact::DataLoss && !replacement.may_lose_data {
        return refuse(
            format!("{}; to replace it would lose its data", change.cause),
            "undo the change, or back up the data and remove it first".to_owned(),
        );
    }
    if let Some(keeper) = &replacement.keeper {
        return refuse(
            format!(
                "{}; to replace it would break {keeper}, which is kept",
                change.cause
            ),
            format!("undo the change, or remove {keeper} first"),
        );
    }
    Fate::Replace(change)
}

impl Replacement {
    /// A replacement that also says what else it is for.
    fn widen(&self, change: Option<Change>, removal_impact: Impact) -> Change {
        let mut causes = Vec::new();
        let mut widened = Change {
            how: How::DeleteThenCreate,
            cause: String::new(),
            impact: removal_impact,
            attributes: Vec::new(),
        };
        if let Some(change) = change {
            if change.how == How::CreateThenDelete {
                widened.how = How::CreateThenDelete;
            }
            widened.impact = change.impact.max(removal_impact);
            widened.attributes = change.attributes;
            causes.push(change.cause);
        }
        causes.extend(self.held.iter().cloned());
        if self.forced {
            causes.push("replacement was asked for".to_owned());
        }
        widened.cause = causes.join("; ");
        widened
    }
}

/// The attributes of the direct dependencies that are there and stay.
fn known<R: Resource>(
    desired: &Graph<R>,
    observed: &Observed<R>,
    node: &Node<R>,
    fates: &[Fate<R>],
) -> Known<R> {
    let mut known = Known::<R>::new();
    for place in &node.depends_on {
        let id = &desired.nodes()[*place].id;
        match (&fates[*place], observed.get(id)) {
            (Fate::Keep(attributes), _) => {
                known.insert(id.clone(), attributes.clone());
            }
            // What is refused stays as it is, and nobody's dependents are blamed for it.
            (Fate::Update(_) | Fate::Refuse(_), Some(live)) if !live.is_foreign() => {
                known.insert(id.clone(), live.attributes());
            }
            (Fate::Update(_) | Fate::Refuse(_) | Fate::Create | Fate::Replace(_), _) => {}
        }
    }
    known
}

/// What happens to the things `node` holds that makes its copy of their identity stale.
fn held_causes<R: Resource>(
    desired: &Graph<R>,
    node: &Node<R>,
    live: &R::Live,
    fates: &[Fate<R>],
) -> Vec<String> {
    let recorded = live.depends_on();
    let mut causes = Vec::new();
    for place in &node.holds {
        let id = &desired.nodes()[*place].id;
        match fates[*place] {
            Fate::Replace(_) => causes.push(format!("{id} is replaced")),
            // Without a record the old one was never held: a new edge is for the difference to
            // judge, which may know a way to change it in place.
            Fate::Create if recorded.contains(id) => causes.push(format!("{id} is made anew")),
            Fate::Create | Fate::Keep(_) | Fate::Update(_) | Fate::Refuse(_) => {}
        }
    }
    causes
}
