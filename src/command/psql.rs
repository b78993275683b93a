//! `masto psql`

use std::path::PathBuf;

use clap::Args;

use crate::blueprint;
use crate::cli::Selection;
use crate::docker::child::{self, Attach};
use crate::docker::session::{self, block_on};
use crate::error::{Error, ExitStatus};
use crate::settings::Settings;
use crate::source::Source;

/// Open a PostgreSQL shell on Mastodon's database
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  masto psql
  masto psql -- -c 'select count(*) from statuses'
  masto psql < report.sql")]
pub(crate) struct Psql {
    /// What psql is given
    #[arg(value_name = "ARGUMENT", last = true)]
    arguments: Vec<String>,

    #[command(flatten)]
    selection: Selection,
}

impl Psql {
    pub(crate) fn run(
        self,
        file: Option<PathBuf>,
        settings: &Settings,
    ) -> Result<ExitStatus, Error> {
        self.selection.only_local()?;
        let topology = Source::load(&self.selection.or_file(file), settings)?;
        let postgres = blueprint::deployment(&topology).stores.postgres;
        let connection =
            ["psql", "-U", &postgres.user, "-d", &postgres.database].map(str::to_owned);
        let command = connection.into_iter().chain(self.arguments).collect();
        block_on(async {
            let docker = session::connect(settings).await?;
            child::exec(
                &docker,
                &topology.name,
                "postgres",
                command,
                &Attach::plain(),
                None,
                settings,
            )
            .await
        })
    }
}
