//! A task definition as ECS has it registered: what is compared, with AWS's defaults written out.

use std::collections::{BTreeMap, HashMap};

use aws_sdk_ecs::types::{
    ContainerDefinition, CpuArchitecture, HealthCheck, KeyValuePair, LinuxParameters,
    LogConfiguration, LogDriver, OsFamily, PortMapping, RuntimePlatform, Secret, TaskDefinition,
    TransportProtocol,
};
use engine::AttributeChange;
use serde::Serialize;

use crate::error::Error;

/// Seconds between two looks of a container's own health check, and for each of them.
const INTERVAL: i32 = 10;
const TIMEOUT: i32 = 6;
/// Failures in a row until ECS replaces the task: a minute.
const RETRIES: i32 = 6;
/// Seconds in which failures do not count. Rails boots slowly on a quarter of a processor; the
/// first success ends it.
const START_PERIOD: i32 = 300;

/// The label of a container that says which secret values its tasks start with.
const SECRETS: &str = "masto.secrets";

/// One revision of a task definition, with one container.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Definition {
    /// Units of 1/1024 vCPU, as text: AWS's own form.
    pub cpu: String,
    /// MiB, as text.
    pub memory: String,
    /// `ARM64`, `X86_64`.
    pub architecture: String,
    /// ARN of what the container may do.
    pub task_role: String,
    /// ARN of what ECS may do to start it.
    pub execution_role: String,
    /// The container's name.
    pub container: String,
    /// What it is started from.
    pub image: String,
    /// What is started.
    pub command: Vec<String>,
    /// Variables in the clear.
    pub environment: BTreeMap<String, String>,
    /// Variables with where their secrets are kept.
    pub secrets: BTreeMap<String, String>,
    /// What tells other values of the secrets from these, without telling any: tasks read them when
    /// they start, so that other values need another revision. Empty where it does not matter.
    pub secret_values: String,
    /// Where it listens.
    pub port: Option<i32>,
    /// `["CMD", "test", …]`; empty for none.
    pub health: Vec<String>,
    /// Seconds between SIGTERM and SIGKILL.
    pub stop_timeout: i32,
    /// Where its output goes.
    pub log_group: String,
    /// The region of that.
    pub log_region: String,
}

impl Definition {
    /// What identifies all of it.
    pub(crate) fn fingerprint(&self) -> String {
        engine::hash::config_hash(self)
    }

    /// The health check as CloudFormation writes it; `None` where there is none.
    pub(crate) fn check(&self) -> Option<serde_json::Value> {
        (!self.health.is_empty()).then(|| {
            serde_json::json!({
                "Command": self.health,
                "Interval": INTERVAL,
                "Timeout": TIMEOUT,
                "Retries": RETRIES,
                "StartPeriod": START_PERIOD,
            })
        })
    }

    /// As ECS takes it.
    pub(crate) fn containers(&self) -> Result<Vec<ContainerDefinition>, Error> {
        let bug =
            |error: aws_smithy_types::error::operation::BuildError| Error::bug(error.to_string());
        let environment = self
            .environment
            .iter()
            .map(|(name, value)| KeyValuePair::builder().name(name).value(value).build())
            .collect();
        let secrets = self
            .secrets
            .iter()
            .map(|(name, from)| Secret::builder().name(name).value_from(from).build())
            .collect::<Result<Vec<_>, _>>()
            .map_err(bug)?;
        let labels = (!self.secret_values.is_empty())
            .then(|| HashMap::from([(SECRETS.to_owned(), self.secret_values.clone())]));
        let port = self.port.map(|port| {
            let mapping = PortMapping::builder()
                .container_port(port)
                .host_port(port)
                .protocol(TransportProtocol::Tcp);
            vec![mapping.build()]
        });
        let health = match self.health.is_empty() {
            true => None,
            false => Some(
                HealthCheck::builder()
                    .set_command(Some(self.health.clone()))
                    .interval(INTERVAL)
                    .timeout(TIMEOUT)
                    .retries(RETRIES)
                    .start_period(START_PERIOD)
                    .build()
                    .map_err(bug)?,
            ),
        };
        let logs = LogConfiguration::builder()
            .log_driver(LogDriver::Awslogs)
            .options("awslogs-group", &self.log_group)
            .options("awslogs-region", &self.log_region)
            .options("awslogs-stream-prefix", &self.container)
            .build()
            .map_err(bug)?;
        let container = ContainerDefinition::builder()
            .name(&self.container)
            .image(&self.image)
            .essential(true)
            .memory(self.memory.parse().unwrap_or_default())
            .set_command(Some(self.command.clone()))
            .set_environment(Some(environment))
            .set_secrets(Some(secrets))
            .set_docker_labels(labels)
            .set_port_mappings(port)
            .set_health_check(health)
            .stop_timeout(self.stop_timeout)
            // Collects what `masto exec` leaves behind.
            .linux_parameters(
                LinuxParameters::builder()
                    .init_process_enabled(true)
                    .build(),
            )
            .log_configuration(logs)
            .build();
        Ok(vec![container])
    }

