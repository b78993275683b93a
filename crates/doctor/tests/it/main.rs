//! Examinations of a small server in this process: no daemon, no network but loopback.

mod backend;
mod examination;
mod mastodon;
mod server;
