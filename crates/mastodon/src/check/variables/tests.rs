use expect_test::expect;
use topology::Topology;

use super::*;
use crate::check::check;
use crate::check::tests::table;
use crate::fixture::{aws, local, topology, value};
use crate::{Schema, Surroundings, deployment};

fn env(topology: &mut Topology, variables: &[(&str, &str)]) {
    topology.mastodon.env = variables
        .iter()
        .map(|&(name, value)| (name.to_owned(), value.to_owned()))
        .collect();
}

#[test]
fn the_operators_names_are_theirs() {
    table(
        names_are_the_operators,
        &[
            ("their own", |topology| {
                env(
                    topology,
                    &[
                        ("AUTHORIZED_FETCH", "true"),
                        ("BULK_SMTP_SERVER", "smtp.example.com"),
                        ("CACHE_REDIS_URL", "redis://cache.example.com"),
                        ("DEFAULT_LOCALE", "de"),
                        ("ES_ENABLED", "true"),
                        ("S3_READ_TIMEOUT", "30"),
                        ("SMTP_REPLY_TO", "help@example.com"),
                    ],
                );
            }),
            ("harmful", |topology| {
                env(
                    topology,
                    &[
                        ("REDIS_NAMESPACE", ""),
                        ("SAFETY_ASSURED", "1"),
                        ("SECRET_KEY_BASE_DUMMY", "1"),
                        ("SELF_DESTRUCT", "x"),
                        ("SKIP_POST_DEPLOYMENT_MIGRATIONS", "false"),
                    ],
                );
            }),
            ("dead", |topology| {
                env(
                    topology,
                    &[
                        ("FETCH_REPLIES_ENABLED", "true"),
                        ("LOG_LEVEL", "debug"),
                        ("MASTODON_USE_LIBVIPS", "true"),
                        ("SIDEKIQ_CONCURRENCY", "25"),
                        ("STATSD_ADDR", "statsd:8125"),
                        ("STREAMING_CLUSTER_NUM", "4"),
                    ],
                );
            }),
            ("alive in 4.4", |topology| {
                topology.mastodon.version = value("v4.4.22");
                env(
                    topology,
                    &[
                        ("FETCH_REPLIES_ENABLED", "true"),
                        ("MASTODON_USE_LIBVIPS", "true"),
                    ],
                );
            }),
            ("masto's", |topology| {
                env(
                    topology,
                    &[
                        ("CACHE_REDIS_HOST", "cache"),
                        ("DB_POOL", "25"),
                        ("LOCAL_DOMAIN", "example.org"),
                        ("PORT", "80"),
                        ("REDIS_SENTINELS", "a,b"),
                        ("S3_PERMISSION", "public-read"),
                        ("SECRET_KEY_BASE", "0"),
                        ("SMTP_SERVER", "smtp.example.com"),
                        ("SWIFT_ENABLED", "true"),
                        ("TRUSTED_PROXY_IP", "10.0.0.0/8"),
                        ("WEB_CONCURRENCY", "4"),
                    ],
                );
            }),
            ("a secret", |topology| {
                env(topology, &[("DEEPL_API_KEY", "canary")]);
            }),
        ],
        &expect![[r#"
            # their own
            well

            # harmful
            error mastodon::env-harmful at mastodon.env.REDIS_NAMESPACE: `REDIS_NAMESPACE` cannot be set here: with it Mastodon 4.4 and newer do not start, not even when it is empty
              remove it
            error mastodon::env-harmful at mastodon.env.SAFETY_ASSURED: `SAFETY_ASSURED` cannot be set here: it belongs to one command, not to every process: `masto run`
              remove it
            error mastodon::env-harmful at mastodon.env.SECRET_KEY_BASE_DUMMY: `SECRET_KEY_BASE_DUMMY` cannot be set here: it replaces the secrets by ones that everybody knows
              remove it
            error mastodon::env-harmful at mastodon.env.SELF_DESTRUCT: `SELF_DESTRUCT` cannot be set here: it makes Sidekiq delete the server from the whole network
              remove it
            error mastodon::env-harmful at mastodon.env.SKIP_POST_DEPLOYMENT_MIGRATIONS: `SKIP_POST_DEPLOYMENT_MIGRATIONS` cannot be set here: with any value, `false` too, a new database cannot be set up and migrations stay undone
              remove it

            # dead
            error mastodon::env-dead at mastodon.env.FETCH_REPLIES_ENABLED: `FETCH_REPLIES_ENABLED` has no effect: Mastodon reads it up to 4.4, not in 4.7
              remove it
            error mastodon::env-dead at mastodon.env.LOG_LEVEL: `LOG_LEVEL` cannot be set here: only streaming reads it, and `mastodon.env` is for the Rails processes
              set RAILS_LOG_LEVEL
            error mastodon::env-dead at mastodon.env.MASTODON_USE_LIBVIPS: `MASTODON_USE_LIBVIPS` has no effect: Mastodon reads it up to 4.5, not in 4.7
              remove it
            error mastodon::env-dead at mastodon.env.SIDEKIQ_CONCURRENCY: `SIDEKIQ_CONCURRENCY` cannot be set here: Sidekiq is started with `-c`, which wins
              write `sidekiq[].threads`
            error mastodon::env-dead at mastodon.env.STATSD_ADDR: `STATSD_ADDR` cannot be set here: Mastodon dropped StatsD in 4.3
              remove it
            error mastodon::env-dead at mastodon.env.STREAMING_CLUSTER_NUM: `STREAMING_CLUSTER_NUM` cannot be set here: no release reads it any more
              write `streaming.replicas`

            # alive in 4.4
            well

            # masto's
            error mastodon::env-owned at mastodon.env.CACHE_REDIS_HOST: `CACHE_REDIS_HOST` cannot be set here: port, user and password are not inherited beside it
              set CACHE_REDIS_URL to the whole address
            error mastodon::env-owned at mastodon.env.DB_POOL: `DB_POOL` cannot be set here: one pool for all processes is wrong for each: Rails takes as many as it has threads, streaming takes ten
              write `web.threads` or `sidekiq[].threads`
            error mastodon::env-owned at mastodon.env.LOCAL_DOMAIN: `LOCAL_DOMAIN` cannot be set here: it is the server's identity
              write `domain`
            error mastodon::env-owned at mastodon.env.PORT: `PORT` cannot be set here: the ingress and the health checks rely on it
              remove it
            error mastodon::env-owned at mastodon.env.REDIS_SENTINELS: `REDIS_SENTINELS` cannot be set here: masto runs the server it names
              write `redis`
            error mastodon::env-owned at mastodon.env.S3_PERMISSION: `S3_PERMISSION` cannot be set here: masto keeps media in a bucket of its own
              remove it
            error mastodon::env-owned at mastodon.env.SECRET_KEY_BASE: `SECRET_KEY_BASE` cannot be set here: masto makes it once and keeps it out of the file
              remove it
            error mastodon::env-owned at mastodon.env.SMTP_SERVER: `SMTP_SERVER` cannot be set here: the file has keys for it
              write `mail`
            error mastodon::env-owned at mastodon.env.SWIFT_ENABLED: `SWIFT_ENABLED` cannot be set here: masto keeps media in a bucket of its own
              remove it
            error mastodon::env-owned at mastodon.env.TRUSTED_PROXY_IP: `TRUSTED_PROXY_IP` cannot be set here: masto knows which proxies are in front
              remove it
            error mastodon::env-owned at mastodon.env.WEB_CONCURRENCY: `WEB_CONCURRENCY` cannot be set here: the file has a key for it
              write `web.workers`

            # a secret
            warning mastodon::env-secret at mastodon.env.DEEPL_API_KEY: `DEEPL_API_KEY` looks like a secret, and a variable from the file is not kept as one: whoever reads the file or inspects a container sees it
              keep the file out of public places

        "#]],
    );
}

#[test]
fn values_mean_what_they_say() {
    table(
        super::values_mean_what_they_say,
        &[
            ("well", |topology| {
                env(
                    topology,
                    &[
                        ("AUTHORIZED_FETCH", "true"),
                        (
                            "EXTRA_MEDIA_HOSTS",
                            "https://a.example.com,https://b.example.com",
                        ),
                        ("LIMITED_FEDERATION_MODE", "false"),
                        ("RAILS_LOG_LEVEL", "warn"),
                        ("UPDATE_CHECK_URL", ""),
                    ],
                );
            }),
            ("blank", |topology| {
                env(topology, &[("CDN_HOST", ""), ("DEFAULT_LOCALE", " ")]);
            }),
            ("switches", |topology| {
                env(
                    topology,
                    &[("AUTHORIZED_FETCH", "yes"), ("SINGLE_USER_MODE", "True")],
                );
            }),
            ("levels", |topology| {
                env(topology, &[("RAILS_LOG_LEVEL", "verbose")]);
            }),
            ("origins", |topology| {
                env(
                    topology,
                    &[("EXTRA_MEDIA_HOSTS", "https://a.example.com b.example.com")],
                );
            }),
            ("an exporter in each worker", |topology| {
                env(topology, &[("MASTODON_PROMETHEUS_EXPORTER_LOCAL", "true")]);
            }),
            ("refused by name already", |topology| {
                env(topology, &[("REDIS_NAMESPACE", "")]);
            }),
        ],
        &expect![[r##"
            # well
            well

            # blank
            error mastodon::env-blank at mastodon.env.CDN_HOST: `CDN_HOST` is blank, which to Mastodon is not the same as unset
              give it a value, or remove it
            error mastodon::env-blank at mastodon.env.DEFAULT_LOCALE: `DEFAULT_LOCALE` is blank, which to Mastodon is not the same as unset
              give it a value, or remove it

            # switches
            error mastodon::env-value at mastodon.env.AUTHORIZED_FETCH: `AUTHORIZED_FETCH: yes` is off: Mastodon only knows the word `true`
              write `"true"`, or remove it
            error mastodon::env-value at mastodon.env.SINGLE_USER_MODE: `SINGLE_USER_MODE: True` is off: Mastodon only knows the word `true`
              write `"true"`, or remove it

            # levels
            error mastodon::env-value at mastodon.env.RAILS_LOG_LEVEL: `verbose` is not a log level, and Sidekiq would not start
              write debug, info, warn, error or fatal

            # origins
            error mastodon::env-value at mastodon.env.EXTRA_MEDIA_HOSTS: `b.example.com` in `EXTRA_MEDIA_HOSTS` is not an origin: browsers would be told to block it
              write `https://b.example.com`

            # an exporter in each worker
            error mastodon::env-value at mastodon.env.MASTODON_PROMETHEUS_EXPORTER_LOCAL: `MASTODON_PROMETHEUS_EXPORTER_LOCAL` opens one port in each Puma worker, and only the first of 2 gets it
              run an exporter beside the server and set PROMETHEUS_EXPORTER_HOST

            # refused by name already
            well

        "##]],
    );
}

#[test]
fn what_masto_sets_the_operator_cannot() {
    let split = Surroundings {
        web_domain: Some(value("web.localhost")),
        https_port: 8443,
        ..local()
    };
    for surroundings in [local(), aws(), split] {
        let deployment = deployment(
            &topology(),
            &surroundings,
            &Schema::Migrated(value("v4.6.9")),
        );
        let of_processes = deployment.processes.iter().map(|process| &process.env);
        // The bucket's and the owner's jobs have variables that only their scripts read.
        let of_schema = deployment
            .jobs
            .iter()
            .filter(|job| job.command[0] == "bundle" && job.command[3] != "runner");
        for env in of_processes.chain(of_schema.map(|job| &job.env)) {
            for name in env.keys() {
                assert!(refused(name).is_some(), "{name}");
            }
        }
    }
}

#[test]
fn no_problem_shows_a_value_that_may_be_a_secret() {
    let mut topology = topology();
    for name in [
        "SECRET_KEY_BASE",
        "DEEPL_API_KEY",
        "DB_PASS",
        "OIDC_CLIENT_SECRET",
        "SMTP_PASSWORD",
    ] {
        topology
            .mastodon
            .env
            .insert(name.to_owned(), "canary".to_owned());
    }
    let problems = check(&topology);
    assert_eq!(problems.len(), 5);
    assert!(!format!("{problems:?}").contains("canary"));
}
