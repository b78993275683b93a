//! What Rails checks before it serves: every variable that Mastodon refuses to start without, or
//! refuses to start with. Pure; web, Sidekiq and every one-off command go through it.

use crate::config::concurrency::{BadNumber, Puma};
use crate::config::database::{BadDatabase, Postgres};
use crate::config::domains::Domains;
use crate::config::mail::Mail;
use crate::config::proxies::{BadNetwork, Network, networks, trusted};
use crate::config::redis::{BadRedis, Redis};
use crate::config::security_policy::content_security_policy;
use crate::config::storage::Storage;
use crate::environment::Environment;
use crate::release::Release;

/// Everything a Ruby process of Mastodon knows after its initializers ran.
pub(crate) struct Settings {
    /// Which release is played.
    pub(crate) release: Release,
    /// Host names.
    pub(crate) domains: Domains,
    /// PostgreSQL.
    pub(crate) postgres: Postgres,
    /// Redis.
    pub(crate) redis: Redis,
    /// Uploads.
    pub(crate) storage: Storage,
    /// Mail.
    pub(crate) mail: Mail,
    /// `TRUSTED_PROXY_IP`
    pub(crate) proxies: Vec<Network>,
    /// `ALLOWED_PRIVATE_ADDRESSES`
    pub(crate) allowed_private: Vec<Network>,
    /// The Content-Security-Policy header.
    pub(crate) content_security_policy: String,
    /// `SECRET_KEY_BASE`
    pub(crate) secret_key_base: String,
    /// `ACTIVE_RECORD_ENCRYPTION_*`
    pub(crate) encryption: EncryptionKeys,
    /// Puma's shape; other processes take the thread count from it.
    pub(crate) puma: Puma,
    /// The variables themselves, for what is read late.
    pub(crate) environment: Environment,
}

/// Keys of Active Record Encryption.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct EncryptionKeys {
    /// `…_PRIMARY_KEY`
    pub(crate) primary: String,
    /// `…_KEY_DERIVATION_SALT`
    pub(crate) salt: String,
}

