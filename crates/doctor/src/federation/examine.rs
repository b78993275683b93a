//! One examination of two servers.

use std::future::Future;

use futures_util::future::FutureExt;
use tokio::sync::mpsc;
use tokio::time::{Instant, timeout};

use super::course::{Acquainted, COURSE, Course, Left};
use super::hop::{Hop, HopKind, Planned};
use super::recorder::{Found, Recorder, Trouble, collect, millis};
use super::report::FederationReport;
use super::side::Side;
use crate::diagnosis::Diagnosis;
use crate::evidence::Evidence;
use crate::examination::Examination;
use crate::examine::Options;
use crate::probe::login;
use crate::report::Outcome;
use crate::session::Session;
use crate::subject::Subject;

/// One of the two servers: what it is called in the report, where it answers, and a way to look
/// behind its front ([`crate::NoEvidence`] where there is none).
#[derive(Clone, Copy)]
pub struct Peer<'p, E> {
    /// A short name, `social`.
    pub name: &'p str,
    /// Its front. Without an owner only look-ups are tried.
    pub subject: &'p Subject,
    /// Behind it.
    pub evidence: &'p E,
    /// A token of the owner's that may read, write and follow. `None`: the owner logs in with the
    /// password.
    pub token: Option<&'p str>,
}

/// Tries two servers out on each other, in both directions at the same time: each finds the
/// other's owner, follows, gets the accept, receives a post with its image, and its deletion.
/// Gives each hop to `sink` in the order of the report, and leaves both as they were.
///
/// Once `stopped` is ready nothing new is tried, and what was made is removed. Never fails: what
/// could not be tried is in the report.
pub async fn federate<A: Evidence, B: Evidence>(
    here: Peer<'_, A>,
    there: Peer<'_, B>,
    options: &Options,
    stopped: impl Future<Output = ()> + Send,
    sink: impl FnMut(&Hop),
) -> FederationReport {
    let begin = Instant::now();
    let (recorder, receiver) = Recorder::new(options, stopped);
    let (one, other) = (
        Examination::new(here.subject, here.evidence, options.bound),
        Examination::new(there.subject, there.evidence, options.bound),
    );
    let hops = match (one, other) {
        (Ok(one), Ok(other)) => {
            let one = Side {
                name: here.name.to_owned(),
                examination: one,
                token: here.token.map(str::to_owned),
            };
            let other = Side {
                name: there.name.to_owned(),
                examination: other,
                token: there.token.map(str::to_owned),
            };
            let (hops, ()) =
                tokio::join!(collect(receiver, sink), run(&one, &other, recorder).boxed());
            hops
        }
        (Err(why), _) => refused(here.name, why, recorder, receiver, sink).await,
        (_, Err(why)) => refused(there.name, why, recorder, receiver, sink).await,
    };
    FederationReport::new(
        here.subject.base.to_string(),
        there.subject.base.to_string(),
        millis(begin.elapsed()),
        hops,
    )
}

/// A CA that cannot be used.
pub(super) async fn refused(
    name: &str,
    why: String,
    recorder: Recorder<'_>,
    receiver: mpsc::UnboundedReceiver<(usize, Hop)>,
    sink: impl FnMut(&Hop),
) -> Vec<Hop> {
    let planned = login_of(name);
    let hop = Hop {
        cause: Some(format!("{name}: {why}")),
        fix: Some("correct the CA, then run `masto doctor --federation` again".to_owned()),
        ..planned.ended(Outcome::Fail, 0, why)
    };
    recorder.send(0, hop);
    drop(recorder);
    collect(receiver, sink).await
}

fn login_of(name: &str) -> Planned {
    Planned {
        kind: HopKind::Login,
        from: name.to_owned(),
        to: name.to_owned(),
        handle: String::new(),
    }
}

/// Two logins, two look-ups, two courses, one clean-up: their places in the report.
const FIND: usize = 2;
const COURSES: [usize; 2] = [4, 4 + COURSE.len()];
const CLEAN_UP: usize = 4 + 2 * COURSE.len();

