//! `masto export`

use std::io;
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use clap::{Args, Subcommand, ValueHint};

use crate::cli::Selection;
#[cfg(feature = "aws")]
use crate::command::cloudformation::Cloudformation;
use crate::docker::compose::{self, Project};
use crate::docker::offline;
use crate::docker::session::LocalArgs;
use crate::error::{Error, ExitStatus};
use crate::settings::Settings;
use crate::source::Source;
use crate::view::style::{DIM, GOOD, paint};

/// Write the same server for another tool
#[derive(Debug, Args)]
pub(crate) struct Export {
    #[command(subcommand)]
    format: Format,
}

#[derive(Debug, Subcommand)]
enum Format {
    Compose(Compose),
    #[cfg(feature = "aws")]
    Cloudformation(Cloudformation),
}

/// Write a Docker Compose project that runs the same server
///
/// The same images, environment, health checks, order, networks and certificates, in a directory
/// with everything the project needs. It has the deployment's secrets, in `.env` and in files
/// that only you can read, and volumes of its own. No engine is asked.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  masto export compose -o social-compose
  cd social-compose && docker compose up --wait")]
struct Compose {
    #[command(flatten)]
    selection: Selection,

    #[command(flatten)]
    local: LocalArgs,

    /// The directory to write
    #[arg(short, long, value_name = "DIR", value_hint = ValueHint::DirPath, default_value = "compose")]
    output: PathBuf,

    /// Write into a directory that has a Compose file already
    #[arg(long)]
    force: bool,
}

impl Export {
    pub(crate) fn run(
        self,
        file: Option<PathBuf>,
        settings: &Settings,
    ) -> Result<ExitStatus, Error> {
        match self.format {
            Format::Compose(compose) => compose.run(file, settings),
            #[cfg(feature = "aws")]
            Format::Cloudformation(template) => template.run(file, settings),
        }
    }
}

impl Compose {
    fn run(self, file: Option<PathBuf>, settings: &Settings) -> Result<ExitStatus, Error> {
        self.selection.only_local()?;
        let topology = Source::load(&self.selection.or_file(file), settings)?;
        let name = topology.name.clone();
        let prepared = offline::prepare(&topology, &self.local.settings(settings)?, settings)?;
        let project = compose::export(&prepared.graph, &name, &prepared.secrets.secrets).map_err(
            |error| Error::Bug {
                message: error.to_string(),
            },
        )?;
        if self.output.join("compose.yaml").exists() && !self.force {
            return Err(Error::Usage {
                message: format!("`{}` has a Compose file already", self.output.display()),
                hint: Some(
                    "choose another directory with `--output DIR`, or overwrite it with `--force`"
                        .to_owned(),
                ),
            });
        }
        write(&project, &self.output).map_err(|(path, source)| Error::Write { path, source })?;
        let folder = self.output.display();
        settings.printer.answer(&format!(
            "{} wrote {folder}/compose.yaml, with .env and files/\n",
            paint(GOOD, settings.signs.good)
        ))?;
        settings.printer.say(&format!(
            "\nNext:\n  cd {folder} && docker compose up --wait\n{}\n",
            paint(
                DIM,
                "Take the server down with masto first: both want the same ports."
            ),
        ));
        Ok(ExitStatus::Success)
    }
}

/// Writes the files, in directories that only the owner may enter.
fn write(project: &Project, folder: &Path) -> Result<(), (PathBuf, io::Error)> {
    let mut private = std::fs::DirBuilder::new();
    private.recursive(true).mode(0o700);
    for (relative, file) in project {
        let path = folder.join(relative);
        let written = || -> io::Result<()> {
            if let Some(parent) = path.parent() {
                private.create(parent)?;
            }
            // A file of mode 0400 from last time would not open for writing.
            match std::fs::remove_file(&path) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
                _ => {}
            }
            let mut opened = std::fs::OpenOptions::new()
                .write(true)
                .create_new(true)
                .mode(file.mode)
                .open(&path)?;
            io::Write::write_all(&mut opened, file.content.as_bytes())?;
            // The umask must not take from a container what it needs to read.
            opened.set_permissions(std::fs::Permissions::from_mode(file.mode))
        };
        written().map_err(|error| (path.clone(), error))?;
    }
    Ok(())
}
