//! `masto logs --aws`

use std::collections::BTreeMap;

use aws::{LogLine, LogQuery};
use local::ImageSet;
use topology::Topology;

use crate::aws::session::{Session, failed};
use crate::cli::Selection;
use crate::error::{Error, ExitStatus};
use crate::settings::Settings;
use crate::view::logs::{Line, LogStyle, json, line};

/// How logs are asked for.
pub(crate) struct Asked {
    /// Which lines.
    pub(crate) query: LogQuery,
    /// `--follow`
    pub(crate) follow: bool,
    /// `--json`
    pub(crate) json: bool,
    /// `--timestamps`
    pub(crate) timestamps: bool,
    /// Not `--no-prefix`.
    pub(crate) prefix: bool,
}

/// What the tasks print, merged.
pub(crate) async fn show(
    topology: Topology,
    asked: Asked,
    selection: &Selection,
    settings: &Settings,
) -> Result<ExitStatus, Error> {
    let session = Session::open(topology, ImageSet::default(), selection, settings).await?;
    let mut style = LogStyle {
        timestamps: asked.timestamps,
        prefix: asked.prefix,
        seen: BTreeMap::new(),
    };
    let mut shown = Ok(());
    let show = |found: LogLine| {
        shown = if asked.json {
            settings.printer.raw(json(&found).as_bytes())
        } else {
            settings.printer.answer(&line(&as_line(&found), &mut style))
        };
        shown.is_ok()
    };
    let Session { account, scope, .. } = &session;
    let read = if asked.follow {
        aws::follow_logs(account, scope, &asked.query, show).await
    } else {
        aws::logs(account, scope, &asked.query).await.map(|lines| {
            // Ends early where nobody reads on; `shown` tells.
            let _ = lines.into_iter().all(show);
        })
    };
    read.map_err(failed)?;
    shown?;
    Ok(ExitStatus::Success)
}

/// A task has no number: the first letters of its id tell replicas apart.
fn as_line(found: &LogLine) -> Line<'_> {
    let short: String = found.task.chars().take(4).collect();
    Line {
        name: format!("{}-{short}", found.process),
        timestamp: found.timestamp,
        text: &found.text,
    }
}
