use engine::{Plan, PlanOptions};
use expect_test::{Expect, expect};

use super::*;
use crate::fixture::{self, SOCIAL};
use crate::id::NetworkRole;
use crate::labels::Owner;
use crate::resource::Live;

/// Plans the topology `text` against a world that `accident` has struck, and compares the lines of
/// the plan that change something.
#[track_caller]
fn check(text: &str, accident: impl FnOnce(&mut engine::Observed<Resource>), expected: &Expect) {
    let graph = fixture::graph(text);
    let mut world = fixture::world(&fixture::graph(SOCIAL));
    accident(&mut world);
    let plan: Plan<Resource> = engine::plan(&graph, &world, &PlanOptions::default());
    expected.assert_eq(&plan.to_string());
}

fn live<'a>(world: &'a mut engine::Observed<Resource>, id: &Id) -> &'a mut LiveContainer {
    match world.get_mut(id) {
        Some(Live::Container(container)) => container,
        other => panic!("{id} is {other:?}"),
    }
}

fn web() -> Id {
    Id::Process(mastodon::ProcessId::Web, 1)
}

fn with(lines: &str) -> String {
    format!("{SOCIAL}{lines}\n")
}

#[test]
fn a_world_as_it_should_be_needs_nothing() {
    check(
        SOCIAL,
        |_| {},
        &expect![[r#"
            nothing to change; 19 unchanged
        "#]],
    );
}

#[test]
fn a_change_of_one_process_replaces_that_process_only() {
    check(
        &with("web: { threads: 7 }"),
        |_| {},
        &expect![[r#"
            -/+ replace container `web-1`  (environment (MAX_THREADS) changed) [restart]
                env.MAX_THREADS: one value -> another value
            1 to replace; 18 unchanged
        "#]],
    );
    check(
        &with("streaming: { memory: 1GiB }"),
        |_| {},
        &expect![[r#"
            -/+ replace container `streaming-1`  (memory changed) [restart]
                memory: 512MiB -> 1024MiB
            1 to replace; 18 unchanged
        "#]],
    );
}

#[test]
fn more_replicas_are_added_and_the_ingress_is_told() {
    check(
        &with("web: { replicas: 2 }"),
        |_| {},
        &expect![[r#"
            + create container `web-2`  (not there)
            ~ update route  (hosts, routes or certificate changed)
            1 to create, 1 to update; 18 unchanged
        "#]],
    );
}

#[test]
fn what_the_topology_file_says_of_the_environment_is_named_and_not_shown() {
    let text = with("mastodon: { env: { DEEPL_API_KEY: canary-key } }");
    check(
        &text,
        |_| {},
        &expect![[r#"
            -/+ replace container `web-1`  (environment (DEEPL_API_KEY) changed) [restart]
                env.DEEPL_API_KEY: (none) -> set
            -/+ replace container `sidekiq-all-1`  (environment (DEEPL_API_KEY) changed) [restart]
                env.DEEPL_API_KEY: (none) -> set
            2 to replace; 17 unchanged
        "#]],
    );
}

#[test]
fn drift_made_by_hand_is_found_and_named() {
    check(
        SOCIAL,
        |world| {
            live(world, &web()).state = State::Exited(137);
            live(world, &Id::Store(crate::id::StoreRole::Redis)).state = State::Paused;
            live(world, &Id::Store(crate::id::StoreRole::Minio)).health = Some(Health::Unhealthy);
            live(world, &Id::Store(crate::id::StoreRole::Mailpit)).name = "foo".to_owned();
            live(world, &Id::Process(mastodon::ProcessId::Streaming, 1))
                .networks
                .clear();
            world.remove(&Id::Ingress);
        },
        &expect![[r#"
            ~ update container `redis`  (is paused)
            ~ update container `minio`  (is unhealthy) [restart]
            -/+ replace container `mailpit`  (was renamed to `foo`) [restart]
            ~ update container `web-1`  (is not running (exit code 137))
            ~ update container `streaming-1`  (is not in network `stores`)
            + create container `ingress`  (not there)
            ~ update route  (the ingress is new)
            1 to create, 5 to update, 1 to replace; 12 unchanged
        "#]],
    );
}

#[test]
fn a_container_that_was_never_started_may_be_half_made_and_is_made_anew() {
    check(
        SOCIAL,
        |world| live(world, &web()).state = State::Created,
        &expect![[r#"
            -/+ replace container `web-1`  (was never started)
            1 to replace; 18 unchanged
        "#]],
    );
}

#[test]
fn what_held_a_network_that_was_made_anew_is_made_anew() {
    check(
        SOCIAL,
        |world| {
            if let Some(Live::Network(network)) = world.get_mut(&Id::Network(NetworkRole::Stores)) {
                network.network_id = "another".to_owned();
            }
        },
        &expect![[r#"
            -/+ replace container `postgres`  (network `stores` is new) [restart]
            -/+ replace container `redis`  (network `stores` is new) [restart]
            -/+ replace container `minio`  (network `stores` is new) [restart]
            -/+ replace container `mailpit`  (network `stores` is new) [restart]
            -/+ replace container `web-1`  (network `stores` is new) [restart]
            -/+ replace container `streaming-1`  (network `stores` is new) [restart]
            -/+ replace container `sidekiq-all-1`  (network `stores` is new) [restart]
            7 to replace; 12 unchanged
        "#]],
    );
}

#[test]
fn a_container_that_is_there_twice_is_made_one() {
    check(
        SOCIAL,
        |world| {
            live(world, &web()).others.insert("the copy".to_owned());
        },
        &expect![[r#"
            ~ update container `web-1`  (is there more than once)
            1 to update; 18 unchanged
        "#]],
    );
}

#[test]
fn a_strangers_container_is_refused_with_what_to_type() {
    check(
        SOCIAL,
        |world| live(world, &web()).owner = Owner::Stranger,
        &expect![[r#"
            ! refuse container `web-1`  (a container called `masto-social-web-1` is there already, and masto did not make it)
                look at it with `docker container inspect masto-social-web-1`; if it can go: `docker container rm -f masto-social-web-1`, or choose another `name:` in the topology file
            nothing to change; 1 refused, 18 unchanged
        "#]],
    );
    check(
        SOCIAL,
        |world| live(world, &web()).owner = Owner::Deployment("soc".to_owned()),
        &expect![[r#"
            ! refuse container `web-1`  (the container `masto-social-web-1` belongs to the deployment `soc`)
                give one of the two deployments another `name:`, or remove the other with `masto down -p soc`
            nothing to change; 1 refused, 18 unchanged
        "#]],
    );
}

#[test]
fn a_shared_ingress_is_not_moved_to_another_port_and_not_replaced_for_another_image() {
    let shared = |world: &mut engine::Observed<Resource>| {
        live(world, &Id::Ingress)
            .shared_with
            .insert("other".to_owned());
    };
    check(
        &with("local: { ports: { https: 8443 } }"),
        shared,
        &expect![[r#"
            -/+ replace container `web-1`  (environment (LOCAL_DOMAIN, S3_ALIAS_HOST, S3_HOSTNAME, STREAMING_API_BASE_URL) changed) [restart]
                env.LOCAL_DOMAIN: one value -> another value
                env.S3_ALIAS_HOST: one value -> another value
                env.S3_HOSTNAME: one value -> another value
                env.STREAMING_API_BASE_URL: (none) -> set
            -/+ replace container `sidekiq-all-1`  (environment (LOCAL_DOMAIN, S3_ALIAS_HOST, S3_HOSTNAME, STREAMING_API_BASE_URL) changed) [restart]
                env.LOCAL_DOMAIN: one value -> another value
                env.S3_ALIAS_HOST: one value -> another value
                env.S3_HOSTNAME: one value -> another value
                env.STREAMING_API_BASE_URL: (none) -> set
            ~ update route  (hosts, routes or certificate changed)
            ! refuse container `ingress`  (the ingress serves `other` on port 443 and cannot move to 8443)
                run `masto up` with `--https-port 443`, or take the other deployments down first
            1 to update, 2 to replace; 1 refused, 15 unchanged
        "#]],
    );
    check(
        &with("local: { images: { caddy: \"caddy:2.9\" } }"),
        shared,
        &expect![[r#"
            nothing to change; 19 unchanged
        "#]],
    );
}

#[test]
fn the_recorded_configuration_of_a_release_is_that_of_the_next() {
    // A change here replaces every container of every deployment once.
    let graph = fixture::graph(SOCIAL);
    let container = fixture::container(&graph, &web());
    let config: Vec<String> = container
        .config
        .iter()
        .map(|(name, value)| format!("{name}: {value}"))
        .collect();
    expect![[r#"
        command: bundle exec puma -C config/puma.rb
        cpu: 0.5
        env.ACTIVE_RECORD_ENCRYPTION_DETERMINISTIC_KEY: 28bf6f36
        env.ACTIVE_RECORD_ENCRYPTION_KEY_DERIVATION_SALT: 4768a5e0
        env.ACTIVE_RECORD_ENCRYPTION_PRIMARY_KEY: 4381e4b6
        env.ALLOWED_PRIVATE_ADDRESSES: 26bda285
        env.AWS_ACCESS_KEY_ID: a204156c
        env.AWS_SECRET_ACCESS_KEY: 1c7bc01e
        env.DB_HOST: b7b29862
        env.DB_NAME: 8115bffe
        env.DB_PASS: c9910448
        env.DB_PORT: 6c0f9a3c
        env.DB_USER: 751035e3
        env.LOCAL_DOMAIN: e5be4c7d
        env.MAX_THREADS: 3be841fc
        env.PERSISTENT_TIMEOUT: 56e32929
        env.RAILS_ENV: 9aa46d20
        env.RAILS_SERVE_STATIC_FILES: dc70c93f
        env.REDIS_URL: 90273305
        env.S3_ALIAS_HOST: f628d74f
        env.S3_BUCKET: 053d96e1
        env.S3_ENABLED: dc70c93f
        env.S3_ENDPOINT: 4d095cd7
        env.S3_HOSTNAME: f628d74f
        env.S3_PERMISSION: c10e97d8
        env.S3_PROTOCOL: 2194a280
        env.S3_REGION: 4b3a61a2
        env.SECRET_KEY_BASE: 16b9118a
        env.SMTP_DOMAIN: e5be4c7d
        env.SMTP_FROM_ADDRESS: e3a53676
        env.SSL_CERT_FILE: 1487928a
        env.VAPID_PRIVATE_KEY: 274983df
        env.VAPID_PUBLIC_KEY: 3b2f4968
        env.WEB_CONCURRENCY: e6cc1bfb
        file./etc/masto/ca.pem: 444 b6afd3ca
        healthcheck: CMD curl --silent --fail --max-time 5 --noproxy * --output /dev/null http://127.0.0.1:3000/health
        image: ghcr.io/mastodon/mastodon:v4.7.5 (106d9c4657c6)
        memory: 1024MiB
        network.processes: web
        network.stores: 
        stop-grace: 60s"#]].assert_eq(&config.join("\n"));
    let redis = fixture::container(&graph, &Id::Store(crate::id::StoreRole::Redis));
    let config: Vec<String> = redis
        .config
        .iter()
        .map(|(name, value)| format!("{name}: {value}"))
        .collect();
    expect![[r#"
        command: redis-server /etc/masto/redis.conf
        env.REDISCLI_AUTH: 9e34a1d4
        env.VALKEYCLI_AUTH: 9e34a1d4
        file./etc/masto/redis.conf: 444 9587a381
        healthcheck: CMD-SHELL redis-cli ping | grep -q PONG
        image: redis:7 (e4c38d0bd662)
        memory: 1024MiB
        network.stores: redis
        stop-grace: 30s
        volume.redis: /data"#]]
    .assert_eq(&config.join("\n"));
}

#[test]
fn causes_read_as_sentences() {
    let cause_of = |names: &[&str]| {
        let change = |name: &&str| AttributeChange {
            name: (*name).to_owned(),
            old: None,
            new: None,
        };
        cause(&names.iter().map(change).collect::<Vec<_>>())
    };
    assert_eq!(cause_of(&["image"]), "image changed");
    assert_eq!(cause_of(&["env.A", "env.B"]), "environment (A, B) changed");
    assert_eq!(
        cause_of(&["command", "image", "env.A"]),
        "command, image and environment (A) changed"
    );
}
