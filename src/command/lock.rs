//! `masto lock`

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use serde_json::json;

use crate::cli::Selection;
use crate::docker::session;
use crate::error::{Error, ExitStatus};
use crate::settings::Settings;
#[cfg(feature = "aws")]
use crate::source::Source;
use crate::view::SCHEMA_VERSION;

/// Say who is at work on the deployment
///
/// On Docker the lock belongs to a process and goes when that process ends, in whatever way: there
/// is nothing to force open. On AWS it is a lease that its holder renews; `release` takes it away
/// from a holder that will not come back.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  masto lock --local
  masto lock --local --json | jq .holder.pid
  masto lock status --aws
  masto lock release --aws           a holder that lives notices, and starts nothing more")]
pub(crate) struct Lock {
    /// `status` looks, `release` takes the lock away
    #[arg(
        value_enum,
        default_value_t,
        hide_default_value = true,
        hide_possible_values = true,
        value_name = "WHAT"
    )]
    what: What,

    /// As one JSON document
    #[arg(long)]
    json: bool,

    #[command(flatten)]
    selection: Selection,
}

/// What to do with the lock.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
enum What {
    /// Say who has it.
    #[default]
    Status,
    /// Take it away.
    Release,
}

impl Lock {
    pub(crate) fn run(
        self,
        file: Option<PathBuf>,
        settings: &Settings,
    ) -> Result<ExitStatus, Error> {
        let selection = self.selection.or_file(file);
        #[cfg(feature = "aws")]
        if selection.aws {
            let topology = Source::load(&selection, settings)?;
            let asked = crate::aws::lease::Asked {
                release: self.what == What::Release,
                json: self.json,
            };
            return session::block_on(crate::aws::lease::show(
                topology, asked, &selection, settings,
            ));
        }
        if self.what == What::Release {
            return Err(Error::Usage {
                message: "a lock on Docker cannot be taken away: it goes with its process"
                    .to_owned(),
                hint: Some("see which one it is: `masto lock status --local`".to_owned()),
            });
        }
        let name = session::name_of(&selection, settings)?;
        let path = session::paths(settings)?.deployment_lock(&name);
        let holder = local::Lock::holder(&path)
            .map_err(|error| Error::plain(&error, None, ExitStatus::Failure))?;
        if self.json {
            settings.printer.json(&json!({
                "schema_version": SCHEMA_VERSION,
                "deployment": name.as_str(),
                "holder": holder,
            }))?;
        } else {
            settings.printer.answer(&match holder {
                None => format!("nobody is at work on {name}\n"),
                Some(holder) => format!(
                    "`masto {}` is at work on {name}: process {}, for {}\n",
                    holder.operation,
                    holder.pid,
                    session::age(holder.since)
                ),
            })?;
        }
        Ok(ExitStatus::Success)
    }
}
