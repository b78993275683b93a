//! What the resources of a deployment are called: by people, by Docker, and in labels.

use std::fmt;
use std::str::FromStr;

use mastodon::{JobId, ProcessId};
use topology::Name;

/// The shared ingress container and its volume.
pub(crate) const INGRESS: &str = "masto-ingress";
/// The network that the ingress publishes its ports through. Of all the networks that a container
/// is in, the engine publishes through the one whose name sorts first; another one's coming would
/// move the ports and cut every connection. No deployment's name starts with a digit.
const INGRESS_NETWORK: &str = "masto-0-ingress";

/// One of the networks of a deployment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum NetworkRole {
    /// No way out: the stores and what talks to them.
    Stores,
    /// The processes, the ingress and the internet.
    Processes,
    /// The ingress alone, whatever it serves; shared by all deployments as the ingress is.
    Ingress,
}

/// One of the volumes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum VolumeRole {
    /// The database.
    Postgres,
    /// Queues and feeds.
    Redis,
    /// Uploads.
    Media,
    /// Site files and certificates of all deployments; holds nothing that cannot be made again.
    Ingress,
}

/// One of the stores.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum StoreRole {
    /// The database.
    Postgres,
    /// Redis or Valkey.
    Redis,
    /// The bucket.
    Minio,
    /// The mail catcher.
    Mailpit,
}

/// A resource. `Display` is what a person reads: ``container `web-1` ``.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Id {
    /// A network.
    Network(NetworkRole),
    /// A volume.
    Volume(VolumeRole),
    /// A store's container.
    Store(StoreRole),
    /// One replica of a process, counted from 1.
    Process(ProcessId, u16),
    /// A one-off container.
    Job(JobId),
    /// The container that all deployments of this Docker host share.
    Ingress,
    /// What the ingress knows of this deployment.
    Route,
}

impl NetworkRole {
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Stores => "stores",
            Self::Processes => "processes",
            Self::Ingress => "ingress",
        }
    }
}

impl VolumeRole {
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Postgres => "postgres",
            Self::Redis => "redis",
            Self::Media => "media",
            Self::Ingress => "ingress",
        }
    }
}

impl StoreRole {
    /// Also the alias under which the processes find it.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Postgres => "postgres",
            Self::Redis => "redis",
            Self::Minio => "minio",
            Self::Mailpit => "mailpit",
        }
    }
}

impl fmt::Display for Id {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Network(role) => write!(f, "network `{}`", role.as_str()),
            Self::Volume(role) => write!(f, "volume `{}`", role.as_str()),
            Self::Store(role) => write!(f, "container `{}`", role.as_str()),
            Self::Process(process, replica) => write!(f, "container `{process}-{replica}`"),
            Self::Job(job) => write!(f, "job `{job}`"),
            Self::Ingress => f.write_str("container `ingress`"),
            Self::Route => f.write_str("route"),
        }
    }
}

impl Id {
    /// Whether all deployments of a Docker host share it.
    #[must_use]
    pub fn is_shared(&self) -> bool {
        matches!(
            self,
            Self::Ingress | Self::Volume(VolumeRole::Ingress) | Self::Network(NetworkRole::Ingress)
        )
    }

    /// What Docker calls it in the deployment `name`; `None` for what is no object of Docker's.
    #[must_use]
    pub fn docker_name(&self, name: &Name) -> Option<String> {
        match self {
            Self::Volume(VolumeRole::Ingress) | Self::Ingress => Some(INGRESS.to_owned()),
            Self::Network(NetworkRole::Ingress) => Some(INGRESS_NETWORK.to_owned()),
            Self::Network(role) => Some(format!("masto-{name}-{}", role.as_str())),
            Self::Volume(role) => Some(format!("masto-{name}-{}", role.as_str())),
            Self::Store(role) => Some(format!("masto-{name}-{}", role.as_str())),
            Self::Process(process, replica) => Some(format!("masto-{name}-{process}-{replica}")),
            Self::Job(job) => Some(format!("masto-{name}-{job}")),
            Self::Route => None,
        }
    }

    /// The container of `name` that Docker calls `docker_name`; `None` when no resource has that
    /// name.
    pub(crate) fn of_container(docker_name: &str, name: &Name) -> Option<Self> {
        if docker_name == INGRESS {
            return Some(Self::Ingress);
        }
        let rest = docker_name
            .strip_prefix("masto-")?
            .strip_prefix(name.as_str())?;
        let rest = rest.strip_prefix('-')?;
        if let Ok(store) = rest.parse() {
            return Some(Self::Store(store));
        }
        if let Some(job) = job(rest) {
            return Some(Self::Job(job));
        }
        let (process, replica) = rest.rsplit_once('-')?;
        Some(Self::Process(process_id(process)?, replica.parse().ok()?))
    }

