//! `masto why`

use std::path::PathBuf;

use clap::Args;
use clap_complete::engine::ArgValueCandidates;
use doctor::Diagnosis;
use local::{ContainerStatus, Kind};
use serde_json::json;

use crate::cli::Selection;
use crate::command::completion::process_names;
use crate::docker::child::not_up;
use crate::docker::patient::Patient;
use crate::docker::session::{self, LocalArgs, block_on, failed};
use crate::error::{Error, ExitStatus};
use crate::settings::Settings;
use crate::source::Source;
use crate::view::SCHEMA_VERSION;
use crate::view::doctor::explanation;

/// Say why a process is not up, or does not do its work
///
/// Looks at states, logs, queues, the database and the environment, and names the likeliest cause
/// with its evidence and the fix.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  masto why                   everything that is not well
  masto why sidekiq-all
  masto why web --json | jq -r '.processes[].diagnoses[0].fix'

Exit status: 0 nothing speaks against it, 7 there is a cause")]
pub(crate) struct Why {
    /// As one JSON document
    #[arg(long)]
    json: bool,

    /// Processes or stores [default: those that are not well]
    #[arg(value_name = "PROCESS", add = ArgValueCandidates::new(process_names))]
    processes: Vec<String>,

    #[command(flatten)]
    selection: Selection,

    #[command(flatten)]
    local: LocalArgs,
}

impl Why {
    pub(crate) fn run(
        self,
        file: Option<PathBuf>,
        settings: &Settings,
    ) -> Result<ExitStatus, Error> {
        let selection = self.selection.clone().or_file(file);
        let topology = Source::load(&selection, settings)?;
        let name = topology.name.clone();
        #[cfg(feature = "aws")]
        if selection.aws {
            let asked = self.processes.clone();
            let finding = crate::aws::why::find(topology, asked, &selection, settings);
            return self.tell(name.as_str(), &block_on(finding)?, settings);
        }
        block_on(async {
            let docker = session::connect(settings).await?;
            let containers = local::status(&docker, &topology.name)
                .await
                .map_err(failed)?;
            if !containers
                .iter()
                .any(|container| container.kind != Kind::Ingress)
            {
                return Err(not_up(&topology.name));
            }
            let asked = if self.processes.is_empty() {
                ill(&containers)
            } else {
                self.processes.clone()
            };
            let local = self.local.settings_of(settings, &containers)?;
            let patient = Patient::new(docker, &topology, &local, &containers).await?;
            let mut found = Vec::new();
            for process in asked {
                let diagnoses = patient.explain(&process).await;
                found.push((process, diagnoses));
            }
            self.tell(name.as_str(), &found, settings)
        })
    }

    fn tell(
        &self,
        name: &str,
        found: &[(String, Vec<Diagnosis>)],
        settings: &Settings,
    ) -> Result<ExitStatus, Error> {
        let is_well = found.iter().all(|(_, diagnoses)| diagnoses.is_empty());
        if self.json {
            let processes: Vec<_> = found
                .iter()
                .map(|(process, diagnoses)| json!({ "process": process, "diagnoses": diagnoses }))
                .collect();
            settings.printer.json(&json!({
                "schema_version": SCHEMA_VERSION,
                "deployment": name,
                "processes": processes,
            }))?;
        } else {
            settings
                .printer
                .answer(&explanation(name, found, settings.signs))?;
        }
        Ok(if is_well {
            ExitStatus::Success
        } else {
            ExitStatus::Unhealthy
        })
    }
}

/// What is not well, each process once.
fn ill(containers: &[ContainerStatus]) -> Vec<String> {
    let mut names: Vec<String> = containers
        .iter()
        .filter(|container| !container.well)
        .map(|container| container.process.clone())
        .collect();
    names.dedup();
    names
}
