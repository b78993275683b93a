//! What is derived from the topologies that masto ships: committed for a reviewer to read, and the
//! same on both backends but for what is listed here.
#![expect(clippy::unwrap_used, reason = "a test may panic")]

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use mastodon::{
    Deployment, Env, EnvValue, Health, Process, Schema, Surroundings, check, deployment,
};
use topology::{MailRoute, Topology};

/// Where the environments may differ, and why. Everything else has the same name, and the same
/// literal, on Docker and on AWS.
const DIFFERENCES: [(&str, Difference, &str); 18] = [
    (
        "ALLOWED_PRIVATE_ADDRESSES",
        Difference::LocalOnly,
        "peers on one laptop have private addresses",
    ),
    (
        "AWS_ACCESS_KEY_ID",
        Difference::LocalOnly,
        "MinIO has no task roles",
    ),
    (
        "AWS_SECRET_ACCESS_KEY",
        Difference::LocalOnly,
        "MinIO has no task roles",
    ),
    ("DB_SSLMODE", Difference::AwsOnly, "RDS demands TLS"),
    ("LOCAL_DOMAIN", Difference::Value, "the laptop's own name"),
    ("PGSSLROOTCERT", Difference::AwsOnly, "RDS demands TLS"),
    (
        "REDIS_DRIVER",
        Difference::AwsOnly,
        "ElastiCache with a password demands TLS",
    ),
    ("S3_ENDPOINT", Difference::LocalOnly, "MinIO is not S3"),
    ("S3_REGION", Difference::Value, "MinIO has one region"),
    (
        "SMTP_AUTH_METHOD",
        Difference::Value,
        "the catcher knows nobody",
    ),
    ("SMTP_DOMAIN", Difference::Value, "the laptop's own name"),
    (
        "SMTP_ENABLE_STARTTLS",
        Difference::Value,
        "the catcher has no TLS",
    ),
    (
        "SMTP_LOGIN",
        Difference::AwsOnly,
        "the catcher knows nobody",
    ),
    (
        "SMTP_OPENSSL_VERIFY_MODE",
        Difference::Value,
        "the catcher has no TLS",
    ),
    (
        "SMTP_PASSWORD",
        Difference::AwsOnly,
        "the catcher knows nobody",
    ),
    ("SMTP_PORT", Difference::Value, "the catcher"),
    ("SMTP_SERVER", Difference::Value, "the catcher"),
    ("TRUSTED_PROXY_IP", Difference::Value, "another network"),
];

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Difference {
    LocalOnly,
    AwsOnly,
    Value,
}

/// The topologies that masto ships, by the name of their file.
fn topologies() -> BTreeMap<String, Topology> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../topologies");
    let topologies: BTreeMap<_, _> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| {
            path.extension()
                .is_some_and(|extension| extension == "yaml")
        })
        .map(|path| {
            let name = path.file_stem().unwrap().to_str().unwrap().to_owned();
            let topology = topology::parse(&fs::read_to_string(&path).unwrap());
            (
                name,
                topology.unwrap_or_else(|problems| panic!("{}: {problems:?}", path.display())),
            )
        })
        .collect();
    let names: Vec<_> = topologies.keys().map(String::as_str).collect();
    assert_eq!(names, ["dev", "large", "medium", "peer", "small"]);
    topologies
}

/// As Docker is: MinIO, a mail catcher unless the file names a server, a CA of our own.
fn local(topology: &Topology) -> Surroundings {
    Surroundings {
        domain: topology.local.domain.clone(),
        web_domain: topology.local.web_domain.clone(),
        https_port: 443,
        stores_tls: false,
        ca_file: Some("/etc/masto/ca.pem".to_owned()),
        media_endpoint: true,
        mail_catcher: !matches!(topology.mail.via, MailRoute::Smtp(_)),
        trusted_proxies: vec!["172.20.0.0/16".to_owned()],
        allowed_private_addresses: vec!["172.20.0.0/16".to_owned()],
    }
}

/// As AWS is: roles, TLS to the stores, a load balancer in front.
fn aws(topology: &Topology) -> Surroundings {
    Surroundings {
        domain: topology.domain.clone(),
        web_domain: topology.web_domain.clone(),
        https_port: 443,
        stores_tls: true,
        ca_file: Some("/etc/masto/ca.pem".to_owned()),
        media_endpoint: false,
        mail_catcher: false,
        trusted_proxies: vec!["10.0.0.0/16".to_owned()],
        allowed_private_addresses: Vec::new(),
    }
}

#[test]
fn what_masto_ships_has_no_problems() {
    for (name, topology) in topologies() {
        assert_eq!(check(&topology), Vec::new(), "{name}");
    }
}

