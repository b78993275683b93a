//! A server and an account of another one that only its public address is known of: it is looked
//! up as servers do it, followed, and let go of. What takes a login over there is not run.

use std::collections::BTreeMap;
use std::future::Future;
use std::net::SocketAddr;

use futures_util::future::FutureExt;
use reqwest::Method;
use serde_json::Value;
use tokio::time::Instant;

use super::account::{RemoteAccount, Who};
use super::cause;
use super::course::{COURSE, Course, PACE};
use super::discovery::{Discovery, discover};
use super::examine::{Peer, log_in, refused};
use super::hop::{Hop, HopKind, Planned};
use super::recorder::{Found, Recorder, Trouble, collect, millis};
use super::report::FederationReport;
use super::side::Side;
use crate::diagnosis::Diagnosis;
use crate::evidence::{Evidence, NoEvidence};
use crate::examination::Examination;
use crate::examine::Options;
use crate::http::{Client, send};
use crate::problem::{Problem, Target};
use crate::report::Outcome;
use crate::session::Session;
use crate::subject::{Owner, Subject};
use crate::tls::Trust;
use crate::wait;

/// An account of another server, and how that one is reached from this machine.
#[derive(Clone, Debug)]
pub struct Remote {
    /// Who.
    pub account: RemoteAccount,
    /// Connect here, whatever the name resolves to. `None`: names are resolved as usual.
    pub connect: Option<SocketAddr>,
    /// The CA that signed its certificate, PEM. `None`: the public ones.
    pub ca_pem: Option<String>,
}

/// The front of the remote server for its account `username` with handles at `domain`, without
/// anything behind it.
fn remote_subject(remote: &Remote, host: &str, domain: &str, username: &str) -> Subject {
    let base = format!("https://{host}/");
    let nowhere = || unreachable!("`{base}` was taken apart before");
    Subject {
        base: base.parse().unwrap_or_else(|_| nowhere()),
        local_domain: domain.to_owned(),
        media_host: String::new(),
        mail_url: None,
        connect: remote.connect,
        http_port: 80,
        ca_pem: remote.ca_pem.clone(),
        owner: Some(Owner {
            username: username.to_owned(),
            email: String::new(),
            password: String::new(),
        }),
        version: None,
        queues: BTreeMap::new(),
        closed_ports: Vec::new(),
    }
}

/// The front of the remote server for the account that `token` belongs to.
///
/// # Errors
/// In words, when the server or the token does not say whose it is, or it is somebody else's than
/// the account that was named.
pub async fn account_of(remote: &Remote, token: &str) -> Result<Subject, String> {
    let host = &remote.account.host;
    let front = remote_subject(remote, host, host, host);
    let client = Client::new(&front, &Trust::new(front.ca_pem.as_deref())?)?;
    let ask = async |path: &str| -> Result<Value, Problem> {
        let request = client.request(Method::GET, client.url(path));
        let answer = send(Target::Web, request.bearer_auth(token)).await?;
        answer.expect(&[200])?.json()
    };
    let owner = ask("/api/v1/accounts/verify_credentials").await;
    let owner = owner.map_err(|problem| problem.detail)?;
    let username = owner["username"].as_str().unwrap_or_default();
    if let Who::User(asked) = &remote.account.who
        && !asked.eq_ignore_ascii_case(username)
    {
        return Err(format!("the token is @{username}'s, not @{asked}'s"));
    }
    // Software without this document has handles at its own name.
    let instance = ask("/api/v2/instance").await.unwrap_or_default();
    let domain = instance["domain"].as_str().unwrap_or(host);
    Ok(remote_subject(remote, host, domain, username))
}

