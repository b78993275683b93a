//! `masto down`

use std::path::PathBuf;

use clap::Args;
use local::{LocalBackend, SecretStore};

use crate::cli::Selection;
use crate::command::up::{ProgressArgs, is_unready};
use crate::docker::execution::{Ended, carry_out, or_cancelled};
use crate::docker::interrupt::Interrupts;
use crate::docker::session::{self, LockArgs, block_on};
use crate::error::{Error, ExitStatus};
use crate::settings::Settings;
use crate::view;
use crate::view::style::{GOOD, paint};
use crate::view::text;

/// Take the server away; its data is kept unless you ask
///
/// Removes containers and networks, and the server's part of the ingress. Volumes and secrets
/// stay, and the next `up` finds them again. With `--data` they go as well, for good.
#[derive(Debug, Args)]
#[command(
    visible_alias = "destroy",
    alias = "remove",
    after_help = "\
Examples:
  masto down --local                      data is kept
  masto down --local -p social            without the topology file
  masto down --local --data               volumes and secrets too; asks for the name
  masto down --local --data --yes         the same in a script"
)]
pub(crate) struct Down {
    #[command(flatten)]
    lock: LockArgs,

    /// Also remove volumes and secrets: the database, uploads, keys. Nothing brings them back
    #[arg(long, visible_alias = "delete-data", alias = "volumes")]
    data: bool,

    /// Only show what would be removed
    #[arg(long)]
    dry_run: bool,

    /// Ask nothing; data still goes only with `--data`
    #[arg(short, long, visible_alias = "auto-approve")]
    yes: bool,

    #[command(flatten)]
    progress: ProgressArgs,

    #[command(flatten)]
    selection: Selection,
}

impl Down {
    pub(crate) fn run(
        self,
        file: Option<PathBuf>,
        settings: &Settings,
    ) -> Result<ExitStatus, Error> {
        let selection = self.selection.clone().or_file(file);
        #[cfg(feature = "aws")]
        if selection.aws {
            let topology = crate::source::Source::load(&selection, settings)?;
            let asked = crate::aws::down::Asked {
                progress: self.progress,
                data: self.data,
                dry_run: self.dry_run,
                yes: self.yes,
                patience: self.lock.patience(),
            };
            return block_on(crate::aws::down::take_down(
                topology, asked, &selection, settings,
            ));
        }
        let name = session::name_of(&selection, settings)?;
        block_on(async {
            let printer = settings.printer;
            let paths = session::paths(settings)?;
            let interrupts = Interrupts::listen()?;
            let docker = session::connect(settings).await?;
            let waiting = session::lock(&paths, &name, "down", self.lock, printer);
            let _lock = or_cancelled(&interrupts, waiting).await?;
            let world = local::observe_world(&docker, &name)
                .await
                .map_err(session::failed)?;
            let plan = world.removal(self.data);
            let changes = plan.summary();
            if !changes.refusals.is_empty() {
                printer.tell(&view::plan::refusals(&changes.refusals));
                return Err(Error::Refused);
            }
            if self.dry_run {
                let text = if self.progress.is_json() {
                    format!("{:#}\n", view::plan::json(&changes, name.as_str(), "local"))
                } else {
                    view::plan::render(&changes, name.as_str(), settings.signs)
                };
                printer.answer(&text)?;
                return Ok(ExitStatus::Success);
            }
            let store = SecretStore::new(&paths, &name);
            let forgets = self.data && store.path().exists();
            if self.data && !self.yes && (world.has_data() || forgets) {
                printer.tell(&format!(
                    "This removes the data of `{name}` for good: database, uploads, keys.\n{}",
                    view::plan::data_loss(&changes)
                ));
                let question = format!("the data of `{name}` would be lost");
                settings
                    .prompt
                    .typed_name(&printer, name.as_str(), &question, "`--yes`")?;
            }
            let reporter = self
                .progress
                .reporter(format!("masto down {name}"), settings);
            reporter.expect(&changes);
            let backend = LocalBackend::for_removal(&docker, &name, &paths, &plan);
            let Ended { summary, status } =
                carry_out(backend, is_unready, &plan, None, &reporter, &interrupts).await;
            if status == ExitStatus::Success && self.data {
                store
                    .remove()
                    .map_err(|error| Error::plain(&error, None, ExitStatus::Failure))?;
            }
            if self.progress.is_json() {
                printer.raw(format!("{}\n", view::summary::json(&summary, None)).as_bytes())?;
            } else if status == ExitStatus::Success {
                let took = session::shown(reporter.elapsed());
                let text = match (changes.changes.len(), forgets) {
                    (0, false) => format!("Nothing to do: nothing of `{name}` runs here\n"),
                    (removed, _) => format!(
                        "{} {name} is down: {} removed in {took}\n",
                        paint(GOOD, settings.signs.good),
                        text::count(removed, "resource"),
                    ),
                };
                printer.answer(&text)?;
                if !changes.kept.is_empty() {
                    printer.say(&format!(
                        "Kept, with the secrets: {}\n`masto up{retyped}` brings it back; `masto down{retyped} --data` removes it for good\n",
                        changes.kept.join(", "),
                        retyped = selection.retyped(),
                    ));
                }
            }
            if status != ExitStatus::Success {
                printer.tell(&view::summary::render(&summary));
                printer.tell(&view::summary::next_step(
                    status,
                    "down",
                    &selection.retyped(),
                    "",
                ));
            }
            Ok(status)
        })
    }
}
