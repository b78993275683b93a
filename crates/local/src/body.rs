//! What the engine is asked to make of a container. Pure.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use bollard::models::{
    ContainerCreateBody, EndpointSettings, HealthConfig, HostConfig, HostConfigLogConfig, Mount,
    MountType, NetworkingConfig, PortBinding, RestartPolicy, RestartPolicyNameEnum,
};
use mastodon::Secrets;
use topology::Name;

use crate::archive::Entry;
use crate::id::{Id, NetworkRole};
use crate::labels;
use crate::probe::CHECK_BOUND;
use crate::resource::Container;
use crate::template::{MissingSecret, Template};

const NANOSECONDS: i64 = 1_000_000_000;

/// What a container is built upon, besides its own description.
#[derive(Clone, Debug)]
pub(crate) struct Ground<'a> {
    pub(crate) deployment: &'a Name,
    pub(crate) secrets: &'a Secrets,
    /// Everything it needs, for the order of removals.
    pub(crate) depends_on: BTreeSet<Id>,
    /// Identities of what it holds.
    pub(crate) holds: BTreeMap<Id, String>,
    /// Of the processes' network.
    pub(crate) subnet: Option<&'a str>,
    /// It ends by itself and is not started again.
    pub(crate) is_job: bool,
}

/// The networks that the container joins, the first of which it is made in (API versions before
/// 1.44 take only one).
pub(crate) fn networks(
    container: &Container,
    deployment: &Name,
) -> Vec<(String, EndpointSettings)> {
    container
        .networks
        .iter()
        .map(|(role, aliases)| {
            let name = Id::Network(*role)
                .docker_name(deployment)
                .unwrap_or_default();
            (name, endpoint(aliases))
        })
        .collect()
}

/// A place in a network with these names.
pub(crate) fn endpoint(aliases: &BTreeSet<String>) -> EndpointSettings {
    EndpointSettings {
        aliases: (!aliases.is_empty()).then(|| aliases.iter().cloned().collect()),
        ..EndpointSettings::default()
    }
}

/// The files of the container, with their secrets.
pub(crate) fn files(
    container: &Container,
    ground: &Ground<'_>,
) -> Result<BTreeMap<String, Entry>, MissingSecret> {
    container
        .files
        .iter()
        .map(|(path, file)| {
            let content = file.content.render(ground.secrets, ground.subnet)?;
            Ok((
                path.clone(),
                Entry {
                    content,
                    mode: file.mode,
                },
            ))
        })
        .collect()
}

/// The request that makes the container.
pub(crate) fn body(
    container: &Container,
    ground: &Ground<'_>,
) -> Result<ContainerCreateBody, MissingSecret> {
    let first = networks(container, ground.deployment).into_iter().next();
    let mode = first.as_ref().map(|(name, _)| name.clone());
    Ok(ContainerCreateBody {
        // By name, as `docker ps` will show it. Should the name move to another image between the
        // plan and this call, the next plan sees that.
        image: Some(container.image.reference.clone()),
        // Sidekiq shows it, and logs are easier to read with it.
        hostname: Some(container.id.short()),
        entrypoint: container.entrypoint.clone(),
        cmd: (!container.command.is_empty()).then(|| container.command.clone()),
        env: Some(environment(container, ground)?),
        labels: Some(labels_of(container, ground)),
        stop_signal: container.stop_signal.map(str::to_owned),
        stop_timeout: i64::try_from(container.stop_grace.as_secs()).ok(),
        healthcheck: container.healthcheck.as_deref().map(healthcheck),
        exposed_ports: (!container.ports.is_empty()).then(|| {
            container
                .ports
                .keys()
                .map(|port| format!("{port}/tcp"))
                .collect()
        }),
        networking_config: first.map(|first| NetworkingConfig {
            endpoints_config: Some(HashMap::from([first])),
        }),
        host_config: Some(host_config(container, ground, mode)),
        ..ContainerCreateBody::default()
    })
}

