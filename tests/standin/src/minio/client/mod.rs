//! In the place of `mc`: as much of MinIO's client as sets up a bucket, with its messages and
//! exit statuses.

mod alias;
mod bucket;
mod command;
mod error;
mod report;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use crate::environment::Environment;
use crate::output::{complain, say};

use self::alias::Aliases;
use self::command::Command;
use self::report::Report;

/// Flags that every command takes.
#[derive(Debug, Default)]
struct Flags {
    json: bool,
    quiet: bool,
    config_dir: Option<PathBuf>,
}

/// Runs `mc` with what followed its name.
pub(crate) async fn run(arguments: Vec<String>) -> ExitCode {
    let (flags, words) = split_flags(arguments);
    let environment = Environment::of_process(Path::new(""));
    let directory = flags
        .config_dir
        .clone()
        .or_else(|| environment.filled("MC_CONFIG_DIR").map(PathBuf::from))
        .unwrap_or_else(|| Path::new(environment.filled("HOME").unwrap_or("/")).join(".mc"));
    let report = |report: Report| match flags.json {
        true => say(&report.json()),
        false if flags.quiet && !report.is_answer() => {}
        false => say(&report.to_string()),
    };
    let outcome = match Command::parse(&words) {
        Ok(command) => match Aliases::load(&directory, environment) {
            Ok(aliases) => command.run(aliases, report).await,
            Err(error) => Err(error),
        },
        Err(error) => Err(error),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            match flags.json {
                true => say(&error.json()),
                false => complain(&error.to_string()),
            }
            ExitCode::FAILURE
        }
    }
}

/// Takes out the flags that may stand anywhere.
fn split_flags(arguments: Vec<String>) -> (Flags, Vec<String>) {
    let mut flags = Flags::default();
    let mut words = Vec::new();
    let mut arguments = arguments.into_iter();
    while let Some(argument) = arguments.next() {
        match argument.as_str() {
            "--json" => flags.json = true,
            "--quiet" | "-q" => flags.quiet = true,
            "--no-color" | "--insecure" | "--debug" | "--disable-pager" => {}
            "--config-dir" | "-C" => flags.config_dir = arguments.next().map(PathBuf::from),
            _ => words.push(argument),
        }
    }
    (flags, words)
}
