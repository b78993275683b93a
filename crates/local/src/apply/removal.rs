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
    removed(docker, container_id, resource, false).await
}

/// Removes the container with its anonymous volumes, whatever it does, and waits until it is gone.
pub(super) async fn remove(
    docker: &Docker,
    container_id: &str,
    resource: &str,
) -> Result<(), Error> {
    removed(docker, container_id, resource, true)
        .await
        .map(drop)
}

/// Has the engine remove it. Somebody else's removal may be under way, as of a masto that was
/// killed; it is not relied on: it fails where a start that was under way before it comes to its
/// end, and the container then runs on.
async fn removed(
    docker: &Docker,
    container_id: &str,
    resource: &str,
    force: bool,
) -> Result<Idle, Error> {
    let options = RemoveContainerOptionsBuilder::default()
        .force(force)
        .v(true)
        .build();
    let condition = Condition::new("it is gone", Duration::from_secs(60));
    let look = || async {
        let removed = docker
            .client
            .remove_container(container_id, Some(options.clone()))
            .await;
        match removed {
            Ok(()) => Ok(Look::Ready(Idle::Gone)),
            Err(error) if status(&error) == Some(404) => Ok(Look::Ready(Idle::Gone)),
            // Running, or being removed already; only the words tell which.
            Err(error) if status(&error) == Some(409) => {
                Ok(if !force && error.to_string().contains("running") {
                    Look::Ready(Idle::Runs)
                } else {
                    Look::NotYet("removal under way".to_owned())
                })
            }
            Err(error) => Err(Error::call("remove", resource)(error)),
        }
    };
    wait::until(&condition, None, look)
        .await
        .map_err(|error| not_ready(resource, error))
}
