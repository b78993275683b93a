//! `masto version`

use clap::Args;
use serde_json::json;

use crate::error::{Error, ExitStatus};
use crate::settings::Settings;
use crate::view::SCHEMA_VERSION;

/// Print the version of masto, and what this build can do
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  masto version
  masto version --json | jq -r .version")]
pub(crate) struct Version {
    /// As one JSON document
    #[arg(long)]
    json: bool,
}

impl Version {
    pub(crate) fn run(self, settings: &Settings) -> Result<ExitStatus, Error> {
        let backends: &[&str] = if cfg!(feature = "local") {
            &["local"]
        } else {
            &[]
        };
        let version = env!("CARGO_PKG_VERSION");
        if self.json {
            settings.printer.json(&json!({
                "schema_version": SCHEMA_VERSION,
                "version": version,
                "backends": backends,
                "os": std::env::consts::OS,
                "arch": std::env::consts::ARCH,
            }))?;
        } else {
            settings.printer.answer(&format!("masto {version}\n"))?;
        }
        Ok(ExitStatus::Success)
    }
}
