//! Mastodon servers for integration tests of clients, bots and federation code.
//!
//! ```no_run
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! use masto_testing::Server;
//! use serde_json::Value;
//!
//! let server = Server::start().await?;
//! let status: Value = server
//!     .post("/api/v1/statuses")
//!     .form(&[("status", "Hello!")])
//!     .send()
//!     .await?
//!     .error_for_status()?
//!     .json()
//!     .await?;
//! assert_eq!(status["content"], "<p>Hello!</p>");
//! # Ok(())
//! # }
//! ```
//!
//! [`Server::start`] brings up a whole server on Docker: web, Sidekiq, streaming, PostgreSQL, Redis
//! and MinIO behind HTTPS, with an owner who is logged in. [`Server::peer`] makes another one that
//! federates with it, [`Server::account`] another account. A dropped server is gone with everything
//! it made; so is, a little later, that of a test that was killed.
//!
//! Images are the official ones, which the engine pulls once; the first start of a server takes
//! about a minute. Share one between tests where they leave each other alone.
#![forbid(unsafe_code)]

mod account;
mod builder;
mod environment;
mod error;
mod eventually;
mod running;
mod server;
mod small;

pub use account::Account;
pub use builder::Builder;
pub use error::{Error, Failed};
pub use eventually::eventually;
pub use local::ImageSet;
pub use reqwest;
pub use server::Server;

/// What `docs/testing.md` shows compiles.
#[cfg(doctest)]
#[doc = include_str!("../../../docs/testing.md")]
struct Documentation;
