//! Headers that only a proxy may set do not pass from outside: each would let a client choose
//! its address, its host name or its scheme.

use futures_util::future::join_all;
use reqwest::Method;

use super::Finding;
use crate::diagnosis::Diagnosis;
use crate::evidence::Evidence;
use crate::examination::Examination;
use crate::http::send;
use crate::problem::{Problem, Target};

/// A page that Mastodon serves to its own names only.
const PATH: &str = "/.well-known/host-meta";

/// Header, forged value, and what Mastodon does when it gets through.
const FORGED: &[(&str, &str, &str)] = &[
    (
        "X-Forwarded-Host",
        "masto-doctor.invalid",
        "takes the foreign host name for the one that was asked",
    ),
    (
        "Forwarded",
        "for=192.0.2.1;host=masto-doctor.invalid;proto=http",
        "lets any client choose its address, host name and scheme",
    ),
    (
        "X-Forwarded-Proto",
        "http",
        "takes the request for plain HTTP",
    ),
    (
        "Client-Ip",
        "192.0.2.1",
        "takes it for an attack and answers 500",
    ),
];

pub(crate) async fn probe<E: Evidence>(examination: &Examination<'_, E>) -> Finding {
    let client = &examination.client;
    // Without the plain one to compare with, a server that is down would look like a forgery.
    client.get(Target::Web, PATH).await?.expect(&[200])?;
    let answers = join_all(FORGED.iter().map(|(header, value, _)| {
        let request = client
            .request(Method::GET, client.url(PATH))
            .header(*header, *value);
        send(Target::Web, request)
    }))
    .await;
    let mut passed = Vec::new();
    for ((header, _, meaning), answer) in FORGED.iter().zip(answers) {
        let answer = answer?;
        match answer.status {
            200 => {}
            429 => return Err(answer.unexpected("200")),
            status => passed.push((*header, *meaning, status)),
        }
    }
    match passed.first() {
        None => Ok(format!("{} forged headers are dropped", FORGED.len())),
        Some((header, meaning, status)) => Err(Problem::known(
            format!("a forged `{header}` changes the answer to {status}"),
            Diagnosis::new(
                format!("the ingress passes a client's own `{header}`, and Mastodon {meaning}"),
                format!(
                    "let the ingress remove `{header}` from requests (masto's own does: `masto up`)"
                ),
            )
            .because(
                passed
                    .iter()
                    .map(|(header, _, status)| {
                        format!("with `{header}` the answer is {status} instead of 200")
                    })
                    .collect::<Vec<_>>()
                    .join("; "),
            ),
        )),
    }
}
