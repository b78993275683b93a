//! Ways, what needs what, and causes: all without a server.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use expect_test::{Expect, expect};
use futures_util::future::{FutureExt, pending, ready};

use super::cause::{View, stuck};
use super::hop::{Hop, HopKind, Planned};
use super::reach::{Reach, Seen, address as address_of, covers, is_private, read};
use super::recorder::{Found, Recorder, Trouble, collect};
use super::report::FederationReport;
use crate::Options;
use crate::diagnosis::testing::{healthy, snapshot, told};
use crate::diagnosis::{Diagnosis, Facts};
use crate::evidence::{EvidenceError, Variable};
use crate::problem::Problem;
use crate::report::Outcome;
use crate::sidekiq::{FailedJob, Waiting};

const ALL: [&str; 7] = [
    "default",
    "push",
    "ingress",
    "mailers",
    "pull",
    "fasp",
    "scheduler",
];

fn planned(kind: HopKind) -> Planned {
    Planned {
        kind,
        from: "social".into(),
        to: "peer".into(),
        handle: "owner@peer.localhost".into(),
    }
}

fn facts(name: &str) -> Facts {
    let environment = [
        ("LOCAL_DOMAIN", format!("{name}.localhost")),
        ("ALLOWED_PRIVATE_ADDRESSES", "172.18.0.0/16".to_owned()),
        ("SSL_CERT_FILE", "/etc/masto/ca.pem".to_owned()),
    ]
    .map(|(name, value)| (name.to_owned(), Variable::Shown(value)));
    let environment = BTreeMap::from(environment);
    Facts {
        local_domain: format!("{name}.localhost"),
        web_host: format!("{name}.localhost"),
        media_host: format!("media.{name}.localhost"),
        queues: ALL
            .map(|queue| (queue.to_owned(), BTreeSet::from(["sidekiq-all".to_owned()])))
            .into(),
        environments: ["web", "sidekiq-all"]
            .map(|process| (process.to_owned(), environment.clone()))
            .into(),
        sidekiq: Some(snapshot(&ALL)),
        ..healthy()
    }
}

fn seen(process: &str, other: &str, seen: Seen) -> Reach {
    Reach {
        process: process.into(),
        url: format!("https://{other}.localhost/.well-known/nodeinfo"),
        seen,
    }
}

fn view(name: &str, other: &str) -> View {
    let ok = || Seen::Answer(200, Some("172.18.0.5".parse().unwrap()));
    View {
        name: name.into(),
        host: format!("{name}.localhost"),
        facts: facts(name),
        reaches: vec![seen("sidekiq-all", other, ok()), seen("web", other, ok())],
    }
}

fn failed(class: &str, queue: &str, message: &str) -> FailedJob {
    FailedJob {
        class: class.into(),
        queue: queue.into(),
        error_class: "Mastodon::UnexpectedResponseError".into(),
        error_message: message.into(),
    }
}

/// What is said of a hop from social to peer after something was done to one of them.
#[track_caller]
fn check(kind: HopKind, fault: impl FnOnce(&mut View, &mut View), expected: &Expect) {
    let (mut social, mut peer) = (view("social", "peer"), view("peer", "social"));
    fault(&mut social, &mut peer);
    let (station, diagnosis) = stuck(&planned(kind), [&social, &peer]);
    let station = station.map_or("nobody knows where".to_owned(), |at| at.to_string());
    expected.assert_eq(&format!("{station}\n{}", told(&diagnosis)));
}

