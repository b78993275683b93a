//! One-off containers.

use std::collections::{BTreeMap, BTreeSet};

use mastodon::{Job as Work, JobId, JobImage, Store};

use super::environment::{ca_file, render};
use super::processes::image_role;
use super::{Scene, blank};
use crate::id::{Id, NetworkRole, VolumeRole};
use crate::image::ImageRole;
use crate::labels;
use crate::resource::{Container, ImageUse, Job, Mode, Ready};

pub(super) fn all(scene: Scene<'_>) -> Vec<Job> {
    scene
        .deployment
        .jobs
        .iter()
        .map(|work| job(scene, work))
        .collect()
}

fn job(scene: Scene<'_>, work: &Work) -> Job {
    let Work {
        id,
        image,
        command,
        env,
        stores,
        after_jobs,
        after_processes,
        bound,
        // In the fingerprint.
        outcome: _,
    } = work;
    let mut requires = scene.containers_of(stores);
    requires.extend(after_jobs.iter().map(|job| Id::Job(*job)));
    if *after_processes {
        requires.extend(scene.replicas());
    }
    // A store's image puts its own program in front of whatever it is given.
    let (image, entrypoint, command) = match image {
        JobImage::Mastodon(image) => (image_role(*image), None, command.clone()),
        JobImage::Store(store) => {
            let (program, arguments) = command.split_at(1.min(command.len()));
            (
                store_role(*store),
                Some(program.to_vec()),
                arguments.to_vec(),
            )
        }
    };
    let image = scene.spec.images.get(image);
    let version = scene.deployment.version;
    let mut labels = BTreeMap::from([(labels::VERSION, version.to_string())]);
    if *id == JobId::Schema {
        labels.insert(labels::MODE, mode(scene).as_str().to_owned());
    }
    let mounts_of = volume_of(*id);
    let container = Container {
        entrypoint,
        command,
        env: render(scene, env),
        files: ca_file(scene),
        networks: BTreeMap::from([
            (NetworkRole::Stores, BTreeSet::new()),
            (NetworkRole::Processes, BTreeSet::new()),
        ]),
        bound: *bound,
        requires,
        labels,
        config: record(work, &image),
        ..blank(scene, Id::Job(*id), image, Ready::Ended)
    };
    Job {
        job: *id,
        container,
        holds: BTreeSet::from([Id::Volume(mounts_of)]),
        version,
    }
}

/// What keeps a job from running again: not how it goes about it, but what it brings about. A
/// schema is also its image's work: one that was built anew may have other migrations.
fn record(work: &Work, image: &ImageUse) -> BTreeMap<String, String> {
    let mut record = BTreeMap::from([("outcome".to_owned(), work.fingerprint())]);
    if matches!(work.id, JobId::Schema | JobId::PostMigrate) {
        record.insert("image".to_owned(), image.to_string());
    }
    record
}

/// Two phases leave a second one to be done after the processes.
fn mode(scene: Scene<'_>) -> Mode {
    let two_phase = scene
        .deployment
        .jobs
        .iter()
        .any(|job| job.id == JobId::PostMigrate);
    if two_phase {
        Mode::Migrate
    } else {
        Mode::Prepare
    }
}

/// Where the work of a job is kept.
fn volume_of(job: JobId) -> VolumeRole {
    match job {
        JobId::Bucket => VolumeRole::Media,
        JobId::Schema | JobId::PostMigrate | JobId::Owner => VolumeRole::Postgres,
    }
}

fn store_role(store: Store) -> ImageRole {
    match store {
        Store::Postgres => ImageRole::Postgres,
        Store::Redis => ImageRole::Redis,
        Store::Media => ImageRole::Minio,
        Store::Mail => ImageRole::Mailpit,
    }
}
