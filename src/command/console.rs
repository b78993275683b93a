//! `masto console`

use std::path::PathBuf;

use clap::Args;

use crate::cli::Selection;
use crate::docker::child;
use crate::docker::session::{LocalArgs, block_on};
use crate::error::{Error, ExitStatus};
use crate::settings::Settings;
use crate::source::Source;

/// Open a Rails console
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  masto console
  echo 'puts User.count' | masto console")]
pub(crate) struct Console {
    /// What `rails console` is given: `-- --sandbox`
    #[arg(value_name = "ARGUMENT", last = true)]
    arguments: Vec<String>,

    #[command(flatten)]
    selection: Selection,

    #[command(flatten)]
    local: LocalArgs,
}

impl Console {
    pub(crate) fn run(
        self,
        file: Option<PathBuf>,
        settings: &Settings,
    ) -> Result<ExitStatus, Error> {
        self.selection.only_local()?;
        let topology = Source::load(&self.selection.or_file(file), settings)?;
        let command = ["bin/rails", "console"]
            .map(str::to_owned)
            .into_iter()
            .chain(self.arguments)
            .collect();
        block_on(child::in_mastodon(topology, &self.local, command, settings))
    }
}
