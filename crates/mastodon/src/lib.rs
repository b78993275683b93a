//! What a Mastodon server needs: processes, commands, ports, health checks, queues, environment,
//! secrets, pools, migrations and jobs, by version.
//!
//! Pure: where anything runs is not known here. No file is read, nothing is printed, and chance
//! comes in as an argument.
//!
//! Start at [`check`], which names the problems of a topology, and at [`deployment`], which derives
//! what has to run.
#![forbid(unsafe_code)]

mod capacity;
mod check;
mod deployment;
mod derivation;
mod env;
#[cfg(test)]
mod fixture;
mod ingress;
mod job;
mod media;
mod process;
mod queue;
mod schema;
mod secret;
mod version;

pub use capacity::{Connections, max_connections};
pub use check::{CODES, check};
pub use deployment::*;
pub use derivation::deployment;
pub use process::{SIDEKIQ_READY_FILE, STREAMING_HEALTH, STREAMING_PORT, WEB_HEALTH, WEB_PORT};
pub use queue::{stops_without, weight};
pub use schema::Transition;
pub use secret::{Secret, SecretError, Secrets, generate, ses_smtp_password};
pub use version::Requirements;