async fn run<A: Evidence, B: Evidence>(one: &Side<'_, A>, other: &Side<'_, B>, r: Recorder<'_>) {
    let there = Course {
        follower: one,
        author: other,
    };
    let back = Course {
        follower: other,
        author: one,
    };
    let (my_login, your_login) = tokio::join!(log_in(&r, 0, &there), log_in(&r, 1, &back));
    let (you, me) = tokio::join!(
        find(&r, FIND, &there, my_login.as_ref()),
        find(&r, FIND + 1, &back, your_login.as_ref())
    );
    let all = match (&my_login, &your_login, &you, &me) {
        (Some(mine), Some(yours), Some(you), Some(me)) => Some((
            Acquainted {
                follower: mine,
                author: yours,
                author_there: you,
                follower_there: me,
            },
            Acquainted {
                follower: yours,
                author: mine,
                author_there: me,
                follower_there: you,
            },
        )),
        _ => None,
    };
    let mut left = Vec::new();
    if let Some((out, home)) = &all {
        let (first, second) = tokio::join!(
            there.run(&r, COURSES[0], out).boxed(),
            back.run(&r, COURSES[1], home).boxed()
        );
        let (first, second) = tokio::join!(
            undo(&there, out, &first).boxed(),
            undo(&back, home, &second).boxed()
        );
        left.extend(first);
        left.extend(second);
    } else {
        needs(&r, COURSES[0], &there);
        needs(&r, COURSES[1], &back);
    }
    let made = my_login.is_some() || your_login.is_some();
    for (login, name, client) in [
        (my_login, &one.name, &one.examination.client),
        (your_login, &other.name, &other.examination.client),
    ] {
        if let Some(session) = login {
            let kept = session.close(client).await;
            left.extend(kept.into_iter().map(|what| format!("{what} on {name}")));
        }
    }
    cleaned(&r, &there.planned(HopKind::CleanUp), made, &left);
}

pub(super) async fn log_in<A: Evidence, B: Evidence>(
    r: &Recorder<'_>,
    place: usize,
    course: &Course<'_, '_, A, B>,
) -> Option<Session> {
    let planned = login_of(&course.follower.name);
    let hop = async {
        let Side {
            examination, token, ..
        } = course.follower;
        let found: Found<Session> = match token {
            Some(token) => login::with_token(&examination.client, token).await,
            None => login::probe(examination).await,
        }
        .map_err(Trouble::follower);
        found
    };
    let why = async |trouble: &Trouble| course.why(&planned, trouble).await;
    r.run(place, &planned, hop, why).await
}

async fn find<A: Evidence, B: Evidence>(
    r: &Recorder<'_>,
    place: usize,
    course: &Course<'_, '_, A, B>,
    session: Option<&Session>,
) -> Option<String> {
    let planned = course.planned(HopKind::Find);
    let Some(session) = session else {
        r.needs(place, &planned);
        return None;
    };
    let why = async |trouble: &Trouble| course.why(&planned, trouble).await;
    r.run(place, &planned, course.find(session), why).await
}

/// What is not run of a direction, for want of what comes before it.
fn needs<A: Evidence, B: Evidence>(r: &Recorder<'_>, first: usize, course: &Course<'_, '_, A, B>) {
    for (place, kind) in COURSE.iter().enumerate() {
        r.needs(first + place, &course.planned(*kind));
    }
}

async fn undo<A: Evidence, B: Evidence>(
    course: &Course<'_, '_, A, B>,
    both: &Acquainted<'_>,
    left: &Left,
) -> Option<String> {
    if !left.follows {
        return None;
    }
    let bound = course.follower.examination.patience * 2;
    timeout(bound, course.undo(both))
        .await
        .unwrap_or_else(|_| Some(format!("a follow of {}", course.follower.name)))
}

fn cleaned(r: &Recorder<'_>, planned: &Planned, made: bool, left: &[String]) {
    let hop = match left {
        [] if !made => {
            r.not_run(CLEAN_UP, planned, "nothing was made");
            return;
        }
        [] => planned.ended(
            Outcome::Pass,
            0,
            "follows, posts, pictures and logins are gone from both".to_owned(),
        ),
        left => {
            let diagnosis = Diagnosis::new(
                "a server did not let go of what the examination made",
                "mend what is named above; the follow can be ended in the web application, where the app is called `masto doctor`",
            )
            .because(left.join(", "));
            Hop {
                cause: Some(diagnosis.cause),
                evidence: diagnosis.evidence,
                fix: Some(diagnosis.fix),
                ..planned.ended(
                    Outcome::Warn,
                    0,
                    format!("left behind: {}", left.join(", ")),
                )
            }
        }
    };
    r.send(CLEAN_UP, hop);
}
