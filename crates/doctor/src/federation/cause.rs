//! From a hop that did not arrive to where it got stuck and why. Pure.

use std::net::IpAddr;

use super::hop::{HopKind, Place, Planned, Station};
use super::reach::{Reach, Seen, covers, is_private};
use crate::diagnosis::{Diagnosis, Facts, diagnose, shorten};
use crate::problem::Symptom;
use crate::sidekiq::{FailedJob, Snapshot};

/// One server, as it is after the failure.
pub(crate) struct View {
    /// What it is called.
    pub(crate) name: String,
    /// Where it answers.
    pub(crate) host: String,
    /// What lies behind its front.
    pub(crate) facts: Facts,
    /// What its processes saw of the other one; the process that matters first.
    pub(crate) reaches: Vec<Reach>,
}

/// Where a hop got stuck, and why. `follower` and `author` as [`HopKind::stations`] numbers them.
pub(crate) fn stuck(planned: &Planned, views: [&View; 2]) -> (Option<Station>, Diagnosis) {
    for (place, side) in planned.kind.stations() {
        let (here, other) = (views[*side], views[1 - *side]);
        let found = match place {
            Place::Queue("push") => push(here, other),
            Place::Queue(queue) => waiting(queue, here),
            Place::Web => unreached(here, other),
            Place::Webfinger => unanswered(here, other),
            Place::MediaHost if *side == 1 => not_copied(other, here),
            Place::Actor | Place::Inbox | Place::MediaHost => None,
        };
        if let Some((place, at, diagnosis)) = found {
            let station = Station {
                place,
                at: at.name.clone(),
            };
            return (Some(station), on(at, diagnosis));
        }
    }
    (None, lost(planned, views))
}

/// Where it got stuck, whose that is, and why.
type Found<'v> = (Place, &'v View, Diagnosis);

/// A diagnosis of one of the two servers, with its name.
pub(crate) fn on(view: &View, diagnosis: Diagnosis) -> Diagnosis {
    Diagnosis {
        cause: format!("{}: {}", view.name, diagnosis.cause),
        ..diagnosis
    }
}

/// Why a delivery of `sender` has not left, or was not taken.
pub(crate) fn undelivered(sender: &View, receiver: &View) -> Option<(Station, Diagnosis)> {
    let (place, at, diagnosis) = push(sender, receiver)?;
    let station = Station {
        place,
        at: at.name.clone(),
    };
    Some((station, on(at, diagnosis)))
}

/// Deliveries: nobody takes them, the other server cannot be reached, or it does not want them.
fn push<'v>(sender: &'v View, receiver: &'v View) -> Option<Found<'v>> {
    if let Some(found) = waiting("push", sender) {
        return Some(found);
    }
    let refused = delivery(sender, receiver);
    if let Some(code) = refused.as_ref().and_then(|job| code(&job.error_message)) {
        return Some(answered(code, refused?, sender, receiver));
    }
    if let Some(found) = unreached(sender, receiver) {
        return Some((Place::Queue("push"), sender, found.2));
    }
    let job = refused?;
    let diagnosis = Diagnosis::new(
        format!(
            "deliveries to {} fail: {}",
            receiver.host,
            shorten(&error(job))
        ),
        format!(
            "look at `masto logs {}` of {}",
            courier(sender),
            sender.name
        ),
    );
    Some((Place::Queue("push"), sender, diagnosis.because(told(job))))
}

/// A delivery to the other server that failed; one that names it wins over one that does not.
fn delivery<'v>(sender: &'v View, receiver: &View) -> Option<&'v FailedJob> {
    let failed = || {
        let jobs = sender.facts.sidekiq.iter().flat_map(|all| &all.failed);
        jobs.filter(|job| job.class.starts_with("ActivityPub::") && job.queue == "push")
    };
    failed()
        .find(|job| job.error_message.contains(&receiver.host))
        .or_else(|| failed().find(|job| !job.error_message.contains("https://")))
}

