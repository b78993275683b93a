//! One look at whether a container's service answers.
//!
//! Where the container's address is this host's own neighbour the service is spoken to directly,
//! which takes a millisecond. Elsewhere (a remote engine, a virtual machine, a rootless engine in
//! its own network namespace) the container's health check is run inside it.

use std::collections::BTreeMap;
use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr, UdpSocket};
use std::time::Duration;

use bollard::query_parameters::ContainerArchiveInfoOptionsBuilder;
use engine::wait::Look;
use jiff::Timestamp;
use mastodon::{Secret, Secrets};
use tokio::net::TcpStream;
use tokio::time::timeout;

use crate::command;
use crate::docker::Docker;
use crate::error::{Error, status};
use crate::resource::{Container, Ready};
use crate::wire;

/// A neighbour that has not answered in this time is asked again.
pub(crate) const PATIENCE: Duration = Duration::from_secs(5);

const POSTGRES: u16 = 5432;
const REDIS: u16 = 6379;

/// A container whose own check takes longer does not pass it, as Docker sees it.
pub(crate) const CHECK_BOUND: Duration = Duration::from_secs(10);

/// A running container and the way to it.
pub(crate) struct Probe<'a> {
    pub(crate) docker: &'a Docker,
    pub(crate) container: &'a Container,
    pub(crate) container_id: &'a str,
    pub(crate) secrets: &'a Secrets,
    /// The container's address, where this host can reach it.
    pub(crate) address: Option<Ipv4Addr>,
    /// When it was started.
    pub(crate) started: Option<Timestamp>,
}

impl Probe<'_> {
    /// What is waited for, in words.
    pub(crate) fn condition(&self) -> String {
        match &self.container.ready {
            Ready::Http { port, path } => format!("GET {path} on port {port} answers 200"),
            Ready::Postgres { user: _, database } => format!("`{database}` takes connections"),
            Ready::Redis { password: _ } => "PING is answered".to_owned(),
            Ready::File { path } => format!("`{}` is there", file_name(path)),
            Ready::Tcp { port } => format!("port {port} is open"),
            Ready::Ended => "it has ended".to_owned(),
        }
    }

    /// Looks once.
    pub(crate) async fn look(&self) -> Result<Look<()>, Error> {
        if let Ready::File { path } = &self.container.ready {
            return self.file(path).await;
        }
        let Some(address) = self.address else {
            return self.inside().await;
        };
        let at = |port: u16| SocketAddr::new(IpAddr::V4(address), port);
        let look = async {
            match &self.container.ready {
                Ready::Http { port, path } => wire::http(at(*port), path).await,
                Ready::Postgres { user, database } => {
                    wire::postgres(at(POSTGRES), user, database).await
                }
                Ready::Redis { password } => {
                    let password = self.secrets.get(*password).map_or("", Secret::expose);
                    wire::redis(at(REDIS), password).await
                }
                Ready::Tcp { port } => TcpStream::connect(at(*port)).await.map(|_| Look::Ready(())),
                // A file was looked for above, and an end is not probed for.
                Ready::File { path: _ } | Ready::Ended => Ok(Look::Ready(())),
            }
        };
        Ok(match timeout(PATIENCE, look).await {
            Ok(Ok(look)) => look,
            Ok(Err(error)) => Look::NotYet(in_words(&error)),
            Err(_) => Look::NotYet("no answer".to_owned()),
        })
    }

    /// The engine is asked for the file. One that is older than the container's start was left by
    /// a process that was killed.
    async fn file(&self, path: &str) -> Result<Look<()>, Error> {
        let options = ContainerArchiveInfoOptionsBuilder::default()
            .path(path)
            .build();
        let info = self
            .docker
            .client
            .get_container_archive_info(self.container_id, Some(options));
        match info.await {
            Ok(info) => {
                let changed = info
                    .modification_time
                    .and_then(|time| time.parse::<Timestamp>().ok());
                Ok(match (changed, self.started) {
                    (Some(changed), Some(started)) if changed < started => {
                        Look::NotYet("left over from before".to_owned())
                    }
                    _ => Look::Ready(()),
                })
            }
            Err(error) if status(&error) == Some(404) => Ok(Look::NotYet("booting".to_owned())),
            Err(error) => Err(Error::call("look into", &self.container.id)(error)),
        }
    }

    async fn inside(&self) -> Result<Look<()>, Error> {
        let check = self.container.healthcheck.as_deref().unwrap_or_default();
        let tables = || {
            ["cat", "/proc/net/tcp", "/proc/net/tcp6"]
                .map(str::to_owned)
                .to_vec()
        };
        let command = check_command(check).unwrap_or_else(tables);
        let resource = self.container.id.to_string();
        let run = command::run(
            self.docker,
            self.container_id,
            &resource,
            &command,
            CHECK_BOUND,
        );
        let output = match run.await {
            Err(Error::CommandHangs { .. }) => {
                return Ok(Look::NotYet("its own check hangs".to_owned()));
            }
            other => other?,
        };
        let ready = match (&self.container.ready, check.is_empty()) {
            (Ready::Http { port, .. } | Ready::Tcp { port }, true) => {
                listens(&output.stdout, *port)
            }
            _ => output.code == 0,
        };
        Ok(if ready {
            Look::Ready(())
        } else {
            Look::NotYet("its own check fails".to_owned())
        })
    }
}

