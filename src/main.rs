//! `masto`: a whole Mastodon server from one topology file.
//!
//! This is the command line: arguments in, text and an exit status out. What a server needs is
//! known to `mastodon`, how it comes about to `engine` and the backends.

#![cfg_attr(
    not(feature = "local"),
    expect(
        dead_code,
        reason = "a build without a backend uses only a part of this"
    )
)]

#[cfg(feature = "aws")]
mod aws;
mod blueprint;
mod cli;
mod command;
#[cfg(feature = "local")]
mod docker;
mod env_vars;
mod error;
mod printer;
mod prompt;
mod settings;
mod source;
mod view;

fn main() -> std::process::ExitCode {
    cli::run(&std::env::args_os().collect::<Vec<_>>())
}
