//! What the release demands of the stores.

use topology::{Problem, RedisEngine, StoreVersion, Topology};

use super::code;
use crate::Requirements;

/// The migrations refuse an older PostgreSQL.
pub(super) fn postgres_is_new_enough(topology: &Topology) -> Vec<Problem> {
    let series = topology.mastodon.version.series();
    let wanted = Requirements::of(series);
    let version = topology.postgres.version;
    if version >= wanted.postgres {
        return Vec::new();
    }
    let oldest = match wanted.postgres_minor {
        Some(minor) => format!("{}.{minor}", wanted.postgres),
        None => wanted.postgres.to_string(),
    };
    vec![
        Problem::new(
            code::POSTGRES_TOO_OLD,
            "postgres.version",
            format!("Mastodon {series} needs PostgreSQL {oldest} or newer, not {version}"),
        )
        .see("mastodon.version", "this release")
        .hint("write `17`"),
    ]
}

/// Sidekiq does not boot on an older store.
pub(super) fn redis_is_new_enough(topology: &Topology) -> Vec<Problem> {
    let series = topology.mastodon.version.series();
    let wanted = Requirements::of(series);
    let (engine, oldest, hint) = match topology.redis.engine {
        RedisEngine::Redis => ("Redis", wanted.redis, "write `7`"),
        RedisEngine::Valkey => ("Valkey", wanted.valkey, "write `8`"),
    };
    let version = topology.redis.version;
    if newest(version) >= newest(oldest) {
        return Vec::new();
    }
    vec![
        Problem::new(
            code::REDIS_TOO_OLD,
            "redis.version",
            format!("Mastodon {series} needs {engine} {oldest} or newer, not {version}"),
        )
        .see("mastodon.version", "this release")
        .hint(hint),
    ]
}

/// A version without a minor is the newest of its major.
fn newest(version: StoreVersion) -> (u8, u8) {
    (version.major, version.minor.unwrap_or(u8::MAX))
}
