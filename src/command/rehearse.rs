//! `masto rehearse`

use std::path::PathBuf;

use clap::Args;

use crate::aws::rehearsal;
use crate::cli::Selection;
use crate::command::up::ProgressArgs;
use crate::docker::bound::Bound;
use crate::docker::session::{LocalArgs, block_on};
use crate::env_vars;
use crate::error::{Error, ExitStatus};
use crate::settings::Settings;
use crate::source::Source;

/// Play the deployment through on emulated AWS on this machine; no account is needed
///
/// Starts MiniStack, an emulator from PyPI, and on it: `up --aws`, so that tasks, PostgreSQL and
/// Redis really run, as containers; `doctor`; `plan`, which must be empty; and `down`. Nothing is
/// left afterwards. What an emulator does not check, only an account can prove: quotas, names that
/// others have, how long things take.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  masto rehearse -f topologies/small.yaml
  masto rehearse --images kit              where no container registry answers")]
pub(crate) struct Rehearse {
    /// How long `up` may take
    #[arg(long, value_name = "TIME", default_value = "15m", env = env_vars::MASTO_WAIT_TIMEOUT, hide_env_values = true)]
    wait_timeout: Bound,

    #[command(flatten)]
    progress: ProgressArgs,

    #[command(flatten)]
    selection: Selection,

    #[command(flatten)]
    local: LocalArgs,
}

impl Rehearse {
    pub(crate) fn run(
        self,
        file: Option<PathBuf>,
        settings: &Settings,
    ) -> Result<ExitStatus, Error> {
        let selection = self.selection.clone().or_file(file);
        let topology = Source::load(&selection, settings)?;
        let Bound(bound) = self.wait_timeout;
        let asked = rehearsal::Asked {
            images: self.local.images(),
            progress: self.progress,
            bound,
        };
        block_on(rehearsal::rehearse(topology, asked, &selection, settings))
    }
}