#[test]
fn the_way_of_every_hop_names_queue_and_server() {
    let lines: Vec<String> = [
        HopKind::Find,
        HopKind::Follow,
        HopKind::Accept,
        HopKind::Post,
        HopKind::Image,
        HopKind::Deletion,
    ]
    .map(|kind| {
        let planned = planned(kind);
        let way: Vec<String> = planned.way().iter().map(ToString::to_string).collect();
        format!("{}: {}", planned.title(), way.join(" → "))
    })
    .into();
    expect![[r#"
        social finds @owner@peer.localhost: web(social) → webfinger(peer) → actor(peer)
        social's follow arrives at peer: push(social) → inbox(peer) → ingress(peer)
        peer's accept comes back to social: push(peer) → inbox(social) → ingress(social)
        peer's post arrives at social: push(peer) → inbox(social) → ingress(social) → default(social)
        its image is served by social: ingress(social) → media(peer) → media(social)
        its deletion arrives at social: default(peer) → push(peer) → inbox(social) → ingress(social)"#]].assert_eq(&lines.join("\n"));
}

#[test]
fn nothing_is_tried_before_what_it_needs() {
    let mut kind = HopKind::Deletion;
    let mut chain = vec![kind];
    while let Some(needed) = kind.needs() {
        chain.push(needed);
        kind = needed;
    }
    expect!["deletion post accept follow find login"].assert_eq(
        &chain
            .iter()
            .map(ToString::to_string)
            .collect::<Vec<_>>()
            .join(" "),
    );
    assert_eq!(HopKind::CleanUp.needs(), None, "it is done in any case");
}

#[test]
fn a_delivery_that_nobody_takes_waits_in_push_of_the_sender() {
    check(
        HopKind::Follow,
        |social, _| {
            let sidekiq = social.facts.sidekiq.as_mut().unwrap();
            sidekiq.processes[0].queues.remove("push");
            let waiting = Waiting {
                length: 1,
                latency: 6.0,
            };
            sidekiq.queues.insert("push".into(), waiting);
        },
        &expect![[r#"
            push(social)
            cause: social: no Sidekiq process consumes `push`: nothing leaves the server: no posts, no follows
            - live Sidekiq processes: host:1:a [default fasp ingress mailers pull scheduler]
            - `push` holds 1 jobs, the oldest for 6 s
            fix: `masto up` starts `sidekiq-all` with its queues; what stopped it is in `masto logs sidekiq-all`"#]],
    );
}

#[test]
fn what_arrived_and_nobody_works_on_waits_in_ingress_of_the_receiver() {
    check(
        HopKind::Post,
        |social, _| {
            let sidekiq = social.facts.sidekiq.as_mut().unwrap();
            sidekiq.processes[0].queues.remove("ingress");
        },
        &expect![[r#"
            ingress(social)
            cause: social: no Sidekiq process consumes `ingress`: messages from other servers never arrive
            - live Sidekiq processes: host:1:a [default fasp mailers pull push scheduler]
            fix: `masto up` starts `sidekiq-all` with its queues; what stopped it is in `masto logs sidekiq-all`"#]],
    );
}

#[test]
fn what_cannot_be_reached_from_inside_says_why() {
    let fault = |seen: Seen| move |social: &mut View, _: &mut View| social.reaches[0].seen = seen;
    check(
        HopKind::Follow,
        fault(Seen::NoName),
        &expect![[r#"
        push(social)
        cause: social: `sidekiq-all` finds no address for peer.localhost
        - sidekiq-all: https://peer.localhost/.well-known/nodeinfo has no address
        fix: `masto up` of peer makes its names known to every server on this machine; elsewhere, give peer.localhost a DNS record"#]],
    );
    check(
        HopKind::Follow,
        fault(Seen::Certificate(
            "(60) SSL certificate problem: unable to get local issuer certificate".into(),
        )),
        &expect![[r#"
            push(social)
            cause: social: `sidekiq-all` does not trust the certificate of peer.localhost
            - sidekiq-all: (60) SSL certificate problem: unable to get local issuer certificate
            - SSL_CERT_FILE of sidekiq-all is /etc/masto/ca.pem
            fix: `masto up` gives every process the CA of this machine; elsewhere, put the CA that signed it into the file that `SSL_CERT_FILE` names"#]],
    );
    check(
        HopKind::Follow,
        fault(Seen::Answer(200, Some("10.1.2.3".parse().unwrap()))),
        &expect![[r#"
            push(social)
            cause: social: `sidekiq-all` may not talk to peer.localhost: its address is private
            - peer.localhost is 10.1.2.3
            - ALLOWED_PRIVATE_ADDRESSES of sidekiq-all is 172.18.0.0/16
            fix: add its network to `ALLOWED_PRIVATE_ADDRESSES` of web and Sidekiq (`masto up` does on this machine)"#]],
    );
    check(
        HopKind::Follow,
        fault(Seen::Unreachable(
            "(7) Failed to connect to peer.localhost port 443".into(),
        )),
        &expect![[r#"
            push(social)
            cause: social: `sidekiq-all` gets no connection to peer.localhost
            - sidekiq-all: (7) Failed to connect to peer.localhost port 443
            fix: `masto up` of peer starts what is missing; elsewhere, open 443 between them"#]],
    );
}

#[test]
fn an_unbelieved_signature_has_a_cause_on_one_of_both_sides() {
    let refused = |view: &mut View| {
        let job = failed(
            "ActivityPub::DeliveryWorker",
            "push",
            "https://peer.localhost/inbox returned code 401",
        );
        view.facts.sidekiq.as_mut().unwrap().failed.push(job);
    };
    // Sidekiq signs for another server than web is.
    check(
        HopKind::Follow,
        |social, _| {
            refused(social);
            let sidekiq = social.facts.environments.get_mut("sidekiq-all").unwrap();
            sidekiq.insert(
                "LOCAL_DOMAIN".into(),
                Variable::Shown("other.localhost".into()),
            );
        },
        &expect![[r#"
            inbox(social)
            cause: social: `sidekiq-all` signs deliveries in the name of another server
            - LOCAL_DOMAIN is social.localhost in web and other.localhost in sidekiq-all
            - ActivityPub::DeliveryWorker failed in `push`: Mastodon::UnexpectedResponseError: https://peer.localhost/inbox returned code 401
            fix: give every process the same `LOCAL_DOMAIN` and `WEB_DOMAIN` (`masto up` does)"#]],
    );
    // The receiver cannot fetch the key.
    check(
        HopKind::Follow,
        |social, peer| {
            refused(social);
            peer.reaches[1].seen = Seen::NoName;
        },
        &expect![[r#"
            inbox(peer)
            cause: peer: `web` finds no address for social.localhost
            - web: https://social.localhost/.well-known/nodeinfo has no address
            - a server fetches the sender's key before it takes a delivery
            - ActivityPub::DeliveryWorker failed in `push`: Mastodon::UnexpectedResponseError: https://peer.localhost/inbox returned code 401
            fix: `masto up` of social makes its names known to every server on this machine; elsewhere, give social.localhost a DNS record"#]],
    );
    // Neither: clocks or a proxy.
    check(
        HopKind::Follow,
        |social, _| refused(social),
        &expect![[r#"
        inbox(peer)
        cause: peer: it does not believe the signatures of social.localhost
        - ActivityPub::DeliveryWorker failed in `push`: Mastodon::UnexpectedResponseError: https://peer.localhost/inbox returned code 401
        fix: compare the clocks of both (`date -u`; 12 hours apart is too much), and let the proxies pass `Host`, `Date`, `Digest` and the path unchanged: the signature covers them"#]],
    );
}

#[test]
fn a_look_up_that_finds_nobody_says_what_webfinger_answered() {
    let asked = |status| {
        move |social: &mut View, _: &mut View| {
            social.reaches = vec![Reach {
                process: "web".into(),
                url: "https://peer.localhost/.well-known/webfinger?resource=acct:owner".into(),
                seen: Seen::Answer(status, Some("172.18.0.5".parse().unwrap())),
            }];
        }
    };
    check(
        HopKind::Find,
        asked(404),
        &expect![[r#"
        webfinger(peer)
        cause: peer: webfinger does not know the account
        - https://peer.localhost/.well-known/webfinger?resource=acct:owner answered 404
        fix: look at `masto logs owner`; where the domain is split, `/.well-known/webfinger` at the domain of the handles has to lead to the server, query included"#]],
    );
    check(
        HopKind::Find,
        asked(403),
        &expect![[r#"
        webfinger(peer)
        cause: peer: webfinger is refused: the server does not answer for that host name
        - https://peer.localhost/.well-known/webfinger?resource=acct:owner answered 403
        fix: compare `LOCAL_DOMAIN` and `WEB_DOMAIN` of web with the topology (`masto up` sets them), and let the proxy pass `Host` unchanged"#]],
    );
    check(
        HopKind::Find,
        asked(200),
        &expect![[r#"
        nobody knows where
        cause: social: `web` reaches peer.localhost and does not accept the account it finds there
        - web of social gets 200 from https://peer.localhost/.well-known/webfinger?resource=acct:owner
        - sidekiq-all of peer gets 200 from https://social.localhost/.well-known/nodeinfo
        fix: the domain may be blocked: look under Preferences, Moderation, Federation, and at `masto logs web` of social"#]],
    );
}

#[test]
fn an_image_that_was_not_copied_says_why() {
    check(
        HopKind::Image,
        |social, _| {
            social.reaches = vec![Reach {
                process: "sidekiq-all".into(),
                url: "https://media.peer.localhost/".into(),
                seen: Seen::NoName,
            }];
        },
        &expect![[r#"
            ingress(social)
            cause: social: `sidekiq-all` finds no address for media.peer.localhost
            - sidekiq-all: https://media.peer.localhost/ has no address
            fix: `masto up` of peer makes its names known to every server on this machine; elsewhere, give media.peer.localhost a DNS record"#]],
    );
}

#[test]
fn what_nobody_can_explain_says_where_to_look() {
    check(
        HopKind::Deletion,
        |_, _| {},
        &expect![[r#"
        nobody knows where
        cause: it left no queue unconsumed and did not arrive in time
        - sidekiq-all of social gets 200 from https://peer.localhost/.well-known/nodeinfo
        - web of social gets 200 from https://peer.localhost/.well-known/nodeinfo
        fix: both may be slow: `masto doctor --timeout 1m` waits longer; otherwise look at `masto logs` of social and peer"#]],
    );
}

#[test]
fn curl_is_read_by_its_exit_status() {
    let failed = |why: &str| {
        read(Err(EvidenceError::Failed {
            what: "`curl` in `web`".into(),
            why: why.into(),
        }))
    };
    let address = "172.18.0.5".parse().unwrap();
    assert_eq!(
        read(Ok("404 172.18.0.5".into())),
        Seen::Answer(404, Some(address))
    );
    let getent = |why: &str| {
        address_of(Err(EvidenceError::Failed {
            what: "`getent` in `web`".into(),
            why: why.into(),
        }))
    };
    assert_eq!(getent("exit status 2: "), Ok(None));
    assert!(getent("exit status 127: not found").is_err());
    assert_eq!(
        address_of(Ok("172.18.0.5      STREAM x\n".into())),
        Ok(Some(address))
    );
    assert_eq!(
        failed("exit status 6: curl: (6) Could not resolve host: x"),
        Seen::NoName
    );
    assert!(matches!(
        failed("exit status 60: curl: (60) SSL certificate problem"),
        Seen::Certificate(_)
    ));
    assert!(matches!(
        failed("exit status 28: curl: (28) Connection timed out"),
        Seen::Unreachable(_)
    ));
    // An image without curl is no finding about the other server.
    assert!(matches!(
        failed("exit status 127: exec: \"curl\": not found"),
        Seen::NotAsked(_)
    ));
}

#[test]
fn private_addresses_need_to_be_allowed() {
    let address = |text: &str| text.parse().unwrap();
    for private in [
        "10.0.0.1",
        "172.18.0.5",
        "127.0.0.1",
        "100.64.0.1",
        "fd00::1",
    ] {
        assert!(is_private(address(private)), "{private}");
    }
    assert!(!is_private(address("8.8.8.8")));
    assert!(covers("10.0.0.0/8,172.18.0.0/16", address("172.18.0.5")));
    assert!(covers("fd00::/8 172.18.0.5", address("172.18.0.5")));
    assert!(!covers("172.19.0.0/16", address("172.18.0.5")));
    assert!(covers("0.0.0.0/0", address("172.18.0.5")));
    assert!(!covers("", address("172.18.0.5")));
}

/// Runs `work` with a recorder, and gives what was told, in its order.
async fn recorded(stopped: bool, work: impl AsyncFnOnce(Recorder<'_>)) -> Vec<(HopKind, Outcome)> {
    let stopped = if stopped {
        ready(()).boxed()
    } else {
        pending().boxed()
    };
    let options = Options {
        bound: Duration::from_secs(10),
        total: Duration::from_secs(30),
    };
    let (recorder, receiver) = Recorder::new(&options, stopped);
    let mut told = Vec::new();
    let sink = |hop: &Hop| told.push((hop.kind, hop.outcome.clone()));
    tokio::join!(collect(receiver, sink), work(recorder));
    told
}

async fn no_cause(_: &Trouble) -> (Option<super::hop::Station>, Diagnosis) {
    (None, Diagnosis::new("a cause", "a fix"))
}

#[tokio::test(start_paused = true)]
async fn hops_are_told_in_the_order_of_the_course_whichever_ends_first() {
    let told = recorded(false, async |r| {
        let (post, follow) = (planned(HopKind::Post), planned(HopKind::Follow));
        let fine = || async { Found::Ok((String::new(), ())) };
        r.run(1, &post, fine(), no_cause).await;
        r.run(0, &follow, fine(), no_cause).await;
    })
    .await;
    assert_eq!(
        told,
        [
            (HopKind::Follow, Outcome::Pass),
            (HopKind::Post, Outcome::Pass)
        ]
    );
}

#[tokio::test(start_paused = true)]
async fn a_hop_that_never_ends_fails_at_its_bound_with_a_cause() {
    let told = recorded(false, async |r| {
        let follow = planned(HopKind::Follow);
        let value = r.run(0, &follow, pending::<Found<()>>(), no_cause).await;
        assert_eq!(value, None);
    })
    .await;
    assert_eq!(told, [(HopKind::Follow, Outcome::Fail)]);
}

#[tokio::test(start_paused = true)]
async fn after_a_stop_nothing_new_is_tried() {
    let told = recorded(true, async |r| {
        let follow = planned(HopKind::Follow);
        r.run(0, &follow, pending::<Found<()>>(), no_cause).await;
    })
    .await;
    assert!(matches!(told[0].1, Outcome::NotRun { .. }), "{told:?}");
}

#[tokio::test(start_paused = true)]
async fn what_could_not_be_asked_is_no_failure() {
    let told = recorded(false, async |r| {
        let find = planned(HopKind::Find);
        let limited = async {
            let problem = Problem::not_run("the server limits the rate");
            Found::<()>::Err(Trouble::follower(problem))
        };
        r.run(0, &find, limited, no_cause).await;
    })
    .await;
    assert!(matches!(told[0].1, Outcome::NotRun { .. }), "{told:?}");
}

#[test]
fn hops_of_one_cause_are_told_together() {
    let stuck = |kind: HopKind, fact: &str| Hop {
        cause: Some("peer: nobody consumes `push`".into()),
        evidence: vec![fact.into()],
        fix: Some("`masto up`".into()),
        ..planned(kind).ended(Outcome::Fail, 7_000, String::new())
    };
    let hops = vec![
        planned(HopKind::Find).ended(Outcome::Pass, 80, String::new()),
        stuck(HopKind::Follow, "one"),
        stuck(HopKind::Accept, "other"),
    ];
    let report = FederationReport::new("https://a".into(), "https://b".into(), 1, hops);
    assert!(!report.is_healthy());
    assert_eq!(report.causes.len(), 1);
    assert_eq!(report.causes[0].evidence, ["one", "other"]);
    assert_eq!(report.causes[0].explains.len(), 2);
}
