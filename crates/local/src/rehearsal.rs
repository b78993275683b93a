//! What a rehearsal of AWS needs of Docker: images that trust the emulator's certificates, names
//! for images, and one container that plays the load balancer.
//!
//! Everything carries [`LABEL`], so that a rehearsal that was killed can be cleared away.

use std::collections::{BTreeMap, HashMap};
use std::net::{Ipv4Addr, TcpListener};

use bollard::models::{ContainerConfig, ContainerCreateBody, HostConfig, PortBinding};
use bollard::query_parameters::{
    CommitContainerOptionsBuilder, CreateContainerOptionsBuilder, ListContainersOptionsBuilder,
    RemoveContainerOptionsBuilder, RemoveImageOptionsBuilder, TagImageOptionsBuilder,
};

use crate::archive::{self, Entry};
use crate::docker::Docker;
use crate::error::{Error, status};

/// The label of everything a rehearsal makes; its value is the rehearsal's name.
pub const LABEL: &str = "masto.rehearsal";

/// Where Debian's images keep the certificates that they believe.
const AUTHORITIES: &str = "/etc/ssl/certs/ca-certificates.crt";
/// Variables of every [`staged_copy`] that say whom it believes: OpenSSL looks into a folder of its
/// own, and Node has a list of its own.
pub const BELIEVED: [(&str, &str); 2] = [
    ("SSL_CERT_FILE", AUTHORITIES),
    ("NODE_EXTRA_CA_CERTS", AUTHORITIES),
];

/// Where the front listens on this machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FrontPorts {
    /// HTTPS.
    pub https: u16,
    /// HTTP, which redirects.
    pub http: u16,
}

/// Two free ports of loopback.
///
/// # Errors
/// When there is none.
pub fn free_ports() -> std::io::Result<FrontPorts> {
    let https = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
    let http = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
    Ok(FrontPorts {
        https: https.local_addr()?.port(),
        http: http.local_addr()?.port(),
    })
}

/// Docker's default network, as its containers see it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bridge {
    /// Where they find this machine.
    pub address: String,
    /// Where they are themselves: `172.17.0.0/16`.
    pub range: String,
}

/// Looks at Docker's default network.
///
/// # Errors
/// When the engine has no such network or does not answer.
pub async fn bridge(docker: &Docker) -> Result<Bridge, Error> {
    let network = docker
        .client
        .inspect_network("bridge", None)
        .await
        .map_err(Error::call("look at", "network `bridge`"))?;
    let configs = network
        .ipam
        .and_then(|ipam| ipam.config)
        .unwrap_or_default();
    let range = configs
        .iter()
        .find_map(|config| config.subnet.clone().filter(|subnet| subnet.contains('.')))
        .unwrap_or_else(|| "172.17.0.0/16".to_owned());
    let gateway = configs.iter().find_map(|config| {
        config
            .gateway
            .clone()
            .filter(|gateway| gateway.contains('.'))
    });
    // Not said by every engine: then it is the first address of the network.
    let address = gateway.unwrap_or_else(|| {
        let (network, _) = range.split_once('/').unwrap_or((range.as_str(), ""));
        let (head, _) = network.rsplit_once('.').unwrap_or((network, ""));
        format!("{head}.1")
    });
    Ok(Bridge { address, range })
}

/// Whether the engine has `image`.
///
/// # Errors
/// When it does not answer.
pub async fn has_image(docker: &Docker, image: &str) -> Result<bool, Error> {
    match docker.client.inspect_image(image).await {
        Ok(_) => Ok(true),
        Err(error) if status(&error) == Some(404) => Ok(false),
        Err(error) => Err(Error::call("look at", format!("image `{image}`"))(error)),
    }
}

/// Gives `image` the name `repository:tag` as well.
///
/// # Errors
/// When the engine has no such image.
pub async fn name_image(
    docker: &Docker,
    image: &str,
    repository: &str,
    tag: &str,
) -> Result<(), Error> {
    let options = TagImageOptionsBuilder::default()
        .repo(repository)
        .tag(tag)
        .build();
    docker
        .client
        .tag_image(image, Some(options))
        .await
        .map_err(Error::call("name", format!("image `{image}`")))
}

/// An image for a rehearsal: another one, with what a task gets from AWS and not from an emulator.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StagedCopy<'a> {
    /// What it is made from.
    pub image: &'a str,
    /// Its own name.
    pub repository: &'a str,
    /// Its own tag.
    pub tag: &'a str,
    /// PEM of the authorities it shall believe beside those it does.
    pub authorities: &'a str,
    /// Variables on top of the image's own.
    pub env: &'a [(&'a str, &'a str)],
}

