//! A deployment as the doctor examines it: where it answers, and what is known beforehand.

use std::collections::{BTreeMap, BTreeSet};
use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use doctor::{ClosedPort, Diagnosis, Subject};
use local::{ContainerStatus, Docker, Kind, LocalCa, SecretStore};
use mastodon::{Deployment, Secret};
use tokio::net::TcpStream;
use tokio::time::timeout;
use topology::Topology;

use crate::docker::child::not_up;
use crate::docker::evidence::DockerEvidence;
use crate::docker::offline;
use crate::docker::session::Session;
use crate::error::{Error, ExitStatus};

/// A deployment, and a way to look behind its front.
pub(crate) struct Patient {
    /// Its front.
    pub(crate) subject: Subject,
    /// Behind it.
    pub(crate) evidence: DockerEvidence,
}

impl Patient {
    /// The deployment of `topology`, of which `containers` are there.
    pub(crate) async fn new(
        docker: Docker,
        topology: &Topology,
        local: &local::Settings,
        containers: &[ContainerStatus],
    ) -> Result<Self, Error> {
        let deployment = offline::deployment(topology, local);
        let subject = subject(topology, &deployment, local, containers).await?;
        Ok(Self {
            subject,
            evidence: DockerEvidence::new(docker, &deployment, &topology.mastodon.env),
        })
    }

    /// Why `process` (`web`, `sidekiq-all`, `postgres`) is not up or does not do its work, the
    /// likeliest cause first; empty when nothing speaks against it.
    pub(crate) async fn explain(&self, process: &str) -> Vec<Diagnosis> {
        doctor::explain(&self.subject, &self.evidence, process).await
    }
}

/// The likeliest cause of each of `failed` (resources, as their ids display), for those that have
/// one. Silent after a few seconds: the failure itself has been told.
pub(crate) async fn likely_causes(
    session: &Session,
    failed: impl Iterator<Item = &str>,
) -> Vec<(String, Vec<Diagnosis>)> {
    const BOUND: Duration = Duration::from_secs(5);
    let looking = async {
        let containers = local::status(&session.docker, session.name()).await.ok()?;
        let docker = session.docker.clone();
        let patient = Patient::new(docker, &session.topology, &session.local, &containers)
            .await
            .ok()?;
        let mut causes = Vec::new();
        for process in processes(failed, &containers) {
            let likeliest: Vec<Diagnosis> = patient
                .explain(&process)
                .await
                .into_iter()
                .take(1)
                .collect();
            if !likeliest.is_empty() {
                causes.push((process, likeliest));
            }
        }
        Some(causes)
    };
    timeout(BOUND, looking)
        .await
        .ok()
        .flatten()
        .unwrap_or_default()
}

/// The processes behind ``container `web-1` ``; what is none of them is left out.
fn processes<'a>(
    resources: impl Iterator<Item = &'a str>,
    containers: &[ContainerStatus],
) -> BTreeSet<String> {
    resources
        .filter_map(|resource| {
            let short = resource.split('`').nth(1)?;
            let found = containers.iter().find(|container| {
                container.process == short
                    || format!("{}-{}", container.process, container.replica) == short
            })?;
            (found.kind != Kind::Job).then(|| found.process.clone())
        })
        .collect()
}

/// The server as it should be on this machine.
async fn subject(
    topology: &Topology,
    deployment: &Deployment,
    local: &local::Settings,
    containers: &[ContainerStatus],
) -> Result<Subject, Error> {
    let plain = |error: &dyn std::error::Error| Error::plain(error, None, ExitStatus::Failure);
    let paths = local.paths();
    let ports = local.ports(topology);
    let stored = SecretStore::new(&paths, &topology.name)
        .load()
        .map_err(|error| plain(&error))?;
    let stored = stored.ok_or_else(|| not_up(&topology.name))?;
    let outputs = local::outputs(deployment, ports, &stored.secrets, &paths);
    let ca = LocalCa::load_or_create(&paths).map_err(|error| plain(&error))?;
    let address = |text: &str| {
        text.parse().map_err(|_| Error::Bug {
            message: format!("`{text}` is no address"),
        })
    };
    let media_host = outputs
        .media_url
        .trim_start_matches("https://")
        .trim_end_matches('/')
        .to_owned();
    let owner = outputs
        .owner_password
        .as_ref()
        .map(|password: &Secret| doctor::Owner {
            username: outputs.owner.clone(),
            email: outputs.owner_email.clone(),
            password: password.expose().to_owned(),
        });
    Ok(Subject {
        base: address(&outputs.url)?,
        local_domain: deployment.domain.to_string(),
        media_host,
        mail_url: outputs.mail_url.as_deref().map(address).transpose()?,
        connect: Some(SocketAddr::from((Ipv4Addr::LOCALHOST, ports.https))),
        http_port: ports.http,
        ca_pem: Some(ca.certificate_pem().to_owned()),
        owner,
        version: Some(deployment.version.to_string()),
        queues: queues(topology),
        closed_ports: closed_ports(containers).await,
    })
}

/// Every queue, and who consumes it.
fn queues(topology: &Topology) -> BTreeMap<String, BTreeSet<String>> {
    let mut queues: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for sidekiq in &topology.sidekiq {
        for queue in &sidekiq.queues {
            queues
                .entry(queue.as_str().to_owned())
                .or_default()
                .insert(format!("sidekiq-{}", sidekiq.name));
        }
    }
    queues
}

/// Where somebody on this machine would look for a store or a process that only the ingress
/// should reach. What another program listens on is left out: the engine says that it is not ours.
async fn closed_ports(containers: &[ContainerStatus]) -> Vec<ClosedPort> {
    const PORTS: [(&str, u16); 6] = [
        ("postgres", 5432),
        ("redis", 6379),
        ("minio", 9000),
        ("mailpit", 1025),
        ("web", 3000),
        ("streaming", 4000),
    ];
    let mut closed = Vec::new();
    for (process, port) in PORTS {
        let addr = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
        let published = format!(":{port}->");
        let is_ours = containers
            .iter()
            .filter(|container| container.process == process)
            .any(|container| {
                container
                    .ports
                    .iter()
                    .any(|binding| binding.contains(&published))
            });
        if is_ours || !is_open(addr).await {
            closed.push(ClosedPort {
                name: process.to_owned(),
                addr,
            });
        }
    }
    closed
}

async fn is_open(addr: SocketAddr) -> bool {
    // Loopback answers at once, one way or the other.
    matches!(
        timeout(Duration::from_millis(200), TcpStream::connect(addr)).await,
        Ok(Ok(_))
    )
}
