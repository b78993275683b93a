//! `masto up --aws`

use std::time::{Duration, Instant};

use engine::PlanOptions;
use local::ImageSet;
use topology::Topology;

use crate::aws::forecast::Forecast;
use crate::aws::lock;
use crate::aws::outputs;
use crate::aws::plan::whose;
use crate::aws::preflight;
use crate::aws::session::Session;
use crate::cli::Selection;
use crate::command::up::{Consent, ProgressArgs, headline};
use crate::docker::execution::{Ended, carry_out, or_cancelled};
use crate::docker::interrupt::Interrupts;
use crate::docker::session::shown;
use crate::error::{Error, ExitStatus};
use crate::settings::Settings;
use crate::view;
use crate::view::outputs::Retyped;

/// How `up` is asked for.
pub(crate) struct Asked {
    /// How it is shown.
    pub(crate) progress: ProgressArgs,
    /// What is answered beforehand.
    pub(crate) consent: Consent,
    /// `--images`
    pub(crate) images: ImageSet,
    /// `--lock-timeout`
    pub(crate) patience: Duration,
    /// `--wait-timeout`
    pub(crate) bound: Duration,
}

/// Makes the account match the topology.
pub(crate) async fn bring_up(
    topology: Topology,
    asked: Asked,
    selection: &Selection,
    settings: &Settings,
) -> Result<ExitStatus, Error> {
    let printer = settings.printer;
    let began = Instant::now();
    let interrupts = Interrupts::listen()?;
    let session = or_cancelled(
        &interrupts,
        Session::open(topology, asked.images, selection, settings),
    )
    .await?;
    let name = session.name().clone();
    printer.say(&whose(&session));
    let waiting = lock::acquire(&session, "up", asked.patience, &interrupts.cancel, printer);
    let lock = or_cancelled(&interrupts, waiting).await?;
    let run = async {
        let prepared =
            or_cancelled(&interrupts, session.prepare(aws::secrets::Leaving::Restore)).await?;
        let plan = prepared.plan(&PlanOptions::default());
        let changes = plan.summary();
        if !changes.refusals.is_empty() {
            printer.tell(&view::plan::refusals(&changes.refusals));
            return Err(Error::Refused);
        }
        if !changes.changes.is_empty() {
            let checking = preflight::check(&session, &prepared, &plan, printer);
            or_cancelled(&interrupts, checking).await?;
        }
        if asked.consent.asks(&changes) {
            printer.tell(&view::plan::render(&changes, name.as_str(), settings.signs));
            let forecast = Forecast::new(&session, &prepared, &plan);
            printer.tell(&forecast.render(true, settings.signs));
            let question = forecast.question(&session);
            asked.consent.to_cost(&question, settings)?;
        }
        asked
            .consent
            .to_data_loss(&changes, name.as_str(), settings)?;
        let reporter = asked
            .progress
            .reporter(format!("masto up {name} on AWS"), settings);
        reporter.expect(&changes);
        let backend = session.backend(prepared.secrets.clone(), lock.fence());
        let Ended { summary, status } = carry_out(
            backend,
            |error| matches!(error, aws::Error::NotReady { .. }),
            &plan,
            Some(asked.bound),
            &reporter,
            &interrupts,
        )
        .await;
        lock.note(&summary, &changes);
        let succeeded = status == ExitStatus::Success;
        let outputs = if succeeded {
            // Addresses are known only once what has them was made.
            let observed = if changes.changes.is_empty() {
                prepared.observed.clone()
            } else {
                session.observe().await?
            };
            Some(outputs::of(
                &session,
                &prepared.deployment,
                &observed,
                &prepared.secrets,
                false,
            ))
        } else {
            None
        };
        let retyped = selection.retyped();
        if asked.progress.is_json() {
            let line = view::summary::json(&summary, outputs.map(|outputs| outputs.json()));
            printer.raw(format!("{line}\n").as_bytes())?;
        } else if let Some(outputs) = outputs {
            let headline = headline(&changes, name.as_str(), &shown(began.elapsed()));
            let retyped = Retyped {
                selection: retyped.clone(),
                backend: String::new(),
            };
            let text = if changes.changes.is_empty() {
                view::outputs::unchanged(&headline, &outputs, settings.signs)
            } else {
                view::outputs::after_up(&headline, &outputs, &retyped, settings.signs)
            };
            printer.answer(&text)?;
        }
        if !succeeded {
            printer.tell(&view::summary::render(&summary));
            let bound = shown(asked.bound);
            printer.tell(&view::summary::next_step(status, "up", &retyped, &bound));
        }
        Ok(status)
    };
    let ended = run.await;
    lock.release(&ended).await?;
    ended
}
