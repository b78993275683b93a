//! One-off containers.

use super::Site;
use super::container::{made, start};
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
    start(site.docker, &job.container, &container_id).await?;
    ended(site, job, container_id).await
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
