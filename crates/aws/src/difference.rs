//! How a found thing differs from what it should be: the explicit table of each kind, from which
//! the change, its cause and its cost come.

use std::collections::BTreeSet;
use std::fmt::Display;

use engine::{AttributeChange, Change, How, Impact};

use crate::attributes::Attributes;

/// Collects the fields that differ. Each field says by its method what a difference of it means.
#[derive(Debug, Default)]
pub(crate) struct Differences {
    attributes: Vec<AttributeChange>,
    replaces: bool,
    impact: Option<Impact>,
    refusal: Option<(String, String)>,
}

impl Differences {
    pub(crate) fn new() -> Self {
        Self::default()
    }

    /// A field that one call changes where it is, and nobody notices.
    pub(crate) fn update<T: PartialEq + Display>(self, name: &str, old: &T, new: &T) -> Self {
        self.update_with(name, old, new, Impact::None)
    }

    /// As [`Differences::update`], at a cost.
    pub(crate) fn update_with<T: PartialEq + Display>(
        mut self,
        name: &str,
        old: &T,
        new: &T,
        impact: Impact,
    ) -> Self {
        if old != new {
            self.note(name, old, new);
            self.impact = self.impact.max(Some(impact));
        }
        self
    }

    /// A list that one call changes: what leaves it, and what comes to it, without what stays.
    pub(crate) fn members<T: Ord + Display>(
        self,
        name: &str,
        old: &BTreeSet<T>,
        new: &BTreeSet<T>,
    ) -> Self {
        let told = |some: BTreeSet<&T>| {
            let some: Vec<String> = some.into_iter().map(ToString::to_string).collect();
            some.join(", ")
        };
        let leaving = told(old.difference(new).collect());
        let coming = told(new.difference(old).collect());
        self.update(name, &leaving, &coming)
    }

    /// A field that cannot change: the thing is removed and made again.
    pub(crate) fn replace<T: PartialEq + Display>(self, name: &str, old: &T, new: &T) -> Self {
        self.replace_with(name, old, new, Impact::Restart)
    }

    /// As [`Differences::replace`], at a cost: [`Impact::DataLoss`] for what holds data.
    pub(crate) fn replace_with<T: PartialEq + Display>(
        mut self,
        name: &str,
        old: &T,
        new: &T,
        impact: Impact,
    ) -> Self {
        if old != new {
            self.note(name, old, new);
            self.replaces = true;
            self.impact = self.impact.max(Some(impact));
        }
        self
    }

    /// A field that must not change: `hint` says what to do instead.
    pub(crate) fn refuse<T: PartialEq + Display>(
        mut self,
        name: &str,
        old: &T,
        new: &T,
        hint: &str,
    ) -> Self {
        if old != new {
            self.note(name, old, new);
            self.refusal = Some((
                format!("{name} cannot be changed from {old} to {new}"),
                hint.to_owned(),
            ));
        }
        self
    }

    /// The identity of a dependency that was baked in when the thing was made: another one replaces
    /// it. Nothing is said while the dependency itself is about to be made.
    pub(crate) fn held(self, name: &str, old: &str, now: Option<&Attributes>) -> Self {
        match now {
            Some(now) => self.replace(name, &old, &now.identity.as_str()),
            None => self,
        }
    }

    /// As [`Differences::held`], for a reference that one call changes.
    pub(crate) fn refers(self, name: &str, old: &str, now: Option<&Attributes>) -> Self {
        match now {
            Some(now) => self.update(name, &old, &now.identity.as_str()),
            None => self,
        }
    }

    /// The change; `None` where nothing differs.
    pub(crate) fn into_change(self) -> Option<Change> {
        let names: Vec<&str> = self
            .attributes
            .iter()
            .map(|change| change.name.as_str())
            .collect();
        if names.is_empty() {
            return None;
        }
        let mut cause = format!("{} changed", names.join(", "));
        let how = match self.refusal {
            Some((reason, hint)) => {
                cause = reason;
                How::Refuse { hint }
            }
            None if !self.replaces => How::Update,
            None => How::DeleteThenCreate,
        };
        Some(Change {
            how,
            cause,
            impact: self.impact.unwrap_or(Impact::None),
            attributes: self.attributes,
        })
    }

    fn note(&mut self, name: &str, old: &impl Display, new: &impl Display) {
        let shown = |value: String| (!value.is_empty()).then_some(value);
        self.attributes.push(AttributeChange {
            name: name.to_owned(),
            old: shown(old.to_string()),
            new: shown(new.to_string()),
        });
    }
}
