//! Who has a port that the ingress wants.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use bollard::query_parameters::ListContainersOptions;

use crate::docker::Docker;
use crate::error::Error;
use crate::resource::Container;

/// The published port that `error` says is not free; `None` when it says something else.
pub(crate) fn taken_port(error: &Error, container: &Container) -> Option<u16> {
    let Error::Call { source, .. } = error else {
        return None;
    };
    let message = source.to_string();
    let taken = ["port is already allocated", "address already in use"];
    if !taken.iter().any(|words| message.contains(words)) {
        return None;
    }
    container.ports.values().copied().find(|port| {
        let after = message.split(&format!(":{port}")).nth(1);
        // 44 is not named by :443.
        after.is_some_and(|rest| !rest.starts_with(|c: char| c.is_ascii_digit()))
    })
}

/// The error for a port that is taken, with the one who has it.
pub(crate) async fn explain(docker: &Docker, port: u16, container: &Container) -> Error {
    let https = container.ports.get(&443) == Some(&port);
    let flag = if https { "--https-port" } else { "--http-port" };
    let by = match container_with(docker, port).await {
        Some(name) => format!("the container `{name}`"),
        None if docker.address().starts_with("unix://") => process_on(port),
        None => "another program on the engine's machine".to_owned(),
    };
    Error::PortTaken { port, by, flag }
}

async fn container_with(docker: &Docker, port: u16) -> Option<String> {
    let running = docker
        .client
        .list_containers(None::<ListContainersOptions>)
        .await
        .ok()?;
    running.into_iter().find_map(|container| {
        let has = |ports: &Vec<bollard::models::PortSummary>| {
            ports.iter().any(|found| found.public_port == Some(port))
        };
        container.ports.as_ref().filter(|ports| has(ports))?;
        Some(container.names?.first()?.trim_start_matches('/').to_owned())
    })
}

/// The process that listens on `port` of this machine, as far as this user may see.
fn process_on(port: u16) -> String {
    let tables = ["/proc/net/tcp", "/proc/net/tcp6"];
    let text: String = tables
        .iter()
        .filter_map(|table| fs::read_to_string(table).ok())
        .collect();
    let found = socket_of(&text, port).and_then(|inode| process_with(Path::new("/proc"), &inode));
    found.unwrap_or_else(|| {
        format!("another program (`sudo ss -ltnp 'sport = :{port}'` shows which)")
    })
}

/// The inode of the socket that listens on `port`, from the kernel's TCP tables.
fn socket_of(tables: &str, port: u16) -> Option<String> {
    const LISTEN: &str = "0A";
    tables.lines().find_map(|line| {
        let columns: Vec<&str> = line.split_whitespace().collect();
        let (local, state, inode) = (columns.get(1)?, columns.get(3)?, columns.get(9)?);
        (local.ends_with(&format!(":{port:04X}")) && *state == LISTEN).then(|| (*inode).to_owned())
    })
}

/// `nginx (process 812)`: the process below `proc` that has the socket `inode` open.
fn process_with(proc: &Path, inode: &str) -> Option<String> {
    let wanted = format!("socket:[{inode}]");
    let processes: BTreeMap<u32, _> = fs::read_dir(proc)
        .ok()?
        .filter_map(Result::ok)
        .filter_map(|entry| Some((entry.file_name().to_str()?.parse().ok()?, entry.path())))
        .collect();
    processes.into_iter().find_map(|(pid, folder)| {
        let open = fs::read_dir(folder.join("fd")).ok()?;
        let has = open
            .filter_map(Result::ok)
            .filter_map(|entry| fs::read_link(entry.path()).ok())
            .any(|target| target.as_os_str() == wanted.as_str());
        let name = has.then(|| fs::read_to_string(folder.join("comm")).unwrap_or_default())?;
        Some(format!("`{}` (process {pid})", name.trim()))
    })
}

#[cfg(test)]
#[path = "port_owner_tests.rs"]
mod tests;
