//! Both backends give the processes the same environment: the same names, the same literals, and
//! secrets where the other one has secrets. Neither decides anything by itself.
#![expect(
    clippy::unwrap_used,
    reason = "a test ends where something is not as it must be"
)]
#![cfg(all(feature = "local", feature = "aws"))]

use std::collections::BTreeMap;

use local::{ImageRefs, ImageSet, Images, LocalCa, Paths, SecretStore, Spec};
use mastodon::{Deployment, EnvValue, Schema, Secret, SecretName, Surroundings};
use topology::Topology;

const TOPOLOGIES: [&str; 3] = ["small", "medium", "large"];

/// A variable, as far as both backends can be compared.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Rendered {
    Literal(String),
    /// An address or a secret: each backend has its own.
    Own,
}

type Environments = BTreeMap<String, BTreeMap<String, Rendered>>;

fn topology(name: &str) -> Topology {
    let path = format!("{}/topologies/{name}.yaml", env!("CARGO_MANIFEST_DIR"));
    let text = std::fs::read_to_string(path).unwrap();
    topology::parse(&text).unwrap_or_else(|problems| panic!("{problems:#?}"))
}

/// Names of process or job, and of its variables, with what each means.
fn meant(deployment: &Deployment) -> Environments {
    let processes = deployment
        .processes
        .iter()
        .map(|process| (process.id.to_string(), &process.env));
    let jobs = deployment
        .jobs
        .iter()
        .map(|job| (job.id.to_string(), &job.env));
    processes
        .chain(jobs)
        .map(|(name, env)| {
            let env = env.iter().map(|(name, value)| {
                let rendered = match value {
                    EnvValue::Literal(text) => Rendered::Literal(text.clone()),
                    EnvValue::Endpoint { .. } | EnvValue::Secret(_) => Rendered::Own,
                };
                (name.clone(), rendered)
            });
            (name, env.collect())
        })
        .collect()
}

fn on_docker(topology: &Topology, deployment: &Deployment) -> Environments {
    let folder = tempfile::tempdir().unwrap();
    let paths = Paths::new(folder.path());
    let ca = LocalCa::load_or_create(&paths).unwrap();
    let values = SecretName::ALL.map(|name| (name, Secret::new("canary")));
    let stored = SecretStore::new(&paths, &deployment.name)
        .save(values.into_iter().collect(), "salt")
        .unwrap();
    let images = Images::assumed(&ImageRefs::new(topology, ImageSet::Official));
    let spec = Spec::new(deployment, images, topology.local.ports, stored, &ca).unwrap();
    let graph = local::desired(deployment, &spec).unwrap();
    let meant = meant(deployment);
    let mut environments = Environments::new();
    for resource in graph.iter() {
        let (name, container) = match resource {
            local::Resource::Container(container) => match &container.id {
                local::Id::Process(process, _) => (process.to_string(), container.as_ref()),
                _ => continue,
            },
            local::Resource::Job(job) => (job.job.to_string(), &job.container),
            _ => continue,
        };
        let env = container.env.iter().map(|(variable, template)| {
            let is_own = meant[&name].get(variable) == Some(&Rendered::Own);
            let text = template.render(&spec.secrets.secrets, None).unwrap();
            let rendered = match is_own {
                true => Rendered::Own,
                false => Rendered::Literal(text),
            };
            (variable.clone(), rendered)
        });
        let env = env.collect();
        environments.insert(name, env);
    }
    environments
}

fn on_aws(topology: &Topology, deployment: &Deployment) -> Environments {
    let scope = aws::Scope::of(topology, "123456789012", "eu-central-1");
    let placement = aws::Placement {
        zones: ["eu-central-1a", "eu-central-1b"].map(str::to_owned),
        images: aws::TaskImages::official(topology),
        hosted_zone: Some("Z1".to_owned()),
        secrets: String::new(),
    };
    let graph = aws::desired(aws::Scene {
        deployment,
        topology,
        aws: topology.aws.as_ref().unwrap(),
        scope: &scope,
        placement: &placement,
    })
    .unwrap();
    let meant = meant(deployment);
    let rendered = |process: &str, environment: &aws::Environment| {
        let mut env: BTreeMap<String, Rendered> = environment
            .secrets
            .keys()
            .map(|name| (name.clone(), Rendered::Own))
            .collect();
        for (name, value) in &environment.plain {
            let is_own = meant.get(process).and_then(|env| env.get(name)) == Some(&Rendered::Own);
            let value = match value {
                aws::Value::Text(text) if !is_own => Rendered::Literal(text.clone()),
                aws::Value::Text(_) | aws::Value::Of(..) => Rendered::Own,
            };
            env.insert(name.clone(), value);
        }
        env
    };
    let mut environments = Environments::new();
    let mut jobs = Environments::new();
    for resource in graph.iter() {
        match resource {
            aws::Resource::TaskDefinition(wanted) => {
                let name = wanted.spec.container();
                environments.insert(name.clone(), rendered(&name, &wanted.spec.environment));
            }
            aws::Resource::Job(wanted) => {
                let name = wanted.spec.job.to_string();
                jobs.insert(name.clone(), rendered(&name, &wanted.spec.environment));
            }
            _ => {}
        }
    }
    // A job is the one-off definition with more on top. Secrets cannot be put on top: those of
    // one job are in the definition of all.
    let one_off = environments.remove("one-off").unwrap();
    for (name, on_top) in jobs {
        let mut env = one_off.clone();
        env.retain(|variable, value| {
            *value != Rendered::Own || meant[&name].contains_key(variable)
        });
        env.extend(on_top);
        for (variable, value) in &mut env {
            // What is an address for the job is one in the definition of all.
            if meant[&name].get(variable) == Some(&Rendered::Own) {
                *value = Rendered::Own;
            }
        }
        environments.insert(name, env);
    }
    environments
}

/// The same for both, so that only the backends can differ.
fn surroundings(topology: &Topology) -> Surroundings {
    Surroundings {
        // The bucket's job and keys are of a platform without roles.
        media_endpoint: false,
        ..aws::surroundings(topology)
    }
}

#[test]
fn both_backends_give_the_same_environment() {
    let schemas = [Schema::New, Schema::Migrated("v4.6.9".parse().unwrap())];
    for name in TOPOLOGIES {
        for schema in &schemas {
            let topology = topology(name);
            let deployment = mastodon::deployment(&topology, &surroundings(&topology), schema);
            let meant = meant(&deployment);
            assert!(meant.len() >= 5, "{name}: {:?}", meant.keys());
            assert_eq!(on_docker(&topology, &deployment), meant, "{name} on Docker");
            assert_eq!(on_aws(&topology, &deployment), meant, "{name} on AWS");
        }
    }
}
