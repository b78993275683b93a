//! Long-running containers: stores, processes and the shared ingress.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use engine::{AttributeChange, Change, How, Impact, Known};
use mastodon::SecretName;

use super::{Attributes, Resource, refusal};
use crate::id::{Id, NetworkRole, VolumeRole};
use crate::labels::Owner;
use crate::secret_store::StoredSecrets;
use crate::state::{Health, State};
use crate::template::Template;

/// A container that should run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Container {
    /// Which.
    pub id: Id,
    /// Docker's name for it.
    pub name: String,
    /// What it is started from.
    pub image: ImageUse,
    /// Instead of the image's; `None` keeps it.
    pub entrypoint: Option<Vec<String>>,
    /// Instead of the image's; empty keeps it.
    pub command: Vec<String>,
    /// Its environment, secrets by name.
    pub env: BTreeMap<String, Template>,
    /// What is put into it before it starts, by absolute path.
    pub files: BTreeMap<String, File>,
    /// Networks with the names it has in them. Empty: the engine's default bridge.
    pub networks: BTreeMap<NetworkRole, BTreeSet<String>>,
    /// Volumes and where they appear.
    pub mounts: BTreeMap<VolumeRole, String>,
    /// Ports published on loopback: container's to host's.
    pub ports: BTreeMap<u16, u16>,
    /// Limit in bytes; `None` is without one.
    pub memory: Option<u64>,
    /// Share of the CPU where it is contended, in thousandths. Not a limit: a laptop that is idle
    /// has no reason to let a process boot slowly.
    pub cpu_millis: Option<u32>,
    /// `/dev/shm` in bytes; `None` is the engine's 64 MiB.
    pub shm: Option<u64>,
    /// Instead of the image's.
    pub stop_signal: Option<&'static str>,
    /// Between the stop signal and SIGKILL.
    pub stop_grace: Duration,
    /// What `docker ps` shows health by; `None` keeps the image's own.
    pub healthcheck: Option<Vec<String>>,
    /// When it counts as ready.
    pub ready: Ready,
    /// How long that may take.
    pub bound: Duration,
    /// Containers and jobs that must be ready before it starts.
    pub requires: BTreeSet<Id>,
    /// Labels of its own.
    pub labels: BTreeMap<&'static str, String>,
    /// What it is made of, one text an attribute: see [`Container::config`].
    pub config: BTreeMap<String, String>,
}

/// An image as a container uses it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ImageUse {
    /// `postgres:17`.
    pub reference: String,
    /// Docker's id of it; `None` while it is not on this host.
    pub id: Option<String>,
}

/// A file put into a container. `Debug` leaves the content out: it may be a key.
#[derive(Clone, PartialEq, Eq)]
pub struct File {
    /// What is in it.
    pub content: Template,
    /// Permission bits.
    pub mode: u32,
    /// A change of the content needs a new container. Not so for what is replaced in place.
    pub replaces: bool,
}

impl std::fmt::Debug for File {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { content: _, mode, replaces } = self;
        f.debug_struct("File")
            .field("mode", &format_args!("{mode:o}"))
            .field("replaces", replaces)
            .finish_non_exhaustive()
    }
}

/// When a container counts as ready.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ready {
    /// `GET` on this port answers 200.
    Http {
        /// In the container.
        port: u16,
        /// `/health`.
        path: String,
    },
    /// The database takes connections.
    Postgres {
        /// Who connects.
        user: String,
        /// To what.
        database: String,
    },
    /// `PING` is answered.
    Redis {
        /// The password.
        password: SecretName,
    },
    /// This file is there, and newer than the container's start.
    File {
        /// Absolute.
        path: String,
    },
    /// Something listens on this port.
    Tcp {
        /// In the container.
        port: u16,
    },
    /// It has ended well: a job.
    Ended,
}

/// A container that was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LiveContainer {
    /// Which.
    pub id: Id,
    /// Docker's name for it.
    pub name: String,
    /// Whose it is.
    pub owner: Owner,
    /// Docker's id.
    pub container_id: String,
    /// What it was started from, as it was asked for.
    pub image: String,
    /// What it does.
    pub state: State,
    /// What Docker's own check says of it; `None` where there is none.
    pub health: Option<Health>,
    /// As [`Container::config`], as recorded.
    pub config: BTreeMap<String, String>,
    /// Hash of it, as recorded.
    pub config_hash: Option<String>,
    /// As recorded.
    pub depends_on: BTreeSet<Id>,
    /// Identities of what it was built upon, as recorded.
    pub holds: BTreeMap<Id, String>,
    /// Ids of the networks it is in.
    pub networks: BTreeSet<String>,
    /// Label of a job: the release that ran.
    pub version: Option<String>,
    /// Label of the `schema` job.
    pub mode: Option<super::Mode>,
    /// Other deployments that use it; only the ingress has any.
    pub shared_with: BTreeSet<String>,
    /// Docker's own words: `Up 3 minutes (healthy)`.
    pub status: String,
    /// When it was made, in seconds since 1970.
    pub created: i64,
    /// Published ports, `127.0.0.1:443->443`.
    pub ports: Vec<String>,
    /// Docker's ids of others that have its label: copies made by hand, or itself under another
    /// name.
    pub others: BTreeSet<String>,
}

