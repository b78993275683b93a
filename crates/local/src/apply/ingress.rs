//! The shared ingress.

use std::time::Duration;

use bollard::models::NetworkConnectRequest;

use super::Site;
use super::container::{ready, start};
use super::making::made;
use crate::archive;
use crate::body;
use crate::caddyfile::SITES;
use crate::error::{Error, status};
use crate::lock::Lock;
use crate::resource::{Attributes, Container, Mark, Resource};

/// How long another masto may hold the ingress: it starts one container at most.
const PATIENCE: Duration = Duration::from_secs(120);

/// Nobody else of this user changes the ingress while this is held.
pub(super) async fn hold(site: Site<'_>) -> Result<Lock, Error> {
    let progress = site.progress;
    Lock::acquire(
        &site.paths.ingress_lock(),
        "change the ingress",
        PATIENCE,
        |_| {
            progress.waiting("the ingress is free", "another masto changes it");
        },
    )
    .await
    .map_err(Error::IngressLock)
}

/// Makes and starts it, connected to every deployment that left a site file in its volume.
pub(super) async fn create(
    site: Site<'_>,
    resource: &Resource,
    container: &Container,
) -> Result<Attributes, Error> {
    let _held = hold(site).await?;
    let container_id = made(site, resource, container).await?;
    let resource = container.id.to_string();
    let folder = format!("{SITES}/sites");
    for text in archive::read_all(site.docker, &container_id, &folder).await? {
        let Some(mark) = text.lines().next().and_then(Mark::read) else {
            continue;
        };
        connect(site, &container_id, &mark, &resource).await?;
    }
    start(site.docker, container, &container_id).await?;
    ready(site, container, container_id).await
}

/// A network that is gone had its deployment taken away by hand.
async fn connect(
    site: Site<'_>,
    container_id: &str,
    mark: &Mark,
    resource: &str,
) -> Result<(), Error> {
    let request = NetworkConnectRequest {
        container: container_id.to_owned(),
        endpoint_config: Some(body::endpoint(&mark.hosts)),
    };
    match site
        .docker
        .client
        .connect_network(&mark.network, request)
        .await
    {
        // 403: it is in that network already.
        Err(error) if !matches!(status(&error), Some(403 | 404)) => {
            Err(Error::call("connect", resource)(error))
        }
        _ => Ok(()),
    }
}
