//! `masto export cloudformation`

use std::path::PathBuf;

use clap::{Args, ValueHint};

use crate::aws::session::{images, no_aws_part};
use crate::cli::Selection;
use crate::docker::session::LocalArgs;
use crate::error::{Error, ExitStatus};
use crate::settings::Settings;
use crate::source::Source;

/// Write a CloudFormation template of the same server
///
/// For those who deploy with nothing else, and for tools that judge templates. No account is asked,
/// and no secret is in it. What a template cannot say stands in its metadata.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  masto export cloudformation > template.json
  masto export cloudformation -o template.json && cfn-lint template.json")]
pub(crate) struct Cloudformation {
    /// Write to this file and not to stdout
    #[arg(short, long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    output: Option<PathBuf>,

    #[command(flatten)]
    selection: Selection,

    #[command(flatten)]
    local: LocalArgs,
}

impl Cloudformation {
    pub(crate) fn run(
        self,
        file: Option<PathBuf>,
        settings: &Settings,
    ) -> Result<ExitStatus, Error> {
        let topology = Source::load(&self.selection.or_file(file), settings)?;
        let images = images(&topology, self.local.images());
        let template = aws::cloudformation_template(&topology, images)
            .map_err(|error| Error::Bug {
                message: error.to_string(),
            })?
            .ok_or_else(no_aws_part)?;
        let text = format!("{template:#}\n");
        match self.output {
            None => settings.printer.raw(text.as_bytes())?,
            Some(path) => {
                std::fs::write(&path, text).map_err(|source| Error::Write {
                    path: path.clone(),
                    source,
                })?;
                settings.printer.say(&format!("wrote {}\n", path.display()));
            }
        }
        Ok(ExitStatus::Success)
    }
}
