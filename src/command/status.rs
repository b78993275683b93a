//! `masto status`

use std::path::PathBuf;
use std::time::Duration;

use clap::Args;
use jiff::Timestamp;
use local::{ContainerStatus, Docker};
use topology::Name;

use crate::cli::Selection;
use crate::docker::child::not_up;
use crate::docker::session::{self, block_on, failed};
use crate::error::{Error, ExitStatus};
use crate::settings::Settings;
use crate::view::status::{all_json, all_text, json, render};

/// Show what runs, and how it is
///
/// One line a container: what it does, what its health check says, since when. Ends with 7 when
/// something that should run does not, or is unhealthy.
#[derive(Debug, Args)]
#[command(
    visible_alias = "ps",
    alias = "show",
    after_help = "\
Examples:
  masto status
  masto status --watch
  masto status --all                          every deployment on this Docker host
  masto status --json | jq -r '.containers[] | select(.well | not).name'

Exit status: 0 all is well, 2 nothing is there, 7 something is not well"
)]
pub(crate) struct Status {
    /// Every deployment on this Docker host, one line each
    #[arg(short, long, conflicts_with = "watch")]
    all: bool,

    /// Again whenever something has changed, until Ctrl-C
    #[arg(short, long)]
    watch: bool,

    /// As one JSON document; with `--watch` one a line
    #[arg(long)]
    json: bool,

    #[command(flatten)]
    selection: Selection,
}

/// How often `--watch` looks.
const EVERY: Duration = Duration::from_secs(1);

/// Puts the cursor into the upper left corner and clears the screen.
const CLEAR: &str = "\x1b[H\x1b[2J";

impl Status {
    pub(crate) fn run(
        self,
        file: Option<PathBuf>,
        settings: &Settings,
    ) -> Result<ExitStatus, Error> {
        if self.all {
            return block_on(self.show_all(settings));
        }
        let selection = self.selection.clone().or_file(file);
        #[cfg(feature = "aws")]
        if selection.aws {
            let topology = crate::source::Source::load(&selection, settings)?;
            let asked = crate::aws::status::Asked {
                json: self.json,
                watch: self.watch,
            };
            return block_on(crate::aws::status::show(
                topology, asked, &selection, settings,
            ));
        }
        let name = session::name_of(&selection, settings)?;
        block_on(async {
            let docker = session::connect(settings).await?;
            if self.watch {
                self.follow(&docker, &name, settings).await
            } else {
                self.show(&docker, &name, settings).await
            }
        })
    }

    async fn show(
        &self,
        docker: &Docker,
        name: &Name,
        settings: &Settings,
    ) -> Result<ExitStatus, Error> {
        let containers = look(docker, name).await?;
        if containers.is_empty() && !self.json {
            return Err(not_up(name));
        }
        if self.json {
            settings.printer.json(&json(name.as_str(), &containers))?;
        } else {
            settings.printer.answer(&render(
                name.as_str(),
                &containers,
                Timestamp::now(),
                settings.signs,
            ))?;
        }
        Ok(verdict(&containers))
    }

    async fn follow(
        &self,
        docker: &Docker,
        name: &Name,
        settings: &Settings,
    ) -> Result<ExitStatus, Error> {
        let mut ticks = tokio::time::interval(EVERY);
        let mut shown = String::new();
        loop {
            ticks.tick().await;
            let containers = look(docker, name).await?;
            let text = if self.json {
                format!("{}\n", json(name.as_str(), &containers))
            } else {
                render(name.as_str(), &containers, Timestamp::now(), settings.signs)
            };
            if text != shown {
                let clear = if settings.terminal && !self.json {
                    CLEAR
                } else {
                    ""
                };
                settings.printer.raw(clear.as_bytes())?;
                settings.printer.answer(&text)?;
                shown = text;
            }
        }
    }

    async fn show_all(&self, settings: &Settings) -> Result<ExitStatus, Error> {
        self.selection.only_local()?;
        let docker = session::connect(settings).await?;
        let deployments = local::list_deployments(&docker).await.map_err(failed)?;
        if self.json {
            settings.printer.json(&all_json(&deployments))?;
        } else {
            settings.printer.answer(&all_text(&deployments))?;
        }
        Ok(ExitStatus::Success)
    }
}

/// The containers of the deployment; the shared ingress alone is not one.
async fn look(docker: &Docker, name: &Name) -> Result<Vec<ContainerStatus>, Error> {
    let containers = local::status(docker, name).await.map_err(failed)?;
    let is_there = containers
        .iter()
        .any(|container| container.kind != local::Kind::Ingress);
    Ok(if is_there { containers } else { Vec::new() })
}

fn verdict(containers: &[ContainerStatus]) -> ExitStatus {
    if containers.is_empty() {
        ExitStatus::Usage
    } else if containers.iter().all(|container| container.well) {
        ExitStatus::Success
    } else {
        ExitStatus::Unhealthy
    }
}
