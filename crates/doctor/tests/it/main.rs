//! Examinations of a small server in this process: no daemon, no network but loopback.
#![expect(
    clippy::unwrap_used,
    reason = "a test that cannot go on shall say where"
)]

mod backend;
mod examination;
mod mastodon;
mod server;
