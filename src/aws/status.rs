//! `masto status --aws`

use std::time::Duration;

use aws::{AlarmStatus, TaskStatus};
use jiff::Timestamp;
use local::ImageSet;
use serde_json::{Value, json};
use topology::Topology;

use crate::aws::doctor::nothing_runs;
use crate::aws::session::{Session, failed};
use crate::cli::Selection;
use crate::error::{Error, ExitStatus};
use crate::settings::Settings;
use crate::view::SCHEMA_VERSION;
use crate::view::tasks;

/// How it is asked for.
#[derive(Clone, Copy)]
pub(crate) struct Asked {
    /// `--json`
    pub(crate) json: bool,
    /// `--watch`
    pub(crate) watch: bool,
}

/// How often `--watch` looks: each look is a handful of calls.
const EVERY: Duration = Duration::from_secs(5);

/// One line a task, and the alarms that ring.
pub(crate) async fn show(
    topology: Topology,
    asked: Asked,
    selection: &Selection,
    settings: &Settings,
) -> Result<ExitStatus, Error> {
    let session = Session::open(topology, ImageSet::default(), selection, settings).await?;
    let mut ticks = tokio::time::interval(EVERY);
    let mut shown = String::new();
    loop {
        ticks.tick().await;
        let (tasks, alarms) = look(&session).await?;
        if tasks.is_empty() && !asked.json && !asked.watch {
            return Err(nothing_runs(&session).await);
        }
        let text = if !asked.json {
            let now = Timestamp::now();
            tasks::render(
                session.name().as_str(),
                &tasks,
                &alarms,
                now,
                settings.signs,
            )
        } else if asked.watch {
            format!("{}\n", document(&session, &tasks, &alarms))
        } else {
            format!("{:#}\n", document(&session, &tasks, &alarms))
        };
        if text != shown {
            settings.printer.answer(&text)?;
            shown = text;
        }
        if !asked.watch {
            return Ok(verdict(&tasks));
        }
    }
}

/// Every task and every alarm.
pub(crate) async fn look(session: &Session) -> Result<(Vec<TaskStatus>, Vec<AlarmStatus>), Error> {
    let Session { account, scope, .. } = session;
    let tasks = aws::status(account, scope);
    let alarms = aws::alarms(account, scope);
    futures_util::try_join!(tasks, alarms).map_err(failed)
}

fn document(session: &Session, tasks: &[TaskStatus], alarms: &[AlarmStatus]) -> Value {
    json!({
        "schema_version": SCHEMA_VERSION,
        "deployment": session.name().as_str(),
        "target": "aws",
        "account": session.scope.account,
        "region": session.scope.region,
        "well": verdict(tasks) == ExitStatus::Success,
        "tasks": tasks,
        "alarms": alarms,
    })
}

fn verdict(tasks: &[TaskStatus]) -> ExitStatus {
    if tasks.is_empty() {
        ExitStatus::Usage
    } else if tasks.iter().all(|task| task.well) {
        ExitStatus::Success
    } else {
        ExitStatus::Unhealthy
    }
}
