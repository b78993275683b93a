//! Mail on its way in.

mod connection;
mod session;

pub(super) use connection::serve;
pub(super) use session::Envelope;
