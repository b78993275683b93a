//! The shared ingress, and what this deployment tells it.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use mastodon::{Deployment, Process};

use super::environment::{MAIL_PAGE_PORT, MINIO_PORT};
use super::{Scene, blank, replicas_of, words};
use crate::caddyfile::{self, SITES, Site};
use crate::id::{Id, NetworkRole, StoreRole, VolumeRole};
use crate::image::ImageRole;
use crate::resource::{Container, File, Ready, Route};
use crate::template::Template;

const HTTPS: u16 = 443;
const HTTP: u16 = 80;

pub(super) fn container(scene: Scene<'_>) -> Container {
    let leaf = &scene.spec.default_leaf;
    let file = |text: &str, mode, replaces| File {
        content: Template::default().then(text),
        mode,
        replaces,
    };
    let ports = scene.spec.ports;
    let container = Container {
        command: words("caddy run --config /etc/caddy/Caddyfile --adapter caddyfile"),
        files: BTreeMap::from([
            (
                "/etc/caddy/Caddyfile".to_owned(),
                file(&caddyfile::global(), 0o444, true),
            ),
            // Several users of one Docker host have several CAs; that is no reason for each of
            // them to start the ingress anew.
            (
                format!("{SITES}/_default/certificate.pem"),
                file(&leaf.certificate_pem, 0o444, false),
            ),
            (
                format!("{SITES}/_default/key.pem"),
                file(&leaf.key_pem, 0o400, false),
            ),
        ]),
        networks: BTreeMap::from([(NetworkRole::Ingress, BTreeSet::new())]),
        mounts: BTreeMap::from([(VolumeRole::Ingress, "/data".to_owned())]),
        ports: BTreeMap::from([(HTTPS, ports.https), (HTTP, ports.http)]),
        stop_grace: Duration::from_secs(5),
        ..blank(
            scene,
            Id::Ingress,
            scene.spec.images.get(ImageRole::Caddy),
            Ready::Tcp { port: HTTPS },
        )
    };
    container.recorded(&scene.spec.secrets)
}

/// What `ingress` is told.
pub(super) fn route(scene: Scene<'_>, ingress: Container) -> Route {
    let deployment = scene.deployment;
    let address = |id: &Id, port: u16| format!("{}:{port}", scene.docker_name(id));
    let upstreams = |process: &Process| {
        let port = process.port?;
        let replicas = replicas_of(&process.id, process.replicas);
        Some((
            process.id.clone(),
            replicas.map(|id| address(&id, port)).collect(),
        ))
    };
    let site = Site {
        name: deployment.name.to_string(),
        ingress: deployment.ingress.clone(),
        upstreams: deployment.processes.iter().filter_map(upstreams).collect(),
        media: address(&Id::Store(StoreRole::Minio), MINIO_PORT),
        bucket: deployment.stores.media.bucket.clone(),
        mail: scene
            .has_catcher()
            .then(|| address(&Id::Store(StoreRole::Mailpit), MAIL_PAGE_PORT)),
        web_domain: deployment.web_domain.to_string(),
        https_port: scene.spec.ports.https,
    };
    Route {
        deployment: deployment.name.to_string(),
        hosts: hosts(deployment),
        site: caddyfile::site(&site),
        leaf: scene.spec.leaf.clone(),
        ingress: Box::new(ingress),
    }
}

/// Every host name that the ingress answers for the deployment.
pub(super) fn hosts(deployment: &Deployment) -> BTreeSet<String> {
    deployment
        .ingress
        .routes
        .iter()
        .map(|route| route.host.clone())
        .collect()
}
