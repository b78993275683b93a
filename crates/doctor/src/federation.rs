//! Two servers tried out on each other: found, followed, posted to, and left as they were.
//!
//! Both directions go the same course at the same time, and each hop of it says which way it took
//! and, where it did not arrive, in which queue it waits and why. What is pure (the ways, what
//! needs what, the causes) is apart from what asks.

mod account;
mod cause;
mod course;
mod discovery;
mod examine;
mod fetch;
mod hop;
mod reach;
mod recorder;
mod remote;
mod report;
mod side;
#[cfg(test)]
mod tests;

pub use account::{AccountError, RemoteAccount, Who};
pub use examine::{Peer, federate};
pub use hop::{Hop, HopKind, Place, Station};
pub use remote::{Remote, account_of, follow_remote};
pub use report::{FederationCause, FederationReport};
