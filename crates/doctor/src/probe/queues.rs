//! Every queue is consumed, in time, and the scheduler runs once.

use super::Finding;
use crate::diagnosis::{Diagnosis, Facts, meaning};
use crate::evidence::{Evidence, ProcessState};
use crate::examination::Examination;
use crate::problem::{Problem, Symptom};
use crate::sidekiq::{SidekiqProcess, Snapshot};
use crate::subject::Subject;

/// A queue that a person begins to notice.
const SLOW: f64 = 30.0;
/// A queue that stands.
const STANDING: f64 = 300.0;

/// Seconds within which a process that is at work has given a sign of life: it does every ten.
const TWO_BEATS: f64 = 20.0;

/// Every queue has a live consumer, and its jobs do not wait.
pub(crate) async fn queues<E: Evidence>(examination: &Examination<'_, E>) -> Finding {
    if examination.subject.queues.is_empty() {
        return Err(Problem::not_run("no queue is expected"));
    }
    let (snapshot, processes) = tokio::join!(examination.snapshot(), examination.processes());
    judge(
        examination.subject,
        snapshot?,
        processes.unwrap_or_default(),
    )
}

fn judge(subject: &Subject, snapshot: &Snapshot, processes: &[ProcessState]) -> Finding {
    let facts = Facts {
        processes: processes.to_vec(),
        ..Facts::default()
    };
    // Redis remembers a killed process for a minute; the backend knows better.
    let killed = |queue: &str| {
        let expected = &subject.queues[queue];
        !expected.is_empty()
            && expected
                .iter()
                .all(|name| facts.is_down(name) == Some(true))
    };
    let lost: Vec<String> = subject
        .queues
        .keys()
        .filter(|queue| snapshot.consumers(queue).next().is_none() || killed(queue))
        .cloned()
        .collect();
    if let Some(first) = lost.first() {
        return Err(Problem::new(
            format!("nothing consumes {}: {}", lost.join(", "), meaning(first)),
            Symptom::QueuesUnconsumed(lost),
        ));
    }
    let slowest = subject
        .queues
        .keys()
        .map(|queue| (queue, snapshot.waiting(queue)))
        .max_by(|(_, a), (_, b)| a.latency.total_cmp(&b.latency));
    if let Some((queue, waiting)) = slowest
        && waiting.latency > SLOW
    {
        let problem = Problem::new(
            format!(
                "{} jobs wait in `{queue}`, the oldest for {:.0} s",
                waiting.length, waiting.latency
            ),
            Symptom::QueueSlow(queue.clone()),
        );
        return Err(if waiting.latency > STANDING {
            problem
        } else {
            problem.into_warning()
        });
    }
    let jobs: u64 = subject
        .queues
        .keys()
        .map(|queue| snapshot.waiting(queue).length)
        .sum();
    Ok(format!(
        "{} queues, {jobs} jobs waiting, {} to be tried again",
        subject.queues.len(),
        snapshot.retries
    ))
}

/// Exactly one live process consumes `scheduler`.
pub(crate) async fn scheduler<E: Evidence>(examination: &Examination<'_, E>) -> Finding {
    let snapshot = examination.snapshot().await?;
    // One that was killed is remembered for a minute, and beats no more.
    let beats = |process: &&SidekiqProcess| {
        process
            .silent_for
            .is_some_and(|seconds| seconds < TWO_BEATS)
    };
    let consumers: Vec<&SidekiqProcess> = snapshot.consumers("scheduler").collect();
    let at_work: Vec<&SidekiqProcess> = consumers.iter().copied().filter(beats).collect();
    let counted = if at_work.is_empty() {
        consumers
    } else {
        at_work
    };
    let identities: Vec<&str> = counted
        .iter()
        .map(|process| process.identity.as_str())
        .collect();
    match identities.as_slice() {
        [] => Err(Problem::new(
            "no process consumes `scheduler`",
            Symptom::QueuesUnconsumed(vec!["scheduler".to_owned()]),
        )),
        [one] => Ok(format!("it is {one}")),
        several => Err(Problem::known(
            format!("{} processes consume `scheduler`", several.len()),
            Diagnosis::new(
                "more than one Sidekiq process runs the scheduler: timed work is done twice",
                "give `scheduler` to exactly one process with one replica, then `masto up`",
            )
            .because(several.join(", ")),
        )),
    }
}

#[cfg(test)]
mod tests {
    use expect_test::{Expect, expect};

    use super::*;
    use crate::diagnosis::testing::{process, shown, snapshot, subject};
    use crate::evidence::{Health, Phase};

    fn check(snapshot: &Snapshot, processes: &[ProcessState], expected: &Expect) {
        expected.assert_eq(&shown(judge(&subject(), snapshot, processes)));
    }

    #[test]
    fn all_queues_with_a_live_consumer_are_right() {
        let running = process("sidekiq-all", Phase::Running, Health::Healthy);
        check(
            &snapshot(&["default", "ingress", "scheduler"]),
            &[running],
            &expect!["pass: 3 queues, 0 jobs waiting, 0 to be tried again"],
        );
    }

    #[test]
    fn a_queue_that_nobody_lists_is_named_with_what_stops() {
        check(
            &snapshot(&["default", "scheduler"]),
            &[],
            &expect!["fail: nothing consumes ingress: messages from other servers never arrive"],
        );
    }

    #[test]
    fn a_process_killed_a_moment_ago_consumes_nothing() {
        let killed = process("sidekiq-all", Phase::Exited, Health::Unknown);
        check(
            &snapshot(&["default", "ingress", "scheduler"]),
            &[killed],
            &expect![
                "fail: nothing consumes default, ingress, scheduler: home feeds are not filled, nobody is notified, nothing streams"
            ],
        );
    }

    #[test]
    fn jobs_that_wait_are_a_warning_and_then_a_failure() {
        let mut slow = snapshot(&["default", "ingress", "scheduler"]);
        let wait = |seconds| crate::sidekiq::Waiting {
            length: 20,
            latency: seconds,
        };
        slow.queues.insert("ingress".into(), wait(45.0));
        check(
            &slow,
            &[],
            &expect!["warn: 20 jobs wait in `ingress`, the oldest for 45 s"],
        );
        slow.queues.insert("ingress".into(), wait(301.0));
        check(
            &slow,
            &[],
            &expect!["fail: 20 jobs wait in `ingress`, the oldest for 301 s"],
        );
    }
}
