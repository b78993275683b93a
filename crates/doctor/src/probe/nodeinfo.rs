//! Nodeinfo and host-meta, from which other servers learn what this one is.

use reqwest::Method;
use url::Url;

use super::Finding;
use crate::diagnosis::Diagnosis;
use crate::evidence::Evidence;
use crate::examination::Examination;
use crate::http::send;
use crate::problem::{Problem, Target};

pub(crate) async fn probe<E: Evidence>(examination: &Examination<'_, E>) -> Finding {
    let (server, domain) = tokio::join!(of_server(examination), from_domain(examination));
    let seen = server?;
    domain?;
    Ok(seen)
}

/// Where the handles have a domain of their own, some ask there for what only the server knows,
/// and have to be sent on.
async fn from_domain<E: Evidence>(examination: &Examination<'_, E>) -> Result<(), Problem> {
    let subject = examination.subject;
    if subject.local_domain == subject.web_host() {
        return Ok(());
    }
    for path in ["/.well-known/host-meta", "/.well-known/nodeinfo"] {
        let domain = &subject.local_domain;
        let Ok(url) = Url::parse(&format!("https://{domain}{path}")) else {
            continue;
        };
        let expected = examination.client.url(path);
        let request = examination.client.request(Method::GET, url.clone());
        let answer = send(Target::Web, request).await?;
        if answer.location().as_ref() != Some(&expected) {
            return Err(not_sent_on(&url, &expected, answer.status).into_warning());
        }
    }
    Ok(())
}

fn not_sent_on(url: &Url, expected: &Url, status: u16) -> Problem {
    Problem::known(
        format!("{url} answers {status} and does not lead to {expected}"),
        Diagnosis::new(
            "the domain of the handles does not send every look-up on to the server",
            format!("answer {} there with 301 to {expected}", url.path()),
        )
        .because(format!("{url} answered {status}")),
    )
}

async fn of_server<E: Evidence>(examination: &Examination<'_, E>) -> Finding {
    let client = &examination.client;
    let host = examination.subject.web_host();
    let (meta, links) = tokio::join!(
        client.get(Target::Web, "/.well-known/host-meta"),
        client.get(Target::Web, "/.well-known/nodeinfo"),
    );
    let meta = meta?.expect(&[200])?;
    if !meta
        .text()
        .contains(&format!("https://{host}/.well-known/webfinger"))
    {
        return Err(elsewhere(
            "host-meta",
            &host,
            &crate::http::snippet(&meta.text()),
        ));
    }
    let links = links?.expect(&[200])?.json()?;
    let href = links["links"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(|link| link["href"].as_str())
        .next_back()
        .unwrap_or_default();
    let url = Url::parse(href)
        .ok()
        .filter(|_| href.starts_with(&format!("https://{host}/")))
        .ok_or_else(|| elsewhere("nodeinfo", &host, href))?;
    let node = send(Target::Web, client.request(Method::GET, url))
        .await?
        .expect(&[200])?
        .json()?;
    let name = node["software"]["name"].as_str().unwrap_or_default();
    let version = node["software"]["version"].as_str().unwrap_or_default();
    if name.is_empty()
        || !node["protocols"]
            .as_array()
            .is_some_and(|list| list.iter().any(|it| it == "activitypub"))
    {
        return Err(Problem::known(
            "nodeinfo does not speak of ActivityPub",
            Diagnosis::new(
                "what answers is not Mastodon",
                "look at which image web runs (`masto status`)",
            )
            .because(format!("{href} says software `{name}`")),
        ));
    }
    Ok(format!("nodeinfo says {name} {version}"))
}

fn elsewhere(what: &str, host: &str, led: &str) -> Problem {
    Problem::known(
        format!("{what} leads to `{led}`, not to {host}"),
        Diagnosis::new(
            format!("web takes itself for another host than {host}"),
            "compare `LOCAL_DOMAIN` and `WEB_DOMAIN` of web (`masto exec web env`) with the topology; `masto up` sets them",
        )
        .because(format!("{what}: {led}")),
    )
}
