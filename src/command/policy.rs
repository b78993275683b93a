//! `masto policy`

use std::path::PathBuf;

use aws::PolicyScope;
use clap::Args;

use crate::cli::Selection;
use crate::error::{Error, ExitStatus};
use crate::settings::Settings;
use crate::source::Source;
use crate::view::text;

/// Print the IAM policy that whoever deploys needs on AWS, and nothing beyond it
///
/// One statement a purpose; a refused call names the statement that would have allowed it. The
/// resources are those of this deployment by name, region and, with `--account`, account. No
/// account is asked.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  masto policy --account 123456789012 > policy.json
  aws iam create-policy --policy-name masto-social --policy-document file://policy.json
  masto policy --explain                         what each statement is for")]
pub(crate) struct Policy {
    /// Only in this account, twelve digits [default: any]
    #[arg(long, value_name = "ACCOUNT", value_parser = account)]
    account: Option<String>,

    /// What each statement is for, instead of the policy
    #[arg(long)]
    explain: bool,

    #[command(flatten)]
    selection: Selection,
}

impl Policy {
    pub(crate) fn run(
        self,
        file: Option<PathBuf>,
        settings: &Settings,
    ) -> Result<ExitStatus, Error> {
        if self.explain {
            settings.printer.answer(&explanation())?;
            return Ok(ExitStatus::Success);
        }
        let topology = Source::load(&self.selection.or_file(file), settings)?;
        let aws = topology
            .aws
            .as_ref()
            .ok_or_else(crate::aws::session::no_aws_part)?;
        let policy = aws::policy(&PolicyScope {
            name: topology.name.clone(),
            region: aws.region.clone(),
            account: self.account,
        });
        settings.printer.json(&policy)?;
        Ok(ExitStatus::Success)
    }
}

fn explanation() -> String {
    let width = aws::purposes()
        .map(|(sid, _)| text::width(sid))
        .max()
        .unwrap_or(0);
    aws::purposes()
        .map(|(sid, purpose)| format!("  {}  {purpose}\n", text::pad(sid, width)))
        .collect()
}

fn account(text: &str) -> Result<String, String> {
    if text.len() == 12 && text.bytes().all(|digit| digit.is_ascii_digit()) {
        Ok(text.to_owned())
    } else {
        Err("an account is twelve digits".to_owned())
    }
}
