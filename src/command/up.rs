//! `masto up`

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::time::Instant;

use clap::Args;
use engine::{ChangeAction, Impact, PlanOptions, PlanSummary};
use local::{Id, LocalBackend};

use crate::cli::Selection;
use crate::command::plan::Plan;
use crate::docker::bound::Bound;
use crate::docker::execution::{Ended, carry_out, or_cancelled};
use crate::docker::interrupt::Interrupts;
use crate::docker::patient;
use crate::docker::session::{self, LocalArgs, LockArgs, Prepared, Session, block_on};
use crate::env_vars;
use crate::error::{Error, ExitStatus};
use crate::settings::{ProgressMode, Settings};
use crate::source::Source;
use crate::view;
use crate::view::outputs::{Outputs, Retyped};
use crate::view::progress::Reporter;

/// Bring the server up, or make it match the topology file again
///
/// Reads the file, looks at what is there, and makes, changes, replaces or removes exactly what
/// differs, each thing as soon as what it needs is ready. Waits until everything answers. A run
/// that failed or was interrupted is finished by running it again.
#[derive(Debug, Args)]
#[command(
    visible_alias = "deploy",
    alias = "start",
    after_help = "\
Examples:
  masto up --local                            ./masto.yaml on Docker
  masto up --local -f topologies/dev.yaml
  masto up --local --https-port 8443 --http-port 8080
  masto up --local -p second                  a second server from the same file
  masto up --local --json | jq -r 'select(.event == \"summary\").outputs.url'

Exit status: 0 done, 3 the file is invalid, 5 something failed, 6 another masto is at work,
7 something does not answer, 8 stopped by Ctrl-C, 9 out of time; all: `masto help exit-codes`"
)]
pub(crate) struct Up {
    #[command(flatten)]
    lock: LockArgs,

    /// How long everything may take, pulling images not included
    #[arg(long, value_name = "TIME", default_value = "30m", env = env_vars::MASTO_WAIT_TIMEOUT, hide_env_values = true)]
    wait_timeout: Bound,

    /// Only show what would be done, as `masto plan`
    #[arg(long)]
    dry_run: bool,

    // What people of Docker Compose type: masto always waits, and never stays in the foreground.
    #[arg(short, long, hide = true)]
    detach: bool,
    #[arg(long, hide = true)]
    wait: bool,

    /// Replace every container, although nothing about it differs; data is kept
    #[arg(long)]
    force_recreate: bool,

    #[command(flatten)]
    progress: ProgressArgs,

    #[command(flatten)]
    consent: Consent,

    #[command(flatten)]
    selection: Selection,

    #[command(flatten)]
    local: LocalArgs,
}

/// How a run is shown.
#[derive(Clone, Copy, Debug, Args)]
pub(crate) struct ProgressArgs {
    /// How progress is shown
    #[arg(long, value_enum, default_value_t, value_name = "MODE", env = env_vars::MASTO_PROGRESS, hide_env_values = true)]
    progress: ProgressMode,

    /// Events and the result on stdout, one JSON object a line
    #[arg(long)]
    pub(crate) json: bool,
}

impl ProgressArgs {
    /// Shows a run called `title`.
    pub(crate) fn reporter(self, title: String, settings: &Settings) -> Reporter {
        let mode = settings.progress(self.progress, self.json);
        Reporter::new(mode, title, settings.printer, settings.signs)
    }

    /// stdout is for machines.
    pub(crate) fn is_json(self) -> bool {
        self.json || self.progress == ProgressMode::Json
    }
}

/// What is answered beforehand.
#[derive(Clone, Copy, Debug, Args)]
pub(crate) struct Consent {
    /// Ask nothing; not enough where data would be lost
    #[arg(short, long, visible_alias = "auto-approve")]
    yes: bool,

    /// With `--yes`: also do what loses data
    #[arg(long)]
    delete_data: bool,
}

impl Up {
    pub(crate) fn run(
        self,
        file: Option<PathBuf>,
        settings: &Settings,
    ) -> Result<ExitStatus, Error> {
        let selection = self.selection.clone().or_file(file);
        if self.dry_run {
            return Plan::new(selection, self.local, self.progress.is_json()).run(None, settings);
        }
        let topology = Source::load_to_act(&selection, settings)?;
        #[cfg(feature = "aws")]
        if selection.aws {
            let Bound(bound) = self.wait_timeout;
            let asked = crate::aws::up::Asked {
                progress: self.progress,
                consent: self.consent,
                images: self.local.images(),
                patience: self.lock.patience(),
                bound,
            };
            return block_on(crate::aws::up::bring_up(
                topology, asked, &selection, settings,
            ));
        }
        block_on(self.bring_up(topology, &selection, settings))
    }

