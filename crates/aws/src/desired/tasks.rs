//! What runs: roles, logs, task definitions, jobs, services, alarms.

use std::collections::{BTreeMap, BTreeSet};

use mastodon::{Image, Job as Work, JobId, Process, ProcessId};

use super::Scene;
use super::network::{group_of, tasks_tier};
use super::stores::media_host;
use crate::ecs::TaskNetwork;
use crate::environment::{Environment, MediaHost};
use crate::id::{AlarmKind, Id, RoleKind, TargetRole, TaskFamily};
use crate::record::{Record, Way};
use crate::resource::{
    Alarm, Cluster, Job, LogGroup, Resource, Role, Scaling, Service, Target, TaskDefinition,
};

/// Days that lines are kept.
const RETENTION: i32 = 30;
/// The most seconds that Fargate gives a task to stop.
const LONGEST_STOP: u64 = 120;
/// Seconds in which the load balancer's checks do not count: Rails boots slowly on half a
/// processor, Node quickly.
const WEB_GRACE: i32 = 300;
const STREAMING_GRACE: i32 = 60;

pub(super) fn all(scene: Scene<'_>) -> Vec<Resource> {
    let mut resources: Vec<Resource> = vec![
        LogGroup {
            retention_days: RETENTION,
        }
        .into(),
        Cluster.into(),
        role(scene, RoleKind::Task).into(),
        role(scene, RoleKind::Execution).into(),
        one_off(scene).into(),
    ];
    for process in &scene.deployment.processes {
        let service = service(scene, process);
        resources.push(service.definition.clone().into());
        resources.push(service.into());
        if let Some(autoscale) = autoscale(scene, &process.id) {
            resources.push(
                Scaling {
                    process: process.id.clone(),
                    autoscale,
                }
                .into(),
            );
        }
    }
    let jobs = scene.deployment.jobs.iter();
    resources.extend(jobs.map(|work| job(scene, work).into()));
    let alarms = AlarmKind::ALL.into_iter().map(|kind| Alarm {
        kind,
        storage_bytes: scene.topology.postgres.storage.as_mib() << 20,
    });
    resources.extend(alarms.map(Resource::from));
    resources
}

/// Where browsers fetch media from: CloudFront under a name of the server's, or S3 itself.
fn media(scene: Scene<'_>) -> MediaHost {
    media_host(scene).map_or(MediaHost::Of(Id::Bucket), MediaHost::Named)
}

fn role(scene: Scene<'_>, kind: RoleKind) -> Role {
    let images = &scene.placement.images;
    Role {
        kind,
        scope: scene.scope.clone(),
        registry: [&images.mastodon, &images.streaming]
            .into_iter()
            .any(|image| image.contains(".dkr.ecr.")),
    }
}

fn service(scene: Scene<'_>, process: &Process) -> Service {
    // Every field: one that a backend forgets is one that only the other one honours.
    let Process {
        id,
        image,
        command,
        port,
        health,
        stop_grace,
        env,
        replicas,
        singleton,
        cpu,
        memory,
        // What it is given names them, and the resources of the environment's sources are these.
        stores: _,
    } = process;
    let definition = TaskDefinition {
        family: TaskFamily::Process(id.clone()),
        architecture: scene.aws.architecture,
        cpu_millis: cpu.as_millis(),
        memory: memory.as_mib(),
        image: scene.placement.images.get(*image).to_owned(),
        command: command.clone(),
        environment: Environment::new(env, scene.scope, &media(scene)),
        secret_values: scene.placement.secrets.clone(),
        port: *port,
        health: health.check(*port),
        stop_seconds: seconds(stop_grace.as_secs()),
        scope: scene.scope.clone(),
    };
    Service {
        process: id.clone(),
        definition,
        replicas: autoscale(scene, id).map_or(*replicas, |autoscale| {
            (*replicas).clamp(autoscale.min, autoscale.max)
        }),
        autoscaled: autoscale(scene, id).is_some(),
        singleton: *singleton,
        // Two minutes' notice are enough for all but what must never be absent and never twice.
        spot: scene.aws.spot && !singleton,
        network: TaskNetwork {
            tier: tasks_tier(scene.aws.network),
            group: group_of(id),
        },
        target: target(id, *port),
        after: scene
            .deployment
            .jobs
            .iter()
            .filter(|job| job.id.before_processes())
            .map(|job| Id::Job(job.id))
            .collect(),
    }
}

