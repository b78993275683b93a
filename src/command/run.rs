//! `masto run`

use std::path::PathBuf;

use clap::Args;

use crate::cli::Selection;
use crate::docker::child::{self, Attach};
use crate::docker::session::{LocalArgs, block_on};
use crate::error::{Error, ExitStatus};
use crate::settings::Settings;
use crate::source::Source;

/// Run a command in a Mastodon container of its own
///
/// The container has the environment of web and is removed when the command has ended. Ends with
/// the exit status of the command.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  masto run -- bin/rails db:version
  masto run -e RAILS_LOG_LEVEL=debug -- bin/rails runner 'puts Account.count'")]
pub(crate) struct Run {
    #[command(flatten)]
    attach: Attach,

    // What people of Docker type: the container is always removed.
    #[arg(long, hide = true)]
    rm: bool,

    /// The command and its arguments
    #[arg(
        value_name = "COMMAND",
        required = true,
        trailing_var_arg = true,
        allow_hyphen_values = true
    )]
    command: Vec<String>,

    #[command(flatten)]
    selection: Selection,

    #[command(flatten)]
    local: LocalArgs,
}

impl Run {
    pub(crate) fn run(
        self,
        file: Option<PathBuf>,
        settings: &Settings,
    ) -> Result<ExitStatus, Error> {
        self.selection.only_local()?;
        let topology = Source::load(&self.selection.or_file(file), settings)?;
        block_on(child::one_off(
            topology,
            &self.local,
            self.command,
            &self.attach,
            settings,
        ))
    }
}