/// Why the process ends before it starts. The text goes to stderr; the exit code is 1.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub(crate) enum Abort {
    /// `RAILS_ENV` is not there.
    #[error(
        "The RAILS_ENV environment variable is not set.\n\nSet it to \"production\" for a live deployment of the application."
    )]
    RailsEnvMissing,
    /// `RAILS_ENV` is not production: the image holds no other gems.
    #[error(
        "RAILS_ENV is `{0}`, but the gems of that environment are not in the image (Bundler::GemNotFound); set it to \"production\"."
    )]
    RailsEnvOther(String),
    /// `REDIS_NAMESPACE` is there, blank or not.
    #[error(
        "ERROR: the REDIS_NAMESPACE environment variable is no longer supported, and a migration is required.\n\nPlease see documentation at https://github.com/mastodon/redis_namespace_migration"
    )]
    RedisNamespace,
    /// Keys of Active Record Encryption are missing or blank.
    #[error("\nMastodon now requires that these variables are set:\n\n{}\n\nRun `bin/rails db:encryption:init` to generate new secrets and then assign the environment variables.", list(.0))]
    EncryptionMissing(Vec<&'static str>),
    /// Keys copied from an example.
    #[error(
        "\nThe value of {0} ends with DO_NOT_USE_IN_PRODUCTION.\n\nRun `bin/rails db:encryption:init` to generate new secrets and then assign the environment variables."
    )]
    EncryptionExample(&'static str),
    /// No `SECRET_KEY_BASE`.
    #[error(
        "Missing `secret_key_base` for 'production' environment, set this string with `bin/rails credentials:edit` (ArgumentError)"
    )]
    SecretKeyBaseMissing,
    /// A log level Ruby's logger does not have.
    #[error("invalid log level: {0}: uninitialized constant Logger::{upper} (NameError)", upper = .0.to_uppercase())]
    LogLevel(String),
    /// A number.
    #[error(transparent)]
    Number(#[from] BadNumber),
    /// An address range.
    #[error(transparent)]
    Network(#[from] BadNetwork),
    /// PostgreSQL's variables.
    #[error(transparent)]
    Database(#[from] BadDatabase),
    /// Redis' variables.
    #[error(transparent)]
    Redis(#[from] BadRedis),
    /// The bucket's variables.
    #[error("{0}")]
    Storage(&'static str),
}

fn list(names: &[&str]) -> String {
    names
        .iter()
        .map(|name| format!("  - {name}"))
        .collect::<Vec<_>>()
        .join("\n")
}

const ENCRYPTION: [&str; 3] = [
    "ACTIVE_RECORD_ENCRYPTION_DETERMINISTIC_KEY",
    "ACTIVE_RECORD_ENCRYPTION_KEY_DERIVATION_SALT",
    "ACTIVE_RECORD_ENCRYPTION_PRIMARY_KEY",
];

/// What every Ruby process needs, even one that prints keys.
pub(crate) fn check_rails_env(environment: &Environment) -> Result<(), Abort> {
    match environment.get("RAILS_ENV") {
        None => Err(Abort::RailsEnvMissing),
        Some("production") => Ok(()),
        Some(other) => Err(Abort::RailsEnvOther(other.to_owned())),
    }
}

impl Settings {
    /// Runs the initializers in Mastodon's order.
    pub(crate) fn boot(environment: Environment, release: Release) -> Result<Self, Abort> {
        check_rails_env(&environment)?;
        if environment.get("REDIS_NAMESPACE").is_some() {
            return Err(Abort::RedisNamespace);
        }
        let secret_key_base = environment
            .filled("SECRET_KEY_BASE")
            .ok_or(Abort::SecretKeyBaseMissing)?
            .to_owned();
        let encryption = encryption_keys(&environment)?;
        let level = environment.get("RAILS_LOG_LEVEL").unwrap_or("info");
        if !["debug", "info", "warn", "error", "fatal", "unknown"]
            .contains(&level.to_lowercase().as_str())
        {
            return Err(Abort::LogLevel(level.to_owned()));
        }
        let domains = Domains::of(&environment);
        Ok(Self {
            release,
            postgres: Postgres::of_ruby(&environment)?,
            redis: Redis::of_ruby(&environment, release)?,
            storage: Storage::of(&environment).map_err(Abort::Storage)?,
            mail: Mail::of(&environment, &domains.local),
            proxies: trusted(&environment)?,
            allowed_private: networks(
                environment
                    .get("ALLOWED_PRIVATE_ADDRESSES")
                    .unwrap_or_default(),
            )?,
            content_security_policy: content_security_policy(&environment, &domains),
            secret_key_base,
            encryption,
            puma: Puma::of(&environment)?,
            domains,
            environment,
        })
    }
}

fn encryption_keys(environment: &Environment) -> Result<EncryptionKeys, Abort> {
    let missing: Vec<_> = ENCRYPTION
        .into_iter()
        .filter(|name| environment.filled(name).is_none())
        .collect();
    if !missing.is_empty() {
        return Err(Abort::EncryptionMissing(missing));
    }
    let value = |name: &'static str| match environment.filled(name).unwrap_or_default() {
        example if example.ends_with("DO_NOT_USE_IN_PRODUCTION") => {
            Err(Abort::EncryptionExample(name))
        }
        value => Ok(value.to_owned()),
    };
    value(ENCRYPTION[0])?;
    Ok(EncryptionKeys {
        salt: value(ENCRYPTION[1])?,
        primary: value(ENCRYPTION[2])?,
    })
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::release::NEWEST;

    /// The smallest environment that boots, changed: a value replaces, `None` removes.
    pub(crate) fn environment(changes: &[(&str, Option<&str>)]) -> Environment {
        let mut variables: std::collections::BTreeMap<&str, &str> = [
            ("RAILS_ENV", "production"),
            ("LOCAL_DOMAIN", "social.localhost"),
            ("SECRET_KEY_BASE", "0123456789abcdef"),
            ("ACTIVE_RECORD_ENCRYPTION_DETERMINISTIC_KEY", "d"),
            ("ACTIVE_RECORD_ENCRYPTION_KEY_DERIVATION_SALT", "s"),
            ("ACTIVE_RECORD_ENCRYPTION_PRIMARY_KEY", "p"),
        ]
        .into();
        for (name, value) in changes {
            match value {
                Some(value) => variables.insert(name, value),
                None => variables.remove(name),
            };
        }
        variables.into_iter().collect()
    }

    fn refusal(changes: &[(&str, Option<&str>)]) -> String {
        Settings::boot(environment(changes), NEWEST)
            .err()
            .map_or_else(|| "boots".to_owned(), |abort| abort.to_string())
    }

    #[test]
    fn the_smallest_environment_boots() {
        assert_eq!(refusal(&[]), "boots");
    }

    #[test]
    fn each_trap_of_the_environment_is_refused_with_its_name() {
        let traps: [(&str, Option<&str>, &str); 17] = [
            (
                "RAILS_ENV",
                None,
                "RAILS_ENV environment variable is not set",
            ),
            ("RAILS_ENV", Some("development"), "Bundler::GemNotFound"),
            ("SECRET_KEY_BASE", None, "Missing `secret_key_base`"),
            ("SECRET_KEY_BASE", Some(""), "Missing `secret_key_base`"),
            (
                "ACTIVE_RECORD_ENCRYPTION_PRIMARY_KEY",
                None,
                "  - ACTIVE_RECORD_ENCRYPTION_PRIMARY_KEY",
            ),
            (
                "ACTIVE_RECORD_ENCRYPTION_DETERMINISTIC_KEY",
                Some(""),
                "  - ACTIVE_RECORD_ENCRYPTION_DETERMINISTIC_KEY",
            ),
            (
                "ACTIVE_RECORD_ENCRYPTION_KEY_DERIVATION_SALT",
                Some("xDO_NOT_USE_IN_PRODUCTION"),
                "KEY_DERIVATION_SALT ends with DO_NOT_USE_IN_PRODUCTION",
            ),
            (
                "REDIS_NAMESPACE",
                Some("social"),
                "REDIS_NAMESPACE environment variable is no longer supported",
            ),
            (
                "REDIS_NAMESPACE",
                Some(""),
                "REDIS_NAMESPACE environment variable is no longer supported",
            ),
            (
                "TRUSTED_PROXY_IP",
                Some("loopback"),
                "invalid address: loopback",
            ),
            ("MAX_THREADS", Some(""), "invalid value for Integer(): \"\""),
            ("MAX_THREADS", Some("0"), "must be > 0"),
            (
                "WEB_CONCURRENCY",
                Some("many"),
                "WEB_CONCURRENCY must be a number",
            ),
            (
                "RAILS_LOG_LEVEL",
                Some("chatty"),
                "invalid log level: chatty",
            ),
            (
                "DB_SSLMODE",
                Some("no-verify"),
                "invalid sslmode value: \"no-verify\"",
            ),
            ("S3_ENABLED", Some("true"), "S3_BUCKET is not set"),
            ("REDIS_URL", Some("http://redis"), "invalid uri scheme"),
        ];
        for (name, value, expected) in traps {
            let refusal = refusal(&[(name, value)]);
            assert!(refusal.contains(expected), "{name}={value:?}: {refusal}");
        }
    }

    #[test]
    fn every_missing_encryption_key_is_listed_at_once() {
        let refusal = refusal(&[(ENCRYPTION[0], None), (ENCRYPTION[2], Some(" "))]);
        assert!(
            refusal.contains(ENCRYPTION[0])
                && refusal.contains(ENCRYPTION[2])
                && !refusal.contains(ENCRYPTION[1]),
            "{refusal}"
        );
    }

    #[test]
    fn harmless_blanks_boot() {
        for name in [
            "DB_SSLMODE",
            "SMTP_AUTH_METHOD",
            "TRUSTED_PROXY_IP",
            "CDN_HOST",
            "WEB_CONCURRENCY",
            "PERSISTENT_TIMEOUT",
        ] {
            assert_eq!(refusal(&[(name, Some(""))]), "boots", "{name}");
        }
    }
}
