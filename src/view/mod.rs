//! Values to text: pure, without a stream in sight.

#[cfg(feature = "local")]
pub(crate) mod doctor;
pub(crate) mod drawing;
#[cfg(feature = "local")]
pub(crate) mod federation;
#[cfg(feature = "local")]
pub(crate) mod logs;
#[cfg(feature = "local")]
pub(crate) mod outputs;
#[cfg(feature = "local")]
pub(crate) mod plan;
pub(crate) mod problems;
#[cfg(feature = "local")]
pub(crate) mod progress;
#[cfg(feature = "aws")]
pub(crate) mod remainders;
#[cfg(feature = "local")]
pub(crate) mod status;
pub(crate) mod style;
#[cfg(feature = "local")]
pub(crate) mod summary;
#[cfg(feature = "local")]
pub(crate) mod table;
#[cfg(feature = "aws")]
pub(crate) mod tasks;
pub(crate) mod text;

/// Of every JSON document and every line of a JSON stream that masto prints. Raised when a field
/// changes its meaning or goes; new fields do not raise it.
pub(crate) const SCHEMA_VERSION: u32 = 1;
