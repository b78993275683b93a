//! Rules for Sidekiq's queues.

use std::collections::BTreeSet;

use super::{Diagnosis, Facts, log};
use crate::problem::Symptom;
use crate::sidekiq::Snapshot;

/// What stops without a consumer, in the words of the person who notices.
pub(crate) fn meaning(queue: &str) -> &'static str {
    match queue {
        "default" => "home feeds are not filled, nobody is notified, nothing streams",
        "push" => "nothing leaves the server: no posts, no follows",
        "ingress" => "messages from other servers never arrive",
        "mailers" => "no mail is sent",
        "pull" => "no remote pictures, link cards, imports or deletions",
        "scheduler" => "scheduled posts, trends and clean-ups stop",
        "fasp" => "auxiliary service providers are not asked",
        _ => "its jobs wait for ever",
    }
}

/// The queues a symptom is about.
fn queues(symptom: &Symptom) -> Vec<&str> {
    match symptom {
        Symptom::QueuesUnconsumed(queues) => queues.iter().map(String::as_str).collect(),
        Symptom::QueueSlow(queue) | Symptom::JobNotTaken(queue) => vec![queue],
        Symptom::NoEvent(_) | Symptom::NotProcessed => vec!["default"],
        Symptom::NoMail => vec!["mailers"],
        Symptom::Known
        | Symptom::Unreachable(_)
        | Symptom::Certificate(_)
        | Symptom::Silent(_)
        | Symptom::Answer(_)
        | Symptom::ProcessDown(_)
        | Symptom::JobFailed(_)
        | Symptom::LoginRefused
        | Symptom::SocketClosed
        | Symptom::MailElsewhere => Vec::new(),
    }
}

fn list(queues: &[&str]) -> String {
    let quoted: Vec<String> = queues.iter().map(|queue| format!("`{queue}`")).collect();
    match quoted.split_last() {
        Some((last, rest)) if !rest.is_empty() => format!("{} and {last}", rest.join(", ")),
        _ => quoted.concat(),
    }
}

fn live(sidekiq: &Snapshot) -> String {
    let live: Vec<String> = sidekiq
        .processes
        .iter()
        .filter(|process| process.consumes())
        .map(|process| {
            let queues: Vec<&str> = process.queues.iter().map(String::as_str).collect();
            format!("{} [{}]", process.identity, queues.join(" "))
        })
        .collect();
    if live.is_empty() {
        "Redis knows no live Sidekiq process".to_owned()
    } else {
        format!("live Sidekiq processes: {}", live.join(", "))
    }
}

fn waiting(sidekiq: &Snapshot, queue: &str) -> String {
    let waiting = sidekiq.waiting(queue);
    format!(
        "`{queue}` holds {} jobs, the oldest for {:.0} s",
        waiting.length, waiting.latency
    )
}

/// A queue on the symptom's way that no live process listens to. Names every such queue, not only
/// the symptom's, so that all symptoms of one fault have one cause.
pub(super) fn not_listened_to(symptom: &Symptom, facts: &Facts) -> Option<Diagnosis> {
    let sidekiq = facts.sidekiq.as_ref()?;
    let lost = |queue: &&str| sidekiq.consumers(queue).next().is_none();
    let here: BTreeSet<&str> = queues(symptom).into_iter().filter(lost).collect();
    let first = here.first()?;
    if let Some(diagnosis) = nobody_at_work(first, sidekiq, facts) {
        return Some(diagnosis);
    }
    let expected = facts.queues.keys().map(String::as_str).filter(lost);
    let mut all: Vec<&str> = here.iter().copied().chain(expected).collect();
    all.sort_by_key(|queue| (weight(queue), *queue));
    all.dedup();
    let first = all.first()?;
    let mut diagnosis = Diagnosis::new(
        format!("no Sidekiq process consumes {}: {}", list(&all), meaning(first)),
        match facts.expected_consumers(first).as_slice() {
            [] => format!("add `{first}` to the `queues` of a Sidekiq process in the topology, then `masto up`"),
            [process, ..] => format!("`masto up` starts `{process}` with its queues; what stopped it is in `masto logs {process}`"),
        },
    )
    .because(live(sidekiq));
    for queue in all {
        if sidekiq.waiting(queue).length > 0 {
            diagnosis = diagnosis.because(waiting(sidekiq, queue));
        }
    }
    Some(diagnosis)
}

/// How early a person notices that a queue is not consumed.
fn weight(queue: &str) -> usize {
    ["ingress", "push", "default", "mailers", "pull", "scheduler"]
        .iter()
        .position(|known| *known == queue)
        .unwrap_or(usize::MAX)
}

