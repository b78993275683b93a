//! Scenarios against a real Docker engine with the images of the kit (`scripts/kit`).
//!
//! Each says what it intends to show, takes steps with the real binary, and asserts the state that
//! the engine itself reports and what the probes of `masto doctor` find. They take turns.
#![expect(
    clippy::print_stderr,
    reason = "a failed scenario says where its artifacts are"
)]
#![expect(
    clippy::disallowed_methods,
    reason = "a test reads DOCKER_HOST and its own settings"
)]
#![expect(
    clippy::unwrap_used,
    reason = "a test ends where something is not as it must be"
)]

mod bad_worlds;
mod change;
mod drift;
mod evidence;
mod faults;
mod federation;
mod fediverse;
mod interrupt;
mod kill;
mod library;
mod lifecycle;
mod readme;
mod reaper;
mod rehearse;
mod secrets;
mod shared_ingress;
mod support;
mod upgrade;
