//! `masto completion`

use std::ffi::OsString;

use clap::{Args, ValueEnum};
use clap_complete::env::{CompleteEnv, Shells};

use crate::cli;
use crate::env_vars;
use crate::error::{Error, ExitStatus};
use crate::settings::{Settings, variable};

/// Print the script that completes masto's commands, flags and process names in a shell
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  source <(masto completion bash)                                    this shell
  masto completion bash > ~/.local/share/bash-completion/completions/masto
  masto completion zsh > ~/.zfunc/_masto                             with `fpath+=~/.zfunc`
  masto completion fish > ~/.config/fish/completions/masto.fish
  masto completion powershell | Out-String | Invoke-Expression
  masto completion elvish > ~/.config/elvish/lib/masto.elv           with `use masto`")]
pub(crate) struct Completion {
    /// Which shell
    #[arg(value_enum)]
    shell: Shell,
}

/// A shell that masto can be completed in.
#[derive(Clone, Copy, Debug, ValueEnum)]
enum Shell {
    Bash,
    Zsh,
    Fish,
    Powershell,
    Elvish,
}

impl Completion {
    pub(crate) fn run(self, settings: &Settings) -> Result<ExitStatus, Error> {
        let name = match self.shell {
            Shell::Bash => "bash",
            Shell::Zsh => "zsh",
            Shell::Fish => "fish",
            Shell::Powershell => "powershell",
            Shell::Elvish => "elvish",
        };
        let mut script = Vec::new();
        let shells = Shells::builtins();
        let written = shells.completer(name).map(|shell| {
            shell.write_registration(env_vars::COMPLETE, "masto", "masto", "masto", &mut script)
        });
        match written {
            Some(Ok(())) => {}
            _ => {
                return Err(Error::Bug {
                    message: format!("no completion script for {name}"),
                });
            }
        }
        settings.printer.raw(&script)?;
        Ok(ExitStatus::Success)
    }
}

/// Answers a shell that asks what could be typed; `false` when none does.
pub(crate) fn answer_shell(argv: &[OsString]) -> Result<bool, ExitStatus> {
    if variable(env_vars::COMPLETE).is_none() {
        return Ok(false);
    }
    let here = std::env::current_dir().ok();
    CompleteEnv::with_factory(cli::definition)
        .var(env_vars::COMPLETE)
        .try_complete(argv.iter().cloned(), here.as_deref())
        .map_err(|_| ExitStatus::Usage)
}

/// Processes and stores of the topology file in the current directory.
#[cfg(feature = "local")]
pub(crate) fn process_names() -> Vec<clap_complete::engine::CompletionCandidate> {
    use crate::source::Source;
    let mut names = vec!["web".to_owned(), "streaming".to_owned()];
    if let Ok(Source {
        topology: Some(topology),
        ..
    }) = Source::read(None)
    {
        names.extend(
            topology
                .sidekiq
                .iter()
                .map(|sidekiq| format!("sidekiq-{}", sidekiq.name)),
        );
    }
    names.extend(["postgres", "redis", "minio", "mailpit", "ingress"].map(str::to_owned));
    names.into_iter().map(Into::into).collect()
}
