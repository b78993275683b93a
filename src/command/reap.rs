//! `masto reap`: typed by nobody

use std::io;

use clap::Args;
use topology::Name;

use crate::docker::session::{block_on, connect, data_dir};
use crate::docker::throw_away;
use crate::error::{Error, ExitStatus};
use crate::settings::Settings;

/// Remove a throw-away server when the masto that made it is gone: started by `masto doctor`
#[derive(Debug, Args)]
#[command(hide = true)]
pub(crate) struct Reap {
    /// The throw-away server
    name: Name,
}

impl Reap {
    pub(crate) fn run(self, settings: &Settings) -> Result<ExitStatus, Error> {
        settings.printer.raw(local::READY.as_bytes())?;
        if local::is_dismissed(io::stdin().lock()) {
            return Ok(ExitStatus::Success);
        }
        let local = local::Settings {
            data_dir: data_dir(settings)?,
            images: local::ImageSet::default(),
            https_port: None,
            http_port: None,
        };
        block_on(async {
            let docker = connect(settings).await?;
            throw_away::reap(&docker, &self.name, &local, settings).await?;
            Ok(ExitStatus::Success)
        })
    }
}
