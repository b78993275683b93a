//! Redis keeps what it is given: jobs and feeds are not a cache.

use super::Finding;
use crate::diagnosis::Diagnosis;
use crate::evidence::Evidence;
use crate::examination::Examination;
use crate::problem::Problem;
use crate::sidekiq::RedisFacts;

pub(crate) async fn probe<E: Evidence>(examination: &Examination<'_, E>) -> Finding {
    judge(&examination.snapshot().await?.redis)
}

fn judge(redis: &RedisFacts) -> Finding {
    if let Some(policy) = redis
        .policy
        .as_deref()
        .filter(|policy| *policy != "noeviction")
    {
        return Err(Problem::known(
            format!("maxmemory-policy is {policy}"),
            Diagnosis::new(
                "Redis may throw away jobs and feeds when it is full",
                "set `maxmemory-policy noeviction` (`masto up` does)",
            )
            .because(format!(
                "maxmemory_policy:{policy}, {} keys thrown away so far",
                redis.evicted
            )),
        ));
    }
    if redis.save_failed {
        return Err(Problem::known(
            "the last save to disk failed",
            Diagnosis::new(
                "Redis cannot save to its disk, and soon refuses writes",
                "free space on that disk; `masto logs redis` says what failed",
            )
            .because("rdb_last_bgsave_status or aof_last_write_status is err"),
        ));
    }
    if redis.limit > 0 && redis.used >= redis.limit {
        return Err(full(redis, "Redis is full and takes nothing more"));
    }
    // Nine tenths: at ten, every write is refused.
    if redis.limit > 0 && redis.used > redis.limit / 10 * 9 {
        let cause = "Redis is nearly full; when it is, Sidekiq and web stop";
        return Err(full(redis, cause).into_warning());
    }
    Ok(format!(
        "{}noeviction, {} MiB in use",
        redis
            .version
            .as_ref()
            .map(|version| format!("{version}, "))
            .unwrap_or_default(),
        redis.used >> 20
    ))
}

fn full(redis: &RedisFacts, cause: &str) -> Problem {
    let mib = |bytes: u64| bytes.div_ceil(1 << 20);
    Problem::known(
        format!("{} of {} MiB are in use", mib(redis.used), mib(redis.limit)),
        Diagnosis::new(cause, "raise `redis.size` in the topology, then `masto up`").because(
            format!("used_memory:{}, maxmemory:{}", redis.used, redis.limit),
        ),
    )
}

#[cfg(test)]
mod tests {
    use expect_test::{Expect, expect};

    use super::*;
    use crate::diagnosis::testing::shown;

    fn check(change: impl Fn(&mut RedisFacts), expected: &Expect) {
        let mut redis = RedisFacts {
            policy: Some("noeviction".into()),
            used: 10 << 20,
            limit: 100 << 20,
            version: Some("7.2.4".into()),
            ..RedisFacts::default()
        };
        change(&mut redis);
        expected.assert_eq(&shown(judge(&redis)));
    }

    #[test]
    fn redis_must_neither_evict_nor_fail_to_save_nor_be_full() {
        check(|_| {}, &expect!["pass: 7.2.4, noeviction, 10 MiB in use"]);
        check(
            |redis| {
                redis.policy = Some("allkeys-lru".into());
                redis.evicted = 3;
            },
            &expect![[r#"
                fail: maxmemory-policy is allkeys-lru
                  cause: Redis may throw away jobs and feeds when it is full
                  - maxmemory_policy:allkeys-lru, 3 keys thrown away so far
                  fix: set `maxmemory-policy noeviction` (`masto up` does)"#]],
        );
        check(
            |redis| redis.save_failed = true,
            &expect![[r#"
                fail: the last save to disk failed
                  cause: Redis cannot save to its disk, and soon refuses writes
                  - rdb_last_bgsave_status or aof_last_write_status is err
                  fix: free space on that disk; `masto logs redis` says what failed"#]],
        );
        check(
            |redis| redis.used = 100 << 20,
            &expect![[r#"
                fail: 100 of 100 MiB are in use
                  cause: Redis is full and takes nothing more
                  - used_memory:104857600, maxmemory:104857600
                  fix: raise `redis.size` in the topology, then `masto up`"#]],
        );
        check(
            |redis| redis.used = 95 << 20,
            &expect![[r#"
                warn: 95 of 100 MiB are in use
                  cause: Redis is nearly full; when it is, Sidekiq and web stop
                  - used_memory:99614720, maxmemory:104857600
                  fix: raise `redis.size` in the topology, then `masto up`"#]],
        );
    }
}
