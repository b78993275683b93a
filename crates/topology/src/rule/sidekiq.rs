//! Sidekiq processes: names and queues. Which queues must be consumed is Mastodon's own matter.

use std::collections::BTreeMap;

use super::Facts;
use crate::{Code, Problem};

pub(super) fn check(facts: Facts<'_>, problems: &mut Vec<Problem>) {
    let sidekiq = &facts.topology.sidekiq;
    if sidekiq.is_empty() {
        problems.push(
            Problem::new(
                Code::EMPTY_LIST,
                "sidekiq",
                "no Sidekiq process: nothing would leave, arrive or be mailed",
            )
            .hint("remove `sidekiq: []`, and one process consumes all queues"),
        );
    }
    let mut names = BTreeMap::new();
    for (index, process) in sidekiq.iter().enumerate() {
        let path = format!("sidekiq[{index}].name");
        match names.get(&process.name) {
            Some(first) => problems.push(
                Problem::new(
                    Code::DUPLICATE_NAME,
                    &path,
                    format!("two Sidekiq processes are called `{}`", process.name),
                )
                .see(first, "the first")
                .hint("give each its own name"),
            ),
            None => {
                names.insert(&process.name, path);
            }
        }
        if process.queues.is_empty() {
            problems.push(
                Problem::new(
                    Code::EMPTY_LIST,
                    format!("sidekiq[{index}].queues"),
                    format!("`{}` consumes no queue", process.name),
                )
                .hint("list at least one queue, or remove the process"),
            );
        }
        let mut queues = BTreeMap::new();
        for (at, queue) in process.queues.iter().enumerate() {
            let path = format!("sidekiq[{index}].queues[{at}]");
            match queues.get(queue) {
                Some(first) => problems.push(
                    Problem::new(
                        Code::DUPLICATE_QUEUE,
                        &path,
                        format!("`{}` lists the queue `{queue}` twice", process.name),
                    )
                    .see(first, "the first")
                    .hint("remove one of the two"),
                ),
                None => {
                    queues.insert(queue, path);
                }
            }
        }
    }
}
