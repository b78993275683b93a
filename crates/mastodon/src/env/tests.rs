//! One test a fact about Mastodon's environment.

use std::collections::BTreeSet;

use expect_test::{Expect, expect};
use topology::{MailRoute, Queue, Smtp, SmtpTls, Topology};

use super::{one_off, secrets, sidekiq, streaming, web};
use crate::fixture::{self, aws, local, only, scene, text, topology, value};
use crate::{Env, EnvValue, SecretName, Surroundings};

/// Every environment of `topology`, by who it is for.
fn all(topology: &Topology, surroundings: &Surroundings) -> Vec<(String, Env)> {
    let scene = scene(topology, surroundings);
    let mut all = vec![
        ("web".to_owned(), web(scene)),
        ("streaming".to_owned(), streaming(scene)),
        ("one-off".to_owned(), one_off(scene)),
    ];
    all.extend(
        topology
            .sidekiq
            .iter()
            .map(|process| (process.name.to_string(), sidekiq(scene, process))),
    );
    all
}

/// Of all environments, only those of Rails.
fn rails(topology: &Topology, surroundings: &Surroundings) -> Vec<(String, Env)> {
    let mut all = all(topology, surroundings);
    all.retain(|(of, _)| of != "streaming");
    all
}

/// Both backends, ports other than 443, no CA, nothing optional.
fn surroundings() -> Vec<Surroundings> {
    let bare = Surroundings {
        ca_file: None,
        trusted_proxies: Vec::new(),
        allowed_private_addresses: vec![String::new()],
        ..aws()
    };
    vec![
        local(),
        aws(),
        Surroundings {
            https_port: 8443,
            ..local()
        },
        bare,
    ]
}

fn check(env: &Env, names: &[&str], expected: &Expect) {
    expected.assert_eq(&only(env, names));
}

#[test]
fn blank_is_not_unset() {
    let mut topology = topology();
    topology.mail.from = String::new();
    topology.mail.via = MailRoute::Smtp(Smtp {
        server: "smtp.example.com".to_owned(),
        port: 587,
        login: None,
        tls: SmtpTls::Starttls,
    });
    for surroundings in surroundings() {
        for (of, env) in all(&topology, &surroundings) {
            let blank: Vec<_> = env
                .iter()
                .filter(
                    |(_, value)| matches!(value, EnvValue::Literal(text) if text.trim().is_empty()),
                )
                .map(|(name, _)| name.as_str())
                .collect();
            let expected: &[&str] = if of == "streaming" {
                &[]
            } else {
                &["S3_PERMISSION"]
            };
            assert_eq!(blank, expected, "{of}");
        }
    }
}

