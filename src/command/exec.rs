//! `masto exec`

use std::path::PathBuf;

use clap::Args;
use clap_complete::engine::ArgValueCandidates;

use crate::cli::Selection;
use crate::command::completion::process_names;
use crate::docker::child::{self, Attach};
use crate::docker::session::{self, block_on};
use crate::error::{Error, ExitStatus};
use crate::settings::Settings;

/// Run a command in a running container
///
/// Ends with the exit status of the command. On AWS it goes through Session Manager, whose plugin has
/// to be installed and does not tell that status.
#[derive(Debug, Args)]
#[command(
    alias = "ssh",
    alias = "enter",
    after_help = "\
Examples:
  masto exec web -- bash
  masto exec web-2 -- env
  masto exec redis -- redis-cli info memory
  masto exec --aws web -- bash
  echo 'select 1' | masto exec postgres -- psql -U mastodon mastodon_production"
)]
pub(crate) struct Exec {
    #[command(flatten)]
    attach: Attach,

    /// As this user of the container
    #[arg(short, long, value_name = "USER")]
    user: Option<String>,

    /// The process or store, `web`, or one replica, `web-2`
    #[arg(value_name = "PROCESS", add = ArgValueCandidates::new(process_names))]
    process: String,

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
}

impl Exec {
    pub(crate) fn run(
        self,
        file: Option<PathBuf>,
        settings: &Settings,
    ) -> Result<ExitStatus, Error> {
        let selection = self.selection.or_file(file);
        #[cfg(feature = "aws")]
        if selection.aws {
            if self.user.is_some() {
                return Err(Error::Usage {
                    message: "ECS runs commands as the container's own user alone".to_owned(),
                    hint: Some("leave `--user` out".to_owned()),
                });
            }
            let topology = crate::source::Source::load(&selection, settings)?;
            let command = with_env(self.attach.env(), self.command);
            return block_on(crate::aws::child::exec(
                topology,
                &self.process,
                command,
                &selection,
                settings,
            ));
        }
        let name = session::name_of(&selection, settings)?;
        block_on(async {
            let docker = session::connect(settings).await?;
            child::exec(
                &docker,
                &name,
                &self.process,
                self.command,
                &self.attach,
                self.user,
                settings,
            )
            .await
        })
    }
}

/// ECS takes no variables: `env` sets them.
#[cfg(feature = "aws")]
fn with_env(env: Vec<(String, String)>, command: Vec<String>) -> Vec<String> {
    if env.is_empty() {
        return command;
    }
    std::iter::once("env".to_owned())
        .chain(
            env.into_iter()
                .map(|(name, value)| format!("{name}={value}")),
        )
        .chain(command)
        .collect()
}
