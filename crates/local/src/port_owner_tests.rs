use super::*;
use crate::fixture::{self, SOCIAL};
use crate::id::Id;

fn call(message: &str) -> Error {
    let source = bollard::errors::Error::DockerResponseServerError {
        status_code: 500,
        message: message.to_owned(),
    };
    Error::Call {
        operation: "start",
        resource: String::new(),
        source: Box::new(source),
    }
}

#[test]
fn the_port_that_is_taken_is_read_from_what_the_engine_says() {
    let ingress = fixture::container(&fixture::graph(SOCIAL), &Id::Ingress);
    for (message, expected) in [
        (
            "driver failed programming external connectivity: Error starting userland proxy: listen tcp4 127.0.0.1:443: bind: address already in use",
            Some(443),
        ),
        (
            "Bind for 127.0.0.1:80 failed: port is already allocated",
            Some(80),
        ),
        (
            "Bind for 127.0.0.1:8080 failed: port is already allocated",
            None,
        ),
        ("no space left on device", None),
    ] {
        assert_eq!(taken_port(&call(message), &ingress), expected, "{message}");
    }
}

#[test]
fn a_listening_socket_is_found_by_its_port() {
    let table = "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n   \
         0: 0100007F:01BB 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 4711 1\n   \
         1: 0100007F:0050 0100007F:C350 01 00000000:00000000 00:00000000 00000000     0        0 4712 1\n";
    assert_eq!(socket_of(table, 443).as_deref(), Some("4711"));
    assert_eq!(socket_of(table, 80), None);
}

#[test]
fn the_process_is_found_by_the_socket_it_has_open() {
    let folder = tempfile::tempdir().unwrap();
    for (pid, inode, name) in [("7", "4710", "other"), ("812", "4711", "nginx")] {
        let process = folder.path().join(pid);
        fs::create_dir_all(process.join("fd")).unwrap();
        fs::write(process.join("comm"), format!("{name}\n")).unwrap();
        std::os::unix::fs::symlink(format!("socket:[{inode}]"), process.join("fd/3")).unwrap();
    }
    assert_eq!(
        process_with(folder.path(), "4711").as_deref(),
        Some("`nginx` (process 812)")
    );
    assert_eq!(process_with(folder.path(), "4799"), None);
}