#[test]
fn the_derived_environment_is_committed() {
    for (name, topology) in topologies() {
        for (backend, surroundings) in [("local", local(&topology)), ("aws", aws(&topology))] {
            let deployment = deployment(&topology, &surroundings, &Schema::New);
            let mut settings = insta::Settings::clone_current();
            settings.set_prepend_module_to_snapshot(false);
            settings.set_omit_expression(true);
            settings.bind(|| {
                insta::assert_snapshot!(format!("{name}-{backend}"), told(&deployment));
            });
        }
    }
}

#[test]
fn both_backends_give_the_same_environment_but_for_what_is_listed() {
    let mut found = BTreeSet::new();
    for topology in topologies().values() {
        let [local, aws] = [local(topology), aws(topology)]
            .map(|surroundings| deployment(topology, &surroundings, &Schema::New));
        for (local, aws) in local.processes.iter().zip(&aws.processes) {
            let Process {
                env: _, stores: _, ..
            } = local;
            assert_eq!(
                Process {
                    env: aws.env.clone(),
                    ..local.clone()
                },
                *aws,
                "{}",
                local.id
            );
            found.extend(differences(&local.env, &aws.env));
        }
        assert_eq!(local.processes.len(), aws.processes.len());
    }
    let listed: BTreeSet<_> = DIFFERENCES
        .iter()
        .map(|&(name, difference, _)| (name.to_owned(), difference))
        .collect();
    assert_eq!(found, listed);
}

#[test]
fn the_same_topology_gives_the_same_deployment() {
    for topology in topologies().values() {
        let surroundings = local(topology);
        let [one, other] = [(); 2].map(|()| deployment(topology, &surroundings, &Schema::New));
        assert_eq!(one, other);
        assert_eq!(told(&one), told(&other));
    }
}

fn differences(local: &Env, aws: &Env) -> BTreeSet<(String, Difference)> {
    let names: BTreeSet<_> = local.keys().chain(aws.keys()).collect();
    names
        .into_iter()
        .filter_map(|name| {
            let difference = match (local.get(name), aws.get(name)) {
                (Some(local), Some(aws)) if local == aws => return None,
                (Some(_), Some(_)) => Difference::Value,
                (Some(_), None) => Difference::LocalOnly,
                (None, _) => Difference::AwsOnly,
            };
            Some((name.clone(), difference))
        })
        .collect()
}

/// Everything of `deployment` that a reviewer wants to see; secrets and endpoints as placeholders.
fn told(deployment: &Deployment) -> String {
    let mut text = String::new();
    for process in &deployment.processes {
        let Process {
            id,
            command,
            port,
            health,
            replicas,
            cpu,
            memory,
            env,
            ..
        } = process;
        let health = match health {
            Health::Http { path } => format!("GET {path} on {}", port.unwrap_or_default()),
            Health::File { path } => format!("file {path}"),
        };
        writeln!(text, "## {id}: {replicas} × {cpu} vCPU, {memory}").unwrap();
        writeln!(text, "$ {}", command.join(" ")).unwrap();
        writeln!(text, "healthy: {health}\n{}", variables(env)).unwrap();
    }
    for job in &deployment.jobs {
        let command: Vec<_> = job
            .command
            .iter()
            .map(|word| word.lines().next().unwrap_or_default())
            .collect();
        writeln!(
            text,
            "## job {}\n$ {}\n{}",
            job.id,
            command.join(" "),
            variables(&job.env)
        )
        .unwrap();
    }
    writeln!(text, "## routes").unwrap();
    for route in &deployment.ingress.routes {
        let paths = if route.paths.is_empty() {
            "*".to_owned()
        } else {
            route.paths.join(" ")
        };
        writeln!(text, "{} {paths} -> {:?}", route.host, route.to).unwrap();
    }
    let secrets: Vec<_> = deployment
        .secrets
        .iter()
        .map(|secret| format!("<{secret}>\n"))
        .collect();
    writeln!(text, "\n## secrets\n{}", secrets.concat()).unwrap();
    writeln!(text, "## stores\n{:#?}", deployment.stores).unwrap();
    text
}

fn variables(env: &Env) -> String {
    env.iter().fold(String::new(), |mut text, (name, value)| {
        let value = match value {
            EnvValue::Literal(literal) => literal.clone(),
            EnvValue::Secret(secret) => format!("<{secret}>"),
            EnvValue::Endpoint { store, part } => format!("<{store:?} {part:?}>").to_lowercase(),
        };
        writeln!(text, "{name}={value}").unwrap();
        text
    })
}
