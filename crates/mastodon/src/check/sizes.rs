//! Threads, connections and memory.

use topology::{Memory, Problem, Size, Topology};

use super::code;
use crate::capacity::{Connections, usable_connections};

/// What Sidekiq's authors call the end of what works well.
const MOST_THREADS: u16 = 50;
/// A Puma worker after some hours.
const PUMA_WORKER: u64 = 300;
/// Sidekiq with few threads; a process that is killed loses the jobs it works on.
const SIDEKIQ: u64 = 512;
/// Node without connections.
const STREAMING: u64 = 128;

/// Every thread holds a connection, and the database has so many. Beyond them at rest is an error;
/// beyond them while old and new processes run side by side, a warning.
pub(super) fn connections_fit(topology: &Topology) -> Vec<Problem> {
    let connections = Connections::of(topology);
    let size = topology.postgres.size;
    let usable = usable_connections(size);
    let (steady, rolling) = (connections.steady(), connections.rolling());
    let parts = format!(
        "web {}, Sidekiq {}, streaming {}",
        connections.web, connections.sidekiq, connections.streaming
    );
    let hint = |wanted| match fitting(wanted) {
        Some(size) => format!("write `{size}`, or take fewer threads or replicas"),
        None => "take fewer threads or replicas: no size takes that many".to_owned(),
    };
    let label = format!("takes {usable} connections");
    let problem = if steady > usable {
        Problem::new(
            code::CONNECTIONS,
            "postgres.size",
            format!(
                "the processes need {steady} connections ({parts}, one-off work), but a {size} \
                 database takes {usable}: threads would wait for each other and give up after 5 s"
            ),
        )
        .hint(hint(rolling))
    } else if rolling > usable {
        Problem::new(
            code::CONNECTIONS,
            "postgres.size",
            format!(
                "a {size} database takes {usable} connections, and a change of version or settings needs up to \
                 {rolling} while old and new processes run side by side ({parts})"
            ),
        )
        .warning()
        .hint(hint(rolling))
    } else {
        return Vec::new();
    };
    vec![problem.label(label)]
}

/// A process without threads does nothing, and one with very many waits for itself.
pub(super) fn threads_are_sane(topology: &Topology) -> Vec<Problem> {
    let mut problems = Vec::new();
    if topology.web.threads == 0 {
        problems.push(
            Problem::new(
                code::THREADS,
                "web.threads",
                "web without threads answers nothing",
            )
            .hint("write `5`"),
        );
    }
    for (index, process) in topology.sidekiq.iter().enumerate() {
        let path = format!("sidekiq[{index}].threads");
        if process.threads == 0 {
            let message = format!("`{}` without threads works on nothing", process.name);
            problems.push(Problem::new(code::THREADS, path, message).hint("write `10`"));
        } else if process.threads > MOST_THREADS {
            let message = format!(
                "{} threads in `{}` wait for each other: Ruby runs one at a time, and Sidekiq is \
                 not stable beyond {MOST_THREADS}",
                process.threads, process.name
            );
            problems.push(
                Problem::new(code::THREADS, path, message)
                    .warning()
                    .hint("take more replicas of 25 threads"),
            );
        }
    }
    problems
}

/// Too little memory ends in a killed process, at a moment nobody expects.
pub(super) fn memory_is_enough(topology: &Topology) -> Vec<Problem> {
    let mut problems = Vec::new();
    let mut warn = |path: String, has: Memory, needs: u64, what: &str| {
        if has.as_mib() < needs {
            let wanted = Memory::from_mib(needs.div_ceil(256) * 256);
            let message = format!(
                "{what} needs {} or more, not {has}",
                Memory::from_mib(needs)
            );
            problems.push(
                Problem::new(code::MEMORY, path, message)
                    .warning()
                    .hint(format!("write `{wanted}`")),
            );
        }
    };
    let workers = u64::from(topology.web.workers.max(1));
    let what = format!("web with workers: {}", topology.web.workers);
    warn(
        "web.memory".to_owned(),
        topology.web.memory,
        workers * PUMA_WORKER,
        &what,
    );
    warn(
        "streaming.memory".to_owned(),
        topology.streaming.memory,
        STREAMING,
        "streaming",
    );
    for (index, process) in topology.sidekiq.iter().enumerate() {
        let path = format!("sidekiq[{index}].memory");
        warn(
            path,
            process.memory,
            SIDEKIQ,
            &format!("Sidekiq process `{}`", process.name),
        );
    }
    problems
}

/// The smallest size that takes `connections`.
fn fitting(connections: u32) -> Option<Size> {
    Size::ALL
        .into_iter()
        .find(|&size| usable_connections(size) >= connections)
}
