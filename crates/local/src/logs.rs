//! What the containers print, merged.

use std::collections::HashMap;
use std::time::{SystemTime, UNIX_EPOCH};

use bollard::container::LogOutput;
use bollard::query_parameters::{EventsOptionsBuilder, LogsOptionsBuilder};
use futures_util::future::try_join_all;
use futures_util::stream::{self, Stream, StreamExt as _, TryStreamExt as _};
use jiff::Timestamp;
use serde::Serialize;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;
use topology::Name;

use crate::docker::Docker;
use crate::error::Error;
use crate::id::Id;
use crate::labels;
use crate::select::select;
use crate::status::{ContainerStatus, status};

/// Which lines are wanted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LogQuery {
    /// `web`, `web-2`, `sidekiq` for all of its kind, `postgres`, `schema`, `ingress`; empty: the
    /// whole deployment without the shared ingress.
    pub processes: Vec<String>,
    /// Goes on with new lines, also of containers that are started later.
    pub follow: bool,
    /// At most so many of the last lines of each container; `None` gives all.
    pub tail: Option<u64>,
    /// Nothing older.
    pub since: Option<Timestamp>,
}

/// A line.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct LogLine {
    /// `web`, `sidekiq-all`, `postgres`.
    pub process: String,
    /// Counted from 1.
    pub replica: u16,
    /// When it was printed, by the engine's clock.
    pub timestamp: Timestamp,
    /// Where to.
    pub stream: LogStream,
    /// The line without its end.
    pub text: String,
}

/// Where a line was printed to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum LogStream {
    /// Standard output.
    Stdout,
    /// Standard error.
    Stderr,
}

/// The lines that `query` wants, oldest first. With `follow` the stream ends only when it is
/// dropped or the engine goes away; new lines come as they are printed.
///
/// # Errors
/// [`Error::NoSuchProcess`] for a process that the deployment does not have.
pub async fn logs(
    docker: &Docker,
    name: &Name,
    query: &LogQuery,
) -> Result<impl Stream<Item = Result<LogLine, Error>> + Send + Unpin + use<>, Error> {
    let began = now();
    let all = status(docker, name).await?;
    let own = |container: &ContainerStatus| container.process != "ingress";
    let containers: Vec<_> = select(name, all, &query.processes)?
        .into_iter()
        .filter(|container| !query.processes.is_empty() || own(container))
        .collect();
    let past = containers
        .iter()
        .map(|container| past(docker, container, query));
    let mut lines: Vec<LogLine> = try_join_all(past).await?.into_iter().flatten().collect();
    lines.sort_by_key(|line| line.timestamp);
    // What each container had printed when the past was read.
    let mut seen: HashMap<(String, u16), Timestamp> = HashMap::new();
    for line in &lines {
        seen.insert((line.process.clone(), line.replica), line.timestamp);
    }
    let past = stream::iter(lines.into_iter().map(Ok));
    if !query.follow {
        return Ok(past.left_stream());
    }
    let (sender, receiver) = mpsc::channel(256);
    let stop = CancellationToken::new();
    let follower = Follower {
        docker: docker.clone(),
        sender,
        stop: stop.clone(),
    };
    for container in containers {
        let key = (container.process.clone(), container.replica);
        let after = seen.get(&key).copied().unwrap_or(began);
        follower.follow(
            container.name.clone(),
            container.process,
            container.replica,
            after,
        );
    }
    follower.follow_newcomers(name.clone(), query.processes.clone(), began);
    // Dropping the stream ends what feeds it.
    let guard = stop.drop_guard();
    let news = stream::unfold((receiver, guard), |(mut receiver, guard)| async move {
        let line = receiver.recv().await?;
        Some((line, (receiver, guard)))
    });
    Ok(past.chain(news.boxed()).right_stream())
}

async fn past(
    docker: &Docker,
    container: &ContainerStatus,
    query: &LogQuery,
) -> Result<Vec<LogLine>, Error> {
    if query.tail == Some(0) {
        return Ok(Vec::new());
    }
    let mut options = LogsOptionsBuilder::default()
        .stdout(true)
        .stderr(true)
        .timestamps(true);
    if let Some(tail) = query.tail {
        options = options.tail(&tail.to_string());
    }
    if let Some(since) = query.since {
        options = options.since(seconds(since));
    }
    let chunks = docker.client.logs(&container.name, Some(options.build()));
    let lines: Vec<LogLine> = chunks
        .try_filter_map(
            |chunk| async move { Ok(parse(&container.process, container.replica, &chunk)) },
        )
        .try_collect()
        .await
        .map_err(Error::call(
            "read the log of",
            format!("container `{}`", container.name),
        ))?;
    // The engine counts in whole seconds here.
    Ok(lines
        .into_iter()
        .filter(|line| query.since.is_none_or(|since| line.timestamp >= since))
        .collect())
}

#[derive(Clone)]
struct Follower {
    docker: Docker,
    sender: mpsc::Sender<Result<LogLine, Error>>,
    stop: CancellationToken,
}