/// What the receiver answered to a delivery, where it did: `… returned code 401`.
fn code(message: &str) -> Option<u16> {
    let (_, rest) = message.split_once("returned code ")?;
    let digits: String = rest.chars().take_while(char::is_ascii_digit).collect();
    digits.parse().ok()
}

/// The receiver answered, and not with yes.
fn answered<'v>(code: u16, job: &FailedJob, sender: &'v View, receiver: &'v View) -> Found<'v> {
    let fact = told(job);
    let (at, diagnosis) = match code {
        401 => return not_believed(job, sender, receiver),
        403 => (
            receiver,
            Diagnosis::new(
                format!(
                    "its inbox refuses the host name it is asked for, or it has blocked {}",
                    sender.host
                ),
                "let the proxy pass `Host` unchanged, and compare `LOCAL_DOMAIN` and `WEB_DOMAIN` of web with the topology (`masto up` sets them); moderation is under Preferences, Federation",
            ),
        ),
        404 | 410 => (
            receiver,
            Diagnosis::new(
                "nobody answers at its inbox",
                "let the proxy send every path but `/api/v1/streaming` to web (masto's own does: `masto up`)",
            ),
        ),
        413 => (
            receiver,
            Diagnosis::new(
                "something in front of its inbox refuses the size of the delivery",
                "let the proxy take bodies of 1 MB and more (masto's own takes 99 MB)",
            ),
        ),
        429 => (
            receiver,
            Diagnosis::new(
                "it limits how often other servers may deliver, and takes them all for one",
                "set `TRUSTED_PROXY_IP` to the proxy's network, so that each is counted by itself",
            ),
        ),
        _ => (
            receiver,
            Diagnosis::new(
                format!("its inbox answers {code}"),
                format!("look at `masto logs web` of {}", receiver.name),
            ),
        ),
    };
    (Place::Inbox, at, diagnosis.because(fact))
}

/// 401: the signature does not verify at the receiver.
fn not_believed<'v>(job: &FailedJob, sender: &'v View, receiver: &'v View) -> Found<'v> {
    let courier = courier(sender);
    let variable = |process: &str, name| {
        let facts = &sender.facts;
        facts.variable(process, name).map(str::to_owned)
    };
    // Sidekiq signs, and names the key by the domain that it believes to be.
    for name in ["LOCAL_DOMAIN", "WEB_DOMAIN"] {
        let (web, sidekiq) = (variable("web", name), variable(&courier, name));
        let known = sender.facts.environments.contains_key("web")
            && sender.facts.environments.contains_key(&courier);
        if known && web != sidekiq {
            let said = |value: Option<String>| value.unwrap_or_else(|| "not set".to_owned());
            let diagnosis = Diagnosis::new(
                format!("`{courier}` signs deliveries in the name of another server"),
                "give every process the same `LOCAL_DOMAIN` and `WEB_DOMAIN` (`masto up` does)",
            )
            .because(format!(
                "{name} is {} in web and {} in {courier}",
                said(web),
                said(sidekiq)
            ))
            .because(told(job));
            return (Place::Inbox, sender, diagnosis);
        }
    }
    // The receiver fetches the key to check it.
    if let Some((_, _, diagnosis)) = unreached(receiver, sender) {
        let diagnosis = diagnosis
            .because("a server fetches the sender's key before it takes a delivery")
            .because(told(job));
        return (Place::Inbox, receiver, diagnosis);
    }
    let diagnosis = Diagnosis::new(
        format!("it does not believe the signatures of {}", sender.host),
        "compare the clocks of both (`date -u`; 12 hours apart is too much), and let the proxies pass `Host`, `Date`, `Digest` and the path unchanged: the signature covers them",
    )
    .because(told(job));
    (Place::Inbox, receiver, diagnosis)
}

