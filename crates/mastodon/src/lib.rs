//! What a Mastodon server needs: processes, commands, ports, health checks, queues, environment,
//! secrets, pools, migrations and jobs, by version.
//!
//! Pure: where anything runs is not known here. No file is read, nothing is printed, and chance
//! comes in as an argument.
//!
//! Start at [`check`], which names the problems of a topology, and at [`deployment`], which derives
//! what has to run.
//!
//! ```
//! let mut file = topology::read("name: social\ndomain: social.example.com\n");
//! let topology = file.topology.take().expect("nothing else is needed");
//! assert!(mastodon::check(&topology).is_empty());
//!
//! let surroundings = mastodon::Surroundings {
//!     domain: topology.local.domain.clone(),
//!     web_domain: None,
//!     https_port: 443,
//!     stores_tls: false,
//!     ca_file: None,
//!     media_endpoint: true,
//!     mail_catcher: true,
//!     trusted_proxies: Vec::new(),
//!     allowed_private_addresses: Vec::new(),
//! };
//! let server = mastodon::deployment(&topology, &surroundings, &mastodon::Schema::New);
//! let processes: Vec<_> = server.processes.iter().map(|process| process.id.to_string()).collect();
//! assert_eq!(processes, ["web", "streaming", "sidekiq-all"]);
//! ```
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