impl Follower {
    /// Sends what `container` prints after `after`, until it ends.
    fn follow(&self, container: String, process: String, replica: u16, after: Timestamp) {
        let Self {
            docker,
            sender,
            stop,
        } = self.clone();
        let options = LogsOptionsBuilder::default()
            .stdout(true)
            .stderr(true)
            .timestamps(true)
            .follow(true)
            .since(seconds(after))
            .build();
        tokio::spawn(stop.run_until_cancelled_owned(async move {
            let mut chunks = docker.client.logs(&container, Some(options));
            while let Some(Ok(chunk)) = chunks.next().await {
                let Some(line) = parse(&process, replica, &chunk) else {
                    continue;
                };
                if line.timestamp > after && sender.send(Ok(line)).await.is_err() {
                    break;
                }
            }
        }));
    }

    /// Follows every container of the deployment that is started from now on.
    fn follow_newcomers(&self, name: Name, wanted: Vec<String>, began: Timestamp) {
        let follower = self.clone();
        let filters = HashMap::from([
            ("type", vec!["container".to_owned()]),
            ("event", vec!["start".to_owned()]),
            ("label", vec![format!("{}={name}", labels::DEPLOYMENT)]),
        ]);
        let options = EventsOptionsBuilder::default()
            .since(&began.as_second().to_string())
            .filters(&filters)
            .build();
        tokio::spawn(self.stop.clone().run_until_cancelled_owned(async move {
            let mut events = follower.docker.client.events(Some(options));
            while let Some(Ok(event)) = events.next().await {
                let attributes = event
                    .actor
                    .and_then(|actor| actor.attributes)
                    .unwrap_or_default();
                let started = event
                    .time_nano
                    .map(i128::from)
                    .map(Timestamp::from_nanosecond);
                let (Some(Ok(started)), Some(container)) = (started, attributes.get("name")) else {
                    continue;
                };
                let id = attributes
                    .get(labels::RESOURCE)
                    .and_then(|label| label.parse().ok());
                let Some((process, replica)) = id.and_then(|id| process_of(&id)) else {
                    continue;
                };
                let means = wanted.is_empty()
                    || wanted.iter().any(|wanted| names(wanted, &process, replica));
                if started > began && means {
                    follower.follow(container.clone(), process, replica, started);
                }
            }
            // Only a lost engine ends the events.
            let gone = std::io::Error::from(std::io::ErrorKind::UnexpectedEof);
            let error = Error::call("follow", "the logs")(gone.into());
            let _ = follower.sender.send(Err(error)).await;
        }));
    }
}

fn process_of(id: &Id) -> Option<(String, u16)> {
    match id {
        Id::Process(process, replica) => Some((process.to_string(), *replica)),
        Id::Store(_) | Id::Job(_) => Some((id.short(), 1)),
        Id::Network(_) | Id::Volume(_) | Id::Ingress | Id::Route => None,
    }
}

fn names(wanted: &str, process: &str, replica: u16) -> bool {
    wanted == process
        || wanted == format!("{process}-{replica}")
        || (wanted == "sidekiq" && process.starts_with("sidekiq-"))
}

/// `2026-11-22T10:00:00.123456789Z text`
fn parse(process: &str, replica: u16, chunk: &LogOutput) -> Option<LogLine> {
    let stream = match chunk {
        LogOutput::StdErr { .. } => LogStream::Stderr,
        LogOutput::StdOut { .. } | LogOutput::StdIn { .. } | LogOutput::Console { .. } => {
            LogStream::Stdout
        }
    };
    let text = String::from_utf8_lossy(chunk.as_ref());
    let (timestamp, text) = text.split_once(' ').unwrap_or((&text, ""));
    Some(LogLine {
        process: process.to_owned(),
        replica,
        timestamp: timestamp.trim_end().parse().ok()?,
        stream,
        text: text.trim_end_matches(['\n', '\r']).to_owned(),
    })
}

fn seconds(timestamp: Timestamp) -> i32 {
    i32::try_from(timestamp.as_second()).unwrap_or(i32::MAX)
}

fn now() -> Timestamp {
    let since_1970 = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default();
    let nanos = i128::try_from(since_1970.as_nanos()).unwrap_or_default();
    Timestamp::from_nanosecond(nanos).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_read_with_its_time_and_without_its_end() {
        let chunk = |text: &str| LogOutput::StdErr {
            message: text.to_owned().into(),
        };
        let line = parse(
            "web",
            2,
            &chunk("2026-11-22T10:00:00.123456789Z * Listening on 3000\r\n"),
        )
        .unwrap();
        assert_eq!(line.timestamp.to_string(), "2026-11-22T10:00:00.123456789Z");
        assert_eq!(
            (line.text.as_str(), line.stream),
            ("* Listening on 3000", LogStream::Stderr)
        );
        let empty = parse("web", 2, &chunk("2026-11-22T10:00:00Z \n")).unwrap();
        assert_eq!(empty.text, "");
        assert_eq!(parse("web", 2, &chunk("no time")), None);
    }
}