    /// The short name that a person types: `web-1`, `postgres`, `schema`.
    #[must_use]
    pub fn short(&self) -> String {
        match self {
            Self::Network(role) => role.as_str().to_owned(),
            Self::Volume(role) => role.as_str().to_owned(),
            Self::Store(role) => role.as_str().to_owned(),
            Self::Process(process, replica) => format!("{process}-{replica}"),
            Self::Job(job) => job.to_string(),
            Self::Ingress => "ingress".to_owned(),
            Self::Route => "route".to_owned(),
        }
    }

    /// What stands in the `masto.resource` label; [`Id::from_str`] reads it.
    pub(crate) fn label(&self) -> String {
        let kind = match self {
            Self::Network(_) => "network",
            Self::Volume(_) => "volume",
            Self::Store(_) => "store",
            Self::Process(..) => "process",
            Self::Job(_) => "job",
            Self::Ingress => return "ingress".to_owned(),
            Self::Route => return "route".to_owned(),
        };
        format!("{kind}/{}", self.short())
    }
}

/// A label that names no resource of this version of masto.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UnknownId;

impl FromStr for Id {
    type Err = UnknownId;

    fn from_str(text: &str) -> Result<Self, UnknownId> {
        let found = match text.split_once('/') {
            None if text == "ingress" => Some(Self::Ingress),
            None if text == "route" => Some(Self::Route),
            Some(("network", "stores")) => Some(Self::Network(NetworkRole::Stores)),
            Some(("network", "processes")) => Some(Self::Network(NetworkRole::Processes)),
            Some(("network", "ingress")) => Some(Self::Network(NetworkRole::Ingress)),
            Some(("volume", role)) => [
                VolumeRole::Postgres,
                VolumeRole::Redis,
                VolumeRole::Media,
                VolumeRole::Ingress,
            ]
            .into_iter()
            .find(|known| known.as_str() == role)
            .map(Self::Volume),
            Some(("store", role)) => role.parse().ok().map(Self::Store),
            Some(("process", rest)) => rest.rsplit_once('-').and_then(|(process, replica)| {
                Some(Self::Process(process_id(process)?, replica.parse().ok()?))
            }),
            Some(("job", rest)) => job(rest).map(Self::Job),
            _ => None,
        };
        found.ok_or(UnknownId)
    }
}

impl FromStr for StoreRole {
    type Err = UnknownId;

    fn from_str(text: &str) -> Result<Self, UnknownId> {
        [Self::Postgres, Self::Redis, Self::Minio, Self::Mailpit]
            .into_iter()
            .find(|role| role.as_str() == text)
            .ok_or(UnknownId)
    }
}

fn process_id(text: &str) -> Option<ProcessId> {
    match text {
        "web" => Some(ProcessId::Web),
        "streaming" => Some(ProcessId::Streaming),
        other => other
            .strip_prefix("sidekiq-")?
            .parse()
            .ok()
            .map(ProcessId::Sidekiq),
    }
}

fn job(text: &str) -> Option<JobId> {
    [
        JobId::Bucket,
        JobId::Schema,
        JobId::PostMigrate,
        JobId::Owner,
    ]
    .into_iter()
    .find(|job| job.to_string() == text)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ids() -> Vec<Id> {
        let sidekiq = ProcessId::Sidekiq("all-1".parse().unwrap());
        vec![
            Id::Network(NetworkRole::Stores),
            Id::Network(NetworkRole::Processes),
            Id::Network(NetworkRole::Ingress),
            Id::Volume(VolumeRole::Postgres),
            Id::Volume(VolumeRole::Ingress),
            Id::Store(StoreRole::Minio),
            Id::Process(ProcessId::Web, 12),
            Id::Process(sidekiq, 1),
            Id::Job(JobId::PostMigrate),
            Id::Ingress,
            Id::Route,
        ]
    }

    #[test]
    fn a_label_reads_back_as_the_resource_it_names() {
        for id in ids() {
            assert_eq!(id.label().parse::<Id>(), Ok(id.clone()), "{}", id.label());
        }
        assert_eq!("process/web".parse::<Id>(), Err(UnknownId));
        assert_eq!("volume/search".parse::<Id>(), Err(UnknownId));
    }

    #[test]
    fn a_containers_name_reads_back_as_the_resource_it_names() {
        let name = "social".parse().unwrap();
        for id in ids() {
            if matches!(id, Id::Network(_) | Id::Volume(_) | Id::Route) {
                continue;
            }
            let docker = id.docker_name(&name).unwrap();
            assert_eq!(Id::of_container(&docker, &name), Some(id), "{docker}");
        }
        assert_eq!(Id::of_container("masto-social2-web-1", &name), None);
        assert_eq!(Id::of_container("masto-social-search", &name), None);
    }
}
