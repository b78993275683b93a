//! Sidekiq's queues.

use crate::keyword::keywords;

/// A queue of Mastodon. Every one exists in each supported version.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Queue {
    /// Home feeds, notifications, streaming updates, media processing.
    Default,
    /// Everything that leaves: posts to other servers, web push.
    Push,
    /// Everything that arrives from other servers.
    Ingress,
    /// Mail.
    Mailers,
    /// Remote media, link cards, imports, exports, deletions.
    Pull,
    /// Fediverse auxiliary service providers.
    Fasp,
    /// What runs by the clock; consumed by exactly one process.
    Scheduler,
}

keywords!(pub Queue, "a queue of Mastodon", {
    Default = "default",
    Push = "push",
    Ingress = "ingress",
    Mailers = "mailers",
    Pull = "pull",
    Fasp = "fasp",
    Scheduler = "scheduler",
});
