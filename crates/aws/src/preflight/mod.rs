//! What would stop an `up` half-way, found before the first write and told all at once.
//!
//! [`collect`] asks AWS, [`judge`] decides: pure.

mod facts;
mod judge;
#[cfg(test)]
mod tests;
mod wanted;

pub use facts::{Facts, Order, Quota, Wanted, collect};
pub use judge::judge;

/// Something that stands in the way, or that a person should know.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// `up` would fail; otherwise it works, with what the message says.
    pub is_error: bool,
    /// What is wrong.
    pub message: String,
    /// What to do.
    pub hint: String,
}