/// The command of a Docker health check; `None` where there is none.
pub(crate) fn check_command(test: &[String]) -> Option<Vec<String>> {
    match test.split_first() {
        Some((kind, command)) if kind == "CMD" => Some(command.to_vec()),
        Some((kind, command)) if kind == "CMD-SHELL" => {
            let shell = ["sh", "-c"].map(str::to_owned);
            Some(shell.into_iter().chain(command.iter().cloned()).collect())
        }
        _ => None,
    }
}

/// The container's address in a network that this machine is part of; `None` when there is none.
/// `addresses` maps the host's address in each of the container's networks to the container's own.
pub(crate) fn reachable(addresses: &BTreeMap<Ipv4Addr, Ipv4Addr>) -> Option<Ipv4Addr> {
    // Only an address of this machine can be bound; nothing is sent.
    let here = |gateway: &Ipv4Addr| UdpSocket::bind((*gateway, 0)).is_ok();
    addresses
        .iter()
        .find(|(gateway, _)| here(gateway))
        .map(|(_, own)| *own)
}

/// Whether packets get to `address`: an open port and a closed one are both an answer.
pub(crate) async fn is_there(address: Ipv4Addr, ready: &Ready) -> bool {
    /// A bridge of this machine answers within microseconds.
    const NEAR: Duration = Duration::from_millis(500);
    let port = match ready {
        Ready::Http { port, .. } | Ready::Tcp { port } => *port,
        Ready::Postgres { .. } => POSTGRES,
        Ready::Redis { .. } => REDIS,
        Ready::File { .. } | Ready::Ended => return true,
    };
    match timeout(NEAR, TcpStream::connect((address, port))).await {
        Ok(Ok(_)) => true,
        Ok(Err(error)) => error.kind() == io::ErrorKind::ConnectionRefused,
        Err(_) => false,
    }
}

/// Whether one of the kernel's TCP tables has a listener on `port`.
fn listens(tables: &str, port: u16) -> bool {
    const LISTEN: &str = "0A";
    let local = format!(":{port:04X}");
    tables.lines().any(|line| {
        let mut columns = line.split_whitespace().skip(1);
        columns
            .next()
            .is_some_and(|address| address.ends_with(&local))
            && columns.nth(1) == Some(LISTEN)
    })
}

fn in_words(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::ConnectionRefused => "nobody listens yet".to_owned(),
        io::ErrorKind::ConnectionReset | io::ErrorKind::UnexpectedEof => "hangs up".to_owned(),
        _ => error.to_string(),
    }
}

fn file_name(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_listener_is_found_in_the_kernels_table_and_a_connection_is_not_one() {
        let table = "  sl  local_address rem_address   st tx_queue\n   \
             0: 00000000:01BB 00000000:0000 0A 00000000:00000000\n   \
             1: 0100007F:1F90 0100007F:C350 01 00000000:00000000\n";
        assert!(listens(table, 443));
        assert!(!listens(table, 8080));
        assert!(!listens(table, 80));
    }

    #[test]
    fn only_a_network_that_this_machine_is_part_of_is_reached_directly() {
        let loopback = Ipv4Addr::LOCALHOST;
        let own = Ipv4Addr::new(10, 1, 2, 3);
        assert_eq!(reachable(&BTreeMap::from([(loopback, own)])), Some(own));
        // TEST-NET-3 is nobody's.
        let nowhere = Ipv4Addr::new(203, 0, 113, 1);
        assert_eq!(reachable(&BTreeMap::from([(nowhere, own)])), None);
    }
}