    /// As ECS takes it.
    pub(crate) fn platform(&self) -> RuntimePlatform {
        RuntimePlatform::builder()
            .cpu_architecture(CpuArchitecture::from(self.architecture.as_str()))
            .operating_system_family(OsFamily::Linux)
            .build()
    }

    /// What is registered. Whatever somebody else added shows as a difference: an empty field, or
    /// another one than masto would write.
    pub(crate) fn read(registered: &TaskDefinition) -> Self {
        let architecture = registered
            .runtime_platform()
            .and_then(|platform| platform.cpu_architecture())
            .map_or("X86_64", |architecture| architecture.as_str());
        let whole = Self {
            cpu: registered.cpu().unwrap_or_default().to_owned(),
            memory: registered.memory().unwrap_or_default().to_owned(),
            architecture: architecture.to_owned(),
            task_role: registered.task_role_arn().unwrap_or_default().to_owned(),
            execution_role: registered
                .execution_role_arn()
                .unwrap_or_default()
                .to_owned(),
            ..Self::default()
        };
        match registered.container_definitions() {
            [container] => whole.with(container),
            // Somebody put another one beside it.
            _ => whole,
        }
    }

    fn with(self, container: &ContainerDefinition) -> Self {
        let environment = container.environment().iter().filter_map(|pair| {
            Some((
                pair.name()?.to_owned(),
                pair.value().unwrap_or_default().to_owned(),
            ))
        });
        let secrets = container
            .secrets()
            .iter()
            .map(|secret| (secret.name.clone(), secret.value_from.clone()));
        let log = |option: &str| {
            container
                .log_configuration()
                .and_then(|logs| logs.options())
                .and_then(|options| options.get(option))
                .cloned()
                .unwrap_or_default()
        };
        Self {
            container: container.name().unwrap_or_default().to_owned(),
            image: container.image().unwrap_or_default().to_owned(),
            command: container.command().to_vec(),
            environment: environment.collect(),
            secrets: secrets.collect(),
            secret_values: container
                .docker_labels()
                .and_then(|labels| labels.get(SECRETS))
                .cloned()
                .unwrap_or_default(),
            port: container
                .port_mappings()
                .first()
                .and_then(|mapping| mapping.container_port()),
            health: container
                .health_check()
                .map(|check| check.command().to_vec())
                .unwrap_or_default(),
            // ECS's own where none is written.
            stop_timeout: container.stop_timeout().unwrap_or(30),
            log_group: log("awslogs-group"),
            log_region: log("awslogs-region"),
            ..self
        }
    }

    /// How `self`, which is registered, differs from `wanted`. Variables are told one by one; of a
    /// secret only where it is kept.
    pub(crate) fn changes(&self, wanted: &Self) -> Vec<AttributeChange> {
        // Every field: one that is left out is one whose change nobody notices.
        let Self {
            cpu,
            memory,
            architecture,
            task_role,
            execution_role,
            container,
            image,
            command,
            environment,
            secrets,
            secret_values,
            port,
            health,
            stop_timeout,
            log_group,
            log_region,
        } = self;
        let port_of = |port: Option<i32>| port.map(|port| port.to_string()).unwrap_or_default();
        let mut changes = Vec::new();
        let mut note = |name: &str, old: &str, new: &str| {
            if old != new {
                let shown = |text: &str| (!text.is_empty()).then(|| text.to_owned());
                changes.push(AttributeChange {
                    name: name.to_owned(),
                    old: shown(old),
                    new: shown(new),
                });
            }
        };
        note("image", image, &wanted.image);
        note("command", &command.join(" "), &wanted.command.join(" "));
        note("cpu", cpu, &wanted.cpu);
        note("memory", memory, &wanted.memory);
        note("architecture", architecture, &wanted.architecture);
        note("container", container, &wanted.container);
        note("port", &port_of(*port), &port_of(wanted.port));
        note("health check", &health.join(" "), &wanted.health.join(" "));
        let seconds = |seconds: i32| format!("{seconds} s");
        note(
            "stop timeout",
            &seconds(*stop_timeout),
            &seconds(wanted.stop_timeout),
        );
        note("task role", task_role, &wanted.task_role);
        note("execution role", execution_role, &wanted.execution_role);
        note("log group", log_group, &wanted.log_group);
        note("log region", log_region, &wanted.log_region);
        if *secret_values != wanted.secret_values {
            // As the secret itself tells it: not even what stands for a value is shown.
            note("values of secrets", "as started with", "as stored");
        }
        changes.extend(maps("", environment, &wanted.environment));
        changes.extend(maps("secret ", secrets, &wanted.secrets));
        changes
    }
}

