//! The streaming server: Redis pub/sub to WebSockets and event streams.

pub(crate) mod channel;
pub(crate) mod event_source;
pub(crate) mod filter;
pub(crate) mod hub;
pub(crate) mod metrics;
pub(crate) mod refusal;
pub(crate) mod server;
pub(crate) mod settings;
pub(crate) mod subscriber;
pub(crate) mod websocket;
