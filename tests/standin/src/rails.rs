//! One-off commands: the database, the owner, keys, the console.

pub(crate) mod console;
pub(crate) mod database;
mod inquiry;
pub(crate) mod keys;
pub(crate) mod registration;
pub(crate) mod runner;
