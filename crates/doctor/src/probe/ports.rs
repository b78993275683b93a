//! The stores cannot be connected to from outside.

use std::time::Duration;

use futures_util::future::join_all;
use tokio::net::TcpStream;
use tokio::time::timeout;

use super::Finding;
use crate::diagnosis::Diagnosis;
use crate::evidence::Evidence;
use crate::examination::Examination;
use crate::problem::Problem;

/// A port that is open answers within a round trip; one that drops packets never does.
const BOUND: Duration = Duration::from_secs(1);

pub(crate) async fn probe<E: Evidence>(examination: &Examination<'_, E>) -> Finding {
    let ports = &examination.subject.closed_ports;
    if ports.is_empty() {
        return Err(Problem::not_run("no port is known that should be closed"));
    }
    let open = join_all(ports.iter().map(|port| async move {
        let connection = timeout(BOUND, TcpStream::connect(port.addr)).await;
        matches!(connection, Ok(Ok(_))).then_some(port)
    }))
    .await;
    let open: Vec<String> = open
        .into_iter()
        .flatten()
        .map(|port| format!("{} at {}", port.name, port.addr))
        .collect();
    if open.is_empty() {
        return Ok(format!("{} ports are closed", ports.len()));
    }
    Err(Problem::known(
        format!("{} accepts connections", open.join(", ")),
        Diagnosis::new(
            "a store's port is published, or another program listens on it",
            "unpublish it (`masto up` publishes none), or stop the other program",
        )
        .because(format!("connected to {}", open.join(", "))),
    ))
}
