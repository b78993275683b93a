//! What a server tells everybody: what it is, and who an account of it is. Asked as Mastodon asks,
//! from inside where that can be done.

use serde_json::Value;
use url::Url;

use super::account::{RemoteAccount, Who};
use super::cause;
use super::course::Course;
use super::fetch::{Fetched, fetch};
use super::hop::HopKind;
use super::reach::Seen;
use super::recorder::{Found, Recorder, Trouble};
use super::remote::{ACTOR, NODEINFO, REACH, WEBFINGER, planned};
use crate::diagnosis::Diagnosis;
use crate::evidence::{Evidence, NoEvidence};
use crate::problem::Problem;

const JRD: &str = "application/jrd+json, application/json";
const ACTIVITY: &str = "application/activity+json";

/// Somebody on another server, as that one tells it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Discovery {
    /// What stands before the `@`.
    pub(super) username: String,
    /// What stands behind it.
    pub(super) domain: String,
    /// Where the actor lives.
    pub(super) host: String,
    /// Follows wait for their owner's answer.
    pub(super) approves_by_hand: bool,
}

type Towards<'c, 's, E> = Course<'c, 's, E, NoEvidence>;

/// Reaches the server and asks it; `None` where nobody is found, which the report then tells.
pub(super) async fn discover<E: Evidence>(
    r: &Recorder<'_>,
    course: &Towards<'_, '_, E>,
    account: &RemoteAccount,
) -> Option<Discovery> {
    let plan = |kind| planned(course.follower, &account.host, kind);
    let (reach, nodeinfo) = (plan(HopKind::Reach), plan(HopKind::Nodeinfo));
    let (webfinger, actor) = (plan(HopKind::Webfinger), plan(HopKind::Actor));
    let why = async |trouble: &Trouble| course.why(&reach, trouble).await;
    let links = r.run(REACH, &reach, reached(course, account), why).await;
    let Some(links) = links else {
        r.needs(NODEINFO, &nodeinfo);
        r.needs(WEBFINGER, &webfinger);
        r.needs(ACTOR, &actor);
        return None;
    };
    let why = async |trouble: &Trouble| course.why(&nodeinfo, trouble).await;
    r.run(NODEINFO, &nodeinfo, software(course, &links), why)
        .await;
    let why = async |trouble: &Trouble| course.why(&webfinger, trouble).await;
    let found = r
        .run(WEBFINGER, &webfinger, looked_up(course, account), why)
        .await;
    let Some((mut found, address)) = found else {
        r.needs(ACTOR, &actor);
        return None;
    };
    let why = async |trouble: &Trouble| course.why(&actor, trouble).await;
    let document = r.run(ACTOR, &actor, described(course, &address), why).await;
    found.approves_by_hand = document.unwrap_or_default();
    Some(found)
}

async fn get<E: Evidence>(course: &Towards<'_, '_, E>, url: &Url, accept: &str) -> Fetched {
    let outside = &course.author.examination.client;
    fetch(&course.follower.examination, outside, url, accept).await
}

fn address(host: &str, path: &str) -> Result<Url, Trouble> {
    Url::parse(&format!("https://{host}{path}"))
        .map_err(|error| Trouble::author(Problem::not_run(format!("{host}: {error}"))))
}

/// Any answer will do: name, way and certificate are right then.
async fn reached<E: Evidence>(
    course: &Towards<'_, '_, E>,
    account: &RemoteAccount,
) -> Found<Fetched> {
    let url = address(&account.host, "/.well-known/nodeinfo")?;
    let fetched = get(course, &url, JRD).await;
    let process = &fetched.reach.process;
    let (ours, theirs) = tokio::join!(course.follower.view(), course.author.view());
    if let Some(diagnosis) = cause::not_reached(&fetched.reach, &ours, &theirs) {
        return Err(Trouble::follower(Problem::known(
            fetched.detail(),
            diagnosis,
        )));
    }
    match &fetched.reach.seen {
        Seen::Answer(_, Some(address)) => {
            let detail = format!("{process} gets a trusted answer from {address}");
            Ok((detail, fetched))
        }
        Seen::Answer(_, None) => Ok((format!("{process} gets a trusted answer"), fetched)),
        _ => Err(Trouble::follower(Problem::not_run(fetched.detail()))),
    }
}

/// Nobody needs to say it, but most do.
async fn software<E: Evidence>(course: &Towards<'_, '_, E>, links: &Fetched) -> Found<()> {
    let not_run = |why: String| Trouble::author(Problem::not_run(why));
    let links = links.json().ok_or_else(|| not_run(links.detail()))?;
    let href = links["links"].as_array().into_iter().flatten();
    let href = href.filter_map(|link| link["href"].as_str()).next_back();
    let url = href.and_then(|href| Url::parse(href).ok());
    let url = url.ok_or_else(|| not_run("its nodeinfo leads nowhere".to_owned()))?;
    let fetched = get(course, &url, JRD).await;
    let node = fetched.json().ok_or_else(|| not_run(fetched.detail()))?;
    let text = |name: &str| node["software"][name].as_str().unwrap_or("?").to_owned();
    Ok((format!("{} {}", text("name"), text("version")), ()))
}

