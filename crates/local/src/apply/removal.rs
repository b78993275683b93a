//! Containers stopped and removed.

use std::time::Duration;

use bollard::query_parameters::RemoveContainerOptionsBuilder;
use engine::wait::{self, Condition, Look};

use super::{Site, not_ready};
use crate::docker::Docker;
use crate::error::{Error, status};
use crate::resource::LiveContainer;
use crate::state::State;

/// Stops it as it wants to be stopped, and removes it with whatever has its label.
pub(super) async fn delete(site: Site<'_>, live: &LiveContainer) -> Result<(), Error> {
    let Site { docker, .. } = site;
    let resource = live.id.to_string();
    for other in &live.others {
        remove(docker, other, &resource).await?;
    }
    let runs = match live.state {
        State::Running | State::Paused | State::Restarting => true,
        State::Created | State::Exited(_) | State::Removing | State::Dead => {
            remove_idle(docker, &live.container_id, &resource).await? == Idle::Runs
        }
    };
    if !runs || (live.state == State::Created && site.is_replacement) {
        // A container that was not started when it was looked at, and runs now, was on its way to
        // start: a masto before this one was killed in that moment. It is whole, so the creation
        // that comes next takes it as it is. A database that is killed while it initialises its
        // volume would leave half of it, and never start again.
        return Ok(());
    }
    stop(docker, &live.container_id, &resource).await?;
    remove(docker, &live.container_id, &resource).await
}

/// Stops it within the grace period that it carries itself.
pub(super) async fn stop(docker: &Docker, container_id: &str, resource: &str) -> Result<(), Error> {
    match docker.client.stop_container(container_id, None).await {
        Err(error) if status(&error) == Some(404) => Ok(()),
        other => other.map_err(Error::call("stop", resource)),
    }
}

/// What became of a container that was not to be interrupted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Idle {
    /// It is gone.
    Gone,
    /// It runs, and was left alone.
    Runs,
}

/// Removes the container unless it runs.
pub(super) async fn remove_idle(
    docker: &Docker,
    container_id: &str,
    resource: &str,
) -> Result<Idle, Error> {
    let options = RemoveContainerOptionsBuilder::default().v(true).build();
    match docker
        .client
        .remove_container(container_id, Some(options))
        .await
    {
        Ok(()) => Ok(Idle::Gone),
        Err(error) if status(&error) == Some(404) => Ok(Idle::Gone),
        // Running, or being removed already; only the words tell which.
        Err(error) if status(&error) == Some(409) => {
            if error.to_string().contains("running") {
                return Ok(Idle::Runs);
            }
            gone(docker, container_id, resource).await?;
            Ok(Idle::Gone)
        }
        Err(error) => Err(Error::call("remove", resource)(error)),
    }
}

/// Removes the container with its anonymous volumes, whatever it does, and waits until it is gone.
pub(super) async fn remove(
    docker: &Docker,
    container_id: &str,
    resource: &str,
) -> Result<(), Error> {
    let options = RemoveContainerOptionsBuilder::default()
        .force(true)
        .v(true)
        .build();
    match docker
        .client
        .remove_container(container_id, Some(options))
        .await
    {
        Ok(()) => Ok(()),
        Err(error) if status(&error) == Some(404) => Ok(()),
        // Somebody else's removal is under way.
        Err(error) if status(&error) == Some(409) => gone(docker, container_id, resource).await,
        Err(error) => Err(Error::call("remove", resource)(error)),
    }
}

async fn gone(docker: &Docker, container_id: &str, resource: &str) -> Result<(), Error> {
    let condition = Condition::new("it is gone", Duration::from_secs(60));
    let look = || async {
        match docker.client.inspect_container(container_id, None).await {
            Err(error) if status(&error) == Some(404) => Ok(Look::Ready(())),
            Err(error) => Err(Error::call("look at", resource)(error)),
            Ok(_) => Ok(Look::NotYet("removal under way".to_owned())),
        }
    };
    wait::until(&condition, None, look)
        .await
        .map_err(|error| not_ready(resource, error))
}
