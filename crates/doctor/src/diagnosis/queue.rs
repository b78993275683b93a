//! Rules for Sidekiq's queues.

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
        | Symptom::LoginRefused => Vec::new(),
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

/// A queue on the symptom's way that no live process listens to.
pub(super) fn not_listened_to(symptom: &Symptom, facts: &Facts) -> Option<Diagnosis> {
    let sidekiq = facts.sidekiq.as_ref()?;
    let lost: Vec<&str> = queues(symptom)
        .into_iter()
        .filter(|queue| sidekiq.consumers(queue).next().is_none())
        .collect();
    let first = *lost.first()?;
    if let Some(quiet) = sidekiq
        .processes
        .iter()
        .find(|process| process.quiet && process.queues.contains(first))
    {
        return Some(
            Diagnosis::new(
                format!(
                    "the Sidekiq process that consumes {} takes no new jobs: it was told to be quiet",
                    list(&lost)
                ),
                "it is about to stop, or was sent SIGTSTP: `masto up` replaces it",
            )
            .because(format!("{} is quiet", quiet.identity))
            .because(waiting(sidekiq, first)),
        );
    }
    let expected = facts.expected_consumers(first);
    let mut diagnosis = Diagnosis::new(
        format!(
            "no Sidekiq process consumes {}: {}",
            list(&lost),
            meaning(first)
        ),
        match expected.as_slice() {
            [] => format!("add `{first}` to the `queues` of a Sidekiq process in the topology, then `masto up`"),
            [process, ..] => format!("`masto up` starts `{process}` with its queues; what stopped it is in `masto logs {process}`"),
        },
    )
    .because(live(sidekiq));
    for queue in &lost {
        diagnosis = diagnosis.because(waiting(sidekiq, queue));
    }
    Some(diagnosis)
}

/// A listener is there and has been silent for so long that it hangs.
pub(super) fn stopped(symptom: &Symptom, facts: &Facts) -> Option<Diagnosis> {
    let Symptom::JobNotTaken(queue) = symptom else {
        return None;
    };
    let sidekiq = facts.sidekiq.as_ref()?;
    let silent = sidekiq
        .consumers(queue)
        .find(|process| process.silent_for.is_some_and(|seconds| seconds > 20.0))?;
    let name = facts.expected_consumers(queue).into_iter().next();
    let name = name.as_deref().unwrap_or("sidekiq");
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
            let name = facts.expected_consumers("ingress").into_iter().next();
            let name = name.as_deref().unwrap_or("sidekiq");
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
    let name = facts.expected_consumers(queue).into_iter().next();
    let name = name.as_deref().unwrap_or("sidekiq");
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
