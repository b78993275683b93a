//! What the meanings of an environment are on Docker.

use std::collections::BTreeMap;

use mastodon::{Env, EnvValue, Part, SecretName, Store, Target};

use super::Scene;
use crate::id::StoreRole;
use crate::resource::File;
use crate::settings::CA_FILE;
use crate::template::Template;

pub(super) const POSTGRES_PORT: u16 = 5432;
pub(super) const REDIS_PORT: u16 = 6379;
pub(super) const MINIO_PORT: u16 = 9000;
pub(super) const SMTP_PORT: u16 = 1025;
pub(super) const MAIL_PAGE_PORT: u16 = 8025;

pub(super) fn render(scene: Scene<'_>, env: &Env) -> BTreeMap<String, Template> {
    env.iter()
        .map(|(name, value)| (name.clone(), value_of(scene, value)))
        .collect()
}

fn value_of(scene: Scene<'_>, value: &EnvValue) -> Template {
    match value {
        EnvValue::Literal(text) => Template::text(text),
        EnvValue::Secret(name) => Template::secret(*name),
        EnvValue::Endpoint { store, part } => endpoint(scene, *store, *part),
    }
}

/// Stores are found by their aliases in the stores' network.
fn endpoint(scene: Scene<'_>, store: Store, part: Part) -> Template {
    let (role, port) = match store {
        Store::Postgres => (StoreRole::Postgres, POSTGRES_PORT),
        Store::Redis => (StoreRole::Redis, REDIS_PORT),
        Store::Media => (StoreRole::Minio, MINIO_PORT),
        Store::Mail => (StoreRole::Mailpit, SMTP_PORT),
    };
    let host = role.as_str();
    match (part, store) {
        (Part::Host, _) => Template::text(host),
        (Part::Port, _) => Template::text(port.to_string()),
        (Part::Url, Store::Redis) => Template::text("redis://:")
            .then_secret(SecretName::RedisPassword)
            .then(&format!("@{host}:{port}/0")),
        (Part::Url, Store::Postgres | Store::Media | Store::Mail) => {
            Template::text(format!("http://{host}:{port}"))
        }
        (Part::PublicHost, _) => Template::text(public_host(scene)),
        (Part::Bucket, _) => Template::text(&scene.deployment.stores.media.bucket),
        // Nobody logs in to the catcher; other servers' logins are literals.
        (Part::Login, _) => Template::default(),
    }
}

/// `media.social.localhost`, with the port that people see.
fn public_host(scene: Scene<'_>) -> String {
    let routes = &scene.deployment.ingress.routes;
    let host = routes.iter().find(|route| route.to == Target::Media);
    let host = host.map(|route| route.host.as_str()).unwrap_or_default();
    match scene.spec.ports.https {
        443 => host.to_owned(),
        port => format!("{host}:{port}"),
    }
}

/// The local CA, where processes look for it.
pub(super) fn ca_file(scene: Scene<'_>) -> BTreeMap<String, File> {
    let content = Template::default().then(&scene.spec.ca_pem);
    BTreeMap::from([(
        CA_FILE.to_owned(),
        File {
            content,
            mode: 0o444,
            replaces: true,
        },
    )])
}