/// Tries a server out on an account of another one: reaches it, looks it up as servers do, follows
/// it, waits for the accept and unfollows. Gives each hop to `sink` in the order of the report;
/// those that need a login at the other side are in it as not run.
///
/// Once `stopped` is ready nothing new is tried, and what was made is removed. Never fails: what
/// could not be tried is in the report.
pub async fn follow_remote<E: Evidence>(
    here: Peer<'_, E>,
    remote: &Remote,
    options: &Options,
    stopped: impl Future<Output = ()> + Send,
    sink: impl FnMut(&Hop),
) -> FederationReport {
    let begin = Instant::now();
    let (recorder, receiver) = Recorder::new(options, stopped);
    let hops = match Examination::new(here.subject, here.evidence, options.bound) {
        Ok(examination) => {
            let one = Side {
                name: here.name.to_owned(),
                examination,
                token: here.token.map(str::to_owned),
            };
            let work = run(&one, remote, options, recorder).boxed();
            tokio::join!(collect(receiver, sink), work).0
        }
        Err(why) => refused(here.name, why, recorder, receiver, sink).await,
    };
    FederationReport::new(
        here.subject.base.to_string(),
        format!("https://{}/", remote.account.host),
        millis(begin.elapsed()),
        hops,
    )
}

/// Places in the report: the login and the look-up; the course; the way back; the clean-up.
const LOGIN: usize = 0;
pub(super) const REACH: usize = 1;
pub(super) const NODEINFO: usize = 2;
pub(super) const WEBFINGER: usize = 3;
pub(super) const ACTOR: usize = 4;
const FIND: usize = 5;
const FIND_BACK: usize = 6;
const THERE: usize = 7;
const BACK: usize = THERE + COURSE.len();
const CLEAN_UP: usize = BACK + COURSE.len();

async fn run<E: Evidence>(one: &Side<'_, E>, remote: &Remote, options: &Options, r: Recorder<'_>) {
    let host = &remote.account.host;
    // Who it is is not known yet.
    let front = remote_subject(remote, host, host, host);
    let Ok(other) = side(&front, host, options) else {
        r.not_run(
            REACH,
            &planned(one, host, HopKind::Reach),
            "its CA cannot be used",
        );
        return;
    };
    let course = Course {
        follower: one,
        author: &other,
    };
    let (session, found) = tokio::join!(
        log_in(&r, LOGIN, &course).boxed(),
        discover(&r, &course, &remote.account).boxed()
    );
    let Some(found) = found else {
        nobody(&r, &course, remote, session.as_ref()).await;
        return;
    };
    let subject = remote_subject(remote, &found.host, &found.domain, &found.username);
    let Ok(other) = side(&subject, host, options) else {
        return;
    };
    let course = Course {
        follower: one,
        author: &other,
    };
    follow(&r, &course, &found, session.as_ref()).await;
}

fn side<'s>(
    subject: &'s Subject,
    host: &str,
    options: &Options,
) -> Result<Side<'s, NoEvidence>, String> {
    Ok(Side {
        name: host.to_owned(),
        examination: Examination::new(subject, &NoEvidence, options.bound)?,
        token: None,
    })
}

/// A hop towards an account of which no more is known than what was typed.
pub(super) fn planned<E>(one: &Side<'_, E>, host: &str, kind: HopKind) -> Planned {
    Planned {
        kind,
        from: one.name.clone(),
        to: host.to_owned(),
        handle: host.to_owned(),
    }
}

type Towards<'c, 's, E> = Course<'c, 's, E, NoEvidence>;

/// The rest of the report where nobody was found.
async fn nobody<E: Evidence>(
    r: &Recorder<'_>,
    course: &Towards<'_, '_, E>,
    remote: &Remote,
    session: Option<&Session>,
) {
    let plan = |kind| planned(course.follower, &remote.account.host, kind);
    r.not_run(FIND, &plan(HopKind::Find), HopKind::Webfinger.missing());
    for (place, kind) in COURSE.iter().enumerate() {
        r.needs(THERE + place, &plan(*kind));
    }
    way_back(r, course);
    clean_up(r, course, session, None).await;
}

