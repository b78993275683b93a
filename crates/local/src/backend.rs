//! The Docker host as the engine sees it.

use std::sync::Arc;
use std::time::Duration;

use engine::wait::{self, Condition, Look};
use engine::{Action, Backend, Known, Observed, Plan, Progress, Step};
use mastodon::Secrets;
use tokio::sync::Semaphore;
use topology::Name;

use crate::ahead::Ahead;
use crate::apply::{self, Site};
use crate::architecture;
use crate::docker::Docker;
use crate::error::Error;
use crate::id::Id;
use crate::observe;
use crate::paths::Paths;
use crate::resource::{Attributes, Resource};

/// How often a step is begun again after the engine went away under it.
const ATTEMPTS: usize = 3;
/// How long an engine may take to come back: a restart stops every container first.
const RETURN: Duration = Duration::from_secs(120);
/// How many steps run at once. The engine does the work and starts containers one after another on
/// a small machine; more in flight would only wait there.
const CONCURRENCY: usize = 8;

/// Carries out one plan on a Docker host.
pub struct LocalBackend {
    docker: Docker,
    name: Name,
    secrets: Arc<Secrets>,
    paths: Paths,
    ahead: Ahead,
    starts: Semaphore,
}

impl LocalBackend {
    /// For a `plan` that only removes, and needs no secrets.
    #[must_use]
    pub fn for_removal(docker: &Docker, name: &Name, paths: &Paths, plan: &Plan<Resource>) -> Self {
        let (docker, name, paths) = (docker.clone(), name.clone(), paths.clone());
        Self::new(docker, name, Secrets::default(), paths, plan)
    }

    /// For carrying out `plan` of the deployment `name`. The secrets go into containers and nowhere
    /// else.
    #[must_use]
    pub fn new(
        docker: Docker,
        name: Name,
        secrets: Secrets,
        paths: Paths,
        plan: &Plan<Resource>,
    ) -> Self {
        let secrets = Arc::new(secrets);
        let ahead = Ahead::new(&docker, &name, &secrets, plan);
        // The engine is most often on this machine; of another one the number is as good as any.
        let processors = std::thread::available_parallelism().map_or(2, usize::from);
        Self {
            starts: Semaphore::new(processors),
            docker,
            name,
            secrets,
            paths,
            ahead,
        }
    }
}

impl Backend for LocalBackend {
    type Resource = Resource;
    type Error = Error;

    async fn observe(&self) -> Result<Observed<Resource>, Error> {
        Ok(observe::snapshot(&self.docker, &self.name).await?.things)
    }

    async fn apply(
        &self,
        step: &Step<Resource>,
        inputs: &Known<Resource>,
        progress: &Progress,
    ) -> Result<Option<Attributes>, Error> {
        let mut site = Site {
            docker: &self.docker,
            name: &self.name,
            secrets: &self.secrets,
            paths: &self.paths,
            ahead: &self.ahead,
            starts: &self.starts,
            inputs,
            progress,
            is_retry: false,
            is_replacement: step.replaces,
        };
        let mut attempt = 1;
        let result = loop {
            match apply::apply(site, step).await {
                Err(error) if attempt < ATTEMPTS && error.is_engine_lost() => {
                    attempt += 1;
                    tracing::debug!(attempt, "lost the engine; the step begins again");
                    site.is_retry = true;
                    self.until_engine_is_back(progress, error).await?;
                }
                Ok(attributes) => break attributes,
                Err(error) => return Err(self.explained(step, error).await),
            }
        };
        if let (Id::Network(_) | Id::Volume(_), Some(attributes)) = (&step.id, &result) {
            self.ahead.offer(&step.id, attributes);
        }
        Ok(result)
    }

    fn concurrency(&self) -> usize {
        CONCURRENCY
    }
}

impl LocalBackend {
    async fn explained(&self, step: &Step<Resource>, error: Error) -> Error {
        let desired = match &step.action {
            Action::Create { desired, .. } | Action::Update { desired, .. } => desired,
            Action::Delete { .. } => return error,
        };
        match desired {
            Resource::Container(container) => {
                architecture::explain(&self.docker, &container.image, error).await
            }
            Resource::Job(job) => {
                architecture::explain(&self.docker, &job.container.image, error).await
            }
            Resource::Network(_) | Resource::Volume(_) | Resource::Route(_) => error,
        }
    }

    /// Every step is an ensure, so it can be begun again once the engine answers.
    async fn until_engine_is_back(&self, progress: &Progress, lost: Error) -> Result<(), Error> {
        let condition = Condition::new("the Docker engine answers again", RETURN);
        let look = || async {
            Ok::<_, Error>(match self.docker.answers().await {
                true => Look::Ready(()),
                false => Look::NotYet("no answer".to_owned()),
            })
        };
        wait::until(&condition, Some(progress), look)
            .await
            .map_err(|_| lost)
    }
}
