//! Stores that AWS sells.

use super::Facts;
use crate::{Code, Memory, Postgres, Problem, Redis, RedisEngine};

/// What RDS takes for a gp3 volume.
const STORAGE: (Memory, Memory) = (Memory::from_gib(20), Memory::from_gib(65_536));

pub(super) fn check(facts: Facts<'_>, problems: &mut Vec<Problem>) {
    if facts.topology.aws.is_none() {
        return;
    }
    let Postgres {
        storage,
        version: _,
        size: _,
        backups: _,
    } = facts.topology.postgres;
    let (least, most) = STORAGE;
    let whole = Memory::from_gib(storage.as_mib().div_ceil(1024)).clamp(least, most);
    if whole != storage {
        problems.push(
            Problem::new(Code::RDS, "postgres.storage", format!("RDS has no database with {storage}: its disks have {least} to {most}, in whole GiB"))
                .hint(format!("write `storage: {whole}`")),
        );
    }
    let Redis {
        engine,
        version,
        size: _,
    } = facts.topology.redis;
    let on_sale = match engine {
        RedisEngine::Redis => {
            version.major < 7 || version.major == 7 && version.minor.is_none_or(|minor| minor <= 1)
        }
        RedisEngine::Valkey => true,
    };
    if !on_sale {
        problems.push(
            Problem::new(
                Code::ELASTICACHE,
                "redis.version",
                format!("ElastiCache has no Redis {version}: after 7.1 it went on with Valkey"),
            )
            .see("redis.engine", "of this server")
            .hint("write `redis: { engine: valkey, version: 8 }`, or `version: 7`"),
        );
    }
}
