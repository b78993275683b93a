//! A plan as text. Stable: tests and people compare it.

use std::fmt::{self, Display};

use crate::changes::{ChangeKind, PlannedChange};
use crate::plan::{ChangeAction, Plan, Step};
use crate::resource::{AttributeChange, Impact, Resource};

/// `{}` is for a person, `{:#}` shows the order:
///
/// ```text
/// + create network `net`  (not there)
/// -/+ replace container `web-1`  (image changed) [restart]
///     image: web:1 -> web:2
/// 1 to create, 1 to replace; 4 unchanged
/// ```
///
/// ```text
/// 0 create network `net`
/// 1 delete container `web-1` after 0
/// 2 create container `web-1` after 0 1
/// ```
impl<R: Resource> Display for Plan<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if f.alternate() {
            return self
                .steps
                .iter()
                .enumerate()
                .try_for_each(|(at, step)| write_step(f, at, step));
        }
        for change in self.changes() {
            write_change(f, &change)?;
        }
        for id in &self.kept {
            match self.kept_for.get(id) {
                None => writeln!(f, "= keep {id}  (holds data)")?,
                Some(keeper) => writeln!(f, "= keep {id}  (needed by {keeper})")?,
            }
        }
        for refusal in &self.refusals {
            writeln!(f, "! refuse {}  ({})", refusal.resource, refusal.cause)?;
            writeln!(f, "    {}", refusal.hint)?;
        }
        writeln!(f, "{}", self.counts())
    }
}

impl<R: Resource> Plan<R> {
    /// `2 to create, 1 to delete; 4 unchanged`; what is zero is left out.
    fn counts(&self) -> String {
        let mut counts = [0; 4];
        for change in self.changes() {
            counts[change.summary().action as usize] += 1;
        }
        let count = |action: ChangeAction, verb| (counts[action as usize], verb);
        let changes = join(&[
            count(ChangeAction::Create, "to create"),
            count(ChangeAction::Update, "to update"),
            count(ChangeAction::Replace, "to replace"),
            count(ChangeAction::Delete, "to delete"),
        ]);
        let rest = join(&[
            (self.refusals.len(), "refused"),
            (self.kept.len(), "kept"),
            (self.unchanged, "unchanged"),
        ]);
        match (changes.is_empty(), rest.is_empty()) {
            (true, true) => "nothing to change".to_owned(),
            (true, false) => format!("nothing to change; {rest}"),
            (false, true) => changes,
            (false, false) => format!("{changes}; {rest}"),
        }
    }
}

fn join(counts: &[(usize, &str)]) -> String {
    let present = counts.iter().filter(|(count, _)| *count > 0);
    present
        .map(|(count, what)| format!("{count} {what}"))
        .collect::<Vec<_>>()
        .join(", ")
}

fn write_change<R: Resource>(
    f: &mut fmt::Formatter<'_>,
    change: &PlannedChange<'_, R>,
) -> fmt::Result {
    let mark = match change.kind {
        ChangeKind::Create => "+ create",
        ChangeKind::Update => "~ update",
        ChangeKind::Replace {
            create_first: false,
            ..
        } => "-/+ replace",
        ChangeKind::Replace {
            create_first: true, ..
        } => "+/- replace",
        ChangeKind::Delete => "- delete",
    };
    let summary = change.summary();
    write!(f, "{mark} {}  ({})", summary.resource, summary.cause)?;
    match summary.impact {
        Impact::None => {}
        impact @ (Impact::Restart | Impact::DataLoss) => write!(f, " [{impact}]")?,
    }
    writeln!(f)?;
    for AttributeChange { name, old, new } in &summary.attributes {
        let shown = |value: &Option<String>| {
            value
                .as_ref()
                .map_or_else(|| "(none)".to_owned(), |value| value.replace('\n', "\\n"))
        };
        writeln!(f, "    {name}: {} -> {}", shown(old), shown(new))?;
    }
    Ok(())
}

fn write_step<R: Resource>(f: &mut fmt::Formatter<'_>, at: usize, step: &Step<R>) -> fmt::Result {
    write!(f, "{at} {} {}", step.verb(), step.id)?;
    if !step.after.is_empty() {
        write!(f, " after")?;
    }
    step.after
        .iter()
        .try_for_each(|earlier| write!(f, " {earlier}"))?;
    writeln!(f)
}
