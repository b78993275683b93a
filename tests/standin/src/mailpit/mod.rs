//! In the place of Mailpit: takes every mail over SMTP, delivers none, and shows them on a page
//! and through Mailpit's API.

mod api;
mod mailbox;
mod message;
mod page;
mod search;
mod server;
mod settings;
mod smtp;

pub(crate) use server::run;