fn target(process: &ProcessId, port: Option<u16>) -> Option<Target> {
    let (role, grace_seconds) = match process {
        ProcessId::Web => (TargetRole::Web, WEB_GRACE),
        ProcessId::Streaming => (TargetRole::Streaming, STREAMING_GRACE),
        ProcessId::Sidekiq(_) => return None,
    };
    port.map(|port| Target {
        role,
        port,
        grace_seconds,
    })
}

fn autoscale(scene: Scene<'_>, process: &ProcessId) -> Option<topology::Autoscale> {
    let topology = scene.topology;
    match process {
        ProcessId::Web => topology.web.autoscale,
        ProcessId::Streaming => None,
        ProcessId::Sidekiq(name) => topology
            .sidekiq
            .iter()
            .find(|sidekiq| sidekiq.name == *name)
            .and_then(|sidekiq| sidekiq.autoscale),
    }
}

fn seconds(seconds: u64) -> i32 {
    i32::try_from(seconds.min(LONGEST_STOP)).unwrap_or(i32::MAX)
}

/// What jobs and a person's commands are started from: as large as web. A run can put another
/// command and more variables on top, and no secrets: it has those of every job.
fn one_off(scene: Scene<'_>) -> TaskDefinition {
    let web = &scene.topology.web;
    TaskDefinition {
        family: TaskFamily::OneOff,
        architecture: scene.aws.architecture,
        cpu_millis: web.cpu.as_millis(),
        memory: web.memory.as_mib(),
        image: scene.placement.images.get(Image::Mastodon).to_owned(),
        // What `masto` starts always says what to run.
        command: vec!["true".to_owned()],
        environment: shared(scene),
        // Each of its tasks reads them when it is started, and runs once.
        secret_values: String::new(),
        port: None,
        health: Vec::new(),
        stop_seconds: seconds(LONGEST_STOP),
        scope: scene.scope.clone(),
    }
}

/// The variables that all jobs have, with the same values, and the secrets of any.
fn shared(scene: Scene<'_>) -> Environment {
    let media = media(scene);
    let mut jobs = scene
        .deployment
        .jobs
        .iter()
        .map(|job| Environment::new(&job.env, scene.scope, &media));
    let mut shared = jobs.next().unwrap_or_default();
    for job in jobs {
        shared
            .plain
            .retain(|name, value| job.plain.get(name) == Some(value));
        shared.secrets.extend(job.secrets);
    }
    shared
}

fn job(scene: Scene<'_>, work: &Work) -> Job {
    let Work {
        id,
        // A bucket needs no job here; all others are of the one image.
        image: _,
        command,
        env,
        // The sources of the environment.
        stores: _,
        after_jobs,
        after_processes,
        bound,
        outcome,
    } = work;
    let shared = shared(scene);
    let mut environment = Environment::new(env, scene.scope, &media(scene));
    environment
        .plain
        .retain(|name, value| shared.plain.get(name) != Some(value));
    environment.secrets = BTreeMap::new();
    let mut after: BTreeSet<Id> = after_jobs.iter().map(|job| Id::Job(*job)).collect();
    if *after_processes {
        let processes = scene.deployment.processes.iter();
        after.extend(processes.map(|process| Id::Service(process.id.clone())));
    }
    Job {
        job: *id,
        command: command.clone(),
        environment,
        record: record(scene, *id, outcome),
        version: scene.deployment.version,
        after,
        tier: tasks_tier(scene.aws.network),
        bound: *bound,
    }
}

fn record(scene: Scene<'_>, job: JobId, outcome: &str) -> Record {
    let jobs = &scene.deployment.jobs;
    let is_two_phase = jobs.iter().any(|job| job.id == JobId::PostMigrate);
    let is_of_image = matches!(job, JobId::Schema | JobId::PostMigrate);
    Record {
        outcome: outcome.to_owned(),
        way: (job == JobId::Schema).then_some(match is_two_phase {
            true => Way::Migrate,
            false => Way::Prepare,
        }),
        image: is_of_image.then(|| engine::hash::config_hash(&scene.placement.images.mastodon)),
    }
}

#[cfg(test)]
#[path = "tasks_tests.rs"]
mod tests;
