//! `masto doctor`

use std::collections::{BTreeMap, BTreeSet};
use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::time::Duration;

use clap::Args;
use doctor::{ClosedPort, Options, Subject};
use local::{ContainerStatus, LocalCa, SecretStore};
use mastodon::{Deployment, Secret};
use tokio::net::TcpStream;
use tokio::time::timeout;
use topology::Topology;

use crate::cli::Selection;
use crate::docker::bound::Bound;
use crate::docker::child::not_up;
use crate::docker::evidence::DockerEvidence;
use crate::docker::offline;
use crate::docker::session::{self, LocalArgs, block_on, failed};
use crate::error::{Error, ExitStatus};
use crate::settings::Settings;
use crate::source::Source;
use crate::view::doctor::{line, verdict};

/// Try the server out, like a user and like another server, and say why what fails does
///
/// Logs in, posts, uploads, follows the stream, looks at queues, mail, certificates, headers and
/// stores, and cleans up after itself. Each failure comes with its likely cause and the fix.
#[derive(Debug, Args)]
#[command(
    alias = "check",
    after_help = "\
Examples:
  masto doctor --local
  masto doctor --local --json | jq -r '.causes[] | .cause, .fix'

Exit status: 0 nothing failed (warnings do not count), 1 something failed"
)]
pub(crate) struct Doctor {
    /// How long the whole examination may take
    #[arg(long, value_name = "TIME")]
    timeout: Option<Bound>,

    /// The report as one JSON document
    #[arg(long)]
    json: bool,

    #[command(flatten)]
    selection: Selection,

    #[command(flatten)]
    local: LocalArgs,
}

impl Doctor {
    pub(crate) fn run(
        self,
        file: Option<PathBuf>,
        settings: &Settings,
    ) -> Result<ExitStatus, Error> {
        let selection = self.selection.clone().or_file(file);
        let topology = Source::load(&selection, settings)?;
        block_on(async {
            let printer = settings.printer;
            let docker = session::connect(settings).await?;
            let containers = local::status(&docker, &topology.name)
                .await
                .map_err(failed)?;
            if !containers
                .iter()
                .any(|container| container.kind != local::Kind::Ingress)
            {
                return Err(not_up(&topology.name));
            }
            let local = self.local.settings_of(settings, &containers)?;
            let deployment = offline::deployment(&topology, &local);
            let subject = subject(&topology, &deployment, &local, &containers).await?;
            let evidence = DockerEvidence::new(docker, &deployment);
            let mut options = Options::default();
            if let Some(Bound(total)) = self.timeout {
                options.total = total;
            }
            let report = doctor::examine(&subject, &evidence, &options, |result| {
                if !self.json {
                    // A reader that went away shows at the verdict.
                    let _ = printer.answer(&line(result, settings.signs));
                }
            })
            .await;
            if self.json {
                printer.json(&serde_json::to_value(&report).unwrap_or_default())?;
            } else {
                printer.answer(&verdict(&report, settings.signs))?;
            }
            Ok(if report.is_healthy() {
                ExitStatus::Success
            } else {
                ExitStatus::Failure
            })
        })
    }
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