/// Jobs wait in a queue, because nobody takes them or because they fail.
fn waiting<'v>(queue: &'static str, view: &'v View) -> Option<Found<'v>> {
    let sidekiq = view.facts.sidekiq.as_ref()?;
    let found = |diagnosis| Some((Place::Queue(queue), view, diagnosis));
    let waits = sidekiq.waiting(queue).length > 0;
    if waits || sidekiq.consumers(queue).next().is_none() {
        let symptom = Symptom::JobNotTaken(queue.to_owned());
        return found(with_length(diagnose(&symptom, &view.facts), queue, sidekiq));
    }
    if queue == "push" {
        return None;
    }
    let failed = sidekiq.failed.iter().find(|job| concerns(job, queue))?;
    let symptom = Symptom::JobFailed(error(failed));
    found(diagnose(&symptom, &view.facts).because(told(failed)))
}

/// Whether a failed job is one of those that a hop passes through.
fn concerns(job: &FailedJob, queue: &str) -> bool {
    let classes: &[&str] = match queue {
        "ingress" => &["ActivityPub::ProcessingWorker"],
        "default" => &["DistributionWorker", "FeedInsertWorker", "RemovalWorker"],
        _ => &[],
    };
    job.queue == queue && classes.contains(&job.class.as_str())
}

fn with_length(diagnosis: Diagnosis, queue: &str, sidekiq: &Snapshot) -> Diagnosis {
    let length = sidekiq.waiting(queue).length;
    let fact = format!("`{queue}` holds {length}");
    if length == 0 || diagnosis.evidence.iter().any(|known| known.contains(&fact)) {
        return diagnosis;
    }
    diagnosis.because(format!("{fact} jobs"))
}

/// The other server cannot be reached from inside this one.
fn unreached<'v>(here: &'v View, other: &View) -> Option<Found<'v>> {
    let (place, diagnosis) = here.reaches.iter().find_map(|reach| {
        let place = match reach.process.as_str() {
            "web" => Place::Web,
            _ => Place::Queue("push"),
        };
        Some((place, not_reached(reach, here, other)?))
    })?;
    Some((place, here, diagnosis))
}

/// Why `here` does not reach `other`, as one of its processes saw it; `None` where it does.
pub(crate) fn not_reached(reach: &Reach, here: &View, other: &View) -> Option<Diagnosis> {
    let Reach { process, url, seen } = reach;
    let host = &other.host;
    let diagnosis = match seen {
        Seen::NoName => Diagnosis::new(
            format!("`{process}` finds no address for {host}"),
            format!(
                "`masto up` of {} makes its names known to every server on this machine; elsewhere, give {host} a DNS record",
                other.name
            ),
        )
        .because(format!("{process}: {url} has no address")),
        Seen::Unreachable(words) => Diagnosis::new(
            format!("`{process}` gets no connection to {host}"),
            format!("`masto up` of {} starts what is missing; elsewhere, open 443 between them", other.name),
        )
        .because(format!("{process}: {words}")),
        Seen::Certificate(words) => {
            let file = here.facts.variable(process, "SSL_CERT_FILE");
            Diagnosis::new(
                format!("`{process}` does not trust the certificate of {host}"),
                "`masto up` gives every process the CA of this machine; elsewhere, put the CA that signed it into the file that `SSL_CERT_FILE` names",
            )
            .because(format!("{process}: {words}"))
            .because(match file {
                Some(file) => format!("SSL_CERT_FILE of {process} is {file}"),
                None => format!("{process} has no SSL_CERT_FILE: it knows public CAs only"),
            })
        }
        Seen::Answer(_, Some(address)) if !is_allowed(*address, process, here) => {
            let list = here.facts.variable(process, "ALLOWED_PRIVATE_ADDRESSES");
            Diagnosis::new(
                format!("`{process}` may not talk to {host}: its address is private"),
                "add its network to `ALLOWED_PRIVATE_ADDRESSES` of web and Sidekiq (`masto up` does on this machine)",
            )
            .because(format!("{host} is {address}"))
            .because(match list {
                Some(list) => format!("ALLOWED_PRIVATE_ADDRESSES of {process} is {list}"),
                None => format!("{process} has no ALLOWED_PRIVATE_ADDRESSES"),
            })
        }
        Seen::Answer(..) | Seen::NotAsked(_) => return None,
    };
    Some(diagnosis)
}

