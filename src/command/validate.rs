//! `masto validate`

use std::path::PathBuf;

use clap::{Args, ValueHint};
use serde_json::json;

use crate::error::{Error, ExitStatus};
use crate::settings::{Settings, Stream};
use crate::source::Source;
use crate::view::style::{GOOD, paint};
use crate::view::{SCHEMA_VERSION, problems, text};

/// Check a topology file and name every problem in it
///
/// Nothing is contacted. All problems are found in one pass, each with its place, what is wrong
/// and what to type instead.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  masto validate                            check ./masto.yaml
  masto validate -f topologies/large.yaml
  masto validate --json | jq '.problems[].message'

Exit status: 0 without errors (warnings do not count), 3 with errors")]
pub(crate) struct Validate {
    /// The topology file [default: masto.yaml, then topology.yaml]; `-` reads stdin
    #[arg(short, long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    file: Option<PathBuf>,

    /// The topology file, without `--file`
    #[arg(value_name = "FILE", value_hint = ValueHint::FilePath, conflicts_with = "file", id = "path")]
    path: Option<PathBuf>,

    /// The problems as one JSON document
    #[arg(long)]
    json: bool,
}

impl Validate {
    pub(crate) fn run(
        self,
        file: Option<PathBuf>,
        settings: &Settings,
    ) -> Result<ExitStatus, Error> {
        let typed = self.path.or(self.file).or(file);
        let source = Source::read(typed.as_deref())?;
        let errors = source.errors();
        if self.json {
            settings.printer.json(&json!({
                "schema_version": SCHEMA_VERSION,
                "file": source.path,
                "valid": errors == 0,
                "problems": problems::json(&source.problems),
            }))?;
        } else {
            settings.printer.answer(&problems::render(
                &source,
                settings.problem_style(Stream::Stdout),
            ))?;
            let warnings = source.problems.len() - errors;
            let file = source.path.display();
            if errors == 0 {
                let rest = if warnings == 0 {
                    String::new()
                } else {
                    format!(", {}", text::count(warnings, "warning"))
                };
                settings.printer.answer(&format!(
                    "{} {file} is valid{rest}\n",
                    paint(GOOD, settings.signs.good)
                ))?;
            } else {
                settings.printer.answer(&format!(
                    "{file} has {}, {}\n",
                    text::count(errors, "error"),
                    text::count(warnings, "warning")
                ))?;
            }
        }
        Ok(if errors == 0 {
            ExitStatus::Success
        } else {
            ExitStatus::Invalid
        })
    }
}
