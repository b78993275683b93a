//! A connected engine.

use std::error::Error as StdError;
use std::io;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use bollard::ClientVersion;
use serde::Serialize;

use crate::connection::{Address, Connection};
use crate::error::Error;

/// What masto needs at least: Docker 20.10.
const OLDEST_API: (usize, usize) = (1, 41);
/// Seconds until the engine must have begun to answer. Stopping a container is answered when it
/// has stopped, which takes as long as its grace period.
const TIMEOUT: u64 = 300;
/// An engine that does not say its version in this time does not work.
const FIRST_ANSWER: Duration = Duration::from_secs(15);

/// A Docker engine that answers and is new enough.
#[derive(Clone, Debug)]
pub struct Docker {
    pub(crate) client: bollard::Docker,
    address: Arc<Address>,
    version: Arc<EngineVersion>,
}

/// What the engine says of itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct EngineVersion {
    /// `20.10.24`.
    pub version: String,
    /// The newest API it speaks, `1.41`.
    pub api: String,
    /// `linux`.
    pub os: String,
    /// `amd64`, `arm64`.
    pub arch: String,
}

impl Docker {
    /// Finds the engine, asks for its version and agrees on an API version.
    ///
    /// # Errors
    /// When there is none, it may not be used, or it is too old; each says what to do.
    pub async fn connect(connection: &Connection) -> Result<Self, Error> {
        let address = connection.address()?;
        let client = client(&address, bollard::API_DEFAULT_VERSION)?;
        let answer = tokio::time::timeout(FIRST_ANSWER, client.version())
            .await
            .map_err(|_| Error::NoEngine {
                address: address.to_string(),
                source: None,
            })?
            .map_err(|source| unreachable(&address, source))?;
        let version = EngineVersion {
            version: answer.version.unwrap_or_default(),
            api: answer.api_version.unwrap_or_default(),
            os: answer.os.unwrap_or_default(),
            arch: answer.arch.unwrap_or_default(),
        };
        let api = parse_api(&version.api).unwrap_or_default();
        if api < OLDEST_API {
            return Err(Error::OldEngine {
                address: address.to_string(),
                version: version.version,
                api: version.api,
            });
        }
        let newest = bollard::API_DEFAULT_VERSION;
        let agreed = api.min((newest.major_version, newest.minor_version));
        let agreed = ClientVersion {
            major_version: agreed.0,
            minor_version: agreed.1,
        };
        tracing::debug!(%address, engine = version.version, api = %agreed, "connected");
        Ok(Self {
            client: self::client(&address, &agreed)?,
            address: Arc::new(address),
            version: Arc::new(version),
        })
    }

    /// What the engine says of itself.
    #[must_use]
    pub fn version(&self) -> &EngineVersion {
        &self.version
    }

    /// Where it is, as `DOCKER_HOST` would say it.
    #[must_use]
    pub fn address(&self) -> String {
        self.address.to_string()
    }

    /// It answers.
    pub(crate) async fn answers(&self) -> bool {
        tokio::time::timeout(FIRST_ANSWER, self.client.ping())
            .await
            .is_ok_and(|pong| pong.is_ok())
    }
}

fn client(address: &Address, version: &ClientVersion) -> Result<bollard::Docker, Error> {
    match address {
        Address::Socket(path) => {
            let path = path.to_string_lossy();
            bollard::Docker::connect_with_unix(&path, TIMEOUT, version)
        }
        Address::Tcp(authority) => bollard::Docker::connect_with_http(authority, TIMEOUT, version),
    }
    .map_err(|source| unreachable(address, source))
}

fn unreachable(address: &Address, source: bollard::errors::Error) -> Error {
    let address = address.to_string();
    match root_io_error(&source) {
        Some(source) if source.kind() == io::ErrorKind::PermissionDenied => {
            Error::NoPermission { address, source }
        }
        Some(source) => Error::NoEngine {
            address,
            source: Some(source),
        },
        None => Error::NoEngine {
            address,
            source: Some(io::Error::other(source)),
        },
    }
}

/// The IO error among `error` and its sources, without what the client's layers say around it.
fn root_io_error(error: &bollard::errors::Error) -> Option<io::Error> {
    let copy = |error: &io::Error| match error.raw_os_error() {
        Some(code) => io::Error::from_raw_os_error(code),
        None => io::Error::new(error.kind(), error.to_string()),
    };
    match error {
        // This variant passes itself off as what it holds, and is not found below itself.
        bollard::errors::Error::IOError { err } => return Some(copy(err)),
        bollard::errors::Error::SocketNotFoundError(_) => {
            let said = "there is no such socket";
            return Some(io::Error::new(io::ErrorKind::NotFound, said));
        }
        _ => {}
    }
    let mut next: Option<&(dyn StdError + 'static)> = Some(error);
    while let Some(error) = next {
        if let Some(error) = error.downcast_ref::<io::Error>() {
            return Some(copy(error));
        }
        next = error.source();
    }
    None
}

fn parse_api(text: &str) -> Option<(usize, usize)> {
    let (major, minor) = text.split_once('.')?;
    Some((major.parse().ok()?, minor.parse().ok()?))
}

/// Whether the socket of `address` belongs to an engine that was installed but does not run.
pub(crate) fn socket_exists(address: &str) -> bool {
    address
        .strip_prefix("unix://")
        .is_some_and(|path| Path::new(path).exists())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn api_versions_are_compared_as_numbers() {
        assert!(parse_api("1.5").unwrap() < OLDEST_API);
        assert!(parse_api("1.41").unwrap() >= OLDEST_API);
        assert!(parse_api("1.50").unwrap() >= OLDEST_API);
        assert_eq!(parse_api("latest"), None);
    }

    #[test]
    fn a_refused_permission_is_found_below_the_clients_own_errors() {
        let denied = io::Error::from_raw_os_error(13);
        let source = bollard::errors::Error::IOError { err: denied };
        let address = Address::Tcp("h:2375".to_owned());
        let error = unreachable(&address, source);
        assert!(matches!(error, Error::NoPermission { .. }), "{error}");
        let slow = unreachable(&address, bollard::errors::Error::RequestTimeoutError);
        assert!(matches!(slow, Error::NoEngine { .. }), "{slow}");
    }
}
