//! `masto tootctl`

use std::path::PathBuf;

use clap::Args;

use crate::cli::Selection;
use crate::docker::child;
use crate::docker::session::{LocalArgs, block_on};
use crate::error::{Error, ExitStatus};
use crate::settings::Settings;
use crate::source::Source;

/// Run Mastodon's own tool for operators
///
/// In a running web container, or in one of its own when there is none; on AWS in a task of its
/// own, which prints when it has ended. Everything behind
/// `tootctl` goes to it; flags of masto stand before.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  masto tootctl accounts create ada --email ada@example.com --confirmed
  masto tootctl media usage
  masto --file masto.yaml tootctl --aws media usage
  masto -f topologies/dev.yaml tootctl --help")]
pub(crate) struct Tootctl {
    /// What tootctl is given
    #[arg(
        value_name = "ARGUMENT",
        trailing_var_arg = true,
        allow_hyphen_values = true
    )]
    arguments: Vec<String>,

    #[command(flatten)]
    selection: Selection,

    #[command(flatten)]
    local: LocalArgs,
}

impl Tootctl {
    pub(crate) fn run(
        self,
        file: Option<PathBuf>,
        settings: &Settings,
    ) -> Result<ExitStatus, Error> {
        let selection = self.selection.or_file(file);
        let topology = Source::load(&selection, settings)?;
        let command = std::iter::once("bin/tootctl".to_owned())
            .chain(self.arguments)
            .collect();
        #[cfg(feature = "aws")]
        if selection.aws {
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
