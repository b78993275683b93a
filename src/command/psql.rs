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
///
/// On AWS, where the database is reached from tasks alone, statements of `-c` or of standard input
/// run in a task of its own.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  masto psql
  masto psql -- -c 'select count(*) from statuses'
  masto psql < report.sql
  masto psql --aws -- -c 'select count(*) from statuses'")]
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
        let selection = self.selection.or_file(file);
        let topology = Source::load(&selection, settings)?;
        #[cfg(feature = "aws")]
        if selection.aws {
            let statement = crate::aws::sql::statement(&self.arguments, settings)?;
            return block_on(crate::aws::child::one_off(
                topology,
                statement.command,
                statement.env,
                &selection,
                settings,
            ));
        }
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
