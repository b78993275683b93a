//! `masto logs`

use std::collections::BTreeMap;
use std::path::PathBuf;

use clap::Args;
use clap_complete::engine::ArgValueCandidates;
use futures_util::StreamExt as _;
use jiff::Timestamp;
use local::LogQuery;

use crate::cli::Selection;
use crate::command::completion::process_names;
use crate::docker::bound::Since;
use crate::docker::session::{self, block_on, failed};
use crate::error::{Error, ExitStatus};
use crate::settings::Settings;
use crate::view::logs::{Line, LogStyle, json, line};

/// Show what the processes print, merged in order of time
#[derive(Debug, Args)]
#[command(alias = "tail", mut_arg("file", |file| file.short(None)), after_help = "\
Examples:
  masto logs                          everything, all processes
  masto logs -f                       and what comes
  masto logs -f --tail 20 web sidekiq-all
  masto logs --since 10m postgres
  masto logs schema                   of a job that has ended
  masto logs --aws -f web             from CloudWatch, some seconds late
  masto logs --aws one-off            jobs, and commands of `run` and `tootctl`")]
pub(crate) struct Logs {
    /// Go on with what comes, until Ctrl-C
    #[arg(short, long)]
    follow: bool,

    /// Only the last so many lines of each process; `all` is everything
    #[arg(short = 'n', long, value_name = "LINES", default_value = "all", value_parser = tail)]
    tail: Tail,

    /// Only since then: `10m`, or `2026-11-22T10:00:00Z`
    #[arg(long, value_name = "TIME")]
    since: Option<Since>,

    /// A time before each line
    #[arg(short, long)]
    timestamps: bool,

    /// No name before each line
    #[arg(long, visible_alias = "no-log-prefix")]
    no_prefix: bool,

    /// One JSON object a line
    #[arg(long)]
    json: bool,

    /// Processes, stores or jobs; one replica: `web-2` [default: all]
    #[arg(value_name = "PROCESS", add = ArgValueCandidates::new(process_names))]
    processes: Vec<String>,

    #[command(flatten)]
    selection: Selection,
}

#[derive(Clone, Copy, Debug)]
struct Tail(Option<u64>);

fn tail(text: &str) -> Result<Tail, String> {
    match text {
        "all" => Ok(Tail(None)),
        _ => text
            .parse()
            .map(|lines| Tail(Some(lines)))
            .map_err(|_| "a number of lines, or `all`".to_owned()),
    }
}

impl Logs {
    pub(crate) fn run(
        self,
        file: Option<PathBuf>,
        settings: &Settings,
    ) -> Result<ExitStatus, Error> {
        let selection = self.selection.or_file(file);
        #[cfg(feature = "aws")]
        if selection.aws {
            let topology = crate::source::Source::load(&selection, settings)?;
            let asked = crate::aws::logs::Asked {
                query: aws::LogQuery {
                    processes: self.processes,
                    tail: self.tail.0.and_then(|lines| usize::try_from(lines).ok()),
                    since: self.since.map(|since| since.timestamp(Timestamp::now())),
                    task: None,
                },
                follow: self.follow,
                json: self.json,
                timestamps: self.timestamps,
                prefix: !self.no_prefix,
            };
            return block_on(crate::aws::logs::show(
                topology, asked, &selection, settings,
            ));
        }
        let name = session::name_of(&selection, settings)?;
        block_on(async {
            let docker = session::connect(settings).await?;
            let query = LogQuery {
                processes: self.processes,
                follow: self.follow,
                tail: self.tail.0,
                since: self.since.map(|since| since.timestamp(Timestamp::now())),
            };
            let mut style = LogStyle {
                timestamps: self.timestamps,
                prefix: !self.no_prefix,
                seen: BTreeMap::new(),
            };
            let mut lines = local::logs(&docker, &name, &query).await.map_err(failed)?;
            while let Some(found) = lines.next().await {
                let found = found.map_err(failed)?;
                if self.json {
                    settings.printer.raw(json(&found).as_bytes())?;
                } else {
                    let found = Line {
                        name: format!("{}-{}", found.process, found.replica),
                        timestamp: found.timestamp,
                        text: &found.text,
                    };
                    settings.printer.answer(&line(&found, &mut style))?;
                }
            }
            Ok(ExitStatus::Success)
        })
    }
}
