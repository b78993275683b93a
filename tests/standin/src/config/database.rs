//! Where PostgreSQL is. Ruby (libpq) and Node read the same variables differently.

use std::path::PathBuf;

use url::Url;

use crate::environment::Environment;

/// How to connect.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Postgres {
    /// Host name, address, or the directory of a socket.
    pub(crate) host: String,
    /// Port.
    pub(crate) port: u16,
    /// Database.
    pub(crate) name: String,
    /// Role.
    pub(crate) user: String,
    /// Its password; blank for none.
    pub(crate) password: String,
    /// How much TLS.
    pub(crate) tls: Tls,
}

/// How much TLS, in libpq's words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Tls {
    /// Never.
    Disable,
    /// Only when the server insists.
    Allow,
    /// When the server can.
    Prefer,
    /// Always, whoever the server is.
    Require,
    /// Always; signed by one of these roots.
    VerifyCa(Roots),
    /// Always; signed by one of these roots and for this host.
    VerifyFull(Roots),
}

/// Which authorities are believed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Roots {
    /// Those of this file.
    File(PathBuf),
    /// No file was named: libpq then looks in the home directory, Node in its own list, and a
    /// private authority is in neither.
    None,
}

/// Why there is no way to connect.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub(crate) enum BadDatabase {
    /// libpq's own words.
    #[error("invalid sslmode value: \"{0}\" (ActiveRecord::ConnectionNotEstablished)")]
    SslMode(String),
    /// The URL cannot be read. It holds a password, so it is not repeated.
    #[error("DATABASE_URL is not a PostgreSQL URL (URI::InvalidURIError)")]
    Url,
    /// A port that is none.
    #[error("Invalid DB_PORT environment variable: {0}")]
    Port(String),
}

impl std::fmt::Debug for Postgres {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            f,
            "{}@{}:{}/{} {:?}",
            self.user, self.host, self.port, self.name, self.tls
        )
    }
}

impl Postgres {
    /// As `config/database.yml` and libpq read it.
    pub(crate) fn of_ruby(environment: &Environment) -> Result<Self, BadDatabase> {
        let roots = match environment.filled("PGSSLROOTCERT") {
            Some(path) => Roots::File(path.into()),
            None => Roots::None,
        };
        if let Some(text) = environment
            .get("DATABASE_URL")
            .filter(|text| !text.is_empty())
        {
            let (mut postgres, url) = Self::of_url(text)?;
            let parameter = |name: &str| {
                url.query_pairs()
                    .find(|(key, _)| key == name)
                    .map(|(_, value)| value.into_owned())
            };
            let roots = parameter("sslrootcert").map_or(roots, |path| Roots::File(path.into()));
            postgres.tls = libpq_tls(parameter("sslmode").as_deref().unwrap_or("prefer"), roots)?;
            return Ok(postgres);
        }
        let mut postgres = Self::of_variables(environment)?;
        postgres.tls = libpq_tls(environment.filled("DB_SSLMODE").unwrap_or("prefer"), roots)?;
        Ok(postgres)
    }

    /// As `streaming/index.js` and node-postgres read it. A word such as `prefer`, which libpq
    /// takes for "when the server can", is full verification here.
    pub(crate) fn of_node(environment: &Environment) -> Result<Self, BadDatabase> {
        let roots = match environment.filled("NODE_EXTRA_CA_CERTS") {
            Some(path) => Roots::File(path.into()),
            None => Roots::None,
        };
        let (mut postgres, mode) = match environment.filled("DATABASE_URL") {
            Some(text) => {
                let (mut postgres, url) = Self::of_url(text)?;
                if postgres.password.is_empty() {
                    environment
                        .get("DB_PASS")
                        .unwrap_or_default()
                        .clone_into(&mut postgres.password);
                }
                let mode = url
                    .query_pairs()
                    .find(|(key, _)| key == "sslmode")
                    .map(|(_, value)| value.into_owned());
                (postgres, mode)
            }
            None => (
                Self::of_variables(environment)?,
                environment.get("DB_SSLMODE").map(str::to_owned),
            ),
        };
        if environment.filled("NODE_ENV") != Some("production")
            && environment.filled("DB_NAME").is_none()
            && environment.filled("DATABASE_URL").is_none()
        {
            "mastodon_development".clone_into(&mut postgres.name);
        }
        postgres.tls = match mode.as_deref() {
            None | Some("" | "disable") => Tls::Disable,
            Some("no-verify") => Tls::Require,
            Some(_) => Tls::VerifyFull(roots),
        };
        Ok(postgres)
    }

    fn of_variables(environment: &Environment) -> Result<Self, BadDatabase> {
        let port = environment.filled("DB_PORT").unwrap_or("5432");
        Ok(Self {
            host: environment
                .filled("DB_HOST")
                .unwrap_or("localhost")
                .to_owned(),
            port: port
                .parse()
                .map_err(|_| BadDatabase::Port(port.to_owned()))?,
            name: environment
                .filled("DB_NAME")
                .unwrap_or("mastodon_production")
                .to_owned(),
            user: environment
                .filled("DB_USER")
                .unwrap_or("mastodon")
                .to_owned(),
            password: environment.get("DB_PASS").unwrap_or_default().to_owned(),
            tls: Tls::Prefer,
        })
    }

