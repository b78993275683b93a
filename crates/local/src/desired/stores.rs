//! PostgreSQL, Redis or Valkey, MinIO and the mail catcher.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use mastodon::SecretName;
use topology::RedisEngine;

use super::environment::{MAIL_PAGE_PORT, MINIO_PORT};
use super::{Scene, blank, words};
use crate::id::{Id, NetworkRole, StoreRole, VolumeRole};
use crate::image::ImageRole;
use crate::resource::{Container, File, Ready};
use crate::template::Template;

/// Where Redis finds its configuration: the password would otherwise be an argument, for every
/// process list to see.
const REDIS_CONFIG: &str = "/etc/masto/redis.conf";
/// Where PostgreSQL finds what mends a first start that was cut off.
const POSTGRES_START: &str = "/etc/masto/postgres-start.sh";

pub(super) fn all(scene: Scene<'_>) -> Vec<Container> {
    let mut stores = vec![postgres(scene), redis(scene), minio(scene)];
    if scene.has_catcher() {
        stores.push(mailpit(scene));
    }
    stores
}

fn postgres(scene: Scene<'_>) -> Container {
    let postgres = &scene.deployment.stores.postgres;
    let mib = postgres.memory.as_mib();
    let settings = [
        format!("max_connections={}", postgres.max_connections),
        // What PostgreSQL's manual takes as a start for a machine that has nothing else to do.
        format!("shared_buffers={}MB", mib / 4),
        format!("effective_cache_size={}MB", mib * 3 / 4),
    ];
    let mut command = words("postgres");
    for setting in settings {
        command.extend(["-c".to_owned(), setting]);
    }
    let check = format!(
        "pg_isready --quiet --host 127.0.0.1 --username {} --dbname {}",
        postgres.user, postgres.database
    );
    let ready = Ready::Postgres {
        user: postgres.user.clone(),
        database: postgres.database.clone(),
    };
    let start = File {
        content: Template::text(include_str!("postgres-start.sh")),
        mode: 0o555,
        replaces: true,
    };
    Container {
        entrypoint: Some(vec!["/bin/sh".to_owned(), POSTGRES_START.to_owned()]),
        command,
        files: BTreeMap::from([(POSTGRES_START.to_owned(), start)]),
        env: env([
            ("POSTGRES_USER", Template::text(&postgres.user)),
            ("POSTGRES_DB", Template::text(&postgres.database)),
            (
                "POSTGRES_PASSWORD",
                Template::secret(SecretName::PostgresPassword),
            ),
        ]),
        networks: in_stores(StoreRole::Postgres),
        mounts: BTreeMap::from([(VolumeRole::Postgres, "/var/lib/postgresql/data".to_owned())]),
        memory: Some(mib << 20),
        // Parallel queries share memory there; the engine's 64 MiB are soon full.
        shm: Some((mib / 4) << 20),
        // Fast shutdown. SIGTERM would wait for every client to leave.
        stop_signal: Some("SIGINT"),
        stop_grace: Duration::from_secs(60),
        healthcheck: Some(check_of(&check)),
        ..store(scene, StoreRole::Postgres, ImageRole::Postgres, ready)
    }
}

fn redis(scene: Scene<'_>) -> Container {
    let redis = &scene.deployment.stores.redis;
    let (server, client) = match redis.engine {
        RedisEngine::Redis => ("redis-server", "redis-cli"),
        RedisEngine::Valkey => ("valkey-server", "valkey-cli"),
    };
    let mib = redis.memory.as_mib();
    // Queues and feeds live here: they are written to disk each second and never thrown away for
    // want of memory. A quarter is left for the copy that a rewrite makes.
    let config = Template::text(format!(
        "dir /data\nbind * -::*\nappendonly yes\nappendfsync everysec\n\
         maxmemory {}mb\nmaxmemory-policy noeviction\nrequirepass ",
        mib * 3 / 4
    ))
    .then_secret(SecretName::RedisPassword)
    .then("\n");
    let config = File {
        content: config,
        mode: 0o444,
        replaces: true,
    };
    Container {
        command: vec![server.to_owned(), REDIS_CONFIG.to_owned()],
        // For the client, so that the password is in no command line.
        env: env([
            ("REDISCLI_AUTH", Template::secret(SecretName::RedisPassword)),
            (
                "VALKEYCLI_AUTH",
                Template::secret(SecretName::RedisPassword),
            ),
        ]),
        files: BTreeMap::from([(REDIS_CONFIG.to_owned(), config)]),
        networks: in_stores(StoreRole::Redis),
        mounts: BTreeMap::from([(VolumeRole::Redis, "/data".to_owned())]),
        memory: Some(mib << 20),
        stop_grace: Duration::from_secs(30),
        healthcheck: Some(vec![
            "CMD-SHELL".to_owned(),
            format!("{client} ping | grep -q PONG"),
        ]),
        ..store(
            scene,
            StoreRole::Redis,
            ImageRole::Redis,
            Ready::Redis {
                password: SecretName::RedisPassword,
            },
        )
    }
}

fn minio(scene: Scene<'_>) -> Container {
    let ready = Ready::Http {
        port: MINIO_PORT,
        path: "/minio/health/live".to_owned(),
    };
    Container {
        command: words("server /data"),
        env: env([
            (
                "MINIO_ROOT_USER",
                Template::secret(SecretName::MediaAccessKey),
            ),
            (
                "MINIO_ROOT_PASSWORD",
                Template::secret(SecretName::MediaSecretKey),
            ),
            // No page to log in to, and no look for newer releases.
            ("MINIO_BROWSER", Template::text("off")),
            ("MINIO_UPDATE", Template::text("off")),
        ]),
        networks: in_both(StoreRole::Minio),
        mounts: BTreeMap::from([(VolumeRole::Media, "/data".to_owned())]),
        stop_grace: Duration::from_secs(30),
        ..store(scene, StoreRole::Minio, ImageRole::Minio, ready)
    }
}

fn mailpit(scene: Scene<'_>) -> Container {
    let ready = Ready::Http {
        port: MAIL_PAGE_PORT,
        path: "/readyz".to_owned(),
    };
    Container {
        env: env([
            ("MP_DISABLE_VERSION_CHECK", Template::text("1")),
            ("MP_MAX_MESSAGES", Template::text("1000")),
        ]),
        networks: in_both(StoreRole::Mailpit),
        ..store(scene, StoreRole::Mailpit, ImageRole::Mailpit, ready)
    }
}

fn store(scene: Scene<'_>, role: StoreRole, image: ImageRole, ready: Ready) -> Container {
    blank(scene, Id::Store(role), scene.spec.images.get(image), ready)
}

fn env<const N: usize>(variables: [(&str, Template); N]) -> BTreeMap<String, Template> {
    variables
        .into_iter()
        .map(|(name, value)| (name.to_owned(), value))
        .collect()
}

fn in_stores(role: StoreRole) -> BTreeMap<NetworkRole, BTreeSet<String>> {
    BTreeMap::from([(
        NetworkRole::Stores,
        BTreeSet::from([role.as_str().to_owned()]),
    )])
}

/// The ingress reaches these, too.
fn in_both(role: StoreRole) -> BTreeMap<NetworkRole, BTreeSet<String>> {
    let mut networks = in_stores(role);
    networks.insert(NetworkRole::Processes, BTreeSet::new());
    networks
}

fn check_of(command: &str) -> Vec<String> {
    std::iter::once("CMD".to_owned())
        .chain(words(command))
        .collect()
}

#[cfg(test)]
#[path = "postgres_start_tests.rs"]
mod tests;
