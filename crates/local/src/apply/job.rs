//! One-off containers.

use super::Site;
use super::container::start;
use super::making::made;
use crate::error::Error;
use crate::resource::{Attributes, Job, LiveContainer, Resource};
use crate::state::State;
use crate::waiting;

/// Makes `resource`, which is `job`, and waits until it has ended well.
pub(super) async fn create(
    site: Site<'_>,
    resource: &Resource,
    job: &Job,
) -> Result<Attributes, Error> {
    let container_id = made(site, resource, &job.container).await?;
    if !(site.is_retry && has_ended_well(site, &container_id).await?) {
        start(site, &job.container, &container_id).await?;
    }
    ended(site, job, container_id).await
}

/// It ended while the engine was out of reach.
async fn has_ended_well(site: Site<'_>, container_id: &str) -> Result<bool, Error> {
    let inspected = site
        .docker
        .client
        .inspect_container(container_id, None)
        .await;
    let state = inspected.map_err(Error::call("look at", "a job"))?.state;
    let state = state.unwrap_or_default();
    let was_started = state
        .started_at
        .is_some_and(|time| !time.starts_with("0001-"));
    Ok(was_started && state.running != Some(true) && state.exit_code == Some(0))
}

/// An earlier masto went away and left it running.
pub(super) async fn go_on(
    site: Site<'_>,
    job: &Job,
    live: &LiveContainer,
) -> Result<Attributes, Error> {
    if live.state == State::Paused {
        let resumed = site
            .docker
            .client
            .unpause_container(&live.container_id)
            .await;
        resumed.map_err(Error::call("resume", &live.id))?;
    }
    ended(site, job, live.container_id.clone()).await
}

async fn ended(site: Site<'_>, job: &Job, container_id: String) -> Result<Attributes, Error> {
    waiting::until_ended(site.docker, &job.container, &container_id, site.progress).await?;
    Ok(Attributes {
        identity: container_id,
        ..Attributes::default()
    })
}
