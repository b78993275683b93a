//! One look at a Docker host. The engine's lists are the whole of it: no object is asked for on its
//! own, so that a look costs the same few calls whatever the size.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::net::{Ipv4Addr, SocketAddr};

use bollard::models::{ContainerSummary, Network, Volume};
use bollard::query_parameters::{
    ListContainersOptionsBuilder, ListNetworksOptionsBuilder, ListVolumesOptionsBuilder,
};
use futures_util::future::{try_join, try_join_all};
use futures_util::try_join;
use topology::Name;

use crate::archive;
use crate::caddyfile::SITES;
use crate::command;
use crate::docker::Docker;
use crate::error::Error;
use crate::found::{Containers, Snapshot, assemble, sort};
use crate::id::INGRESS;
use crate::labels::{self, Owner};
use crate::probe::{self, CHECK_BOUND};
use crate::resource::{LiveContainer, Mark, asked};
use crate::state::{Health, State};
use crate::wire;

/// Where the site file of a deployment is in the ingress.
pub(crate) fn site_file(deployment: &str) -> String {
    format!("{SITES}/sites/{deployment}.caddyfile")
}

/// Looks once.
pub(crate) async fn snapshot(docker: &Docker, name: &Name) -> Result<Snapshot, Error> {
    let containers_and_route = async {
        let containers = containers(docker, name).await?;
        let route = route_hash(docker, name, &containers).await?;
        Ok((checked(docker, sort(name, containers)).await?, route))
    };
    let ((containers, route), networks, volumes) = try_join!(
        containers_and_route,
        networks(docker),
        volumes(docker, name)
    )?;
    Ok(assemble(name, containers, networks, volumes, route))
}

/// The containers alone.
pub(crate) async fn container_list(
    docker: &Docker,
    name: &Name,
) -> Result<Vec<LiveContainer>, Error> {
    let found = checked(docker, sort(name, containers(docker, name).await?)).await?;
    Ok(found
        .into_values()
        .filter(|container| container.owner == Owner::Ours)
        .collect())
}

/// The engine looks at the health of a container only now and then, and a container that was paused
/// or short of breath is unhealthy to it until it has looked again. What it calls unhealthy is
/// checked anew, by the same check.
async fn checked(docker: &Docker, mut found: Containers) -> Result<Containers, Error> {
    let unhealthy = found.values_mut().filter(|container| {
        container.health == Some(Health::Unhealthy)
            && container.state == State::Running
            && container.owner == Owner::Ours
    });
    try_join_all(unhealthy.map(|container| async move {
        if passes_its_check(docker, &container.container_id).await? {
            container.health = Some(Health::Healthy);
        }
        Ok::<_, Error>(())
    }))
    .await?;
    Ok(found)
}

async fn passes_its_check(docker: &Docker, container_id: &str) -> Result<bool, Error> {
    let resource = "an unhealthy container";
    let inspected = docker.client.inspect_container(container_id, None).await;
    let inspected = inspected.map_err(Error::call("look at", resource))?;
    let check = inspected
        .config
        .and_then(|config| config.healthcheck?.test)
        .unwrap_or_default();
    let Some(check) = probe::check_command(&check) else {
        return Ok(false);
    };
    match command::run(docker, container_id, resource, &check, CHECK_BOUND).await {
        Err(Error::CommandHangs { .. }) => Ok(false),
        output => Ok(output?.code == 0),
    }
}

/// What the ingress serves of the deployment: as it says itself, else as its file says. The first
/// takes a millisecond; the second has the engine mount the container's file system, which takes
/// it longer than the rest of the look.
async fn route_hash(
    docker: &Docker,
    name: &Name,
    containers: &[ContainerSummary],
) -> Result<Option<String>, Error> {
    let ingress = containers
        .iter()
        .find(|container| has_name(container, INGRESS));
    let Some(ingress) = ingress else {
        return Ok(None);
    };
    if let Some(address) = probe::reachable(&addresses(ingress)) {
        let address = SocketAddr::new(address.into(), 80);
        if let Ok(answer) = wire::get(address, &asked(name.as_str())).await {
            return Ok(answer);
        }
    }
    let file = archive::read(docker, INGRESS, &site_file(name.as_str())).await?;
    let mark = file
        .as_deref()
        .and_then(|text| text.lines().next())
        .and_then(Mark::read);
    Ok(mark.map(|mark| mark.hash))
}

fn has_name(container: &ContainerSummary, name: &str) -> bool {
    let mut names = container.names.iter().flatten();
    names.any(|found| found.trim_start_matches('/') == name)
}

/// The host's own address in each network of a running container, and the container's.
fn addresses(container: &ContainerSummary) -> BTreeMap<Ipv4Addr, Ipv4Addr> {
    let networks = container
        .network_settings
        .as_ref()
        .and_then(|settings| settings.networks.as_ref());
    let endpoints = networks.into_iter().flat_map(HashMap::values);
    endpoints
        .filter_map(|endpoint| {
            let parse = |text: &Option<String>| text.as_ref()?.parse().ok();
            Some((parse(&endpoint.gateway)?, parse(&endpoint.ip_address)?))
        })
        .collect()
}

async fn containers(docker: &Docker, name: &Name) -> Result<Vec<ContainerSummary>, Error> {
    let list = |key: &'static str, values: Vec<String>| async move {
        let filters: HashMap<&str, Vec<String>> = HashMap::from([(key, values)]);
        let options = ListContainersOptionsBuilder::default()
            .all(true)
            .filters(&filters)
            .build();
        docker
            .client
            .list_containers(Some(options))
            .await
            .map_err(Error::call("list", "containers"))
    };
    // Ours under whatever name, and whatever is under one of our names.
    let (mut all, named) = try_join(
        list("label", vec![format!("{}={name}", labels::DEPLOYMENT)]),
        list(
            "name",
            vec![format!("^/?masto-{name}-"), format!("^/?{INGRESS}$")],
        ),
    )
    .await?;
    let seen: BTreeSet<_> = all.iter().map(|container| container.id.clone()).collect();
    all.extend(
        named
            .into_iter()
            .filter(|container| !seen.contains(&container.id)),
    );
    Ok(all)
}

async fn networks(docker: &Docker) -> Result<Vec<Network>, Error> {
    let filters = HashMap::from([("name", vec!["masto-"])]);
    let options = ListNetworksOptionsBuilder::default()
        .filters(&filters)
        .build();
    docker
        .client
        .list_networks(Some(options))
        .await
        .map_err(Error::call("list", "networks"))
}

async fn volumes(docker: &Docker, name: &Name) -> Result<Vec<Volume>, Error> {
    let ours = format!("masto-{name}-");
    let filters = HashMap::from([("name", vec![ours.as_str(), INGRESS])]);
    let options = ListVolumesOptionsBuilder::default()
        .filters(&filters)
        .build();
    let list = docker.client.list_volumes(Some(options)).await;
    Ok(list
        .map_err(Error::call("list", "volumes"))?
        .volumes
        .unwrap_or_default())
}