/// From the look-up by our server to the end of the follow.
async fn follow<E: Evidence>(
    r: &Recorder<'_>,
    course: &Towards<'_, '_, E>,
    found: &Discovery,
    session: Option<&Session>,
) {
    let find = course.planned(HopKind::Find);
    let id = match session {
        Some(session) => {
            let why = async |trouble: &Trouble| course.why(&find, trouble).await;
            r.run(FIND, &find, course.find(session), why).await
        }
        None => {
            r.not_run(FIND, &find, "it needs the owner's login");
            None
        }
    };
    let made = match (session, &id) {
        (Some(session), Some(id)) => followed(r, course, found, session, id).await,
        _ => {
            for (place, kind) in COURSE[..2].iter().enumerate() {
                r.needs(THERE + place, &course.planned(*kind));
            }
            false
        }
    };
    for (place, kind) in COURSE.iter().enumerate().skip(2) {
        r.not_run(THERE + place, &course.planned(*kind), &login_there(course));
    }
    way_back(r, course);
    let made = id.as_deref().filter(|_| made);
    clean_up(r, course, session, made).await;
}

/// Follows and waits for the accept; whether a follow was made that has to be undone.
async fn followed<E: Evidence>(
    r: &Recorder<'_>,
    course: &Towards<'_, '_, E>,
    found: &Discovery,
    session: &Session,
    id: &str,
) -> bool {
    let mut made = false;
    let follow = course.planned(HopKind::Follow);
    let hop = async {
        let follower = course.follower;
        let before = follower.relationship(session, id).await;
        let before = before.map_err(Trouble::follower)?;
        if before.following {
            return Ok(("it follows already, and stays so".to_owned(), true));
        }
        if before.requested {
            // Asking again would send nothing.
            let taken_back = follower.unfollow(session, id).await;
            taken_back.map_err(Trouble::follower)?;
        }
        made = true;
        let sent = follower.follow(session, id).await;
        sent.map_err(Trouble::follower)?;
        answered(course, session, id).await
    };
    let why = async |trouble: &Trouble| course.why(&follow, trouble).await;
    let accepted = r.run(THERE, &follow, hop, why).await;
    let accept = course.planned(HopKind::Accept);
    match accepted {
        None => r.needs(THERE + 1, &accept),
        Some(false) if found.approves_by_hand => {
            r.not_run(THERE + 1, &accept, "its owner answers every follow by hand");
        }
        Some(accepted) => {
            let hop = async {
                if accepted {
                    return Ok(("the follow holds".to_owned(), ()));
                }
                Err(unanswered(course))
            };
            let why = async |trouble: &Trouble| course.why(&accept, trouble).await;
            r.run(THERE + 1, &accept, hop, why).await;
        }
    }
    made
}

/// Waits for the accept. Without one the follow has arrived all the same, unless something is known
/// against it.
async fn answered<E: Evidence>(
    course: &Towards<'_, '_, E>,
    session: &Session,
    id: &str,
) -> Found<bool> {
    let look = || async {
        match course.follower.relationship(session, id).await {
            Ok(known) if known.following => Some(Ok(())),
            Ok(_) => None,
            Err(problem) => Some(Err(problem)),
        }
    };
    match wait::until(course.follower.examination.patience, PACE, look).await {
        Some(Ok(())) => return Ok(("it was answered".to_owned(), true)),
        Some(Err(problem)) => return Err(Trouble::follower(problem)),
        None => {}
    }
    let (ours, theirs) = tokio::join!(course.follower.view(), course.author.view());
    match cause::undelivered(&ours, &theirs) {
        Some(_) => Err(Trouble::Missed("the follow was not taken there".to_owned())),
        None => Ok((
            "no delivery there waits in `push` or fails".to_owned(),
            false,
        )),
    }
}

/// Domains that are found on one machine or in one network alone (RFC 6761, RFC 6762, RFC 8375 and
/// ICANN's `internal`).
const NOT_PUBLIC: [&str; 7] = [
    "localhost",
    "test",
    "internal",
    "local",
    "home.arpa",
    "example",
    "invalid",
];

