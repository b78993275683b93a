//! Where the Docker engine is: the same rules as Docker's own client, and the sockets that rootless
//! engines and desktop products use.

use std::fmt;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use sha2::{Digest as _, Sha256};

use crate::error::Error;

const SYSTEM_SOCKET: &str = "/var/run/docker.sock";

/// What a person or the environment says of the engine; all of it may be absent.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Connection {
    /// An address: `unix:///run/user/1000/docker.sock`, `tcp://10.0.0.2:2375`. Wins over all else.
    pub host: Option<String>,
    /// A Docker context by name.
    pub context: Option<String>,
    /// Folder of Docker's own configuration, `~/.docker`: contexts and the current one.
    pub config_dir: Option<PathBuf>,
    /// Where a rootless engine has its socket, `/run/user/1000`.
    pub runtime_dir: Option<PathBuf>,
}

/// An address that masto can use.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Address {
    /// A Unix socket.
    Socket(PathBuf),
    /// Plain HTTP, `host:port`.
    Tcp(String),
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Socket(path) => write!(f, "unix://{}", path.display()),
            Self::Tcp(authority) => write!(f, "tcp://{authority}"),
        }
    }
}

#[derive(Deserialize)]
struct ConfigFile {
    #[serde(rename = "currentContext")]
    current_context: Option<String>,
}

#[derive(Deserialize)]
struct ContextFile {
    #[serde(rename = "Endpoints")]
    endpoints: Endpoints,
}

#[derive(Deserialize)]
struct Endpoints {
    docker: Endpoint,
}

#[derive(Deserialize)]
struct Endpoint {
    #[serde(rename = "Host")]
    host: String,
}

impl Connection {
    /// Finds the address: the host, else the context, else Docker's current context, else the
    /// first socket that is there.
    pub(crate) fn address(&self) -> Result<Address, Error> {
        if let Some(host) = &self.host {
            return parse(host);
        }
        match self.chosen_context()? {
            Some(context) => parse(&self.host_of_context(&context)?),
            None => Ok(Address::Socket(self.first_socket())),
        }
    }

    fn chosen_context(&self) -> Result<Option<String>, Error> {
        let chosen = match (&self.context, &self.config_dir) {
            (Some(context), _) => Some(context.clone()),
            (None, Some(folder)) => {
                let path = folder.join("config.json");
                let context = || "current".to_owned();
                match fs::read(&path) {
                    Ok(text) => {
                        serde_json::from_slice::<ConfigFile>(&text)
                            .map_err(|error| Error::Context {
                                context: context(),
                                path,
                                source: error.into(),
                            })?
                            .current_context
                    }
                    Err(error) if error.kind() == io::ErrorKind::NotFound => None,
                    Err(source) => {
                        return Err(Error::Context {
                            context: context(),
                            path,
                            source,
                        });
                    }
                }
            }
            (None, None) => None,
        };
        Ok(chosen.filter(|context| !context.is_empty() && context != "default"))
    }

    fn host_of_context(&self, context: &str) -> Result<String, Error> {
        // Docker files a context under the digest of its name.
        let digest: String = Sha256::digest(context)
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect();
        let folder = self.config_dir.clone().unwrap_or_default();
        let path = folder
            .join("contexts")
            .join("meta")
            .join(digest)
            .join("meta.json");
        let error = |source| Error::Context {
            context: context.to_owned(),
            path: path.clone(),
            source,
        };
        let text = fs::read(&path).map_err(error)?;
        let file: ContextFile =
            serde_json::from_slice(&text).map_err(|source| error(source.into()))?;
        Ok(file.endpoints.docker.host)
    }

    fn first_socket(&self) -> PathBuf {
        let system = PathBuf::from(SYSTEM_SOCKET);
        let rootless = self
            .runtime_dir
            .as_ref()
            .map(|folder| folder.join("docker.sock"));
        let desktop = self
            .config_dir
            .as_ref()
            .map(|folder| folder.join("run").join("docker.sock"));
        let others = [rootless, desktop].into_iter().flatten();
        std::iter::once(system.clone())
            .chain(others)
            .find(|path| path.exists())
            .unwrap_or(system)
    }
}