    fn of_url(text: &str) -> Result<(Self, Url), BadDatabase> {
        let url = Url::parse(text).map_err(|_| BadDatabase::Url)?;
        if !matches!(url.scheme(), "postgres" | "postgresql") {
            return Err(BadDatabase::Url);
        }
        let decoded = |text: &str| percent_decoded(text);
        let postgres = Self {
            host: url
                .host_str()
                .map_or_else(|| "localhost".to_owned(), decoded),
            port: url.port().unwrap_or(5432),
            name: decoded(url.path().trim_start_matches('/')),
            user: decoded(url.username()),
            password: url.password().map(decoded).unwrap_or_default(),
            tls: Tls::Prefer,
        };
        Ok((postgres, url))
    }
}

/// Node's pool: `DB_POOL`, else 10.
pub(crate) fn node_pool(environment: &Environment) -> Result<usize, BadDatabase> {
    match environment.filled("DB_POOL") {
        Some(text) => text.parse().map_err(|_| BadDatabase::Port(text.to_owned())),
        None => Ok(10),
    }
}

fn libpq_tls(mode: &str, roots: Roots) -> Result<Tls, BadDatabase> {
    Ok(match mode {
        "disable" => Tls::Disable,
        "allow" => Tls::Allow,
        "prefer" => Tls::Prefer,
        // With a root file at hand libpq checks it even under `require`.
        "require" => match roots {
            Roots::None => Tls::Require,
            Roots::File(_) => Tls::VerifyCa(roots),
        },
        "verify-ca" => Tls::VerifyCa(roots),
        "verify-full" => Tls::VerifyFull(roots),
        other => return Err(BadDatabase::SslMode(other.to_owned())),
    })
}

/// Undoes `%41`.
pub(crate) fn percent_decoded(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((first, after)) = rest.split_first() {
        let code = (*first == b'%')
            .then(|| after.get(..2))
            .flatten()
            .and_then(|hex| u8::from_str_radix(std::str::from_utf8(hex).ok()?, 16).ok());
        match code {
            Some(byte) => {
                bytes.push(byte);
                rest = &after[2..];
            }
            None => {
                bytes.push(*first);
                rest = after;
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn environment(variables: &[(&str, &str)]) -> Environment {
        variables.iter().copied().collect()
    }

    #[test]
    fn one_sslmode_means_two_things() {
        let told = |mode: &str| {
            let variables = environment(&[("DB_SSLMODE", mode), ("NODE_ENV", "production")]);
            (
                Postgres::of_ruby(&variables).map(|p| p.tls),
                Postgres::of_node(&variables).map(|p| p.tls),
            )
        };
        assert_eq!(told(""), (Ok(Tls::Prefer), Ok(Tls::Disable)));
        assert_eq!(told("disable"), (Ok(Tls::Disable), Ok(Tls::Disable)));
        assert_eq!(
            told("prefer"),
            (Ok(Tls::Prefer), Ok(Tls::VerifyFull(Roots::None)))
        );
        assert_eq!(
            told("require"),
            (Ok(Tls::Require), Ok(Tls::VerifyFull(Roots::None)))
        );
        assert_eq!(
            told("no-verify"),
            (
                Err(BadDatabase::SslMode("no-verify".into())),
                Ok(Tls::Require)
            )
        );
        assert_eq!(
            told("verify-full"),
            (
                Ok(Tls::VerifyFull(Roots::None)),
                Ok(Tls::VerifyFull(Roots::None))
            )
        );
    }

    #[test]
    fn nothing_said_is_localhost_and_mastodon_production() {
        let postgres = Postgres::of_ruby(&Environment::default()).unwrap();
        assert_eq!(
            format!("{postgres:?}"),
            "mastodon@localhost:5432/mastodon_production Prefer"
        );
        assert_eq!(
            Postgres::of_node(&Environment::default()).unwrap().name,
            "mastodon_development"
        );
    }

    #[test]
    fn the_url_wins_and_its_password_is_decoded() {
        let variables = environment(&[
            (
                "DATABASE_URL",
                "postgres://me:p%40ss@db:6543/social?sslmode=require",
            ),
            ("DB_HOST", "other"),
        ]);
        let postgres = Postgres::of_ruby(&variables).unwrap();
        assert_eq!(
            (
                postgres.host.as_str(),
                postgres.port,
                postgres.password.as_str(),
                postgres.tls
            ),
            ("db", 6543, "p@ss", Tls::Require)
        );
    }

    #[test]
    fn passwords_are_never_shown() {
        let variables = environment(&[("DB_PASS", "canary")]);
        assert!(!format!("{:?}", Postgres::of_ruby(&variables).unwrap()).contains("canary"));
    }
}
