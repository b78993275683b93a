//! How a container that is there differs from the one that should be, and what that takes.

use std::collections::{BTreeMap, BTreeSet};

use engine::{AttributeChange, Change, How, Impact, Known};

use super::{Container, LiveContainer, Resource, refusal};
use crate::id::Id;
use crate::state::{Health, State};

impl Container {
    pub(super) fn diff(&self, live: &LiveContainer, known: &Known<Resource>) -> Option<Change> {
        if let Some(change) = self.renamed(live) {
            return Some(change);
        }
        let mut attributes = self.changed(live);
        if !live.shared_with.is_empty() {
            if let Some(port) = attributes
                .iter()
                .find(|change| change.name.starts_with("port."))
            {
                return Some(port_refusal(port, &live.shared_with));
            }
            // Another image of the same ingress is no reason to interrupt somebody else's server.
            attributes.retain(|change| change.name != "image");
        }
        if !attributes.is_empty() {
            return Some(Change {
                how: How::DeleteThenCreate,
                cause: cause(&attributes),
                impact: Impact::Restart,
                attributes,
            });
        }
        self.rebuilt(live, known)
            .or_else(|| self.repair(live, known))
    }

    /// A container that somebody renamed is in nobody's way, and of no use.
    pub(super) fn renamed(&self, live: &LiveContainer) -> Option<Change> {
        (live.name != self.name).then(|| Change {
            how: How::DeleteThenCreate,
            cause: format!("was renamed to `{}`", live.name),
            impact: Impact::Restart,
            attributes: Vec::new(),
        })
    }

    /// What differs between this and what was recorded of `live`.
    pub(super) fn changed(&self, live: &LiveContainer) -> Vec<AttributeChange> {
        if live.config_hash.as_deref() == Some(&engine::hash::config_hash(&self.config)) {
            return Vec::new();
        }
        let names: BTreeSet<&String> = self.config.keys().chain(live.config.keys()).collect();
        let changes: Vec<_> = names
            .into_iter()
            .filter_map(|name| {
                let (old, new) = (live.config.get(name), self.config.get(name));
                (old != new).then(|| attribute_change(name, old, new))
            })
            .collect();
        if !changes.is_empty() {
            return changes;
        }
        // The label with the parts was taken away or changed by hand.
        vec![AttributeChange {
            name: "labels".to_owned(),
            old: live.config_hash.clone(),
            new: Some(engine::hash::config_hash(&self.config)),
        }]
    }

    /// A change because something it holds was made anew without it.
    fn rebuilt(&self, live: &LiveContainer, known: &Known<Resource>) -> Option<Change> {
        let anew = self
            .holds()
            .into_iter()
            .find(|id| is_anew(id, live, known))?;
        Some(Change {
            how: How::DeleteThenCreate,
            cause: format!("{anew} is new"),
            impact: Impact::Restart,
            attributes: Vec::new(),
        })
    }

    /// A change of nothing but what somebody or an accident did to it.
    fn repair(&self, live: &LiveContainer, known: &Known<Resource>) -> Option<Change> {
        let update = |cause: String, impact| {
            Some(Change {
                how: How::Update,
                cause,
                impact,
                attributes: Vec::new(),
            })
        };
        let again = |cause: &str, impact| {
            let cause = cause.to_owned();
            Some(Change {
                how: How::DeleteThenCreate,
                cause,
                impact,
                attributes: Vec::new(),
            })
        };
        match live.state {
            State::Running => {}
            // It may lack its files or a network: those come between the making and the start.
            State::Created => return again("was never started", Impact::None),
            State::Exited(code) => {
                return update(format!("is not running (exit code {code})"), Impact::None);
            }
            State::Paused => return update("is paused".to_owned(), Impact::None),
            State::Restarting => {
                return update("starts and ends again and again".to_owned(), Impact::None);
            }
            State::Removing | State::Dead => return again("is half removed", Impact::Restart),
        }
        if !live.others.is_empty() {
            return update("is there more than once".to_owned(), Impact::None);
        }
        if live.health == Some(Health::Unhealthy) {
            return update("is unhealthy".to_owned(), Impact::Restart);
        }
        let lost = self.networks.keys().find(|role| {
            known
                .get(&Id::Network(**role))
                .is_some_and(|network| !live.networks.contains(&network.identity))
        })?;
        update(
            format!("is not in network `{}`", lost.as_str()),
            Impact::None,
        )
    }
}

/// Whether `live` was built upon another `id` than the one that is there. What this very plan makes
/// anew is the engine's to see.
pub(super) fn is_anew(id: &Id, live: &LiveContainer, known: &Known<Resource>) -> bool {
    known
        .get(id)
        .is_some_and(|known| live.holds.get(id) != Some(&known.identity))
}

/// Values of the environment and of files stay unsaid: an operator may keep a key in them.
fn attribute_change(name: &str, old: Option<&String>, new: Option<&String>) -> AttributeChange {
    let hidden = name.starts_with("env.") || name.starts_with("file.");
    let show = |value: Option<&String>, both: &str| {
        value.map(|value| match (hidden, old.is_some() && new.is_some()) {
            (false, _) => value.clone(),
            (true, true) => both.to_owned(),
            (true, false) => "set".to_owned(),
        })
    };
    AttributeChange {
        name: name.to_owned(),
        old: show(old, "one value"),
        new: show(new, "another value"),
    }
}

/// `image and environment (RAILS_LOG_LEVEL) changed`.
pub(super) fn cause(changes: &[AttributeChange]) -> String {
    let mut parts: Vec<String> = Vec::new();
    let mut groups: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for change in changes {
        match change.name.split_once('.') {
            Some((group, name)) => groups.entry(group).or_default().push(name),
            None => parts.push(change.name.clone()),
        }
    }
    for (group, names) in groups {
        let group = if group == "env" { "environment" } else { group };
        parts.push(format!("{group} ({})", names.join(", ")));
    }
    match parts.split_last() {
        Some((last, [])) => format!("{last} changed"),
        Some((last, rest)) => format!("{} and {last} changed", rest.join(", ")),
        None => "changed".to_owned(),
    }
}

fn port_refusal(port: &AttributeChange, neighbours: &BTreeSet<String>) -> Change {
    let neighbours = neighbours
        .iter()
        .map(|name| format!("`{name}`"))
        .collect::<Vec<_>>()
        .join(", ");
    let (old, new) = (
        port.old.as_deref().unwrap_or("none"),
        port.new.as_deref().unwrap_or("none"),
    );
    let flag = if port.name == "port.80" {
        "--http-port"
    } else {
        "--https-port"
    };
    refusal(
        format!("the ingress serves {neighbours} on port {old} and cannot move to {new}"),
        format!("run `masto up` with `{flag} {old}`, or take the other deployments down first"),
    )
}

#[cfg(test)]
#[path = "difference_tests.rs"]
mod tests;
