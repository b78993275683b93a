use std::fmt::Write as _;

use mastodon::{Schema, Surroundings};
use topology::Topology;

use super::*;
use crate::environment::Value;
use crate::placement::{Placement, TaskImages};
use crate::scope::Scope;

/// A ready-made topology.
fn topology(name: &str) -> Topology {
    let path = format!(
        "{}/../../topologies/{name}.yaml",
        env!("CARGO_MANIFEST_DIR")
    );
    let text = std::fs::read_to_string(path).unwrap();
    topology::read(&text).topology.unwrap()
}

fn surroundings(topology: &Topology) -> Surroundings {
    Surroundings {
        domain: topology.domain.clone(),
        web_domain: None,
        https_port: 443,
        stores_tls: true,
        ca_file: None,
        media_endpoint: false,
        mail_catcher: false,
        trusted_proxies: vec!["10.0.0.0/16".to_owned()],
        allowed_private_addresses: Vec::new(),
    }
}

/// Every task of `topology`, described by `describe`.
fn with<T>(topology: &Topology, schema: &Schema, describe: impl FnOnce(Scene<'_>) -> T) -> T {
    let deployment = mastodon::deployment(topology, &surroundings(topology), schema);
    let placement = Placement {
        zones: ["eu-central-1a", "eu-central-1b"].map(str::to_owned),
        images: TaskImages::official(topology),
        hosted_zone: None,
        secrets: String::new(),
    };
    let scope = Scope::of(topology, "123456789012", "eu-central-1");
    describe(Scene {
        deployment: &deployment,
        topology,
        aws: topology.aws.as_ref().unwrap(),
        scope: &scope,
        placement: &placement,
    })
}

fn told(definition: &TaskDefinition, text: &mut String) {
    let TaskDefinition {
        family,
        architecture,
        cpu_millis,
        memory,
        image,
        command,
        environment,
        // The same for all of them.
        secret_values: _,
        port,
        health,
        stop_seconds,
        scope: _,
    } = definition;
    writeln!(
        text,
        "{family}: {image} {architecture:?}, {cpu_millis} m, {memory} MiB"
    )
    .unwrap();
    writeln!(text, "  command: {}", command.join(" ")).unwrap();
    writeln!(text, "  port {port:?}, stops within {stop_seconds} s").unwrap();
    writeln!(text, "  health: {}", health.join(" ")).unwrap();
    for (name, value) in &environment.plain {
        let value = match value {
            Value::Text(text) => text.clone(),
            Value::Of(id, attribute) => format!("<{id} {attribute:?}>"),
        };
        writeln!(text, "  {name}={value}").unwrap();
    }
    for (name, key) in &environment.secrets {
        writeln!(text, "  {name}=<secret {key}>").unwrap();
    }
}

#[test]
fn task_definitions() {
    for name in ["small", "medium", "large"] {
        let mut text = String::new();
        with(&topology(name), &Schema::New, |scene| {
            for process in &scene.deployment.processes {
                told(&service(scene, process).definition, &mut text);
            }
            told(&one_off(scene), &mut text);
        });
        insta::assert_snapshot!(format!("task_definitions_{name}"), text);
    }
}

#[test]
fn services() {
    let mut text = String::new();
    for name in ["small", "medium", "large"] {
        let mut topology = topology(name);
        topology.aws.as_mut().unwrap().spot = true;
        with(&topology, &Schema::New, |scene| {
            for process in &scene.deployment.processes {
                let Service {
                    process,
                    definition: _,
                    replicas,
                    autoscaled,
                    singleton,
                    spot,
                    network,
                    target,
                    after,
                } = service(scene, process);
                let target = target.map(|target| (target.port, target.grace_seconds));
                writeln!(
                    text,
                    "{name} {process}: {replicas}{}{}{}, {:?} {:?}, target {target:?}, after {after:?}",
                    if autoscaled { " autoscaled" } else { "" },
                    if singleton { " singleton" } else { "" },
                    if spot { " spot" } else { "" },
                    network.tier,
                    network.group,
                )
                .unwrap();
            }
        });
    }
    insta::assert_snapshot!(text);
}

/// `RunTask` cannot add secrets, and what it adds can be read by everyone who sees the task.
#[test]
fn jobs_add_to_the_one_off_definition_what_is_theirs_and_no_secret() {
    let mut text = String::new();
    let version = "v4.6.0".parse().unwrap();
    for schema in [Schema::New, Schema::Migrated(version)] {
        with(&topology("small"), &schema, |scene| {
            let shared = shared(scene);
            for work in &scene.deployment.jobs {
                let job = job(scene, work);
                assert!(job.environment.secrets.is_empty());
                let full = Environment::new(&work.env, scene.scope, &media(scene));
                let mut together = shared.plain.clone();
                together.extend(job.environment.plain.clone());
                assert_eq!(together, full.plain, "{}", work.id);
                for secret in full.secrets.keys() {
                    assert!(shared.secrets.contains_key(secret), "{secret}");
                }
                let names: Vec<&String> = job.environment.plain.keys().collect();
                writeln!(
                    text,
                    "{} = {}: {names:?}, after {:?}",
                    job.job, job.record, job.after
                )
                .unwrap();
            }
        });
    }
    insta::assert_snapshot!(text);
}