fn is_public(host: &str) -> bool {
    let mut endings = NOT_PUBLIC.iter();
    !endings.any(|ending| {
        host.strip_suffix(ending)
            .is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
    })
}

/// It was asked, and did not answer.
fn unanswered<E: Evidence>(course: &Towards<'_, '_, E>) -> Trouble {
    let (ours, theirs) = (&course.follower.examination, &course.author.name);
    let host = ours.subject.web_host();
    let detail = format!("no accept came within {} s", ours.patience.as_secs());
    let sent = format!("no delivery to {theirs} waits in `push` or fails");
    let is_found = |subject: &Subject| is_public(subject.base.host_str().unwrap_or_default());
    if !is_found(ours.subject) && is_found(course.author.examination.subject) {
        let diagnosis = Diagnosis::new(
            format!("{theirs} cannot find {host}, which is a name of this machine alone"),
            "follow from a server with a public name (`masto doctor --aws --federation --peer …`), or take a deployment on this machine as the peer (`masto status --all` lists them)",
        );
        return Trouble::follower(Problem::known(detail, diagnosis.because(sent)));
    }
    let diagnosis = Diagnosis::new(
        format!(
            "it took the follow and sent no accept: its queues stand still, it has blocked {host}, or it does not reach it"
        ),
        format!(
            "open https://{host}/.well-known/nodeinfo from elsewhere: name, certificate and answer have to be right there; what {theirs} met with is in its log alone"
        ),
    );
    Trouble::author(Problem::known(detail, diagnosis.because(sent)))
}

fn login_there<E>(course: &Towards<'_, '_, E>) -> String {
    format!(
        "it needs an account on {} (MASTO_PEER_TOKEN)",
        course.author.name
    )
}

/// Everything that somebody over there would have to do.
fn way_back<E: Evidence>(r: &Recorder<'_>, course: &Towards<'_, '_, E>) {
    let back = Course {
        follower: course.author,
        author: course.follower,
    };
    let why = login_there(course);
    r.not_run(FIND_BACK, &back.planned(HopKind::Find), &why);
    for (place, kind) in COURSE.iter().enumerate() {
        r.not_run(BACK + place, &back.planned(*kind), &why);
    }
}

/// Ends the follow `made` and the login.
async fn clean_up<E: Evidence>(
    r: &Recorder<'_>,
    course: &Towards<'_, '_, E>,
    session: Option<&Session>,
    made: Option<&str>,
) {
    let planned = course.planned(HopKind::CleanUp);
    let Some(session) = session else {
        r.not_run(CLEAN_UP, &planned, "nothing was made");
        return;
    };
    let mut left = Vec::new();
    if let Some(id) = made
        && course.follower.unfollow(session, id).await.is_err()
    {
        left.push(format!("the follow of @{}", course.author.handle()));
    }
    left.extend(session.close(&course.follower.examination.client).await);
    let hop = if left.is_empty() {
        let gone = match made {
            Some(_) => format!(
                "follow and login are gone, and {} was told",
                course.author.name
            ),
            None => "the login is gone".to_owned(),
        };
        planned.ended(Outcome::Pass, 0, gone)
    } else {
        let what = format!("left behind: {}", left.join(", "));
        Hop {
            cause: Some(format!(
                "{} did not let go of what the examination made",
                course.follower.name
            )),
            evidence: left,
            fix: Some(
                "end the follow in the web application, where the app is called `masto doctor`"
                    .to_owned(),
            ),
            ..planned.ended(Outcome::Warn, 0, what)
        }
    };
    r.send(CLEAN_UP, hop);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_one_machine_are_told_from_those_of_the_world() {
        for host in ["social.localhost", "a.test", "localhost", "x.home.arpa"] {
            assert!(!is_public(host), "{host}");
        }
        for host in ["example.com", "contest", "mastodon.social"] {
            assert!(is_public(host), "{host}");
        }
    }
}
