//! What there is of a deployment before anything is planned.

use std::collections::BTreeSet;

use engine::{Graph, Observed};
use mastodon::{JobId, ProcessId, Schema};
use topology::{Name, Version};

use crate::docker::Docker;
use crate::error::Error;
use crate::found::Snapshot;
use crate::id::{Id, VolumeRole};
use crate::labels::Owner;
use crate::observe;
use crate::resource::{Live, LiveContainer, Mode, Resource};
use crate::secret_store::SecretStore;
use crate::state::State;
use crate::status::ContainerStatus;

/// A deployment as it was found, with whatever is in its way.
#[derive(Clone, Debug)]
pub struct World {
    /// What is known of the database's schema.
    pub schema: Schema,
    /// The domain that the data was made for; `None` without data.
    pub domain: Option<String>,
    /// Other deployments on this Docker host, which share the ingress.
    pub neighbours: BTreeSet<String>,
    name: Name,
    things: Observed<Resource>,
}

/// Looks at the deployment `name`, once.
///
/// # Errors
/// When the engine does not answer.
pub async fn observe_world(docker: &Docker, name: &Name) -> Result<World, Error> {
    Ok(World::new(name, observe::snapshot(docker, name).await?))
}

impl World {
    /// A deployment of which nothing was made yet.
    #[must_use]
    pub fn nothing(name: &Name) -> Self {
        Self::new(name, Snapshot::default())
    }

    pub(crate) fn new(name: &Name, snapshot: Snapshot) -> Self {
        let Snapshot { things, neighbours } = snapshot;
        Self {
            schema: schema(&things),
            domain: things.values().find_map(|live| match live {
                Live::Volume(volume) if volume.owner == Owner::Ours => volume.domain.clone(),
                _ => None,
            }),
            neighbours,
            name: name.clone(),
            things,
        }
    }

    /// What `engine::plan` shall see on the way to `desired`: everything, but the shared ingress
    /// when it is not wanted here and others still use it.
    #[must_use]
    pub fn observed_for(&self, desired: &Graph<Resource>) -> Observed<Resource> {
        let mut things = self.things.clone();
        if desired.get(&Id::Ingress).is_none() && !self.neighbours.is_empty() {
            things.retain(|id, _| !id.is_shared());
        }
        things
    }

    /// Whether anything of the deployment is there; the shared ingress alone does not count.
    #[must_use]
    pub fn exists(&self) -> bool {
        self.things
            .iter()
            .any(|(id, live)| *live.owner() == Owner::Ours && !id.is_shared())
    }

    /// Whether its database is there: from then on its secrets must never be made anew.
    #[must_use]
    pub fn has_data(&self) -> bool {
        self.things
            .get(&Id::Volume(VolumeRole::Postgres))
            .is_some_and(|live| *live.owner() == Owner::Ours)
    }

    /// Refuses when there is data and `store` has no secrets at all.
    ///
    /// # Errors
    /// [`Error::SecretsLost`].
    pub fn check_secrets(&self, store: &SecretStore) -> Result<(), Error> {
        if self.has_data() && !store.path().exists() {
            return Err(Error::SecretsLost {
                deployment: self.name.to_string(),
                path: store.path().to_owned(),
            });
        }
        Ok(())
    }

    /// The containers of the deployment and the shared ingress, jobs included, by id.
    #[must_use]
    pub fn containers(&self) -> Vec<ContainerStatus> {
        self.live_containers()
            .filter(|live| live.owner == Owner::Ours)
            .map(ContainerStatus::new)
            .collect()
    }

    fn live_containers(&self) -> impl Iterator<Item = &LiveContainer> {
        self.things.values().filter_map(|live| match live {
            Live::Container(container) => Some(container.as_ref()),
            Live::Network(_) | Live::Volume(_) | Live::Route(_) => None,
        })
    }
}

/// What the record of the `schema` job says; without one, what the running processes need.
fn schema(things: &Observed<Resource>) -> Schema {
    let container = |id: &Id| match things.get(id) {
        Some(Live::Container(container)) if container.owner == Owner::Ours => Some(container),
        _ => None,
    };
    let version = |live: &LiveContainer| live.version.as_deref()?.parse::<Version>().ok();
    if let Some(job) = container(&Id::Job(JobId::Schema))
        && let (Some(version), Some(mode)) = (version(job), job.mode)
    {
        match (mode, job.state) {
            (Mode::Prepare, State::Exited(0)) => return Schema::Prepared(version),
            // Begun is as good as done: it goes on in the same way.
            (Mode::Migrate, _) => return Schema::Migrated(version),
            (Mode::Prepare, _) => {}
        }
    }
    // The oldest release that still runs is what a migration must not pull the floor from.
    let running = things.iter().filter_map(|(id, live)| match (id, live) {
        (Id::Process(ProcessId::Web | ProcessId::Sidekiq(_), _), Live::Container(live))
            if live.owner == Owner::Ours && live.state == State::Running =>
        {
            version(live)
        }
        _ => None,
    });
    running.min().map_or(Schema::New, Schema::Prepared)
}

#[cfg(test)]
#[path = "world_tests.rs"]
mod tests;
