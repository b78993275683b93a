//! Long-running containers: stores, processes and the shared ingress.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use mastodon::SecretName;

use crate::id::{Id, NetworkRole, VolumeRole};
use crate::secret_store::StoredSecrets;
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
    /// Networks with the names it has in them.
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
    /// What it is made of, one text an attribute: see `Container::config`.
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
        let Self {
            content: _,
            mode,
            replaces,
        } = self;
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

impl Container {
    pub(super) fn depends_on(&self) -> BTreeSet<Id> {
        let networks = self.networks.keys().map(|role| Id::Network(*role));
        let volumes = self.mounts.keys().map(|role| Id::Volume(*role));
        networks
            .chain(volumes)
            .chain(self.requires.iter().cloned())
            .collect()
    }

    pub(super) fn holds(&self) -> BTreeSet<Id> {
        let networks = self.networks.keys().map(|role| Id::Network(*role));
        networks
            .chain(self.mounts.keys().map(|role| Id::Volume(*role)))
            .collect()
    }

    /// With what it is made of on record.
    pub(crate) fn recorded(self, stored: &StoredSecrets) -> Self {
        let config = self.config(stored);
        Self { config, ..self }
    }

    /// The secrets it is given.
    #[must_use]
    pub fn secrets(&self) -> BTreeSet<SecretName> {
        let files = self.files.values().map(|file| &file.content);
        self.env
            .values()
            .chain(files)
            .flat_map(Template::secrets)
            .collect()
    }

    /// What needs a new container when it changes, one text an attribute. It ends in a label, so
    /// values of the environment and of files are digests.
    pub(crate) fn config(&self, stored: &StoredSecrets) -> BTreeMap<String, String> {
        // Every deployment has to come to the same result for what all of them share.
        let stored = (self.id != Id::Ingress).then_some(stored);
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
            let digest = if file.replaces {
                file.content.digest(stored)
            } else {
                String::new()
            };
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
            put("memory", format!("{}MiB", memory >> 20));
        }
        if let Some(cpu) = cpu_millis {
            put("cpu", format!("{}", f64::from(*cpu) / 1000.0));
        }
        if let Some(shm) = shm {
            put("shm", format!("{}MiB", shm >> 20));
        }
        if let Some(signal) = stop_signal {
            put("stop-signal", (*signal).to_owned());
        }
        put("stop-grace", format!("{}s", stop_grace.as_secs()));
        if let Some(check) = healthcheck {
            put("healthcheck", check.join(" "));
        }
        config
    }
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
