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
///
/// On AWS in a running web task, through Session Manager and its plugin; without a terminal standard
/// input is run as a program in a task of its own.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  masto console
  echo 'puts User.count' | masto console
  masto console --aws")]
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
        let selection = self.selection.or_file(file);
        let topology = Source::load(&selection, settings)?;
        let command = ["bin/rails", "console"]
            .map(str::to_owned)
            .into_iter()
            .chain(self.arguments)
            .collect();
        #[cfg(feature = "aws")]
        if selection.aws {
            if settings.terminal {
                return block_on(crate::aws::child::exec(
                    topology, "web", command, &selection, settings,
                ));
            }
            let program = crate::aws::child::standard_input()?;
            let command = ["bin/rails", "runner", &program]
                .map(str::to_owned)
                .to_vec();
            return block_on(crate::aws::child::one_off(
                topology,
                command,
                Vec::new(),
                &selection,
                settings,
            ));
        }
        block_on(child::in_mastodon(topology, &self.local, command, settings))
    }
}
