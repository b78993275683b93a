//! Sidekiq as it shows itself in Redis: its processes, queues and failed jobs.
//!
//! One script reads everything at once, because a look into a container costs a hundred times
//! what the look itself costs.

mod job;
mod snapshot;

pub(crate) use job::{JobState, TestJob};
pub(crate) use snapshot::{FailedJob, RedisFacts, SNAPSHOT, Snapshot};
#[cfg(test)]
pub(crate) use snapshot::{SidekiqProcess, Waiting};
