//! Engines that misbehave: a socket between masto and the real engine, and one that says it is old.

use std::io::{Read as _, Write as _};
use std::net::Shutdown;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::thread;

type Open = Arc<Mutex<Vec<UnixStream>>>;

/// A socket that leads to the real engine and can be cut.
pub(crate) struct SocketProxy {
    open: Open,
}

impl SocketProxy {
    /// Listens on `path`.
    pub(crate) fn start(path: &Path) -> Self {
        let listener = UnixListener::bind(path).unwrap();
        let open = Open::default();
        let ours = Arc::clone(&open);
        // Ends with the test process.
        thread::spawn(move || {
            for client in listener.incoming().map_while(Result::ok) {
                let engine = UnixStream::connect(real_socket()).unwrap();
                ours.lock()
                    .unwrap()
                    .extend([client.try_clone().unwrap(), engine.try_clone().unwrap()]);
                pass(client.try_clone().unwrap(), engine.try_clone().unwrap());
                pass(engine, client);
            }
        });
        Self { open }
    }

    /// Breaks every open connection.
    pub(crate) fn cut(&self) {
        for stream in self.open.lock().unwrap().drain(..) {
            let _ = stream.shutdown(Shutdown::Both);
        }
    }
}

fn pass(mut from: UnixStream, mut to: UnixStream) {
    thread::spawn(move || {
        let _ = std::io::copy(&mut from, &mut to);
        let _ = to.shutdown(Shutdown::Write);
    });
}

fn real_socket() -> String {
    std::env::var("DOCKER_HOST")
        .ok()
        .and_then(|host| host.strip_prefix("unix://").map(str::to_owned))
        .unwrap_or_else(|| "/var/run/docker.sock".to_owned())
}

/// Answers every request as an engine that speaks at most `api` would.
pub(crate) fn old_engine(path: &Path, api: &'static str) -> thread::JoinHandle<()> {
    let listener = UnixListener::bind(path).unwrap();
    thread::spawn(move || {
        for mut client in listener.incoming().map_while(Result::ok) {
            thread::spawn(move || {
                let mut request = [0; 4096];
                while client.read(&mut request).is_ok_and(|read| read > 0) {
                    let body = format!(
                        r#"{{"Version":"19.03.15","ApiVersion":"{api}","MinAPIVersion":"1.12","Os":"linux","Arch":"amd64"}}"#
                    );
                    let answer = format!(
                        "HTTP/1.1 200 OK\r\nApi-Version: {api}\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
                        body.len()
                    );
                    if client.write_all(answer.as_bytes()).is_err() {
                        return;
                    }
                }
            });
        }
    })
}
