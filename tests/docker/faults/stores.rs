//! Stores that are there and do not do what they should.

use super::surgery::shell;
use super::{Fault, Undo};
use crate::support::Scenario;

pub(super) const TABLE: &[Fault] = &[
    Fault {
        name: "Redis evicting",
        seed: |scenario| {
            redis(
                scenario,
                "CONFIG SET maxmemory-policy allkeys-lru",
                "CONFIG SET maxmemory-policy noeviction",
            )
        },
        cause: "Redis may throw away jobs and feeds",
    },
    Fault {
        name: "Redis full",
        seed: |scenario| {
            redis(
                scenario,
                "CONFIG SET maxmemory 1",
                "CONFIG SET maxmemory 200mb",
            )
        },
        cause: "Redis is full",
    },
    Fault {
        name: "Redis with another password",
        seed: |scenario| {
            shell(scenario, "redis", "redis-cli CONFIG SET requirepass other");
            Box::new(|scenario| {
                shell(
                    scenario,
                    "redis",
                    "redis-cli -a other CONFIG SET requirepass \"$REDISCLI_AUTH\"",
                );
            })
        },
        cause: "Redis refuses the password",
    },
    Fault {
        name: "schema behind",
        seed: |scenario| {
            sql(
                scenario,
                "create table aside as select * from schema_migrations where version in (select version from schema_migrations order by version desc limit 3); delete from schema_migrations where version in (select version from aside)",
                "insert into schema_migrations select * from aside; drop table aside",
            )
        },
        cause: "schema_migrations lacks",
    },
    Fault {
        name: "volume of the media damaged",
        seed: |scenario| {
            let bucket = format!("{}-media", scenario.name);
            shell(
                scenario,
                "minio",
                &format!("mv /data/{bucket} /data/.aside"),
            );
            Box::new(move |scenario| {
                shell(
                    scenario,
                    "minio",
                    &format!("rm -rf /data/{bucket}; mv /data/.aside /data/{bucket}"),
                );
            })
        },
        cause: "the bucket's store fails",
    },
];

fn redis(scenario: &Scenario, command: &'static str, back: &'static str) -> Undo {
    shell(scenario, "redis", &format!("redis-cli {command}"));
    Box::new(move |scenario| shell(scenario, "redis", &format!("redis-cli {back}")))
}

fn sql(scenario: &Scenario, statements: &str, back: &'static str) -> Undo {
    let psql = |statements: &str| {
        format!("psql -U mastodon -d mastodon_production -v ON_ERROR_STOP=1 -c \"{statements}\"")
    };
    shell(scenario, "postgres", &psql(statements));
    Box::new(move |scenario| shell(scenario, "postgres", &psql(back)))
}
