//! Versions of the key-value store. Which of them Mastodon wants is Mastodon's own matter.

use super::Facts;
use crate::{Code, Problem, Redis, RedisEngine};

pub(super) fn check(facts: Facts<'_>, problems: &mut Vec<Problem>) {
    let Redis {
        engine,
        version,
        size: _,
    } = facts.topology.redis;
    // Valkey began as a copy of Redis 7.2; majors beyond do not exist yet.
    let (oldest, newest, example) = match engine {
        RedisEngine::Redis => ((4, 0), 8, "7"),
        RedisEngine::Valkey => ((7, 2), 9, "8"),
    };
    let minor = version.minor.unwrap_or(u8::MAX);
    if (version.major, minor) < oldest || version.major > newest {
        problems.push(
            Problem::new(
                Code::STORE_VERSION,
                "redis.version",
                format!("there is no {engine} {version} that masto knows"),
            )
            .see("redis.engine", "of this server")
            .hint(format!("write `{example}`")),
        );
    }
}
