//! `masto doctor`

use std::path::PathBuf;

use clap::Args;
use doctor::{FederationReport, Options, Report};
use local::{ContainerStatus, Docker, LocalCa};
use topology::Topology;

use crate::cli::Selection;
use crate::docker::bound::Bound;
use crate::docker::child::not_up;
use crate::docker::execution::or_cancelled;
use crate::docker::federation::{Companion, Elsewhere, PeerName};
use crate::docker::interrupt::Interrupts;
use crate::docker::patient::Patient;
use crate::docker::session::{self, LocalArgs, block_on, failed};
use crate::error::{Error, ExitStatus};
use crate::settings::Settings;
use crate::source::Source;
use crate::view;

/// Try the server out, like a user and like another server, and say why what fails does
///
/// Logs in, posts, uploads, follows the stream, looks at queues, mail, certificates, headers and
/// stores, and cleans up after itself. Each failure comes with its likely cause and the fix.
///
/// With `--federation` it also meets a second server: the owners find and follow each other, a
/// post with an image goes each way, and its deletion after it. The second server is one of yours
/// (`--peer`), or one that is started for this and removed afterwards. It may also be a server that
/// is somebody else's: its account is looked up and followed for a moment, and what takes a login
/// there is done with MASTO_PEER_TOKEN, or left out.
#[derive(Debug, Args)]
#[command(
    alias = "check",
    after_help = "\
Examples:
  masto doctor --local
  masto doctor --local --federation              with a second server, started for this
  masto doctor --local --federation --peer peer  with the deployment `peer`
  masto doctor --aws --federation --peer https://mastodon.example/@alice
  masto doctor --local --json | jq -r '.causes[] | .cause, .fix'

Exit status: 0 nothing failed (warnings do not count), 1 something failed"
)]
pub(crate) struct Doctor {
    /// How long the whole examination may take
    #[arg(long, value_name = "TIME")]
    timeout: Option<Bound>,

    /// Also exchange follows and posts with a second server; without `--peer` one is started for
    /// this and removed
    #[arg(long)]
    federation: bool,

    /// The second server: another deployment on this machine by its name, or an account elsewhere:
    /// `@user@host`, `https://host/@user`, or `https://host` for whom it names as its contact
    #[arg(long, value_name = "PEER", requires = "federation")]
    peer: Option<PeerName>,

    /// The report as one JSON document
    #[arg(long)]
    json: bool,

    /// With `--aws`: connect there, whatever the names resolve to: `198.51.100.7:443`, or the load
    /// balancer's host name
    #[cfg(feature = "aws")]
    #[arg(long, value_name = "ADDRESS", requires = "aws", hide_short_help = true)]
    connect: Option<String>,

    /// With `--aws`: the CA that signed the certificates, PEM [default: the public ones]
    #[cfg(feature = "aws")]
    #[arg(long, value_name = "FILE", value_hint = clap::ValueHint::FilePath, requires = "aws", hide_short_help = true)]
    ca: Option<PathBuf>,

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
        #[cfg(feature = "aws")]
        if selection.aws {
            let asked = crate::aws::doctor::Asked {
                total: self.timeout.map(|Bound(total)| total),
                json: self.json,
                elsewhere: match (self.federation, self.peer) {
                    (false, _) => None,
                    (true, Some(PeerName::Account(account))) => Some(account),
                    (true, Some(PeerName::Deployment(_)) | None) => return Err(no_neighbours()),
                },
                connect: self.connect,
                http_port: None,
                ca: self.ca,
            };
            return block_on(crate::aws::doctor::examine(
                topology, asked, &selection, settings,
            ));
        }
        block_on(async {
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
            if self.federation {
                self.with_peer(&docker, &topology, &containers, settings)
                    .await
            } else {
                let patient = self
                    .patient(&docker, &topology, &containers, settings)
                    .await?;
                let report = self.examine(&patient, settings).await;
                self.tell(&report, None, settings)
            }
        })
    }

    async fn patient(
        &self,
        docker: &Docker,
        topology: &Topology,
        containers: &[ContainerStatus],
        settings: &Settings,
    ) -> Result<Patient, Error> {
        let local = self.local.settings_of(settings, containers)?;
        Patient::new(docker.clone(), topology, &local, containers).await
    }

    /// The server alone, then with another one. What was started for this is removed whatever
    /// happens, a Ctrl-C included.
    async fn with_peer(
        &self,
        docker: &Docker,
        topology: &Topology,
        containers: &[ContainerStatus],
        settings: &Settings,
    ) -> Result<ExitStatus, Error> {
        let interrupts = Interrupts::listen()?;
        let local = self.local.settings_of(settings, containers)?;
        let name = &topology.name;
        let companion = match &self.peer {
            Some(PeerName::Deployment(peer)) if peer == name => {
                return Err(Error::Usage {
                    message: format!("`{peer}` is the server itself"),
                    hint: Some("name another deployment; `masto status --all` lists them, and without `--peer` one is started".to_owned()),
                });
            }
            Some(PeerName::Deployment(peer)) => Companion::own(docker, peer, &local).await?,
            Some(PeerName::Account(account)) => {
                let ca = LocalCa::load_or_create(&local.paths())
                    .map_err(|error| Error::plain(&error, None, ExitStatus::Failure))?;
                let elsewhere = Elsewhere::new(account.clone(), Some(&ca), settings).await?;
                Companion::Elsewhere(Box::new(elsewhere))
            }
            None => {
                settings
                    .printer
                    .say("Starting a second server for the time of the examination …\n");
                Companion::made(docker, topology, &local, settings, &interrupts).await?
            }
        };
        let found = async {
            let patient = Patient::new(docker.clone(), topology, &local, containers).await?;
            let alone = async { Ok(self.examine(&patient, settings).await) };
            let report = or_cancelled(&interrupts, alone).await?;
            let options = self.options();
            let federation = companion
                .federate(name, &patient, &options, &interrupts, |_| {})
                .await;
            Ok((report, federation))
        }
        .await;
        // First what must not stay; what went wrong before is told all the same.
        let left = companion.leave(settings).await;
        let (report, federation) = found?;
        let status = self.tell(&report, Some(&federation), settings)?;
        left?;
        if interrupts.cancel.is_stopped() {
            return Err(Error::Cancelled);
        }
        Ok(status)
    }

    fn options(&self) -> Options {
        let mut options = Options::default();
        if let Some(Bound(total)) = self.timeout {
            options.total = total;
        }
        options
    }

    async fn examine(&self, patient: &Patient, settings: &Settings) -> Report {
        let Patient { subject, evidence } = patient;
        doctor::examine(subject, evidence, &self.options(), |result| {
            if !self.json {
                // A reader that went away shows at the verdict.
                let line = view::doctor::line(result, settings.signs);
                let _ = settings.printer.answer(&line);
            }
        })
        .await
    }

    fn tell(
        &self,
        report: &Report,
        federation: Option<&FederationReport>,
        settings: &Settings,
    ) -> Result<ExitStatus, Error> {
        view::federation::tell(report, federation, self.json, settings)
    }
}

/// A server in an account reaches nothing of this machine.
#[cfg(feature = "aws")]
fn no_neighbours() -> Error {
    Error::Usage {
        message: "a server on AWS does not reach the servers of this machine".to_owned(),
        hint: Some(
            "name an account that the whole world reaches: `--peer https://host/@user`".to_owned(),
        ),
    }
}
