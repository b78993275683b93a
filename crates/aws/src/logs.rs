//! What the tasks print, merged.

use std::collections::{BTreeSet, VecDeque};
use std::time::Duration;

use aws_sdk_cloudwatchlogs::types::FilteredLogEvent;
use engine::wait::{Condition, Look, Poll, until};
use jiff::Timestamp;
use serde::Serialize;

use crate::account::Account;
use crate::ecs;
use crate::ensure::{insist, nothing_else};
use crate::error::{Error, ErrorKind};
use crate::id::Id;
use crate::names;
use crate::scope::Scope;

/// CloudWatch shows a line some seconds after it was printed, and not always in order: what is
/// this old is looked at again.
const LATE: Duration = Duration::from_secs(30);
/// Pauses between two looks of `--follow`.
const PAUSES: (Duration, Duration) = (Duration::from_millis(500), Duration::from_secs(2));
/// As long as a person looks on.
const FOR_EVER: Duration = Duration::from_secs(365 * 24 * 60 * 60);

/// Which lines are wanted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LogQuery {
    /// `web`, `sidekiq` for all of its kind, `one-off` for jobs and commands; empty: all.
    pub processes: Vec<String>,
    /// At most so many of the last lines of each process; `None` gives all.
    pub tail: Option<usize>,
    /// Nothing older.
    pub since: Option<Timestamp>,
    /// Of this task alone.
    pub task: Option<String>,
}

/// A line.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct LogLine {
    /// `web`, `sidekiq-all`, `one-off`.
    pub process: String,
    /// What AWS calls the task.
    pub task: String,
    /// When it was printed.
    pub timestamp: Timestamp,
    /// The line without its end.
    pub text: String,
}

/// A place in the log, from which it goes on.
#[derive(Debug)]
struct Cursor {
    since: Option<Timestamp>,
    /// Events at or after `since` that have been given already.
    seen: BTreeSet<String>,
}

/// The lines that `query` wants so far, oldest first.
///
/// # Errors
///
/// [`Error::Setup`] where the deployment has no log group.
pub async fn logs(
    account: &Account,
    scope: &Scope,
    query: &LogQuery,
) -> Result<Vec<LogLine>, Error> {
    let mut cursor = Cursor {
        since: query.since,
        seen: BTreeSet::new(),
    };
    let lines = cursor.advance(account, scope, query).await?;
    Ok(match query.tail {
        Some(tail) => last_of_each(lines, tail),
        None => lines,
    })
}

/// Gives the lines that `query` wants to `show` and goes on with what comes, until `show` gives
/// `false`.
///
/// # Errors
///
/// As [`logs`].
pub async fn follow(
    account: &Account,
    scope: &Scope,
    query: &LogQuery,
    mut show: impl FnMut(LogLine) -> bool,
) -> Result<(), Error> {
    let mut cursor = Cursor {
        since: query.since,
        seen: BTreeSet::new(),
    };
    let mut first = cursor.advance(account, scope, query).await?;
    if let Some(tail) = query.tail {
        first = last_of_each(first, tail);
    }
    if !first.into_iter().all(&mut show) {
        return Ok(());
    }
    // Each look needs both for itself, and looks come one after the other.
    let state = tokio::sync::Mutex::new((cursor, show));
    let (pause, longest) = PAUSES;
    let condition = Condition::new("nobody looks on any more", FOR_EVER)
        .poll(Poll::adaptive(pause, longest, 1.5));
    let look = || async {
        let mut state = state.lock().await;
        let (cursor, show) = &mut *state;
        let lines = cursor.advance(account, scope, query).await?;
        Ok::<_, Error>(match lines.into_iter().all(show) {
            true => Look::NotYet(String::new()),
            false => Look::Ready(()),
        })
    };
    match until(&condition, None, look).await {
        Err(engine::wait::WaitError::Look { source, .. }) => Err(source),
        Ok(()) | Err(engine::wait::WaitError::Timeout { .. }) => Ok(()),
    }
}

impl Cursor {
    /// What has come since.
    async fn advance(
        &mut self,
        account: &Account,
        scope: &Scope,
        query: &LogQuery,
    ) -> Result<Vec<LogLine>, Error> {
        let mut lines = Vec::new();
        for event in events(account, scope, query, self.since).await? {
            let id = event.event_id.clone().unwrap_or_default();
            if self.seen.contains(&id) {
                continue;
            }
            if let Some(line) = LogLine::of(&event).filter(|line| query.wants(line)) {
                lines.push(line);
            }
            self.seen.insert(id);
        }
        lines.sort_by_key(|line| line.timestamp);
        if let Some(last) = lines.last() {
            let late = last.timestamp.checked_sub(LATE).unwrap_or(last.timestamp);
            self.since = self.since.max(Some(late));
        }
        Ok(lines)
    }
}

