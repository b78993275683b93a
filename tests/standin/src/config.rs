//! What the variables mean, as Mastodon's initializers read them. Pure.

pub(crate) mod concurrency;
pub(crate) mod database;
pub(crate) mod domains;
pub(crate) mod mail;
pub(crate) mod proxies;
pub(crate) mod redis;
pub(crate) mod security_policy;
pub(crate) mod storage;