impl Container {
    pub(super) fn depends_on(&self) -> BTreeSet<Id> {
        let networks = self.networks.keys().map(|role| Id::Network(*role));
        let volumes = self.mounts.keys().map(|role| Id::Volume(*role));
        networks.chain(volumes).chain(self.requires.iter().cloned()).collect()
    }

    pub(super) fn holds(&self) -> BTreeSet<Id> {
        let networks = self.networks.keys().map(|role| Id::Network(*role));
        networks.chain(self.mounts.keys().map(|role| Id::Volume(*role))).collect()
    }

    /// The secrets it is given.
    #[must_use]
    pub fn secrets(&self) -> BTreeSet<SecretName> {
        let files = self.files.values().map(|file| &file.content);
        self.env.values().chain(files).flat_map(Template::secrets).collect()
    }

    /// What needs a new container when it changes, one text an attribute. It ends in a label, so
    /// values of the environment and of files are digests.
    pub(crate) fn config(&self, stored: &StoredSecrets) -> BTreeMap<String, String> {
        let Self {
            id: _,
            name: _,
            image,
            entrypoint,
            command,
            env,
            files,
            networks,
            mounts,
            ports,
            memory,
            cpu_millis,
            shm,
            stop_signal,
            stop_grace,
            healthcheck,
            // How masto waits is not in the container.
            ready: _,
            bound: _,
            requires: _,
            // Records, not configuration.
            labels: _,
            config: _,
        } = self;
        let mut config = BTreeMap::new();
        let mut put = |name: &str, value: String| config.insert(name.to_owned(), value);
        put("image", image.to_string());
        if let Some(entrypoint) = entrypoint {
            put("entrypoint", entrypoint.join(" "));
        }
        put("command", command.join(" "));
        for (name, value) in env {
            put(&format!("env.{name}"), value.digest(stored));
        }
        for (path, file) in files {
            let digest = if file.replaces { file.content.digest(stored) } else { String::new() };
            put(&format!("file.{path}"), format!("{:o} {digest}", file.mode));
        }
        for (role, aliases) in networks {
            let aliases = aliases.iter().map(String::as_str).collect::<Vec<_>>();
            put(&format!("network.{}", role.as_str()), aliases.join(","));
        }
        for (role, path) in mounts {
            put(&format!("volume.{}", role.as_str()), path.clone());
        }
        for (inside, outside) in ports {
            put(&format!("port.{inside}"), outside.to_string());
        }
        if let Some(memory) = memory {
            put("memory", memory.to_string());
        }
        if let Some(cpu) = cpu_millis {
            put("cpu", cpu.to_string());
        }
        if let Some(shm) = shm {
            put("shm", shm.to_string());
        }
        if let Some(signal) = stop_signal {
            put("stop-signal", (*signal).to_owned());
        }
        put("stop-grace", stop_grace.as_secs().to_string());
        if let Some(check) = healthcheck {
            put("healthcheck", check.join(" "));
        }
        config
    }

    pub(super) fn diff(&self, live: &LiveContainer, known: &Known<Resource>) -> Option<Change> {
        if let Some(change) = self.renamed(live) {
            return Some(change);
        }
        let mut attributes = self.changed(live);
        if !live.shared_with.is_empty() {
            if let Some(port) = attributes.iter().find(|change| change.name.starts_with("port.")) {
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
        self.rebuilt(live, known).or_else(|| self.repair(live, known))
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
        let anew = self.holds().into_iter().find(|id| is_anew(id, live, known))?;
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
            Some(Change { how: How::Update, cause, impact, attributes: Vec::new() })
        };
        let again = |cause: &str, impact| {
            let cause = cause.to_owned();
            Some(Change { how: How::DeleteThenCreate, cause, impact, attributes: Vec::new() })
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
        update(format!("is not in network `{}`", lost.as_str()), Impact::None)
    }
}

/// Whether `live` was built upon another `id` than the one that is there. What this very plan makes
/// anew is the engine's to see.
pub(super) fn is_anew(id: &Id, live: &LiveContainer, known: &Known<Resource>) -> bool {
    known.get(id).is_some_and(|known| live.holds.get(id) != Some(&known.identity))
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
    let neighbours = neighbours.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ");
    let (old, new) = (port.old.as_deref().unwrap_or("none"), port.new.as_deref().unwrap_or("none"));
    let flag = if port.name == "port.80" { "--http-port" } else { "--https-port" };
    refusal(
        format!("the ingress serves {neighbours} on port {old} and cannot move to {new}"),
        format!("run `masto up` with `{flag} {old}`, or take the other deployments down first"),
    )
}

impl std::fmt::Display for ImageUse {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match &self.id {
            Some(id) => {
                let short: String = id.trim_start_matches("sha256:").chars().take(12).collect();
                write!(f, "{} ({short})", self.reference)
            }
            None => write!(f, "{} (to be pulled)", self.reference),
        }
    }
}

impl LiveContainer {
    pub(super) fn attributes(&self) -> Attributes {
        Attributes { identity: self.container_id.clone(), ..Attributes::default() }
    }
}

#[cfg(test)]
#[path = "container_tests.rs"]
mod tests;
