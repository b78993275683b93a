//! `masto doctor --aws`

use std::collections::{BTreeMap, BTreeSet};
use std::net::{SocketAddr, ToSocketAddrs as _};
use std::path::PathBuf;
use std::time::Duration;

use doctor::{Options, Peer, RemoteAccount, Subject};
use local::ImageSet;
use mastodon::{Deployment, SecretName, Secrets};
use topology::Topology;

use crate::aws::evidence::AwsEvidence;
use crate::aws::inside;
use crate::aws::session::Session;
use crate::cli::Selection;
use crate::docker::federation::Elsewhere;
use crate::docker::interrupt::Interrupts;
use crate::error::{Error, ExitStatus};
use crate::settings::Settings;
use crate::view;
use crate::view::doctor::line;

/// How an examination is asked for.
#[derive(Default)]
pub(crate) struct Asked {
    /// `--timeout`
    pub(crate) total: Option<Duration>,
    /// `--json`
    pub(crate) json: bool,
    /// `--federation --peer`: an account of another server.
    pub(crate) elsewhere: Option<RemoteAccount>,
    /// `--connect`: there, whatever the names resolve to.
    pub(crate) connect: Option<String>,
    /// `--http-port`
    pub(crate) http_port: Option<u16>,
    /// `--ca`
    pub(crate) ca: Option<PathBuf>,
}

/// Tries the server out.
pub(crate) async fn examine(
    topology: Topology,
    asked: Asked,
    selection: &Selection,
    settings: &Settings,
) -> Result<ExitStatus, Error> {
    let session = Session::open(topology, ImageSet::default(), selection, settings).await?;
    let look = &session.account.for_one_look();
    let observed = session.observe_within(look).await?;
    if observed.is_empty() {
        return Err(not_up(&session));
    }
    let deployment = session.deployment(&observed);
    let secrets = session
        .secrets(look, &deployment, aws::secrets::Leaving::Imagine)
        .await?;
    let subject = subject(&session, &deployment, &secrets, &asked)?;
    settings.printer.say(
        "A task of its own looks at PostgreSQL, Redis and Sidekiq from inside; on AWS that takes a minute …\n",
    );
    let inside = inside::look(&session, asked.total).await;
    let evidence = AwsEvidence::new(&session, &deployment, &observed).with(inside);
    let mut options = Options::default();
    if let Some(total) = asked.total {
        options.total = total;
    }
    let printer = settings.printer;
    let report = doctor::examine(&subject, &evidence, &options, |result| {
        if !asked.json {
            // A reader that went away shows at the verdict.
            let _ = printer.answer(&line(result, settings.signs));
        }
    })
    .await;
    let federation = match &asked.elsewhere {
        None => None,
        Some(account) => {
            let interrupts = Interrupts::listen()?;
            let elsewhere = Elsewhere::new(account.clone(), None, settings).await?;
            let here = Peer {
                name: session.name().as_str(),
                subject: &subject,
                evidence: &evidence,
                token: None,
            };
            Some(elsewhere.federate(here, &options, &interrupts).await)
        }
    };
    view::federation::tell(&report, federation.as_ref(), asked.json, settings)
}

/// Nothing of the deployment is there.
pub(crate) fn not_up(session: &Session) -> Error {
    Error::Usage {
        message: format!(
            "nothing of `{}` is in account {}, {}",
            session.name(),
            session.scope.account,
            session.scope.region
        ),
        hint: Some("bring it up: `masto up --aws`".to_owned()),
    }
}

/// No task runs: because it was taken down, or was never there.
pub(crate) async fn nothing_runs(session: &Session) -> Error {
    let is_there = session
        .observe()
        .await
        .is_ok_and(|observed| !observed.is_empty());
    if !is_there {
        return not_up(session);
    }
    let name = session.name();
    Error::Usage {
        message: format!("`{name}` is down: no task of it runs, and what holds its data is kept"),
        hint: Some(format!(
            "`masto up --aws` brings it back; `masto down --aws --data` removes the data of `{name}` for good"
        )),
    }
}

/// The server as the world sees it.
pub(crate) fn subject(
    session: &Session,
    deployment: &Deployment,
    secrets: &Secrets,
    asked: &Asked,
) -> Result<Subject, Error> {
    let address = |text: String| {
        text.parse().map_err(|_| Error::Bug {
            message: format!("`{text}` is no address"),
        })
    };
    let connect = asked.connect.as_deref().map(resolve).transpose()?;
    let ca_pem = asked
        .ca
        .as_ref()
        .map(|path| {
            std::fs::read_to_string(path).map_err(|source| Error::Read {
                path: path.clone(),
                source,
            })
        })
        .transpose()?;
    let owner = secrets
        .get(SecretName::OwnerPassword)
        .map(|password| doctor::Owner {
            username: deployment.owner.username.clone(),
            email: deployment.owner.email.to_string(),
            password: password.expose().to_owned(),
        });
    Ok(Subject {
        base: address(format!("https://{}", deployment.web_domain))?,
        local_domain: deployment.domain.to_string(),
        media_host: media_host(deployment),
        mail_url: None,
        connect,
        http_port: asked.http_port.unwrap_or(80),
        ca_pem,
        owner,
        version: Some(deployment.version.to_string()),
        queues: queues(&session.topology),
        closed_ports: Vec::new(),
    })
}

/// Where uploads are fetched from.
pub(crate) fn media_host(deployment: &Deployment) -> String {
    deployment
        .ingress
        .routes
        .iter()
        .find(|route| route.to == mastodon::Target::Media)
        .map_or_else(
            || format!("media.{}", deployment.web_domain),
            |route| route.host.clone(),
        )
}

/// `127.0.0.1:8443`, or a host name: a load balancer's own.
fn resolve(text: &str) -> Result<SocketAddr, Error> {
    let with_port = if text.contains(':') {
        text.to_owned()
    } else {
        format!("{text}:443")
    };
    with_port
        .to_socket_addrs()
        .ok()
        .and_then(|mut found| found.next())
        .ok_or_else(|| Error::Usage {
            message: format!("`{text}` is no address to connect to"),
            hint: Some(
                "write it like `127.0.0.1:8443`, or as the load balancer's host name".to_owned(),
            ),
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