fn parse(host: &str) -> Result<Address, Error> {
    let refuse = |reason: &str| {
        Err(Error::Address {
            address: host.to_owned(),
            reason: reason.to_owned(),
        })
    };
    match host.split_once("://") {
        Some(("unix", path)) if Path::new(path).is_absolute() => Ok(Address::Socket(path.into())),
        Some(("unix", _)) => refuse("the path of a socket starts with `/`"),
        Some(("tcp" | "http", rest)) => {
            let authority = rest.trim_end_matches('/');
            match authority.rsplit_once(':') {
                Some((name, "2376")) if !name.is_empty() => {
                    refuse("port 2376 is Docker over TLS, which masto does not speak")
                }
                Some((name, port)) if !name.is_empty() && port.parse::<u16>().is_ok() => {
                    Ok(Address::Tcp(authority.to_owned()))
                }
                _ => refuse("write the port: `tcp://host:2375`"),
            }
        }
        Some(("ssh", _)) => refuse("masto does not open SSH connections itself"),
        _ => refuse("it starts with `unix://` or `tcp://`"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(connection: &Connection) -> String {
        match connection.address() {
            Ok(address) => address.to_string(),
            Err(Error::Address { reason, .. }) => reason,
            Err(other) => other.to_string(),
        }
    }

    fn of_host(host: &str) -> String {
        address(&Connection {
            host: Some(host.to_owned()),
            ..Connection::default()
        })
    }

    #[test]
    fn an_address_is_a_socket_or_plain_tcp() {
        for (host, expected) in [
            (
                "unix:///run/user/1000/docker.sock",
                "unix:///run/user/1000/docker.sock",
            ),
            ("tcp://10.0.0.2:2375", "tcp://10.0.0.2:2375"),
            ("http://docker:2375/", "tcp://docker:2375"),
            ("unix://docker.sock", "the path of a socket starts with `/`"),
            ("tcp://10.0.0.2", "write the port: `tcp://host:2375`"),
            (
                "tcp://10.0.0.2:2376",
                "port 2376 is Docker over TLS, which masto does not speak",
            ),
            (
                "ssh://me@host",
                "masto does not open SSH connections itself",
            ),
            (
                "/var/run/docker.sock",
                "it starts with `unix://` or `tcp://`",
            ),
        ] {
            assert_eq!(of_host(host), expected, "{host}");
        }
    }

    #[test]
    fn the_host_wins_then_the_named_context_then_the_current_one_then_a_socket_that_is_there() {
        let folder = tempfile::tempdir().unwrap();
        let config_dir = folder.path().join("config");
        let context = |name: &str, host: &str| {
            let digest: String = Sha256::digest(name)
                .iter()
                .map(|byte| format!("{byte:02x}"))
                .collect();
            let path = config_dir.join("contexts/meta").join(digest);
            fs::create_dir_all(&path).unwrap();
            let text = format!(
                r#"{{"Name":"{name}","Endpoints":{{"docker":{{"Host":"{host}","SkipTLSVerify":false}}}}}}"#
            );
            fs::write(path.join("meta.json"), text).unwrap();
        };
        context("far", "tcp://far:2375");
        context("near", "tcp://near:2375");
        fs::write(
            config_dir.join("config.json"),
            r#"{"auths":{},"currentContext":"near"}"#,
        )
        .unwrap();
        let mut connection = Connection {
            host: Some("tcp://typed:2375".to_owned()),
            context: Some("far".to_owned()),
            config_dir: Some(config_dir.clone()),
            runtime_dir: Some(folder.path().to_owned()),
        };
        assert_eq!(address(&connection), "tcp://typed:2375");
        connection.host = None;
        assert_eq!(address(&connection), "tcp://far:2375");
        connection.context = None;
        assert_eq!(address(&connection), "tcp://near:2375");
        connection.context = Some("gone".to_owned());
        assert_eq!(
            address(&connection),
            "failed to read the Docker context `gone`"
        );
        connection.context = Some("default".to_owned());
        if !Path::new(SYSTEM_SOCKET).exists() {
            fs::write(folder.path().join("docker.sock"), "").unwrap();
            let rootless = format!("unix://{}", folder.path().join("docker.sock").display());
            assert_eq!(address(&connection), rootless);
        }
    }
}