#[test]
fn streaming_gets_no_rails_secrets() {
    let topology = topology();
    let (surroundings, tls) = (local(), aws());
    expect![[r#"
        DB_HOST=<postgres host>
        DB_NAME=mastodon_production
        DB_PASS=<POSTGRES_PASSWORD>
        DB_PORT=<postgres port>
        DB_USER=mastodon
        LOG_LEVEL=info
        NODE_ENV=production
        NODE_EXTRA_CA_CERTS=/etc/masto/ca.pem
        REDIS_URL=<redis url>
        TRUSTED_PROXY_IP=127.0.0.0/8,::1/128,172.20.0.0/16
    "#]]
    .assert_eq(&text(&streaming(scene(&topology, &surroundings))));
    let secrets: Vec<_> = streaming(scene(&topology, &tls))
        .into_values()
        .filter(|value| matches!(value, EnvValue::Secret(_)))
        .collect();
    assert_eq!(secrets, [EnvValue::Secret(SecretName::PostgresPassword)]);
}

#[test]
fn db_pool_is_not_shared() {
    for surroundings in surroundings() {
        for (of, env) in all(&topology(), &surroundings) {
            assert!(!env.contains_key("DB_POOL"), "{of}");
        }
    }
}

#[test]
fn every_rails_process_knows_the_domain_and_the_same_secrets() {
    let names = [
        "LOCAL_DOMAIN",
        "RAILS_ENV",
        "SECRET_KEY_BASE",
        "ACTIVE_RECORD_ENCRYPTION_PRIMARY_KEY",
        "ACTIVE_RECORD_ENCRYPTION_DETERMINISTIC_KEY",
        "ACTIVE_RECORD_ENCRYPTION_KEY_DERIVATION_SALT",
    ];
    for (_, env) in rails(&topology(), &aws()) {
        check(
            &env,
            &names,
            &expect![[r#"
                ACTIVE_RECORD_ENCRYPTION_DETERMINISTIC_KEY=<ACTIVE_RECORD_ENCRYPTION_DETERMINISTIC_KEY>
                ACTIVE_RECORD_ENCRYPTION_KEY_DERIVATION_SALT=<ACTIVE_RECORD_ENCRYPTION_KEY_DERIVATION_SALT>
                ACTIVE_RECORD_ENCRYPTION_PRIMARY_KEY=<ACTIVE_RECORD_ENCRYPTION_PRIMARY_KEY>
                LOCAL_DOMAIN=social.example.com
                RAILS_ENV=production
                SECRET_KEY_BASE=<SECRET_KEY_BASE>
            "#]],
        );
    }
}

#[test]
fn web_push_keys_are_for_web_and_sidekiq() {
    for (of, env) in all(&topology(), &local()) {
        let has = env.contains_key("VAPID_PRIVATE_KEY") && env.contains_key("VAPID_PUBLIC_KEY");
        assert_eq!(has, of == "web" || of == "all", "{of}");
    }
}

#[test]
fn web_domain_is_there_only_where_the_domain_is_split() {
    let topology = topology();
    let names = ["LOCAL_DOMAIN", "WEB_DOMAIN", "STREAMING_API_BASE_URL"];
    let whole = aws();
    check(
        &web(scene(&topology, &whole)),
        &names,
        &expect![[r#"
            LOCAL_DOMAIN=social.example.com
        "#]],
    );
    let split = Surroundings {
        web_domain: Some(value("web.example.com")),
        ..aws()
    };
    check(
        &web(scene(&topology, &split)),
        &names,
        &expect![[r#"
            LOCAL_DOMAIN=social.example.com
            WEB_DOMAIN=web.example.com
        "#]],
    );
}

#[test]
fn another_port_than_443_is_part_of_every_name_but_the_mail_greeting() {
    let topology = topology();
    let names = [
        "LOCAL_DOMAIN",
        "WEB_DOMAIN",
        "STREAMING_API_BASE_URL",
        "SMTP_DOMAIN",
    ];
    let port = Surroundings {
        https_port: 8443,
        ..local()
    };
    check(
        &web(scene(&topology, &port)),
        &names,
        &expect![[r#"
            LOCAL_DOMAIN=social.localhost:8443
            SMTP_DOMAIN=social.localhost
            STREAMING_API_BASE_URL=wss://social.localhost:8443
        "#]],
    );
    let split = Surroundings {
        web_domain: Some(value("web.localhost")),
        ..port
    };
    check(
        &web(scene(&topology, &split)),
        &names,
        &expect![[r#"
            LOCAL_DOMAIN=social.localhost:8443
            SMTP_DOMAIN=social.localhost
            STREAMING_API_BASE_URL=wss://web.localhost:8443
            WEB_DOMAIN=web.localhost:8443
        "#]],
    );
}

#[test]
fn puma_outlives_the_idle_timeout_of_a_load_balancer() {
    let (topology, surroundings) = (topology(), aws());
    let EnvValue::Literal(seconds) = &web(scene(&topology, &surroundings))["PERSISTENT_TIMEOUT"]
    else {
        panic!("a literal")
    };
    let idle_timeout_of_an_alb = 60;
    assert!(value::<u32>(seconds) > idle_timeout_of_an_alb);
}

#[test]
fn puma_variables_are_for_web_alone() {
    let names = [
        "WEB_CONCURRENCY",
        "MAX_THREADS",
        "PERSISTENT_TIMEOUT",
        "RAILS_SERVE_STATIC_FILES",
    ];
    for (of, env) in all(&topology(), &local()) {
        let has = names.iter().filter(|name| env.contains_key(**name)).count();
        assert_eq!(has, if of == "web" { names.len() } else { 0 }, "{of}");
    }
}

#[test]
fn rails_and_streaming_mean_different_things_by_db_sslmode() {
    let topology = topology();
    let names = ["DB_SSLMODE", "PGSSLROOTCERT", "NODE_EXTRA_CA_CERTS"];
    let cases = [
        (
            aws(),
            "DB_SSLMODE=verify-full\nPGSSLROOTCERT=/etc/masto/ca.pem\n",
            "DB_SSLMODE=require\nNODE_EXTRA_CA_CERTS=/etc/masto/ca.pem\n",
        ),
        (
            Surroundings {
                ca_file: None,
                ..aws()
            },
            "DB_SSLMODE=require\n",
            "DB_SSLMODE=no-verify\n",
        ),
        (local(), "", "NODE_EXTRA_CA_CERTS=/etc/masto/ca.pem\n"),
    ];
    for (surroundings, of_rails, of_streaming) in cases {
        for (of, env) in rails(&topology, &surroundings) {
            assert_eq!(only(&env, &names), of_rails, "{of}");
        }
        assert_eq!(
            only(&streaming(scene(&topology, &surroundings)), &names),
            of_streaming
        );
    }
}

#[test]
fn redis_is_one_url_and_tls_takes_the_ruby_driver() {
    let topology = topology();
    for (surroundings, driver) in [(local(), ""), (aws(), "REDIS_DRIVER=ruby\n")] {
        for (of, env) in all(&topology, &surroundings) {
            let redis: Env = env
                .into_iter()
                .filter(|(name, _)| name.contains("REDIS"))
                .collect();
            let driver = if of == "streaming" { "" } else { driver };
            assert_eq!(
                text(&redis),
                format!("{driver}REDIS_URL=<redis url>\n"),
                "{of}"
            );
        }
    }
}

#[test]
fn objects_carry_no_acl() {
    for surroundings in [local(), aws()] {
        for (of, env) in rails(&topology(), &surroundings) {
            assert_eq!(
                env.get("S3_PERMISSION"),
                Some(&EnvValue::Literal(String::new())),
                "{of}"
            );
        }
    }
}

#[test]
fn bucket_keys_are_there_only_where_there_are_no_roles() {
    let topology = topology();
    let media = |surroundings: &Surroundings| {
        let mut env = one_off(scene(&topology, surroundings));
        env.retain(|name, _| name.starts_with("S3_") || name.starts_with("AWS_"));
        text(&env)
    };
    expect![[r#"
        AWS_ACCESS_KEY_ID=<MEDIA_ACCESS_KEY>
        AWS_SECRET_ACCESS_KEY=<MEDIA_SECRET_KEY>
        S3_ALIAS_HOST=<media publichost>
        S3_BUCKET=<media bucket>
        S3_ENABLED=true
        S3_ENDPOINT=<media url>
        S3_HOSTNAME=<media publichost>
        S3_PERMISSION=
        S3_PROTOCOL=https
        S3_REGION=us-east-1
    "#]]
    .assert_eq(&media(&local()));
    expect![[r#"
        S3_ALIAS_HOST=<media publichost>
        S3_BUCKET=<media bucket>
        S3_ENABLED=true
        S3_HOSTNAME=<media publichost>
        S3_PERMISSION=
        S3_PROTOCOL=https
        S3_REGION=eu-central-1
    "#]]
    .assert_eq(&media(&aws()));
}

#[test]
fn each_way_to_deliver_mail_has_its_variables() {
    let smtp = |login: Option<&str>, tls| {
        MailRoute::Smtp(Smtp {
            server: "smtp.example.com".to_owned(),
            port: 2525,
            login: login.map(str::to_owned),
            tls,
        })
    };
    let mail = |via: MailRoute, surroundings: &Surroundings| {
        let mut topology = topology();
        topology.mail.via = via;
        let mut env = sidekiq(scene(&topology, surroundings), &topology.sidekiq[0]);
        env.retain(|name, _| name.starts_with("SMTP_") && name != "SMTP_DOMAIN");
        env.remove("SMTP_FROM_ADDRESS");
        text(&env)
    };
    expect![[r#"
        SMTP_AUTH_METHOD=none
        SMTP_ENABLE_STARTTLS=never
        SMTP_OPENSSL_VERIFY_MODE=none
        SMTP_PORT=<mail port>
        SMTP_SERVER=<mail host>
    "#]]
    .assert_eq(&mail(MailRoute::Catcher, &aws()));
    expect![[r#"
        SMTP_AUTH_METHOD=plain
        SMTP_ENABLE_STARTTLS=always
        SMTP_LOGIN=<mail login>
        SMTP_OPENSSL_VERIFY_MODE=peer
        SMTP_PASSWORD=<SMTP_PASSWORD>
        SMTP_PORT=587
        SMTP_SERVER=email-smtp.eu-central-1.amazonaws.com
    "#]]
    .assert_eq(&mail(MailRoute::Ses, &aws()));
    expect![[r#"
        SMTP_AUTH_METHOD=plain
        SMTP_ENABLE_STARTTLS=always
        SMTP_LOGIN=me
        SMTP_OPENSSL_VERIFY_MODE=peer
        SMTP_PASSWORD=<SMTP_PASSWORD>
        SMTP_PORT=2525
        SMTP_SERVER=smtp.example.com
    "#]]
    .assert_eq(&mail(smtp(Some("me"), SmtpTls::Starttls), &aws()));
    // Implicit TLS and STARTTLS exclude each other: no SMTP_ENABLE_STARTTLS beside SMTP_TLS.
    expect![[r#"
        SMTP_AUTH_METHOD=none
        SMTP_OPENSSL_VERIFY_MODE=peer
        SMTP_PORT=2525
        SMTP_SERVER=smtp.example.com
        SMTP_TLS=true
    "#]]
    .assert_eq(&mail(smtp(None, SmtpTls::Implicit), &aws()));
    expect![[r#"
        SMTP_AUTH_METHOD=none
        SMTP_ENABLE_STARTTLS=never
        SMTP_OPENSSL_VERIFY_MODE=none
        SMTP_PORT=2525
        SMTP_SERVER=smtp.example.com
    "#]]
    .assert_eq(&mail(smtp(None, SmtpTls::Off), &aws()));
    assert_eq!(
        mail(MailRoute::Ses, &local()),
        mail(MailRoute::Catcher, &aws()),
        "the catcher wins"
    );
}

#[test]
fn only_who_consumes_mailers_can_send_mail() {
    let mut topology = topology();
    topology.sidekiq = vec![
        fixture::sidekiq("mail", &[Queue::Mailers], 5),
        fixture::sidekiq("rest", &[Queue::Default, Queue::Push], 5),
    ];
    let senders: Vec<_> = all(&topology, &aws())
        .into_iter()
        .filter(|(_, env)| env.contains_key("SMTP_PASSWORD") || env.contains_key("SMTP_SERVER"))
        .map(|(of, _)| of)
        .collect();
    assert_eq!(senders, ["mail"]);
    for (of, env) in rails(&topology, &aws()) {
        assert!(env.contains_key("SMTP_FROM_ADDRESS"), "{of}");
    }
}

#[test]
fn trusted_proxies_replace_the_default_and_keep_loopback() {
    let topology = topology();
    let trusted = |networks: &[&str]| {
        let surroundings = Surroundings {
            trusted_proxies: networks.iter().map(|&network| network.to_owned()).collect(),
            ..local()
        };
        let scene = scene(&topology, &surroundings);
        let of_web = only(&web(scene), &["TRUSTED_PROXY_IP"]);
        assert_eq!(of_web, only(&streaming(scene), &["TRUSTED_PROXY_IP"]));
        of_web
    };
    assert_eq!(trusted(&[]), "");
    assert_eq!(
        trusted(&["10.0.0.0/16", "127.0.0.0/8", "10.0.0.0/16"]),
        "TRUSTED_PROXY_IP=127.0.0.0/8,::1/128,10.0.0.0/16\n"
    );
}

#[test]
fn private_peers_and_their_ca_are_for_every_rails_process() {
    for (of, env) in rails(&topology(), &local()) {
        let names = ["ALLOWED_PRIVATE_ADDRESSES", "SSL_CERT_FILE"];
        assert_eq!(
            only(&env, &names),
            "ALLOWED_PRIVATE_ADDRESSES=172.20.0.0/16\nSSL_CERT_FILE=/etc/masto/ca.pem\n",
            "{of}"
        );
    }
}

#[test]
fn the_operators_variables_are_for_rails_and_never_win() {
    let mut topology = topology();
    topology.mastodon.env = [
        ("AUTHORIZED_FETCH", "true"),
        ("UPDATE_CHECK_URL", ""),
        ("LOCAL_DOMAIN", "else.example"),
    ]
    .map(|(name, value)| (name.to_owned(), value.to_owned()))
    .into();
    let surroundings = aws();
    for (of, env) in rails(&topology, &surroundings) {
        assert_eq!(
            only(
                &env,
                &["AUTHORIZED_FETCH", "UPDATE_CHECK_URL", "LOCAL_DOMAIN"]
            ),
            "AUTHORIZED_FETCH=true\nLOCAL_DOMAIN=social.example.com\nUPDATE_CHECK_URL=\n",
            "{of}"
        );
    }
    assert!(!streaming(scene(&topology, &surroundings)).contains_key("AUTHORIZED_FETCH"));
}

#[test]
fn what_breaks_the_boot_or_is_dead_is_never_set() {
    let never = [
        "REDIS_NAMESPACE",
        "SELF_DESTRUCT",
        "SECRET_KEY_BASE_DUMMY",
        "SKIP_POST_DEPLOYMENT_MIGRATIONS",
        "STREAMING_CLUSTER_NUM",
        "OTP_SECRET",
        "DATABASE_URL",
        "REDIS_HOST",
        "MASTODON_USE_LIBVIPS",
    ];
    for surroundings in surroundings() {
        for (of, env) in all(&topology(), &surroundings) {
            let set: Vec<_> = never
                .iter()
                .filter(|name| env.contains_key(**name))
                .collect();
            assert!(set.is_empty(), "{of}: {set:?}");
        }
    }
}

#[test]
fn every_secret_of_an_environment_is_asked_for() {
    for surroundings in surroundings() {
        let topology = topology();
        let asked = secrets(scene(&topology, &surroundings));
        for (of, env) in all(&topology, &surroundings) {
            let used: BTreeSet<_> = env
                .into_values()
                .filter_map(|value| match value {
                    EnvValue::Secret(name) => Some(name),
                    EnvValue::Literal(_) | EnvValue::Endpoint { .. } => None,
                })
                .collect();
            assert!(used.is_subset(&asked), "{of}: {used:?}");
        }
    }
}

#[test]
fn secrets_follow_the_surroundings() {
    let topology = topology();
    let optional = |surroundings: &Surroundings| -> Vec<_> {
        let conditional = [
            SecretName::MediaAccessKey,
            SecretName::MediaSecretKey,
            SecretName::SmtpPassword,
        ];
        let secrets = secrets(scene(&topology, surroundings));
        assert_eq!(secrets.difference(&conditional.into()).count(), 9);
        conditional
            .into_iter()
            .filter(|name| secrets.contains(name))
            .collect()
    };
    assert_eq!(
        optional(&local()),
        [SecretName::MediaAccessKey, SecretName::MediaSecretKey]
    );
    assert_eq!(optional(&aws()), [SecretName::SmtpPassword]);
}
