//! Prometheus figures stay inside.

use futures_util::future::join_all;
use reqwest::Method;
use url::Url;

use super::Finding;
use crate::diagnosis::Diagnosis;
use crate::evidence::Evidence;
use crate::examination::Examination;
use crate::http::{Answer, send};
use crate::problem::{Problem, Target};

pub(crate) async fn probe<E: Evidence>(examination: &Examination<'_, E>) -> Finding {
    let client = &examination.client;
    let media = Url::parse(&format!(
        "https://{}/metrics",
        examination.subject.media_host
    ));
    let urls: Vec<Url> = [
        Some(client.url("/metrics")),
        Some(client.url("/api/v1/streaming/metrics")),
        media.ok(),
    ]
    .into_iter()
    .flatten()
    .collect();
    let answers = join_all(
        urls.iter()
            .map(|url| send(Target::Web, client.request(Method::GET, url.clone()))),
    )
    .await;
    let mut answered = 0;
    let mut silent = None;
    for (url, answer) in urls.iter().zip(answers) {
        let answer = match answer {
            Ok(answer) => answer,
            // Whoever should have answered is the affair of other probes.
            Err(problem) => {
                silent = Some(problem.detail);
                continue;
            }
        };
        answered += 1;
        if is_metrics(&answer) {
            return Err(Problem::known(
                format!("{url} shows Prometheus metrics to anyone"),
                Diagnosis::new(
                    "the ingress passes `/metrics` on, which streaming serves on the port of its API",
                    "route only `/api/v1/streaming` and `/api/v1/streaming/*` to streaming (masto's own ingress does: `masto up`)",
                )
                .because(format!("GET {url} answered with metrics")),
            ));
        }
    }
    match (answered, silent) {
        (0, Some(silent)) => Err(Problem::not_run(silent)),
        _ => Ok(format!("none at {answered} addresses")),
    }
}

fn is_metrics(answer: &Answer) -> bool {
    let text = answer.text();
    answer.status == 200
        && text
            .lines()
            .any(|line| line.starts_with("# TYPE ") || line.starts_with("# HELP "))
}
