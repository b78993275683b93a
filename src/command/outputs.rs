//! `masto outputs`

use std::path::PathBuf;

use clap::Args;
use local::SecretStore;
use mastodon::Schema;

use crate::cli::Selection;
use crate::docker::child::not_up;
use crate::docker::session::{self, LocalArgs};
use crate::error::{Error, ExitStatus};
use crate::settings::Settings;
use crate::source::Source;
use crate::view::outputs::Outputs as View;

/// Print where the server answers and how to log in
///
/// Reads the topology file and the secrets that `up` made; no engine is asked.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  masto outputs
  masto outputs url                            one value, for scripts
  masto outputs owner_password --reveal
  masto outputs --json --reveal")]
pub(crate) struct Outputs {
    /// Only this value: `url`, `media_url`, `mail_url`, `owner`, `owner_email`, `owner_password`,
    /// `ca_file`
    #[arg(value_name = "NAME")]
    value: Option<String>,

    /// With the owner's first password
    #[arg(long)]
    reveal: bool,

    /// As one JSON document
    #[arg(long)]
    json: bool,

    #[command(flatten)]
    selection: Selection,

    #[command(flatten)]
    local: LocalArgs,
}

impl Outputs {
    pub(crate) fn run(
        self,
        file: Option<PathBuf>,
        settings: &Settings,
    ) -> Result<ExitStatus, Error> {
        let selection = self.selection.clone().or_file(file);
        let topology = Source::load(&selection, settings)?;
        #[cfg(feature = "aws")]
        if selection.aws {
            let found = crate::aws::outputs::find(topology, self.reveal, &selection, settings);
            return self.show(&session::block_on(found)?, settings);
        }
        let local = self.local.settings(settings)?;
        let paths = local.paths();
        let stored = SecretStore::new(&paths, &topology.name)
            .load()
            .map_err(|error| Error::plain(&error, None, ExitStatus::Failure))?
            .ok_or_else(|| not_up(&topology.name))?;
        let surroundings = local::surroundings(&topology, &local);
        let deployment = mastodon::deployment(&topology, &surroundings, &Schema::New);
        let found = local::outputs(&deployment, local.ports(&topology), &stored.secrets, &paths);
        self.show(&View::new(&found, &topology.name, self.reveal), settings)
    }

    fn show(&self, view: &View, settings: &Settings) -> Result<ExitStatus, Error> {
        let printer = settings.printer;
        match &self.value {
            None if self.json => printer.json(&view.json())?,
            None => printer.answer(&view.render())?,
            Some(name) => match view.get(name) {
                Some(value) if self.json => printer.json(&value.into())?,
                Some(value) => printer.answer(&format!("{value}\n"))?,
                None => return Err(unknown(name, view)),
            },
        }
        Ok(ExitStatus::Success)
    }
}

fn unknown(name: &str, view: &View) -> Error {
    if name == "owner_password" {
        return Error::Usage {
            message: "the password is shown only on demand".to_owned(),
            hint: Some("add `--reveal`".to_owned()),
        };
    }
    Error::Usage {
        message: format!("there is no output `{name}`"),
        hint: Some(format!("there are {}", session::list(view.names()))),
    }
}