/// Where the environment of a process is not known, nothing is held against it.
fn is_allowed(address: IpAddr, process: &str, view: &View) -> bool {
    !is_private(address)
        || !view.facts.environments.contains_key(process)
        || view
            .facts
            .variable(process, "ALLOWED_PRIVATE_ADDRESSES")
            .is_some_and(|list| covers(list, address))
}

/// The author's side answers webfinger with something else than an account. `here` is the author.
fn unanswered<'v>(here: &'v View, other: &View) -> Option<Found<'v>> {
    let asked = other
        .reaches
        .iter()
        .find(|reach| reach.url.contains("/.well-known/webfinger"))?;
    let Seen::Answer(status, _) = asked.seen else {
        return None;
    };
    let diagnosis = match status {
        200 | 301 | 302 | 307 | 308 => return None,
        404 => Diagnosis::new(
            "webfinger does not know the account",
            "look at `masto logs owner`; where the domain is split, `/.well-known/webfinger` at the domain of the handles has to lead to the server, query included",
        ),
        403 => Diagnosis::new(
            "webfinger is refused: the server does not answer for that host name",
            "compare `LOCAL_DOMAIN` and `WEB_DOMAIN` of web with the topology (`masto up` sets them), and let the proxy pass `Host` unchanged",
        ),
        status => Diagnosis::new(
            format!("webfinger answers {status}"),
            format!("look at `masto logs web` of {}", here.name),
        ),
    };
    Some((
        Place::Webfinger,
        here,
        diagnosis.because(format!("{} answered {status}", asked.url)),
    ))
}

/// The image stayed at the author's: what the follower saw of the media host there.
fn not_copied<'v>(follower: &'v View, author: &View) -> Option<Found<'v>> {
    let asked = follower.reaches.first()?;
    let media = View {
        name: author.name.clone(),
        host: author.facts.media_host.clone(),
        facts: author.facts.clone(),
        reaches: Vec::new(),
    };
    let diagnosis = not_reached(asked, follower, &media)?;
    Some((Place::Queue("ingress"), follower, diagnosis))
}

/// Nothing speaks against anything on the way.
fn lost(planned: &Planned, views: [&View; 2]) -> Diagnosis {
    let names = [&views[0].name, &views[1].name];
    let seen: Vec<String> = views
        .iter()
        .flat_map(|view| view.reaches.iter().map(move |reach| (view, reach)))
        .filter_map(|(view, reach)| match &reach.seen {
            Seen::Answer(status, _) => Some(format!(
                "{} of {} gets {status} from {}",
                reach.process, view.name, reach.url
            )),
            _ => None,
        })
        .take(2)
        .collect();
    let diagnosis = match planned.kind {
        HopKind::Find => Diagnosis::new(
            format!(
                "{}: `web` reaches {} and does not accept the account it finds there",
                names[0], views[1].host
            ),
            format!(
                "the domain may be blocked: look under Preferences, Moderation, Federation, and at `masto logs web` of {}",
                names[0]
            ),
        ),
        HopKind::Image => Diagnosis::new(
            format!("{}: the image was not copied", names[0]),
            format!(
                "look at the Sidekiq process that consumes `ingress` of {}, and whether media of {} are rejected under Preferences, Moderation, Federation",
                names[0], names[1]
            ),
        ),
        _ => Diagnosis::new(
            "it left no queue unconsumed and did not arrive in time",
            format!(
                "both may be slow: `masto doctor --timeout 1m` waits longer; otherwise look at `masto logs` of {} and {}",
                names[0], names[1]
            ),
        ),
    };
    seen.into_iter().fold(diagnosis, Diagnosis::because)
}

fn courier(view: &View) -> String {
    let consumers = view.facts.expected_consumers("push");
    consumers
        .into_iter()
        .next()
        .unwrap_or_else(|| "sidekiq".to_owned())
}

fn error(job: &FailedJob) -> String {
    format!("{}: {}", job.error_class, job.error_message)
}

fn told(job: &FailedJob) -> String {
    format!(
        "{} failed in `{}`: {}",
        job.class,
        job.queue,
        shorten(&error(job))
    )
}
