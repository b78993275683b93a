//! `masto lock`

use std::path::PathBuf;

use clap::Args;
use serde_json::json;

use crate::cli::Selection;
use crate::docker::session;
use crate::error::{Error, ExitStatus};
use crate::settings::Settings;
use crate::view::SCHEMA_VERSION;

/// Say who is at work on the deployment
///
/// The lock belongs to a process and goes when that process ends, in whatever way: there is
/// nothing to force open.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  masto lock --local
  masto lock --local --json | jq .holder.pid")]
pub(crate) struct Lock {
    /// As one JSON document
    #[arg(long)]
    json: bool,

    #[command(flatten)]
    selection: Selection,
}

impl Lock {
    pub(crate) fn run(
        self,
        file: Option<PathBuf>,
        settings: &Settings,
    ) -> Result<ExitStatus, Error> {
        let name = session::name_of(&self.selection.or_file(file), settings)?;
        let path = session::paths(settings)?.deployment_lock(&name);
        let holder = local::Lock::holder(&path)
            .map_err(|error| Error::plain(&error, None, ExitStatus::Failure))?;
        if self.json {
            settings.printer.json(&json!({
                "schema_version": SCHEMA_VERSION,
                "deployment": name.as_str(),
                "holder": holder,
            }))?;
        } else {
            settings.printer.answer(&match holder {
                None => format!("nobody is at work on {name}\n"),
                Some(holder) => format!(
                    "`masto {}` is at work on {name}: process {}, for {}\n",
                    holder.operation,
                    holder.pid,
                    session::age(holder.since)
                ),
            })?;
        }
        Ok(ExitStatus::Success)
    }
}
