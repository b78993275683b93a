//! `masto help`

use std::fmt::Write as _;

use clap::Args;

use crate::env_vars;
use crate::error::{Error, ExitStatus};
use crate::settings::Settings;
use crate::view::style::{BOLD, paint};

/// Print the help of a command, the exit statuses or the environment variables
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  masto help up
  masto help exit-codes
  masto help environment")]
pub(crate) struct Help {
    /// A command, `exit-codes` or `environment`
    #[arg(value_name = "TOPIC")]
    topic: Vec<String>,
}

impl Help {
    pub(crate) fn run(self, settings: &Settings) -> Result<ExitStatus, Error> {
        let words: Vec<&str> = self.topic.iter().map(String::as_str).collect();
        let text = match words.as_slice() {
            ["exit-codes" | "exit-code" | "exit-status"] => table(
                "Exit statuses; scripts may rely on them:",
                ExitStatus::DOCUMENTED,
            ),
            ["environment" | "env"] => table("Environment variables:", env_vars::ALL),
            path => command_help(path)?,
        };
        settings.printer.answer(&text)?;
        Ok(ExitStatus::Success)
    }
}

/// Two columns under a title.
fn table(title: &str, rows: &[(&str, &str)]) -> String {
    let names = rows.iter().map(|(name, _)| name.len()).max().unwrap_or(0);
    let mut text = format!("{title}\n\n");
    for (name, meaning) in rows {
        let _ = writeln!(
            text,
            "  {}  {}",
            paint(BOLD, &format!("{name:names$}")),
            meaning.trim()
        );
    }
    text
}

fn command_help(path: &[&str]) -> Result<String, Error> {
    let mut command = crate::cli::definition();
    command.build();
    for word in path {
        command = match command.find_subcommand(word) {
            Some(found) => found.clone(),
            None => {
                return Err(Error::Usage {
                    message: format!("there is no help on `{word}`"),
                    hint: Some("`masto help` lists the commands".to_owned()),
                });
            }
        };
    }
    Ok(command.render_long_help().ansi().to_string())
}
