//! Probes of a running Mastodon server, and the cause of what they find.
//!
//! Given an address, a CA and an owner, the same probes run against Docker, an emulated cloud and
//! a real server; what only the place it runs in can tell (logs, queues, states) comes through
//! [`Evidence`]. Where anything runs is not known here, and nothing is printed.
//!
//! Start at [`examine`].
#![forbid(unsafe_code)]

mod access;
mod diagnosis;
mod evidence;
mod examination;
mod examine;
mod federation;
mod http;
mod inside;
mod png;
mod probe;
mod problem;
mod redis;
mod report;
mod session;
mod sidekiq;
mod subject;
mod tls;
mod wait;
mod websocket;

pub use access::{AccessError, App, http_client};
pub use diagnosis::Diagnosis;
pub use evidence::{
    DiskAlarm, Evidence, EvidenceError, Health, JobWay, NoEvidence, Phase, ProcessState, Variable,
};
pub use examine::{Options, examine, explain};
pub use federation::{
    AccountError, FederationCause, FederationReport, Hop, HopKind, Peer, Place, Remote,
    RemoteAccount, Station, Who, account_of, federate, follow_remote,
};
pub use inside::{Answers, Inquiry};
pub use redis::RedisValue;
pub use report::{Cause, Outcome, ProbeId, ProbeResult, Report, SCHEMA_VERSION};
pub use subject::{ClosedPort, Owner, Subject};