/// Who it is, and where the actor is.
async fn looked_up<E: Evidence>(
    course: &Towards<'_, '_, E>,
    account: &RemoteAccount,
) -> Found<(Discovery, Url)> {
    let resource = match account.resource() {
        Some(resource) => resource,
        None => {
            let user = contact(course, &account.host).await?;
            let who = Who::User(user);
            RemoteAccount {
                who,
                ..account.clone()
            }
            .resource()
            .unwrap_or_default()
        }
    };
    let mut url = address(&account.host, "/.well-known/webfinger")?;
    url.query_pairs_mut().append_pair("resource", &resource);
    let fetched = get(course, &url, JRD).await;
    match fetched.json().as_ref().map(identity) {
        Some(Some((found, actor))) => {
            let said = format!("@{}@{} is {actor}", found.username, found.domain);
            Ok((said, (found, actor)))
        }
        Some(None) => Err(unknown(&fetched, "its webfinger names no actor")),
        None => Err(unknown(
            &fetched,
            match fetched.reach.seen {
                Seen::Answer(404 | 410, _) => "it has no such account",
                _ => "it does not answer webfinger as servers do",
            },
        )),
    }
}

fn unknown(fetched: &Fetched, cause: &str) -> Trouble {
    let diagnosis = Diagnosis::new(
        cause,
        "write the account as its profile page shows it: `--peer @user@host`",
    );
    let diagnosis = diagnosis.because(fetched.detail());
    Trouble::author(Problem::known(fetched.detail(), diagnosis))
}

/// Whose handle a webfinger answer is, and the actor.
fn identity(answer: &Value) -> Option<(Discovery, Url)> {
    let links = answer["links"].as_array().into_iter().flatten();
    let actor = links
        .filter(|link| link["rel"] == "self")
        .filter_map(|link| Url::parse(link["href"].as_str()?).ok())
        .find(|url| url.scheme() == "https")?;
    let subject = answer["subject"].as_str()?.strip_prefix("acct:")?;
    let (username, domain) = subject.split_once('@')?;
    let found = Discovery {
        username: username.to_owned(),
        domain: domain.to_owned(),
        host: actor.host_str()?.to_owned(),
        approves_by_hand: false,
    };
    Some((found, actor))
}

/// Whom the server names as its contact, in Mastodon's API.
async fn contact<E: Evidence>(course: &Towards<'_, '_, E>, host: &str) -> Result<String, Trouble> {
    for (path, at) in [
        ("/api/v2/instance", "/contact/account/acct"),
        ("/api/v1/instance", "/contact_account/acct"),
    ] {
        let fetched = get(course, &address(host, path)?, JRD).await;
        let found = fetched.json();
        let name = found.as_ref().and_then(|found| found.pointer(at)?.as_str());
        if let Some(name) = name.filter(|name| !name.is_empty()) {
            return Ok(name.to_owned());
        }
    }
    let diagnosis = Diagnosis::new(
        "it does not say which of its accounts to follow",
        format!("name one: `--peer @user@{host}`"),
    );
    Err(Trouble::author(Problem::known(
        "its instance document names no contact",
        diagnosis.because(format!("https://{host}/api/v2/instance")),
    )))
}

/// The actor, as anybody gets it; whether follows wait for their owner.
async fn described<E: Evidence>(course: &Towards<'_, '_, E>, url: &Url) -> Found<bool> {
    let fetched = get(course, url, ACTIVITY).await;
    if let Seen::Answer(401 | 403, _) = fetched.reach.seen {
        let why = "it gives it to signed requests alone; the next look-up is one";
        return Err(Trouble::author(Problem::not_run(why)));
    }
    let wrong = |cause: &str| {
        let diagnosis = Diagnosis::new(
            cause,
            "something between that server and the world does not pass `Accept`, or it is no server of the Fediverse",
        );
        let detail = fetched.detail();
        Trouble::author(Problem::known(detail.clone(), diagnosis.because(detail)))
    };
    let Some(actor) = fetched.json() else {
        return Err(wrong("its actor cannot be read"));
    };
    let inbox = actor["inbox"].as_str().unwrap_or_default();
    if !inbox.starts_with("https://") {
        return Err(wrong("its actor has no inbox"));
    }
    let kind = actor["type"].as_str().unwrap_or("?");
    let locked = actor["manuallyApprovesFollowers"] == true;
    let answers = if locked {
        "answers follows by hand"
    } else {
        "answers follows by itself"
    };
    Ok((format!("{kind}, {answers}"), locked))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn webfinger_is_read_as_mastodon_reads_it() {
        let answer = |subject: &str, href: &str| {
            json!({"subject": subject, "links": [
                {"rel": "http://webfinger.net/rel/profile-page", "href": "https://b.test/@alice"},
                {"rel": "self", "href": href}]})
        };
        let found = identity(&answer("acct:alice@a.test", "https://b.test/users/alice"));
        let (found, actor) = found.unwrap();
        assert_eq!(
            (
                found.username.as_str(),
                found.domain.as_str(),
                found.host.as_str()
            ),
            ("alice", "a.test", "b.test")
        );
        assert_eq!(actor.path(), "/users/alice");
        for (subject, href) in [
            ("alice@a.test", "https://b.test/users/alice"),
            ("acct:alice", "https://b.test/users/alice"),
            ("acct:alice@a.test", "http://b.test/users/alice"),
            ("acct:alice@a.test", "/users/alice"),
        ] {
            assert_eq!(identity(&answer(subject, href)), None, "{subject} {href}");
        }
    }
}
