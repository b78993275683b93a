//! `masto doctor`

use std::path::PathBuf;

use clap::Args;
use doctor::Options;

use crate::cli::Selection;
use crate::docker::bound::Bound;
use crate::docker::child::not_up;
use crate::docker::patient::Patient;
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
            let Patient { subject, evidence } =
                Patient::new(docker, &topology, &local, &containers).await?;
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