/// Entries that differ, came or went; an empty value is one.
fn maps(
    prefix: &str,
    old: &BTreeMap<String, String>,
    new: &BTreeMap<String, String>,
) -> Vec<AttributeChange> {
    let names: std::collections::BTreeSet<&String> = old.keys().chain(new.keys()).collect();
    names
        .into_iter()
        .filter(|name| old.get(*name) != new.get(*name))
        .map(|name| AttributeChange {
            name: format!("{prefix}{name}"),
            old: old.get(name).cloned(),
            new: new.get(name).cloned(),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn definition() -> Definition {
        let map = |name: &str, value: &str| BTreeMap::from([(name.to_owned(), value.to_owned())]);
        Definition {
            cpu: "512".to_owned(),
            memory: "1024".to_owned(),
            architecture: "ARM64".to_owned(),
            task_role: "arn:task".to_owned(),
            execution_role: "arn:execution".to_owned(),
            container: "web".to_owned(),
            image: "example.org/mastodon:v4.7.5".to_owned(),
            command: vec!["puma".to_owned()],
            environment: map("S3_PERMISSION", ""),
            secrets: map("DB_PASS", "arn:secret:POSTGRES_PASSWORD::"),
            secret_values: "1f".to_owned(),
            port: Some(3000),
            health: vec!["CMD".to_owned(), "true".to_owned()],
            stop_timeout: 60,
            log_group: "/masto/social".to_owned(),
            log_region: "eu-central-1".to_owned(),
        }
    }

    fn registered(definition: &Definition) -> TaskDefinition {
        TaskDefinition::builder()
            .cpu(&definition.cpu)
            .memory(&definition.memory)
            .task_role_arn(&definition.task_role)
            .execution_role_arn(&definition.execution_role)
            .runtime_platform(definition.platform())
            .set_container_definitions(Some(definition.containers().unwrap()))
            .build()
    }

    #[test]
    fn what_is_registered_is_read_back_without_a_difference() {
        let definition = definition();
        let read = Definition::read(&registered(&definition));
        assert_eq!(read.changes(&definition), []);
        assert_eq!(read.fingerprint(), definition.fingerprint());
    }

    #[test]
    fn every_field_is_compared() {
        let old = definition();
        let other = || "other".to_owned();
        type Touch = fn(&mut Definition, String);
        let changed: [(&str, Touch); 16] = [
            ("cpu", |new, other| new.cpu = other),
            ("memory", |new, other| new.memory = other),
            ("architecture", |new, other| new.architecture = other),
            ("task role", |new, other| new.task_role = other),
            ("execution role", |new, other| new.execution_role = other),
            ("container", |new, other| new.container = other),
            ("image", |new, other| new.image = other),
            ("command", |new, other| new.command.push(other)),
            ("TZ", |new, other| {
                drop(new.environment.insert("TZ".to_owned(), other));
            }),
            ("secret DB_PASS", |new, other| {
                drop(new.secrets.insert("DB_PASS".to_owned(), other));
            }),
            ("values of secrets", |new, other| new.secret_values = other),
            ("port", |new, _| new.port = None),
            ("health check", |new, other| new.health.push(other)),
            ("stop timeout", |new, _| new.stop_timeout = 30),
            ("log group", |new, other| new.log_group = other),
            ("log region", |new, other| new.log_region = other),
        ];
        for (name, change) in changed {
            let mut new = old.clone();
            change(&mut new, other());
            let names: Vec<String> = old
                .changes(&new)
                .into_iter()
                .map(|change| change.name)
                .collect();
            assert_eq!(names, [name]);
            assert_ne!(old.fingerprint(), new.fingerprint(), "{name}");
        }
    }

    #[test]
    fn a_container_that_somebody_put_beside_it_is_a_difference() {
        let definition = definition();
        let mut registered = registered(&definition);
        let more = ContainerDefinition::builder().name("more").build();
        registered
            .container_definitions
            .as_mut()
            .unwrap()
            .push(more);
        assert!(
            !Definition::read(&registered)
                .changes(&definition)
                .is_empty()
        );
    }
}