/// There is no live process at all.
fn nobody_at_work(queue: &str, sidekiq: &Snapshot, facts: &Facts) -> Option<Diagnosis> {
    if sidekiq.processes.iter().any(|process| process.consumes()) {
        return None;
    }
    if let Some(quiet) = sidekiq.processes.iter().find(|process| process.quiet) {
        return Some(quietened(format!("{} is quiet", quiet.identity)));
    }
    let name = consumer(queue, facts);
    Some(
        Diagnosis::new(
            "no Sidekiq process is at work: nothing is received, delivered, mailed or done later",
            format!("`masto up` starts `{name}`; what stopped it is in `masto logs {name}`"),
        )
        .because("Redis knows no live Sidekiq process"),
    )
}

fn quietened(fact: String) -> Diagnosis {
    Diagnosis::new(
        "Sidekiq takes no new jobs: it was told to be quiet",
        "it is about to stop, or somebody sent it SIGTSTP: end it, and `masto up` starts it again",
    )
    .because(fact)
}

/// The process that should consume a queue, by the name that commands take.
fn consumer(queue: &str, facts: &Facts) -> String {
    facts
        .expected_consumers(queue)
        .into_iter()
        .next()
        .unwrap_or_else(|| "sidekiq".to_owned())
}

/// A consumer was told to be quiet so shortly ago that Redis does not know yet: its log does.
pub(super) fn told_to_be_quiet(symptom: &Symptom, facts: &Facts) -> Option<Diagnosis> {
    queues(symptom).into_iter().find_map(|queue| {
        let name = consumer(queue, facts);
        let last = facts.last_lines(&name, 200).iter().rev().find(|line| {
            [
                "Terminating quiet threads",
                "Running in ruby",
                "Booted Rails",
            ]
            .iter()
            .any(|sign| line.contains(sign))
        })?;
        last.contains("quiet")
            .then(|| quietened(format!("{name}: {}", log::shorten(last))))
    })
}

/// A listener is there and has been silent for so long that it hangs.
pub(super) fn stopped(symptom: &Symptom, facts: &Facts) -> Option<Diagnosis> {
    let sidekiq = facts.sidekiq.as_ref()?;
    let (queue, silent) = queues(symptom).into_iter().find_map(|queue| {
        let silent = sidekiq
            .consumers(queue)
            .find(|process| process.silent_for.is_some_and(|seconds| seconds > 20.0))?;
        Some((queue, silent))
    })?;
    let name = consumer(queue, facts);
    Some(
        Diagnosis::new(
            format!("`{name}` hangs or was killed: it gives no sign of life"),
            format!("`masto up` replaces a dead one; otherwise look at `masto logs {name}`"),
        )
        .because(format!(
            "the last sign of life of {} is {:.0} s old (there should be one every 10 s)",
            silent.identity,
            silent.silent_for.unwrap_or_default()
        ))
        .because(waiting(sidekiq, queue)),
    )
}

/// The test job failed: its error is the cause.
pub(super) fn test_job_failed(symptom: &Symptom, facts: &Facts) -> Option<Diagnosis> {
    let Symptom::JobFailed(error) = symptom else {
        return None;
    };
    Some(match log::recognise("Sidekiq", error) {
        Some(diagnosis) => diagnosis,
        None => {
            let name = consumer("ingress", facts);
            Diagnosis::new(
                format!("jobs fail in `{name}`: {}", log::shorten(error)),
                format!("look at `masto logs {name}`"),
            )
            .because(error.clone())
        }
    })
}

/// Listeners are there, and there is more work than they get done.
pub(super) fn overloaded(symptom: &Symptom, facts: &Facts) -> Option<Diagnosis> {
    let sidekiq = facts.sidekiq.as_ref()?;
    let queue = queues(symptom).into_iter().find(|queue| {
        let waiting = sidekiq.waiting(queue);
        waiting.length > 10 && waiting.latency > 10.0
    })?;
    let (busy, threads) = sidekiq
        .consumers(queue)
        .fold((0, 0), |(busy, threads), process| {
            (busy + process.busy, threads + process.concurrency)
        });
    let name = consumer(queue, facts);
    Some(
        Diagnosis::new(
            format!("`{queue}` has more jobs than its consumers get done"),
            format!(
                "if it does not shrink, raise `threads` or `replicas` of `{name}` in the topology, \
                 then `masto up`"
            ),
        )
        .because(waiting(sidekiq, queue))
        .because(format!(
            "{busy} of {threads} threads that consume it are at work"
        )),
    )
}
