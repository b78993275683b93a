//! What the streaming server reads: no Rails variable is among it.

use crate::config::database::{BadDatabase, Postgres, node_pool};
use crate::config::redis::{BadRedis, Redis};
use crate::environment::Environment;

/// Where it listens and what it talks to.
pub(crate) struct Settings {
    /// Address and port.
    pub(crate) address: String,
    /// PostgreSQL, as Node reads the variables.
    pub(crate) postgres: Postgres,
    /// Its pool.
    pub(crate) pool: usize,
    /// Base Redis.
    pub(crate) redis: String,
    /// `NODE_EXTRA_CA_CERTS`
    pub(crate) ca_file: Option<String>,
}

/// Why Node ends before it listens.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub(crate) enum BadSettings {
    /// `REDIS_NAMESPACE` is there with a value.
    #[error("REDIS_NAMESPACE environment variable is no longer supported")]
    RedisNamespace,
    /// A port that is none.
    #[error("Invalid PORT environment variable: {0}")]
    Port(String),
    /// PostgreSQL's variables.
    #[error(transparent)]
    Database(#[from] BadDatabase),
    /// Redis' variables.
    #[error(transparent)]
    Redis(#[from] BadRedis),
}

impl Settings {
    /// Reads them.
    pub(crate) fn of(environment: &Environment) -> Result<Self, BadSettings> {
        if environment.get("REDIS_NAMESPACE").is_some() {
            return Err(BadSettings::RedisNamespace);
        }
        let port = environment.filled("PORT").unwrap_or("4000");
        let port: u16 = port
            .parse()
            .map_err(|_| BadSettings::Port(port.to_owned()))?;
        let bind = environment
            .filled("BIND")
            .unwrap_or("127.0.0.1")
            .trim_matches(['[', ']']);
        let address = if bind.contains(':') {
            format!("[{bind}]:{port}")
        } else {
            format!("{bind}:{port}")
        };
        Ok(Self {
            address,
            postgres: Postgres::of_node(environment)?,
            pool: node_pool(environment)?,
            redis: Redis::of_node(environment)?,
            ca_file: environment.filled("NODE_EXTRA_CA_CERTS").map(str::to_owned),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings(variables: &[(&str, &str)]) -> Result<Settings, BadSettings> {
        Settings::of(&variables.iter().copied().collect())
    }

    #[test]
    fn no_secret_is_needed() {
        let settings = settings(&[]).unwrap();
        assert_eq!(
            (
                settings.address.as_str(),
                settings.pool,
                settings.redis.as_str()
            ),
            ("127.0.0.1:4000", 10, "redis://127.0.0.1:6379/0")
        );
    }

    #[test]
    fn brackets_of_ipv6_are_stripped_and_put_back() {
        assert_eq!(
            settings(&[("BIND", "[::]"), ("PORT", "4001")])
                .unwrap()
                .address,
            "[::]:4001"
        );
    }

    #[test]
    fn a_namespace_is_refused() {
        assert_eq!(
            settings(&[("REDIS_NAMESPACE", "x")]).err(),
            Some(BadSettings::RedisNamespace)
        );
        assert_eq!(
            settings(&[("PORT", "x")]).err(),
            Some(BadSettings::Port("x".into()))
        );
    }
}
