//! Sidekiq as it shows itself in Redis: its processes, queues and failed jobs.
//!
//! One script reads everything at once, because a look into a container costs a hundred times
//! what the look itself costs.

mod job;
mod snapshot;

pub(crate) use job::{JobState, TestJob};
#[cfg(test)]
pub(crate) use snapshot::Waiting;
pub(crate) use snapshot::{FailedJob, RedisFacts, SNAPSHOT, SidekiqProcess, Snapshot};
