//! `masto down --aws`

use std::time::Duration;

use aws::{Id, Resource};
use engine::{Graph, Impact, Live as _, Observed, PlanOptions};
use local::ImageSet;
use mastodon::Secrets;
use topology::Topology;

use crate::aws::lock;
use crate::aws::plan::whose;
use crate::aws::session::{Session, failed};
use crate::cli::Selection;
use crate::command::up::ProgressArgs;
use crate::docker::execution::{Ended, carry_out, or_cancelled};
use crate::docker::interrupt::Interrupts;
use crate::docker::session::shown;
use crate::error::{Error, ExitStatus};
use crate::settings::Settings;
use crate::view;
use crate::view::style::{GOOD, paint};
use crate::view::text;

/// How `down` is asked for.
pub(crate) struct Asked {
    /// How it is shown.
    pub(crate) progress: ProgressArgs,
    /// `--data`
    pub(crate) data: bool,
    /// `--dry-run`
    pub(crate) dry_run: bool,
    /// `--yes`
    pub(crate) yes: bool,
    /// `--lock-timeout`
    pub(crate) patience: Duration,
}

/// Removes the deployment from the account, and says what is left and what it costs.
pub(crate) async fn take_down(
    topology: Topology,
    asked: Asked,
    selection: &Selection,
    settings: &Settings,
) -> Result<ExitStatus, Error> {
    let printer = settings.printer;
    let interrupts = Interrupts::listen()?;
    let opening = Session::open(topology, ImageSet::default(), selection, settings);
    let session = or_cancelled(&interrupts, opening).await?;
    printer.say(&whose(&session));
    let waiting = lock::acquire(
        &session,
        "down",
        asked.patience,
        &interrupts.cancel,
        printer,
    );
    let lock = or_cancelled(&interrupts, waiting).await?;
    let ended = remove(&session, &lock, &asked, selection, &interrupts, settings).await;
    lock.release(&ended).await?;
    ended
}

async fn remove(
    session: &Session,
    lock: &lock::Held<'_>,
    asked: &Asked,
    selection: &Selection,
    interrupts: &Interrupts,
    settings: &Settings,
) -> Result<ExitStatus, Error> {
    let printer = settings.printer;
    let name = session.name();
    let observed = or_cancelled(interrupts, session.observe()).await?;
    let has_data = observed
        .values()
        .any(|live| live.removal_impact() == Impact::DataLoss);
    let options = PlanOptions {
        remove_data: asked.data,
        ..PlanOptions::default()
    };
    let plan = engine::plan(&Graph::empty(), &observed, &options);
    let changes = plan.summary();
    if !changes.refusals.is_empty() {
        printer.tell(&view::plan::refusals(&changes.refusals));
        return Err(Error::Refused);
    }
    if asked.dry_run {
        let text = if asked.progress.is_json() {
            format!("{:#}\n", view::plan::json(&changes, name.as_str(), "aws"))
        } else {
            view::plan::render(&changes, name.as_str(), settings.signs)
        };
        printer.answer(&text)?;
        return Ok(ExitStatus::Success);
    }
    if asked.data && has_data && !asked.yes {
        printer.tell(&format!(
            "This removes the data of `{name}` from account {}: database, uploads, keys. A final snapshot of the database is kept.\n{}",
            session.scope.account,
            view::plan::data_loss(&changes)
        ));
        let question = format!("the data of `{name}` would be lost");
        settings
            .prompt
            .typed_name(&printer, name.as_str(), &question, "`--yes`")?;
    }
    let reporter = asked
        .progress
        .reporter(format!("masto down {name} on AWS"), settings);
    reporter.expect(&changes);
    let backend = session.backend(Secrets::default(), lock.fence());
    let Ended { summary, status } = carry_out(
        backend,
        |error| matches!(error, aws::Error::NotReady { .. }),
        &plan,
        None,
        &reporter,
        interrupts,
    )
    .await;
    lock.note(&summary, &changes);
    let retyped = selection.retyped();
    if status != ExitStatus::Success {
        printer.tell(&view::summary::render(&summary));
        printer.tell(&view::summary::next_step(status, "down", &retyped, ""));
        return Ok(status);
    }
    let left = aws::sweep(&session.account, &session.scope)
        .await
        .map_err(failed)?;
    if asked.progress.is_json() {
        let mut line = view::summary::json(&summary, None);
        line["left"] = serde_json::to_value(&left).unwrap_or_default();
        printer.raw(format!("{line}\n").as_bytes())?;
        return Ok(status);
    }
    let text = match changes.changes.len() {
        0 if !changes.kept.is_empty() => {
            format!("Nothing to do: `{name}` is down, and its data is kept\n")
        }
        0 => format!("Nothing to do: nothing of `{name}` is in this account\n"),
        removed => format!(
            "{} {name} is down: {} removed in {}\n",
            paint(GOOD, settings.signs.good),
            text::count(removed, "resource"),
            shown(reporter.elapsed()),
        ),
    };
    printer.answer(&text)?;
    if !changes.kept.is_empty() {
        printer.say(&format!(
            "Kept: {}\n{}`masto up{retyped}` brings it back; `masto down{retyped} --data` removes it for good\n",
            changes.kept.join(", "),
            price_of_kept(&plan.kept, &observed),
        ));
    }
    printer.say(&view::remainders::render(&left, asked.data));
    Ok(status)
}

/// What is kept goes on costing: the database and the cache run, so that nothing is lost.
fn price_of_kept(kept: &[Id], observed: &Observed<Resource>) -> String {
    let kept: Observed<Resource> = observed
        .iter()
        .filter(|(id, _)| kept.contains(id))
        .map(|(id, live)| (id.clone(), live.clone()))
        .collect();
    let total = aws::cost_now(&kept).total();
    if total.cents() == 0 {
        return String::new();
    }
    format!("It goes on costing about {total} a month. ")
}
