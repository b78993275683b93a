//! `masto policy`

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use aws::PolicyScope;
use clap::{Args, ValueHint};

use crate::cli::Selection;
use crate::error::{Error, ExitStatus};
use crate::settings::Settings;
use crate::source::Source;
use crate::view::style::{GOOD, paint};
use crate::view::text;

/// Print the IAM policy that whoever deploys needs on AWS, and nothing beyond it
///
/// One statement a purpose; a refused call names the statement that would have allowed it. The
/// resources are those of this deployment by name, region and, with `--account`, account. No
/// account is asked. As one document it is longer than IAM takes in one managed policy: `--output`
/// writes it as several that fit.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  masto policy --account 123456789012 --output policy
  masto policy --explain                         what each statement is for
  masto policy --account 123456789012            the whole, to read")]
pub(crate) struct Policy {
    /// Only in this account, twelve digits [default: any]
    #[arg(long, value_name = "ACCOUNT", value_parser = account)]
    account: Option<String>,

    /// What each statement is for, instead of the policy
    #[arg(long)]
    explain: bool,

    /// Write managed policies into this directory, each as long as IAM takes
    #[arg(short, long, value_name = "DIR", value_hint = ValueHint::DirPath, conflicts_with = "explain")]
    output: Option<PathBuf>,

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
        let scope = PolicyScope {
            name: topology.name.clone(),
            region: aws.region.clone(),
            account: self.account,
        };
        match &self.output {
            Some(folder) => write(&scope, folder, settings)?,
            None => settings.printer.json(&aws::policy(&scope))?,
        }
        Ok(ExitStatus::Success)
    }
}

/// Writes the managed policies, and says how IAM gets them.
fn write(scope: &PolicyScope, folder: &Path, settings: &Settings) -> Result<(), Error> {
    let failed = |path: &Path| {
        let path = path.to_owned();
        |source| Error::Write { path, source }
    };
    std::fs::create_dir_all(folder).map_err(failed(folder))?;
    let mut commands = String::new();
    for (number, policy) in (1..).zip(aws::managed_policies(scope)) {
        let name = format!("masto-{}-{number}", scope.name);
        let path = folder.join(format!("{name}.json"));
        std::fs::write(&path, format!("{policy:#}\n")).map_err(failed(&path))?;
        let path = path.display();
        settings.printer.answer(&format!(
            "{} wrote {path}\n",
            paint(GOOD, settings.signs.good)
        ))?;
        let _ = writeln!(
            commands,
            "  aws iam create-policy --policy-name {name} --policy-document file://{path}"
        );
    }
    settings.printer.say(&format!(
        "\nNext, as somebody who may, and then attach them to whoever deploys:\n{commands}"
    ));
    Ok(())
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
