//! The environment of each process: names and meanings, rendered by the backends.
//!
//! A process gets only what it uses, and a variable is there only when it has a value: to Mastodon
//! blank is not unset. One file a concern; the order of merging is the operator's own variables,
//! then the concerns, then the role, and the later wins.

mod core;
mod database;
mod federation;
mod mail;
mod media;
mod redis;
#[cfg(test)]
mod tests;
mod variables;

use topology::{Queue, Sidekiq, Topology};

pub(crate) use self::database::{DATABASE, USER};
pub(crate) use self::mail::delivery;
use self::variables::Variables;
use crate::{Env, SecretName, Surroundings};

/// What an environment is derived from.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Scene<'a> {
    pub(crate) topology: &'a Topology,
    pub(crate) surroundings: &'a Surroundings,
}

/// Puma.
pub(crate) fn web(scene: Scene<'_>) -> Env {
    let mut variables = rails(scene);
    core::vapid(&mut variables);
    core::puma(&mut variables, scene);
    variables.into_env()
}

/// One Sidekiq process. Its threads are on the command line, and its pool follows them.
pub(crate) fn sidekiq(scene: Scene<'_>, sidekiq: &Sidekiq) -> Env {
    let mut variables = rails(scene);
    core::vapid(&mut variables);
    if sidekiq.queues.contains(&Queue::Mailers) {
        mail::transport(&mut variables, scene);
    }
    variables.into_env()
}

/// Node. No secret of Rails is among it: streaming reads tokens from the database.
pub(crate) fn streaming(scene: Scene<'_>) -> Env {
    let mut variables = Variables::default();
    variables.literal("NODE_ENV", "production");
    variables.literal("LOG_LEVEL", "info");
    federation::proxies(&mut variables, scene);
    database::streaming(&mut variables, scene);
    redis::address(&mut variables);
    variables.into_env()
}

/// Migrations, `tootctl`, a console: what all Rails processes share.
pub(crate) fn one_off(scene: Scene<'_>) -> Env {
    rails(scene).into_env()
}

/// Every Rails process gets the same of this: a `LOCAL_DOMAIN` that only some of them know makes
/// other servers answer 401.
fn rails(scene: Scene<'_>) -> Variables {
    let mut variables = Variables::default();
    for (name, value) in &scene.topology.mastodon.env {
        variables.given(name, value);
    }
    core::identity(&mut variables, scene);
    core::secrets(&mut variables);
    database::rails(&mut variables, scene);
    redis::address(&mut variables);
    redis::driver(&mut variables, scene);
    media::bucket(&mut variables, scene);
    mail::sender(&mut variables, scene);
    federation::peers(&mut variables, scene);
    variables
}

/// Every secret the environments and stores of `scene` need.
pub(crate) fn secrets(scene: Scene<'_>) -> std::collections::BTreeSet<SecretName> {
    let mut secrets: std::collections::BTreeSet<_> = [
        SecretName::SecretKeyBase,
        SecretName::ActiveRecordEncryptionPrimaryKey,
        SecretName::ActiveRecordEncryptionDeterministicKey,
        SecretName::ActiveRecordEncryptionKeyDerivationSalt,
        SecretName::VapidPrivateKey,
        SecretName::VapidPublicKey,
        SecretName::PostgresPassword,
        SecretName::RedisPassword,
        SecretName::OwnerPassword,
    ]
    .into();
    if scene.surroundings.media_endpoint {
        secrets.extend([SecretName::MediaAccessKey, SecretName::MediaSecretKey]);
    }
    if mail::has_password(scene) {
        secrets.insert(SecretName::SmtpPassword);
    }
    secrets
}
