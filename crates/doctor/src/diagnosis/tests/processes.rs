use expect_test::{Expect, expect};

use super::*;

fn ended(code: i64, line: &'static str, expected: &Expect) {
    check(
        &Symptom::ProcessDown("sidekiq-all".into()),
        |facts| {
            let mut sidekiq = process("sidekiq-all", Phase::Restarting, Health::Unknown);
            sidekiq.exit_code = Some(code);
            sidekiq.restarts = 4;
            replace(facts, sidekiq);
            log(facts, "sidekiq-all", &["booting", line]);
        },
        expected,
    );
}

#[test]
fn a_process_that_ends_says_why_in_its_log() {
    ended(
        1,
        "Mastodon now requires that these variables are set: ACTIVE_RECORD_ENCRYPTION_PRIMARY_KEY",
        &expect![[r#"
        cause: `sidekiq-all` lacks the keys that encrypt the database (`ACTIVE_RECORD_ENCRYPTION_*`), and ends again and again
        - sidekiq-all: Mastodon now requires that these variables are set: ACTIVE_RECORD_ENCRYPTION_PRIMARY_KEY
        - sidekiq-all is being restarted, exit status 1, restarted 4 times
        fix: `masto up` gives it the keys of this deployment; if they are lost, restore them from your backup and never make new ones"#]],
    );
    ended(
        1,
        "connection to server at \"10.0.0.2\", port 5432 failed: FATAL:  password authentication failed for user \"mastodon\"",
        &expect![[r#"
        cause: `sidekiq-all` ends again and again: PostgreSQL refuses the password of `sidekiq-all`
        - sidekiq-all: connection to server at "10.0.0.2", port 5432 failed: FATAL:  password authentication failed for user "mastodon"
        - sidekiq-all is being restarted, exit status 1, restarted 4 times
        fix: `masto up` gives it the right one; if nobody gets in, the volume was made with other secrets: restore those, or, if the data may go, `masto down --data` and `masto up`"#]],
    );
    ended(
        1,
        "NOAUTH Authentication required. (redis://redis:6379)",
        &expect![[r#"
        cause: `sidekiq-all` ends again and again: Redis refuses the password
        - sidekiq-all: NOAUTH Authentication required. (redis://redis:6379)
        - sidekiq-all is being restarted, exit status 1, restarted 4 times
        fix: `masto up` gives Redis and the processes the same one"#]],
    );
    ended(
        1,
        "could not translate host name \"postgres\" to address: Name or service not known",
        &expect![[r#"
        cause: `sidekiq-all` does not find the address of a name it needs, and ends again and again
        - sidekiq-all: could not translate host name "postgres" to address: Name or service not known
        - sidekiq-all is being restarted, exit status 1, restarted 4 times
        fix: `masto up` connects it to its networks again"#]],
    );
    ended(
        1,
        "something nobody has seen before",
        &expect![[r#"
        cause: `sidekiq-all` ends again and again with exit status 1
        - sidekiq-all: booting
        - sidekiq-all: something nobody has seen before
        - sidekiq-all is being restarted, exit status 1, restarted 4 times
        fix: look at `masto logs sidekiq-all`, then `masto up`"#]],
    );
}

#[test]
fn a_process_killed_from_outside_is_not_blamed_for_old_lines() {
    check(
        &Symptom::ProcessDown("web".into()),
        |facts| {
            let mut web = process("web", Phase::Exited, Health::Unknown);
            web.exit_code = Some(137);
            replace(facts, web);
            log(facts, "web", &["PG::ConnectionBad: an hour ago"]);
        },
        &expect![[r#"
            cause: `web` was stopped or killed from outside
            - web is ended, exit status 137
            fix: `masto up` starts it"#]],
    );
}

#[test]
fn a_process_falls_with_the_store_it_stands_on() {
    check(
        &Symptom::ProcessDown("web".into()),
        |facts| {
            replace(facts, process("web", Phase::Running, Health::Unhealthy));
            let mut redis = process("redis", Phase::Exited, Health::Unknown);
            redis.exit_code = Some(1);
            replace(facts, redis);
            log(
                facts,
                "redis",
                &["Can't open or create append-only dir: No space left on device"],
            );
        },
        &expect![[r#"
            cause: `redis` ends: the disk that `redis` writes to is full
            - redis: Can't open or create append-only dir: No space left on device
            - redis is ended, exit status 1
            fix: free space (`docker system df` shows what takes it), or enlarge `storage` in the topology, then `masto up`"#]],
    );
}

#[test]
fn a_process_that_has_not_answered_yet_is_the_last_to_be_blamed() {
    let starting = |facts: &mut Facts| {
        replace(facts, process("web", Phase::Running, Health::Starting));
        log(facts, "web", &["Puma starting"]);
    };
    let gateway = || Symptom::Answer(answer(Target::Web, 502, "Caddy"));
    check(
        &gateway(),
        starting,
        &expect![[r#"
        cause: `web` is still starting
        - web is running, not healthy yet
        - web: Puma starting
        fix: run `masto doctor` again in a minute; what it does is in `masto logs web`"#]],
    );
    check(
        &gateway(),
        |facts| {
            starting(facts);
            replace(facts, process("redis", Phase::Absent, Health::Unknown));
        },
        &expect![[r#"
            cause: `redis` does not exist
            - redis is absent
            fix: `masto up` makes it"#]],
    );
}

#[test]
fn streaming_without_tls_to_a_database_that_demands_it_is_named() {
    check(
        &Symptom::ProcessDown("streaming".into()),
        |facts| {
            replace(
                facts,
                process("streaming", Phase::Running, Health::Unhealthy),
            );
            log(
                facts,
                "streaming",
                &[
                    "error: no pg_hba.conf entry for host \"10.0.1.5\", user \"mastodon\", database \"mastodon_production\", no encryption",
                ],
            );
        },
        &expect![[r#"
            cause: PostgreSQL demands TLS and `streaming` speaks without
            - streaming: error: no pg_hba.conf entry for host "10.0.1.5", user "mastodon", database "mastodon_production", no encryption
            - streaming is running, unhealthy
            fix: set `DB_SSLMODE` (`require`; streaming also needs the CA in `NODE_EXTRA_CA_CERTS`), then `masto up`"#]],
    );
}

#[test]
fn explaining_a_process_lists_every_cause_once_and_none_for_one_that_works() {
    let mut facts = healthy();
    assert_eq!(facts.explain("web"), []);
    replace(&mut facts, process("web", Phase::Absent, Health::Unknown));
    log(&mut facts, "web", &["Blocked host: x", "NOAUTH"]);
    let causes: Vec<String> = facts
        .explain("web")
        .into_iter()
        .map(|diagnosis| diagnosis.cause)
        .collect();
    assert_eq!(
        causes,
        ["`web` does not exist", "Redis refuses the password"]
    );
}
