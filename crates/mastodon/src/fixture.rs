//! A small server and the surroundings of both backends, for tests.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::str::FromStr;
use std::time::Duration;

use topology::{
    Architecture, Aws, Dns, Images, Local, Mail, MailRoute, Mastodon, Media, Memory,
    NetworkProfile, Owner, Ports, Postgres, Problem, Queue, Redis, RedisEngine, Search, Severity,
    Sidekiq, Size, StoreVersion, Streaming, Topology, Vcpu, Web,
};

use crate::env::Scene;
use crate::{Env, EnvValue, Surroundings};

/// One to fifty people, mail over SES.
pub(crate) fn topology() -> Topology {
    Topology {
        name: value("social"),
        domain: value("social.example.com"),
        web_domain: None,
        owner: Owner {
            username: "owner".to_owned(),
            email: value("owner@social.example.com"),
        },
        mastodon: Mastodon {
            version: value("v4.7.5"),
            env: BTreeMap::new(),
        },
        web: Web {
            replicas: 1,
            workers: 2,
            threads: 5,
            cpu: Vcpu::from_millis(500),
            memory: Memory::from_gib(1),
            autoscale: None,
        },
        streaming: Streaming {
            replicas: 1,
            cpu: Vcpu::from_millis(250),
            memory: Memory::from_mib(512),
        },
        sidekiq: vec![sidekiq("all", &Queue::ALL, 10)],
        postgres: Postgres {
            version: 17,
            size: Size::Micro,
            storage: Memory::from_gib(20),
            backups: Duration::from_secs(7 * 24 * 60 * 60),
        },
        redis: Redis {
            engine: RedisEngine::Redis,
            version: StoreVersion {
                major: 7,
                minor: None,
            },
            size: Size::Micro,
        },
        media: Media { cdn: true },
        mail: Mail {
            from: "notifications@social.example.com".to_owned(),
            via: MailRoute::Ses,
        },
        search: Search::None,
        local: Local {
            domain: value("social.localhost"),
            web_domain: None,
            ports: Ports {
                https: 443,
                http: 80,
            },
            images: Images::default(),
        },
        aws: Some(Aws {
            region: "eu-central-1".to_owned(),
            network: NetworkProfile::Public,
            architecture: Architecture::Arm64,
            spot: false,
            dns: Dns::Zone(value("example.com")),
        }),
    }
}

/// A Sidekiq process with one replica.
pub(crate) fn sidekiq(name: &str, queues: &[Queue], threads: u16) -> Sidekiq {
    Sidekiq {
        name: value(name),
        queues: queues.to_vec(),
        threads,
        replicas: 1,
        cpu: Vcpu::from_millis(250),
        memory: Memory::from_gib(2),
        autoscale: None,
    }
}

/// As on Docker.
pub(crate) fn local() -> Surroundings {
    Surroundings {
        domain: value("social.localhost"),
        web_domain: None,
        https_port: 443,
        stores_tls: false,
        ca_file: Some("/etc/masto/ca.pem".to_owned()),
        media_endpoint: true,
        mail_catcher: true,
        trusted_proxies: vec!["172.20.0.0/16".to_owned()],
        allowed_private_addresses: vec!["172.20.0.0/16".to_owned()],
    }
}

/// As on AWS.
pub(crate) fn aws() -> Surroundings {
    Surroundings {
        domain: value("social.example.com"),
        web_domain: None,
        https_port: 443,
        stores_tls: true,
        ca_file: Some("/etc/masto/ca.pem".to_owned()),
        media_endpoint: false,
        mail_catcher: false,
        trusted_proxies: vec!["10.0.0.0/16".to_owned()],
        allowed_private_addresses: Vec::new(),
    }
}

pub(crate) fn scene<'a>(topology: &'a Topology, surroundings: &'a Surroundings) -> Scene<'a> {
    Scene {
        topology,
        surroundings,
    }
}

/// Parses what is known to be good.
pub(crate) fn value<T: FromStr<Err: std::fmt::Debug>>(text: &str) -> T {
    text.parse().unwrap()
}

/// `NAME=text`, `NAME=<SECRET_NAME>`, `NAME=<postgres host>`, a line each.
pub(crate) fn text(env: &Env) -> String {
    env.iter().fold(String::new(), |mut text, (name, value)| {
        match value {
            EnvValue::Literal(literal) => writeln!(text, "{name}={literal}"),
            EnvValue::Secret(secret) => writeln!(text, "{name}=<{secret}>"),
            EnvValue::Endpoint { store, part } => {
                writeln!(
                    text,
                    "{name}=<{}>",
                    format!("{store:?} {part:?}").to_lowercase()
                )
            }
        }
        .unwrap();
        text
    })
}

/// The variables of `env` whose names are in `names`, as [`text`].
pub(crate) fn only(env: &Env, names: &[&str]) -> String {
    text(
        &env.iter()
            .filter(|(name, _)| names.contains(&name.as_str()))
            .map(|(name, value)| (name.clone(), value.clone()))
            .collect(),
    )
}

/// Each problem on a line: `severity code path: message (hint)`.
pub(crate) fn told(problems: &[Problem]) -> String {
    problems.iter().fold(String::new(), |mut text, problem| {
        let severity = match problem.severity {
            Severity::Error => "error",
            Severity::Warning => "warning",
        };
        let hint = problem.hint.as_deref().unwrap_or("no hint");
        writeln!(
            text,
            "{severity} {} at {}: {}\n  {hint}",
            problem.code, problem.path, problem.message
        )
        .unwrap();
        text
    })
}
