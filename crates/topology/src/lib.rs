//! The topology file: read, checked, and every problem in it named with its place and a hint.
//!
//! Pure: no file is opened here, nothing is printed, and neither Docker nor AWS is known. What
//! Mastodon itself needs (queues, database connections) is checked by the crate that knows
//! Mastodon, over a [`Topology`]; [`Parsed::add`] gives its problems their places.
//!
//! Start at [`parse`], or at [`read`] to have warnings and positions too.
#![forbid(unsafe_code)]

mod assemble;
mod code;
mod dns;
mod document;
mod domain;
mod email;
mod env;
mod image;
mod invalid;
mod keyword;
mod memory;
mod model;
mod name;
mod parsed;
mod part;
mod postgres_version;
mod problem;
mod queue;
mod quote;
mod reader;
mod region;
mod retention;
mod rule;
mod scalar;
mod schema;
mod search;
mod sender;
mod server;
mod span;
mod store_version;
mod suggestion;
mod syntax;
mod text;
mod tree;
mod unknown_key;
mod username;
mod vcpu;
mod version;
mod via;
mod yaml;

pub use domain::Domain;
pub use email::Email;
pub use image::ImageRef;
pub use invalid::Invalid;
pub use memory::Memory;
pub use model::*;
pub use name::{Name, ProcessName};
pub use parsed::{Parsed, parse, read, read_bytes};
pub use problem::{Code, Problem, Severity};
pub use queue::Queue;
pub use schema::schema;
pub use search::Search;
pub use span::Span;
pub use store_version::StoreVersion;
pub use vcpu::Vcpu;
pub use version::{Series, Version};
