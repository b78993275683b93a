//! The binary as a person or a script meets it: what it prints where, and how it ends. No daemon,
//! no network, and nothing of the machine's own environment.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on says where")]

mod completion;
mod docs;
mod engine;
mod environment;
mod exit_status;
mod export;
mod graph;
mod help;
mod init;
mod man;
mod outputs;
mod reference;
mod schema;
mod streams;
mod validate;
