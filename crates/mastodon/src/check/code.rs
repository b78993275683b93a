//! The names of the rules.

use topology::Code;

macro_rules! codes {
    ($($(#[$doc:meta])* $name:ident = $text:literal;)+) => {
        $($(#[$doc])* pub(super) const $name: Code = Code::new(concat!("mastodon::", $text));)+

        /// Every rule of this crate.
        pub const CODES: &[Code] = &[$($name),+];
    };
}

codes! {
    /// A queue that nobody consumes.
    QUEUE_WITHOUT_CONSUMER = "queue-without-consumer";
    /// More or less than one process that runs by the clock.
    SCHEDULER = "scheduler-not-once";
    /// A database that the release refuses.
    POSTGRES_TOO_OLD = "postgres-too-old";
    /// A key-value store that the release refuses.
    REDIS_TOO_OLD = "redis-too-old";
    /// More threads than the database takes connections.
    CONNECTIONS = "connections";
    /// A number of threads that cannot work, or not well.
    THREADS = "threads";
    /// Too little memory for what shall run in it.
    MEMORY = "memory";
    /// A name that Mastodon keeps from people.
    RESERVED_USERNAME = "reserved-username";
    /// A sender that cannot send.
    MAIL_SENDER = "mail-sender";
    /// A variable that masto sets itself.
    ENV_OWNED = "env-owned";
    /// A variable that stops the server from starting, or worse.
    ENV_HARMFUL = "env-harmful";
    /// A variable that nothing reads.
    ENV_DEAD = "env-dead";
    /// A variable without a value.
    ENV_BLANK = "env-blank";
    /// A value that does not mean what it seems to.
    ENV_VALUE = "env-value";
    /// A secret in plain text.
    ENV_SECRET = "env-secret";
}
