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
/// the exit status of the command. On AWS it is a task, which has no standard input and prints when
/// it has ended; variables of `--env` can be read there by whoever sees the task.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  masto run -- bin/rails db:version
  masto run -e RAILS_LOG_LEVEL=debug -- bin/rails runner 'puts Account.count'
  masto run --aws -- bin/rails db:version")]
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
        let selection = self.selection.or_file(file);
        let topology = Source::load(&selection, settings)?;
        #[cfg(feature = "aws")]
        if selection.aws {
            let env = self.attach.env();
            return block_on(crate::aws::child::one_off(
                topology,
                self.command,
                env,
                &selection,
                settings,
            ));
        }
        block_on(child::one_off(
            topology,
            &self.local,
            self.command,
            &self.attach,
            settings,
        ))
    }
}
