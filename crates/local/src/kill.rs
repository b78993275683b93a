//! Everything of a deployment ended at once, for what goes with its data anyway.

use std::collections::HashMap;

use bollard::query_parameters::{KillContainerOptionsBuilder, ListContainersOptionsBuilder};
use futures_util::future::try_join_all;
use topology::Name;

use crate::docker::Docker;
use crate::error::{Error, status};
use crate::labels;

/// Ends every running container of `deployment` without its grace period, which may be a minute:
/// a process that is still starting hears no signal. They stay, and are not started again.
///
/// # Errors
/// When the engine does not answer, or refuses.
pub async fn kill(docker: &Docker, deployment: &Name) -> Result<(), Error> {
    let label = format!("{}={deployment}", labels::DEPLOYMENT);
    let list = ListContainersOptionsBuilder::default()
        .filters(&HashMap::from([("label", vec![label])]))
        .build();
    let running = docker.client.list_containers(Some(list)).await;
    let running = running.map_err(Error::call("list", "containers"))?;
    let ids = running.into_iter().filter_map(|container| container.id);
    try_join_all(ids.map(async |id| {
        let options = KillContainerOptionsBuilder::default()
            .signal("KILL")
            .build();
        match docker.client.kill_container(&id, Some(options)).await {
            // Gone, or ended, by itself.
            Err(error) if matches!(status(&error), Some(404 | 409)) => Ok(()),
            other => other.map_err(Error::call("kill", "a container")),
        }
    }))
    .await
    .map(drop)
}
