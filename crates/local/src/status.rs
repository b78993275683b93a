//! What `masto status` shows.

use std::collections::{BTreeMap, HashMap};

use bollard::query_parameters::ListContainersOptionsBuilder;
use jiff::Timestamp;
use serde::Serialize;
use topology::Name;

use crate::docker::Docker;
use crate::error::Error;
use crate::found::is_well;
use crate::id::Id;
use crate::labels;
use crate::observe;
use crate::resource::LiveContainer;
use crate::state::{self, Health, State};

/// One container.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ContainerStatus {
    /// Docker's name for it.
    pub name: String,
    /// What it is: `web`, `sidekiq-all`, `postgres`, `schema`, `ingress`.
    pub process: String,
    /// Counted from 1; 1 for what has no replicas.
    pub replica: u16,
    /// Its kind.
    pub kind: Kind,
    /// What it does.
    pub state: State,
    /// What Docker's own check says; `None` where there is none.
    pub health: Option<Health>,
    /// It does what it is there for: a job has ended well, all else runs and is not unhealthy.
    pub well: bool,
    /// What it was started from.
    pub image: String,
    /// Docker's own words: `Up 3 minutes (healthy)`.
    pub status: String,
    /// When it was made.
    pub created: Option<Timestamp>,
    /// Published ports, `127.0.0.1:443->443`.
    pub ports: Vec<String>,
}

/// What a container is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// PostgreSQL, Redis, MinIO, the mail catcher.
    Store,
    /// Web, streaming, Sidekiq.
    Process,
    /// One-off work.
    Job,
    /// The shared ingress.
    Ingress,
}

impl ContainerStatus {
    pub(crate) fn new(live: &LiveContainer) -> Self {
        let (process, replica, kind) = match &live.id {
            Id::Process(process, replica) => (process.to_string(), *replica, Kind::Process),
            Id::Job(job) => (job.to_string(), 1, Kind::Job),
            Id::Ingress => ("ingress".to_owned(), 1, Kind::Ingress),
            id @ (Id::Store(_) | Id::Network(_) | Id::Volume(_) | Id::Route) => {
                (id.short(), 1, Kind::Store)
            }
        };
        Self {
            name: live.name.clone(),
            process,
            replica,
            kind,
            state: live.state,
            health: live.health,
            well: is_well(&live.id, live.state) && live.health != Some(Health::Unhealthy),
            image: live.image.clone(),
            status: live.status.clone(),
            created: Timestamp::from_second(live.created).ok(),
            ports: live.ports.clone(),
        }
    }
}

/// The containers of the deployment `name` and the shared ingress, in the order of their ids:
/// stores, processes, jobs, ingress. Empty when nothing is there.
///
/// # Errors
/// When the engine does not answer.
pub async fn status(docker: &Docker, name: &Name) -> Result<Vec<ContainerStatus>, Error> {
    let containers = observe::container_list(docker, name).await?;
    Ok(containers.iter().map(ContainerStatus::new).collect())
}

/// One deployment of a Docker host.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct DeploymentSummary {
    /// Its name.
    pub name: String,
    /// The server's domain; `None` when no volume tells it.
    pub domain: Option<String>,
    /// Stores and processes that run.
    pub running: usize,
    /// Stores and processes there are.
    pub containers: usize,
    /// It has volumes.
    pub has_data: bool,
}

/// Every deployment that has a container or a volume on this Docker host, by name.
///
/// # Errors
/// When the engine does not answer.
pub async fn list_deployments(docker: &Docker) -> Result<Vec<DeploymentSummary>, Error> {
    let filters = HashMap::from([("label", vec![labels::DEPLOYMENT])]);
    let list = ListContainersOptionsBuilder::default()
        .all(true)
        .filters(&filters)
        .build();
    let volumes = bollard::query_parameters::ListVolumesOptionsBuilder::default()
        .filters(&filters)
        .build();
    let containers = async {
        let list = docker.client.list_containers(Some(list)).await;
        list.map_err(Error::call("list", "containers"))
    };
    let volumes = async {
        let list = docker.client.list_volumes(Some(volumes)).await;
        list.map_err(Error::call("list", "volumes"))
    };
    let (containers, volumes) = futures_util::try_join!(containers, volumes)?;

    let mut found: BTreeMap<String, DeploymentSummary> = BTreeMap::new();
    for volume in volumes.volumes.unwrap_or_default() {
        if let Some(entry) = entry(&mut found, &volume.labels) {
            entry.has_data = true;
            if let Some(domain) = volume.labels.get(labels::DOMAIN) {
                entry.domain = Some(domain.clone());
            }
        }
    }
    for container in containers {
        let labels = container.labels.unwrap_or_default();
        let Some(entry) = entry(&mut found, &labels) else {
            continue;
        };
        let id = labels
            .get(labels::RESOURCE)
            .and_then(|label| label.parse::<Id>().ok());
        if labels.contains_key(labels::ONE_OFF) || matches!(id, None | Some(Id::Job(_))) {
            continue;
        }
        let state = container
            .state
            .map(|state| state.to_string())
            .unwrap_or_default();
        entry.containers += 1;
        if state::read(&state, "").0 == State::Running {
            entry.running += 1;
        }
    }
    Ok(found.into_values().collect())
}

fn entry<'a>(
    found: &'a mut BTreeMap<String, DeploymentSummary>,
    labels: &HashMap<String, String>,
) -> Option<&'a mut DeploymentSummary> {
    let name = labels
        .get(labels::DEPLOYMENT)
        .filter(|name| *name != labels::SHARED)?;
    Some(
        found
            .entry(name.clone())
            .or_insert_with(|| DeploymentSummary {
                name: name.clone(),
                domain: None,
                running: 0,
                containers: 0,
                has_data: false,
            }),
    )
}
