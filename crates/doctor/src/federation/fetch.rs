//! A document of another server, as a process inside this one gets it; from this machine where
//! nobody can ask from inside.

use reqwest::Method;
use reqwest::header::ACCEPT;
use serde_json::Value;
use url::Url;

use super::reach::{PATIENCE, Reach, Seen, pinned, read};
use crate::evidence::Evidence;
use crate::examination::Examination;
use crate::http::{Client, send};
use crate::problem::{ConnectFailure, Problem, Symptom, Target};

/// The process that asks.
const PROCESS: &str = "web";
/// Redirects that are followed, as Mastodon does.
const HOPS: usize = 3;
/// The longest document that is looked at, in bytes: as much as Mastodon reads.
const LONGEST: &str = "1048576";

/// A document, or what came instead.
pub(crate) struct Fetched {
    /// Who asked, what for, and what came of it.
    pub(crate) reach: Reach,
    /// The body of an answer.
    body: String,
}

impl Fetched {
    /// The document, where it is one with status 200.
    pub(crate) fn json(&self) -> Option<Value> {
        match self.reach.seen {
            Seen::Answer(200, _) => serde_json::from_str(&self.body).ok(),
            _ => None,
        }
    }

    /// In one line.
    pub(crate) fn detail(&self) -> String {
        let Reach { process, url, seen } = &self.reach;
        match seen {
            Seen::Answer(200, _) => format!("{url} is not the JSON that it should be"),
            Seen::Answer(status, _) => format!("{url} answers {status}"),
            Seen::NoName => format!("{process} finds no address for {url}"),
            Seen::Unreachable(words) | Seen::Certificate(words) | Seen::NotAsked(words) => {
                format!("{process}: {words}")
            }
        }
    }
}

/// Asks for `url` from inside, or else with `client`.
pub(crate) async fn fetch<E: Evidence>(
    examination: &Examination<'_, E>,
    client: &Client,
    url: &Url,
    accept: &str,
) -> Fetched {
    let inside = from_inside(examination, url, accept).await;
    match inside.reach.seen {
        Seen::NotAsked(_) => from_here(client, url, accept).await,
        _ => inside,
    }
}

async fn from_inside<E: Evidence>(
    examination: &Examination<'_, E>,
    url: &Url,
    accept: &str,
) -> Fetched {
    let fetched = |seen, body| Fetched {
        reach: Reach {
            process: PROCESS.to_owned(),
            url: url.to_string(),
            seen,
        },
        body,
    };
    let resolved = match pinned(examination, PROCESS, url).await {
        Ok(resolved) => resolved,
        Err(seen) => return fetched(seen, String::new()),
    };
    let accept = format!("Accept: {accept}");
    let hops = HOPS.to_string();
    let argv = [
        "curl",
        "--resolve",
        &resolved,
        "--silent",
        "--show-error",
        "--location",
        "--max-redirs",
        &hops,
        "--max-filesize",
        LONGEST,
        "--max-time",
        PATIENCE,
        "--header",
        &accept,
        "--write-out",
        "\n%{http_code} %{remote_ip}",
        url.as_str(),
    ];
    match examination.exec(PROCESS, &argv).await {
        Ok(printed) => {
            // The last line is curl's own.
            let (body, last) = printed.rsplit_once('\n').unwrap_or(("", &printed));
            fetched(read(Ok(last.to_owned())), body.to_owned())
        }
        Err(error) => fetched(read(Err(error)), String::new()),
    }
}

async fn from_here(client: &Client, url: &Url, accept: &str) -> Fetched {
    let fetched = |seen, body| Fetched {
        reach: Reach {
            process: "this machine".to_owned(),
            url: url.to_string(),
            seen,
        },
        body,
    };
    let mut next = url.clone();
    for _ in 0..=HOPS {
        let request = client.request(Method::GET, next.clone());
        match send(Target::Web, request.header(ACCEPT, accept)).await {
            Ok(answer) => match (answer.status, answer.location()) {
                (301 | 302 | 303 | 307 | 308, Some(location)) => next = location,
                (status, _) => {
                    return fetched(Seen::Answer(status, None), answer.text().into_owned());
                }
            },
            Err(problem) => return fetched(seen(&problem), String::new()),
        }
    }
    fetched(
        Seen::NotAsked(format!("more than {HOPS} redirects")),
        String::new(),
    )
}

fn seen(problem: &Problem) -> Seen {
    let words = problem.detail.clone();
    match &*problem.symptom {
        Symptom::Unreachable(unreachable) if unreachable.how == ConnectFailure::NoName => {
            Seen::NoName
        }
        Symptom::Unreachable(_) | Symptom::Silent(_) => Seen::Unreachable(words),
        Symptom::Certificate(_) => Seen::Certificate(words),
        _ => Seen::NotAsked(words),
    }
}