impl LogLine {
    fn of(event: &FilteredLogEvent) -> Option<Self> {
        // `web/web/0123abcd`
        let mut parts = event.log_stream_name()?.split('/');
        let process = parts.next()?.to_owned();
        let task = parts.next_back()?.to_owned();
        Some(Self {
            process,
            task,
            timestamp: Timestamp::from_millisecond(event.timestamp()?).ok()?,
            text: event.message()?.trim_end_matches(['\r', '\n']).to_owned(),
        })
    }
}

impl LogQuery {
    fn wants(&self, line: &LogLine) -> bool {
        let is_wanted = |wanted: &String| {
            *wanted == line.process || (wanted == "sidekiq" && line.process.starts_with("sidekiq-"))
        };
        (self.processes.is_empty() || self.processes.iter().any(is_wanted))
            && self.task.as_deref().is_none_or(|task| task == line.task)
    }

    /// A beginning that all wanted streams have.
    fn prefix(&self) -> Option<String> {
        match (self.processes.as_slice(), &self.task) {
            ([process], Some(task)) => Some(format!("{process}/{process}/{task}")),
            ([process], None) if process != "sidekiq" => Some(format!("{process}/")),
            _ => None,
        }
    }
}

/// The last `count` lines of each process, in the order of time.
fn last_of_each(lines: Vec<LogLine>, count: usize) -> Vec<LogLine> {
    let mut left: std::collections::BTreeMap<String, usize> = std::collections::BTreeMap::new();
    let mut last = VecDeque::new();
    for line in lines.into_iter().rev() {
        let left = left.entry(line.process.clone()).or_insert(count);
        if *left > 0 {
            *left -= 1;
            last.push_front(line);
        }
    }
    last.into()
}

async fn events(
    account: &Account,
    scope: &Scope,
    query: &LogQuery,
    since: Option<Timestamp>,
) -> Result<Vec<FilteredLogEvent>, Error> {
    let group = names::of(&Id::LogGroup, scope);
    let mut events = Vec::new();
    let mut next = None;
    loop {
        let call = || async {
            account
                .logs
                .filter_log_events()
                .log_group_name(&group)
                .set_log_stream_name_prefix(query.prefix())
                .set_start_time(since.map(Timestamp::as_millisecond))
                .set_next_token(next.clone())
                .send()
                .await
                .map_err(|error| Error::call("logs:FilterLogEvents", error))
        };
        let page = match insist(call, nothing_else).await {
            Ok(page) => page,
            Err(error) if error.is_not_found() => return Err(no_group(scope)),
            Err(error) => return Err(error),
        };
        events.extend(page.events.unwrap_or_default());
        match page.next_token {
            // AWS says the same again at the end of what there is.
            Some(token) if next.as_ref() != Some(&token) => next = Some(token),
            _ => return Ok(events),
        }
    }
}

fn no_group(scope: &Scope) -> Error {
    Error::Setup {
        message: format!(
            "`{}` has no log group in account {}, {}",
            scope.name, scope.account, scope.region
        ),
        hint: "bring it up first:  masto up --aws".to_owned(),
        kind: ErrorKind::Usage,
    }
}

/// The lines of one task that were printed so far.
pub(crate) fn of_task(container: &str, task_arn: &str) -> LogQuery {
    LogQuery {
        processes: vec![container.to_owned()],
        task: Some(ecs::last_part(task_arn).to_owned()),
        ..LogQuery::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(process: &str, second: i64) -> LogLine {
        LogLine {
            process: process.to_owned(),
            task: "0123".to_owned(),
            timestamp: Timestamp::from_second(second).unwrap(),
            text: second.to_string(),
        }
    }

    #[test]
    fn a_stream_tells_process_and_task() {
        let event = FilteredLogEvent::builder()
            .log_stream_name("sidekiq-all/sidekiq-all/0123")
            .timestamp(1_000)
            .message("hello\r\n")
            .build();
        let line = LogLine::of(&event).unwrap();
        assert_eq!(
            (line.process.as_str(), line.task.as_str()),
            ("sidekiq-all", "0123")
        );
        assert_eq!(line.text, "hello");
    }

    #[test]
    fn a_tail_is_of_each_process_and_in_order() {
        let lines = vec![
            line("web", 1),
            line("web", 2),
            line("sidekiq-all", 3),
            line("web", 4),
        ];
        let last: Vec<String> = last_of_each(lines, 1)
            .into_iter()
            .map(|line| line.text)
            .collect();
        assert_eq!(last, ["3", "4"]);
    }

    #[test]
    fn sidekiq_means_all_of_its_kind() {
        let query = |process: &str| LogQuery {
            processes: vec![process.to_owned()],
            ..LogQuery::default()
        };
        assert!(query("sidekiq").wants(&line("sidekiq-all", 1)));
        assert!(!query("web").wants(&line("sidekiq-all", 1)));
        assert!(LogQuery::default().wants(&line("web", 1)));
        assert_eq!(query("sidekiq").prefix(), None);
        assert_eq!(query("web").prefix().as_deref(), Some("web/"));
    }
}
