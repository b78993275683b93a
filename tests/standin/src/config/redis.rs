//! Where Redis is: three roles, one set of rules.

use crate::environment::Environment;
use crate::release::Release;

/// URLs of the three roles; often the same.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Redis {
    /// Feeds, pub/sub, what streaming reads.
    pub(crate) base: String,
    /// Rails' cache.
    pub(crate) cache: String,
    /// Sidekiq's queues.
    pub(crate) sidekiq: String,
}

/// Why Redis cannot be used.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub(crate) enum BadRedis {
    /// hiredis without TLS.
    #[error(
        "SSL not supported by hiredis driver; set REDIS_DRIVER=ruby for a rediss:// address (NotImplementedError)"
    )]
    HiredisTls,
    /// A scheme the gem does not know.
    #[error("invalid uri scheme in a REDIS_URL; use redis:// or rediss:// (ArgumentError)")]
    Scheme,
    /// Sentinels.
    #[error(
        "REDIS_SENTINELS is set, but the stand-in for Mastodon does not speak to sentinels; give REDIS_URL instead"
    )]
    Sentinel,
}

impl Redis {
    /// As `lib/mastodon/redis_configuration.rb` reads it.
    pub(crate) fn of_ruby(environment: &Environment, release: Release) -> Result<Self, BadRedis> {
        let base = role(environment, "")?.unwrap_or_else(|| "redis://localhost:6379/0".to_owned());
        let cache = role(environment, "CACHE_")?.unwrap_or_else(|| base.clone());
        let sidekiq = role(environment, "SIDEKIQ_")?.unwrap_or_else(|| base.clone());
        let driver_is_ruby = environment.get("REDIS_DRIVER") == Some("ruby");
        for url in [&base, &cache, &sidekiq] {
            if url.starts_with("rediss://") && !driver_is_ruby && !release.hiredis_speaks_tls() {
                return Err(BadRedis::HiredisTls);
            }
            if !url.starts_with("redis://")
                && !url.starts_with("rediss://")
                && !url.starts_with("unix://")
            {
                return Err(BadRedis::Scheme);
            }
        }
        Ok(Self {
            base,
            cache,
            sidekiq,
        })
    }

    /// As `streaming/index.js` reads it: the base only, and blank is unset.
    pub(crate) fn of_node(environment: &Environment) -> Result<String, BadRedis> {
        if let Some(url) = environment.filled("REDIS_URL") {
            return Ok(url.to_owned());
        }
        if environment.filled("REDIS_SENTINELS").is_some() {
            return Err(BadRedis::Sentinel);
        }
        let host = environment.filled("REDIS_HOST").unwrap_or("127.0.0.1");
        let port = environment.filled("REDIS_PORT").unwrap_or("6379");
        Ok(url(
            environment,
            "",
            host,
            port,
            environment.filled("REDIS_DB").unwrap_or("0"),
        ))
    }
}

/// The URL of a role; `None` when neither its URL nor its host is there.
fn role(environment: &Environment, prefix: &str) -> Result<Option<String>, BadRedis> {
    let variable = |name: &str| environment.get(&format!("{prefix}REDIS_{name}"));
    if let Some(url) = variable("URL") {
        // A blank URL is still a URL to the gem, which then falls back on its own default.
        return Ok(Some(if url.trim().is_empty() {
            "redis://127.0.0.1:6379/0".to_owned()
        } else {
            url.to_owned()
        }));
    }
    if variable("SENTINELS").is_some_and(|list| !list.is_empty())
        && variable("SENTINEL_MASTER").is_some_and(|name| !name.is_empty())
    {
        return Err(BadRedis::Sentinel);
    }
    let is_base = prefix.is_empty();
    let Some(host) = variable("HOST")
        .or(is_base.then_some("localhost"))
        .filter(|host| !host.trim().is_empty())
    else {
        return Ok(None);
    };
    // Port and database of the base are not inherited: an absent port is an empty one.
    let port = variable("PORT").unwrap_or(if is_base { "6379" } else { "" });
    let db = variable("DB").unwrap_or(if is_base { "0" } else { "" });
    Ok(Some(url(environment, prefix, host, port, db)))
}

fn url(environment: &Environment, prefix: &str, host: &str, port: &str, db: &str) -> String {
    let encoded = |name: &str| {
        let value = environment.filled(&format!("{prefix}REDIS_{name}"))?;
        Some(
            url::form_urlencoded::byte_serialize(value.as_bytes())
                .collect::<String>()
                .replace('+', "%20"),
        )
    };
    let login = match (encoded("USER"), encoded("PASSWORD")) {
        (None, None) => String::new(),
        (user, password) => format!(
            "{}:{}@",
            user.unwrap_or_default(),
            password.unwrap_or_default()
        ),
    };
    let port = if port.is_empty() {
        String::new()
    } else {
        format!(":{port}")
    };
    format!("redis://{login}{host}{port}/{db}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::release::NEWEST;

    fn of(variables: &[(&str, &str)]) -> Result<Redis, BadRedis> {
        Redis::of_ruby(&variables.iter().copied().collect(), NEWEST)
    }

    #[test]
    fn roles_fall_back_to_the_base_as_a_whole() {
        let redis = of(&[("REDIS_HOST", "redis"), ("REDIS_PASSWORD", "p@ss")]).unwrap();
        assert_eq!(redis.base, "redis://:p%40ss@redis:6379/0");
        assert_eq!(
            (redis.cache, redis.sidekiq),
            (redis.base.clone(), redis.base)
        );
    }

    #[test]
    fn a_roles_host_inherits_neither_port_nor_database_nor_password() {
        let redis = of(&[
            ("REDIS_HOST", "a"),
            ("REDIS_PORT", "7000"),
            ("REDIS_DB", "2"),
            ("REDIS_PASSWORD", "x"),
            ("CACHE_REDIS_HOST", "b"),
        ])
        .unwrap();
        assert_eq!(redis.base, "redis://:x@a:7000/2");
        assert_eq!(redis.cache, "redis://b/");
    }

    #[test]
    fn a_blank_url_is_used_by_ruby_and_not_by_node() {
        let variables: Environment = [("REDIS_URL", ""), ("REDIS_HOST", "redis")]
            .into_iter()
            .collect();
        assert_eq!(
            Redis::of_ruby(&variables, NEWEST).unwrap().base,
            "redis://127.0.0.1:6379/0"
        );
        assert_eq!(Redis::of_node(&variables).unwrap(), "redis://redis:6379/0");
    }

    #[test]
    fn hiredis_refuses_tls_before_4_6() {
        let old: Release = "4.5.20".parse().unwrap();
        let tls: Environment = [("REDIS_URL", "rediss://redis:6379")].into_iter().collect();
        assert_eq!(Redis::of_ruby(&tls, old).err(), Some(BadRedis::HiredisTls));
        assert!(Redis::of_ruby(&tls, NEWEST).is_ok());
        let ruby: Environment = [
            ("REDIS_URL", "rediss://redis:6379"),
            ("REDIS_DRIVER", "ruby"),
        ]
        .into_iter()
        .collect();
        assert!(Redis::of_ruby(&ruby, old).is_ok());
    }

    #[test]
    fn other_schemes_are_refused() {
        assert_eq!(
            of(&[("REDIS_URL", "http://redis")]).err(),
            Some(BadRedis::Scheme)
        );
    }
}
