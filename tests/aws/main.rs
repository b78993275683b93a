//! The AWS backend on an emulator, through a proxy that counts its calls and does to them what a
//! bad day does.
//!
//! MiniStack without Docker keeps what it is told and runs nothing, so a whole `up` takes seconds.
//! `tests/docker/rehearse.rs` has the deployment whose tasks really run.
#![expect(clippy::disallowed_methods, reason = "a test reads its own settings")]
#![expect(clippy::print_stderr, reason = "a random test says its seed")]
#![expect(
    clippy::unwrap_used,
    reason = "a test ends where something is not as it must be"
)]

mod bad_worlds;
mod breadth;
mod drift;
mod failures;
mod faults;
mod lifecycle;
mod privilege;
mod secrets;
mod support;
mod template;
