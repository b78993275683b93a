//! Who consumes what.

use topology::{Problem, Queue, Topology};

use super::code;
use crate::queue::stops_without;

/// Every queue has a consumer: jobs in one that has none wait for ever, and nothing says so.
pub(super) fn every_queue_has_a_consumer(topology: &Topology) -> Vec<Problem> {
    let consumed = |queue| {
        topology
            .sidekiq
            .iter()
            .any(|process| process.replicas > 0 && process.queues.contains(&queue))
    };
    // The process that has the most already is the one to take what is left over.
    let widest = topology
        .sidekiq
        .iter()
        .rev()
        .max_by_key(|process| process.queues.len());
    Queue::ALL
        .iter()
        .filter(|&&queue| !consumed(queue))
        .map(|&queue| {
            let hint = widest.map_or_else(
                || format!("add a process with `queues: [{}]`", queue.as_str()),
                |process| {
                    format!(
                        "add `{}` to the queues of `{}`",
                        queue.as_str(),
                        process.name
                    )
                },
            );
            let message = format!(
                "no Sidekiq process consumes `{}`: {}",
                queue.as_str(),
                stops_without(queue)
            );
            Problem::new(code::QUEUE_WITHOUT_CONSUMER, "sidekiq", message)
                .label(format!("`{}` is in none of these", queue.as_str()))
                .hint(hint)
        })
        .collect()
}

/// `scheduler` is consumed once: a process registers the timed jobs because it consumes it, and
/// two would run each of them twice.
pub(super) fn scheduler_has_one_consumer(topology: &Topology) -> Vec<Problem> {
    let mut problems = Vec::new();
    let mut first = None;
    for (index, process) in topology.sidekiq.iter().enumerate() {
        let Some(place) = process
            .queues
            .iter()
            .position(|&queue| queue == Queue::Scheduler)
        else {
            continue;
        };
        let path = format!("sidekiq[{index}].queues[{place}]");
        match &first {
            None => first = Some((path.clone(), process)),
            Some((first_path, first_process)) => problems.push(
                Problem::new(
                    code::SCHEDULER,
                    path.clone(),
                    format!(
                        "`scheduler` is consumed by `{}` and by `{}`: every timed job would run twice",
                        first_process.name, process.name
                    ),
                )
                .label("the second consumer")
                .see(first_path.clone(), "the first consumer")
                .hint(format!("take `scheduler` out of the queues of `{}`", process.name)),
            ),
        }
        let alone = "give `scheduler` to a process of its own, for example \
                     `{ name: scheduler, queues: [scheduler], threads: 5 }`";
        let replicas = format!("sidekiq[{index}].replicas");
        if process.replicas == 0 {
            let message = format!(
                "`{}` consumes `scheduler` and needs its one replica",
                process.name
            );
            problems.push(
                Problem::new(code::SCHEDULER, replicas, message)
                    .see(path.clone(), "because of this queue")
                    .hint("write `1`"),
            );
        } else if process.replicas > 1 {
            let message = format!(
                "`{}` consumes `scheduler` and can have one replica only, not {}: every timed job \
                 would run in each",
                process.name, process.replicas
            );
            problems.push(
                Problem::new(code::SCHEDULER, replicas, message)
                    .see(path.clone(), "because of this queue")
                    .hint(alone),
            );
        }
        if process.autoscale.is_some() {
            problems.push(
                Problem::new(
                    code::SCHEDULER,
                    format!("sidekiq[{index}].autoscale"),
                    format!(
                        "`{}` consumes `scheduler` and cannot be scaled: every timed job would run in each replica",
                        process.name
                    ),
                )
                .see(path, "because of this queue")
                .hint(alone),
            );
        }
    }
    problems
}
