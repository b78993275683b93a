//! Events of a run to a terminal, to lines, to JSON or to nothing.

mod board;
mod json;
mod plain;
mod reporter;
mod tty;

pub(crate) use reporter::Reporter;
