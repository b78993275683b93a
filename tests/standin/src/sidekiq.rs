//! Sidekiq: jobs in Redis, and the process that works on them.

pub(crate) mod arguments;
pub(crate) mod client;
pub(crate) mod cron;
pub(crate) mod heartbeat;
pub(crate) mod job;
pub(crate) mod processor;
pub(crate) mod queues;
pub(crate) mod retry;
pub(crate) mod server;