    async fn bring_up(
        &self,
        topology: topology::Topology,
        selection: &Selection,
        settings: &Settings,
    ) -> Result<ExitStatus, Error> {
        let printer = settings.printer;
        let name = topology.name.clone();
        let began = Instant::now();
        let interrupts = Interrupts::listen()?;
        let session = Session::open(topology, &self.local, settings).await?;
        let waiting = session::lock(&session.paths, &name, "up", self.lock, printer);
        let _lock = or_cancelled(&interrupts, waiting).await?;
        let (world, mut images) = futures_util::try_join!(session.look(), session.find_images())?;
        if !images.missing().is_empty() {
            let reporter = self
                .progress
                .reporter(format!("masto up {name}: images"), settings);
            let pulling = session.pull(images, reporter.sink());
            images = reporter.during(or_cancelled(&interrupts, pulling)).await?;
        }
        let prepared = session.prepare(world, images)?;
        let plan = prepared.plan(&PlanOptions {
            remove_data: false,
            force_replace: self.replaced(&prepared),
        });
        let changes = plan.summary();
        if !changes.refusals.is_empty() {
            printer.tell(&view::plan::refusals(&changes.refusals));
            return Err(Error::Refused);
        }
        self.consent
            .to_data_loss(&changes, name.as_str(), settings)?;

        let reporter = self.progress.reporter(format!("masto up {name}"), settings);
        reporter.expect(&changes);
        let secrets = prepared.secrets.secrets.clone();
        let backend = LocalBackend::new(
            session.docker.clone(),
            name.clone(),
            secrets,
            session.paths.clone(),
            &plan,
        );
        let Bound(bound) = self.wait_timeout;
        let Ended { summary, status } = carry_out(
            backend,
            is_unready,
            &plan,
            Some(bound),
            &reporter,
            &interrupts,
        )
        .await;

        let outputs = local::outputs(
            &prepared.deployment,
            prepared.ports,
            &prepared.secrets.secrets,
            &session.paths,
        );
        let outputs = Outputs::new(&outputs, &name, false);
        let retyped = Retyped {
            selection: selection.retyped(),
            backend: self.local.retyped(),
        };
        let succeeded = status == ExitStatus::Success;
        if self.progress.is_json() {
            let line = view::summary::json(&summary, succeeded.then(|| outputs.json()));
            printer.raw(format!("{line}\n").as_bytes())?;
        } else if succeeded {
            let took = session::shown(began.elapsed());
            let headline = headline(&changes, name.as_str(), &took);
            let text = if changes.changes.is_empty() {
                view::outputs::unchanged(&headline, &outputs, settings.signs)
            } else {
                view::outputs::after_up(&headline, &outputs, &retyped, settings.signs)
            };
            printer.answer(&text)?;
        }
        if !succeeded {
            let Retyped { selection, backend } = retyped;
            let again = format!("{selection}{backend}");
            printer.tell(&view::summary::render(&summary));
            // Where the backend knows what to do, it has said so.
            let unexplained = summary
                .failed
                .iter()
                .filter(|(_, report)| report.hint.is_none())
                .map(|(resource, _)| resource.as_str());
            let causes = patient::likely_causes(&session, unexplained).await;
            if !causes.is_empty() {
                let causes = view::doctor::explanation(name.as_str(), &causes, settings.signs);
                printer.tell(&format!("\nThe likely cause:\n{causes}"));
            }
            printer.tell(&view::summary::next_step(
                status,
                "up",
                &again,
                &session::shown(bound),
            ));
        }
        Ok(status)
    }

    /// What `--force-recreate` replaces: everything that runs and holds no data of its own.
    fn replaced(&self, prepared: &Prepared) -> BTreeSet<Id> {
        if !self.force_recreate {
            return BTreeSet::new();
        }
        let ids = prepared.graph.iter().map(engine::Resource::id);
        ids.filter(|id| matches!(id, Id::Store(_) | Id::Process(..)))
            .collect()
    }
}

/// It runs, and does not answer.
pub(crate) fn is_unready(error: &local::Error) -> bool {
    matches!(error, local::Error::NotReady { .. })
}

impl Consent {
    /// Everything but the loss of data.
    #[cfg(feature = "aws")]
    pub(crate) fn yes() -> Self {
        Self {
            yes: true,
            delete_data: false,
        }
    }

    /// Whether a person has to agree before `plan` makes or changes what costs money.
    #[cfg(feature = "aws")]
    pub(crate) fn asks(self, plan: &PlanSummary) -> bool {
        let changes = &plan.changes;
        !self.yes
            && changes
                .iter()
                .any(|change| change.action != ChangeAction::Delete)
    }

    /// Asks whether to make what costs money.
    #[cfg(feature = "aws")]
    pub(crate) fn to_cost(self, question: &str, settings: &Settings) -> Result<(), Error> {
        let printer = &settings.printer;
        settings.prompt.yes_or_no(printer, question, "`--yes`")
    }

    /// Asks before data is lost, unless that was answered with both flags.
    pub(crate) fn to_data_loss(
        self,
        plan: &PlanSummary,
        name: &str,
        settings: &Settings,
    ) -> Result<(), Error> {
        if !plan
            .changes
            .iter()
            .any(|change| change.impact == Impact::DataLoss)
            || (self.yes && self.delete_data)
        {
            return Ok(());
        }
        settings.printer.tell(&format!(
            "Data would be lost:\n{}",
            view::plan::data_loss(plan)
        ));
        settings.prompt.typed_name(
            &settings.printer,
            name,
            &format!("data of `{name}` would be lost"),
            "`--yes --delete-data`",
        )
    }
}

/// What was done, in one line.
pub(crate) fn headline(changes: &PlanSummary, name: &str, took: &str) -> String {
    if changes.changes.is_empty() {
        return format!("Nothing to do: {name} is as it should be ({took})");
    }
    let of = |action| {
        changes
            .changes
            .iter()
            .filter(|change| change.action == action)
            .count()
    };
    let parts: Vec<String> = [
        (of(ChangeAction::Create), "created"),
        (of(ChangeAction::Update), "updated"),
        (of(ChangeAction::Replace), "replaced"),
        (of(ChangeAction::Delete), "removed"),
    ]
    .into_iter()
    .filter(|(count, _)| *count > 0)
    .map(|(count, what)| format!("{count} {what}"))
    .collect();
    format!("{name} is up: {} in {took}", parts.join(", "))
}
