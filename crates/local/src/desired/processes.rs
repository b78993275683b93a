//! Web, streaming and Sidekiq.

use std::collections::{BTreeMap, BTreeSet};

use mastodon::{Health, Image, Process};

use super::environment::{ca_file, render};
use super::{Scene, blank, replicas_of};
use crate::id::{Id, NetworkRole};
use crate::image::ImageRole;
use crate::labels;
use crate::resource::{Container, Ready};

pub(super) fn all(scene: Scene<'_>) -> Vec<Container> {
    let processes = &scene.deployment.processes;
    processes
        .iter()
        .flat_map(|process| {
            replicas_of(&process.id, process.replicas).map(|id| replica(scene, process, id))
        })
        .collect()
}

fn replica(scene: Scene<'_>, process: &Process, id: Id) -> Container {
    // What counts replicas is the ingress's matter.
    let Process {
        id: name,
        image,
        command,
        port,
        health,
        stop_grace,
        env,
        replicas: _,
        singleton,
        cpu,
        memory,
        stores,
    } = process;
    let ready = match health {
        Health::Http { path } => Ready::Http {
            port: port.unwrap_or_default(),
            path: path.clone(),
        },
        Health::File { path } => Ready::File { path: path.clone() },
    };
    let mut requires = scene.containers_of(stores);
    requires.extend(
        scene
            .deployment
            .jobs
            .iter()
            .filter(|job| job.id.before_processes())
            .map(|job| Id::Job(job.id)),
    );
    let mut marks = BTreeMap::from([(labels::VERSION, scene.deployment.version.to_string())]);
    if *singleton {
        marks.insert(labels::SINGLETON, name.to_string());
    }
    Container {
        command: command.clone(),
        env: render(scene, env),
        files: ca_file(scene),
        networks: BTreeMap::from([
            (NetworkRole::Stores, BTreeSet::new()),
            (NetworkRole::Processes, BTreeSet::from([name.to_string()])),
        ]),
        memory: Some(memory.as_mib() << 20),
        cpu_millis: Some(cpu.as_millis()),
        stop_grace: *stop_grace,
        healthcheck: Some(health.check(*port)),
        requires,
        labels: marks,
        ..blank(scene, id, scene.spec.images.get(image_role(*image)), ready)
    }
}

pub(super) fn image_role(image: Image) -> ImageRole {
    match image {
        Image::Mastodon => ImageRole::Mastodon,
        Image::Streaming => ImageRole::Streaming,
    }
}
