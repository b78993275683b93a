//! `masto schema`

use clap::Args;

use crate::error::{Error, ExitStatus};
use crate::settings::Settings;

/// Print the JSON Schema of the topology file, for editors
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  masto schema > masto.schema.json
  # then, as the first line of masto.yaml, for editors with a YAML language server:
  # yaml-language-server: $schema=./masto.schema.json")]
pub(crate) struct Schema {}

impl Schema {
    pub(crate) fn run(self, settings: &Settings) -> Result<ExitStatus, Error> {
        settings.printer.json(&topology::schema())?;
        Ok(ExitStatus::Success)
    }
}