/// Makes `copy`.
///
/// # Errors
/// When the engine has no such image, or it keeps its authorities elsewhere.
pub async fn staged_copy(
    docker: &Docker,
    copy: &StagedCopy<'_>,
    rehearsal: &str,
) -> Result<(), Error> {
    let StagedCopy {
        image,
        repository,
        tag,
        authorities,
        env,
    } = copy;
    let resource = format!("image `{repository}:{tag}`");
    let variables = BELIEVED.iter().chain(*env);
    let body = ContainerCreateBody {
        image: Some((*image).to_owned()),
        labels: Some(labels(rehearsal)),
        env: Some(
            variables
                .map(|(name, value)| format!("{name}={value}"))
                .collect(),
        ),
        ..ContainerCreateBody::default()
    };
    let made = docker
        .client
        .create_container(
            None::<bollard::query_parameters::CreateContainerOptions>,
            body,
        )
        .await
        .map_err(Error::call("create", &resource))?;
    let copied = async {
        let own = archive::read(docker, &made.id, AUTHORITIES)
            .await?
            .unwrap_or_default();
        let files = BTreeMap::from([(
            AUTHORITIES.to_owned(),
            Entry {
                content: format!("{own}\n{authorities}"),
                mode: 0o644,
            },
        )]);
        archive::write(docker, &made.id, &resource, &files).await?;
        let options = CommitContainerOptionsBuilder::default()
            .container(&made.id)
            .repo(repository)
            .tag(tag)
            .build();
        docker
            .client
            .commit_container(options, ContainerConfig::default())
            .await
            .map_err(Error::call("commit", &resource))
    }
    .await;
    let removed = remove_container(docker, &made.id).await;
    copied?;
    removed
}

/// Starts a Caddy that plays the load balancer with `files` (by absolute path) in it.
///
/// # Errors
/// When it cannot be made or started.
pub async fn start_front(
    docker: &Docker,
    image: &str,
    rehearsal: &str,
    files: &BTreeMap<String, String>,
    ports: FrontPorts,
) -> Result<(), Error> {
    let resource = "the rehearsal's front";
    let publish = |port: u16| {
        Some(vec![PortBinding {
            host_ip: Some(Ipv4Addr::LOCALHOST.to_string()),
            host_port: Some(port.to_string()),
        }])
    };
    let body = ContainerCreateBody {
        image: Some(image.to_owned()),
        labels: Some(labels(rehearsal)),
        cmd: Some(
            ["caddy", "run", "--config", "/etc/masto/Caddyfile"]
                .map(str::to_owned)
                .to_vec(),
        ),
        host_config: Some(HostConfig {
            port_bindings: Some(HashMap::from([
                ("443/tcp".to_owned(), publish(ports.https)),
                ("80/tcp".to_owned(), publish(ports.http)),
            ])),
            extra_hosts: Some(vec!["host.docker.internal:host-gateway".to_owned()]),
            ..HostConfig::default()
        }),
        ..ContainerCreateBody::default()
    };
    let options = CreateContainerOptionsBuilder::default()
        .name(&format!("masto-{rehearsal}-front"))
        .build();
    let made = docker
        .client
        .create_container(Some(options), body)
        .await
        .map_err(Error::call("create", resource))?;
    let files = files
        .iter()
        .map(|(path, content)| {
            let entry = Entry {
                content: content.clone(),
                mode: 0o644,
            };
            (path.clone(), entry)
        })
        .collect();
    archive::write(docker, &made.id, resource, &files).await?;
    docker
        .client
        .start_container(&made.id, None)
        .await
        .map_err(Error::call("start", resource))
}

/// Removes what the rehearsal `name` made, and `containers` of the emulator `instance`.
///
/// # Errors
/// The first thing that could not be removed.
pub async fn clear(
    docker: &Docker,
    rehearsal: &str,
    instance: &str,
    images: &[String],
) -> Result<(), Error> {
    for label in [
        format!("{LABEL}={rehearsal}"),
        format!("ministack.instance={instance}"),
    ] {
        let filters = HashMap::from([("label".to_owned(), vec![label])]);
        let options = ListContainersOptionsBuilder::default()
            .all(true)
            .filters(&filters)
            .build();
        let containers = docker
            .client
            .list_containers(Some(options))
            .await
            .map_err(Error::call("list", "containers"))?;
        for id in containers.into_iter().filter_map(|container| container.id) {
            remove_container(docker, &id).await?;
        }
    }
    for image in images {
        let options = RemoveImageOptionsBuilder::default().build();
        match docker.client.remove_image(image, Some(options), None).await {
            Ok(_) => {}
            Err(error) if status(&error) == Some(404) => {}
            Err(error) => {
                return Err(Error::call("remove", format!("image `{image}`"))(error));
            }
        }
    }
    Ok(())
}

async fn remove_container(docker: &Docker, id: &str) -> Result<(), Error> {
    let options = RemoveContainerOptionsBuilder::default()
        .force(true)
        .v(true)
        .build();
    match docker.client.remove_container(id, Some(options)).await {
        Ok(()) => Ok(()),
        // Gone, or going.
        Err(error) if matches!(status(&error), Some(404 | 409)) => Ok(()),
        Err(error) => Err(Error::call("remove", format!("container `{id}`"))(error)),
    }
}

fn labels(rehearsal: &str) -> HashMap<String, String> {
    HashMap::from([(LABEL.to_owned(), rehearsal.to_owned())])
}