/// `NAME=value` of every variable.
pub(crate) fn environment(
    container: &Container,
    ground: &Ground<'_>,
) -> Result<Vec<String>, MissingSecret> {
    let mut variables = BTreeMap::new();
    for (name, template) in &container.env {
        variables.insert(
            name.as_str(),
            template.render(ground.secrets, ground.subnet)?,
        );
    }
    // Mastodon trusts proxies in private ranges by itself; an engine may hand out others.
    let behind_proxy = container.networks.contains_key(&NetworkRole::Processes)
        && matches!(container.id, Id::Process(..));
    if let Some(subnet) = ground
        .subnet
        .filter(|subnet| behind_proxy && !is_private(subnet))
    {
        variables
            .entry("TRUSTED_PROXY_IP")
            .or_insert_with(|| format!("127.0.0.0/8,::1/128,{subnet}"));
    }
    Ok(variables
        .into_iter()
        .map(|(name, value)| format!("{name}={value}"))
        .collect())
}

fn is_private(subnet: &str) -> bool {
    let address = subnet.split('/').next().unwrap_or_default();
    address
        .parse::<std::net::Ipv4Addr>()
        .is_ok_and(|address| address.is_private())
}

fn labels_of(container: &Container, ground: &Ground<'_>) -> HashMap<String, String> {
    let mut all = labels::common(ground.deployment.as_str(), &container.id);
    let mut put = |name: &str, value: String| all.insert(name.to_owned(), value);
    put(labels::IMAGE, container.image.reference.clone());
    put(
        labels::CONFIG_HASH,
        engine::hash::config_hash(&container.config),
    );
    put(labels::CONFIG, labels::write_config(&container.config));
    put(labels::DEPENDS_ON, labels::write_ids(&ground.depends_on));
    put(labels::HOLDS, labels::write_holds(&ground.holds));
    for (name, value) in &container.labels {
        put(name, value.clone());
    }
    all
}

fn healthcheck(test: &[String]) -> HealthConfig {
    HealthConfig {
        test: Some(test.to_vec()),
        interval: Some(30 * NANOSECONDS),
        timeout: i64::try_from(CHECK_BOUND.as_nanos()).ok(),
        retries: Some(3),
        start_period: Some(60 * NANOSECONDS),
        start_interval: None,
    }
}

fn host_config(container: &Container, ground: &Ground<'_>, network: Option<String>) -> HostConfig {
    let restart = if ground.is_job {
        RestartPolicyNameEnum::NO
    } else {
        // The server comes back with the machine, unless somebody stopped it.
        RestartPolicyNameEnum::UNLESS_STOPPED
    };
    let bytes = |size: u64| i64::try_from(size).unwrap_or(i64::MAX);
    HostConfig {
        network_mode: network,
        restart_policy: Some(RestartPolicy {
            name: Some(restart),
            maximum_retry_count: None,
        }),
        memory: container.memory.map(bytes),
        // 1024 is one CPU's worth where CPUs are contended.
        cpu_shares: container
            .cpu_millis
            .map(|millis| i64::from(millis.max(2)) * 1024 / 1000),
        shm_size: container.shm.map(bytes),
        mounts: Some(mounts(container, ground.deployment)),
        port_bindings: (!container.ports.is_empty()).then(|| port_bindings(container)),
        security_opt: Some(vec!["no-new-privileges:true".to_owned()]),
        // Without a bound the log of a busy server fills the disk.
        log_config: Some(HostConfigLogConfig {
            typ: Some("json-file".to_owned()),
            config: Some(HashMap::from([
                ("max-size".to_owned(), "10m".to_owned()),
                ("max-file".to_owned(), "3".to_owned()),
            ])),
        }),
        ..HostConfig::default()
    }
}

fn mounts(container: &Container, deployment: &Name) -> Vec<Mount> {
    container
        .mounts
        .iter()
        .map(|(role, path)| Mount {
            typ: Some(MountType::VOLUME),
            source: Id::Volume(*role).docker_name(deployment),
            target: Some(path.clone()),
            ..Mount::default()
        })
        .collect()
}

fn port_bindings(container: &Container) -> HashMap<String, Option<Vec<PortBinding>>> {
    container
        .ports
        .iter()
        .map(|(inside, outside)| {
            let binding = PortBinding {
                host_ip: Some("127.0.0.1".to_owned()),
                host_port: Some(outside.to_string()),
            };
            (format!("{inside}/tcp"), Some(vec![binding]))
        })
        .collect()
}

/// The variables of `extra` on top of those of the container, for a one-off of it.
pub(crate) fn with_variables(container: &Container, extra: &[(String, String)]) -> Container {
    let mut container = container.clone();
    for (name, value) in extra {
        container
            .env
            .insert(name.clone(), Template::default().then(value));
    }
    container
}

#[cfg(test)]
#[path = "body_tests.rs"]
mod tests;
