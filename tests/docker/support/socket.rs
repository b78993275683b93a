//! Engines that misbehave: a socket between masto and the real engine, and one that says it is old.

use std::io::{Read as _, Write as _};
use std::net::Shutdown;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::thread;

type Open = Arc<Mutex<Vec<UnixStream>>>;
type Hook = Box<dyn FnOnce() + Send>;
/// What a request has in its first line, and what is done before the engine sees it.
type Hooks = Arc<Mutex<Option<(&'static str, Hook)>>>;

/// A socket that leads to the real engine and can be cut.
pub(crate) struct SocketProxy {
    open: Open,
    hooks: Hooks,
}

impl SocketProxy {
    /// Listens on `path`.
    pub(crate) fn start(path: &Path) -> Self {
        let listener = UnixListener::bind(path).unwrap();
        let open = Open::default();
        let ours = Arc::clone(&open);
        let hooks = Hooks::default();
        let to_run = Arc::clone(&hooks);
        // Ends with the test process.
        thread::spawn(move || {
            for client in listener.incoming().map_while(Result::ok) {
                let engine = UnixStream::connect(real_socket()).unwrap();
                ours.lock()
                    .unwrap()
                    .extend([client.try_clone().unwrap(), engine.try_clone().unwrap()]);
                pass(
                    client.try_clone().unwrap(),
                    engine.try_clone().unwrap(),
                    Arc::clone(&to_run),
                );
                pass(engine, client, Hooks::default());
            }
        });
        Self { open, hooks }
    }

    /// Does `hook` once, before the engine sees the first request from now on with `needle` in it.
    pub(crate) fn before(&self, needle: &'static str, hook: impl FnOnce() + Send + 'static) {
        *self.hooks.lock().unwrap() = Some((needle, Box::new(hook)));
    }

    /// Whether the hook was done.
    pub(crate) fn has_run(&self) -> bool {
        self.hooks.lock().unwrap().is_none()
    }

    /// Breaks every open connection.
    pub(crate) fn cut(&self) {
        for stream in self.open.lock().unwrap().drain(..) {
            let _ = stream.shutdown(Shutdown::Both);
        }
    }
}

fn pass(mut from: UnixStream, mut to: UnixStream, hooks: Hooks) {
    thread::spawn(move || {
        let mut chunk = vec![0; 1 << 16];
        while let Ok(read @ 1..) = from.read(&mut chunk) {
            // A request's first line comes in one piece.
            let text = String::from_utf8_lossy(&chunk[..read]);
            let due = {
                let mut hooks = hooks.lock().unwrap();
                match &*hooks {
                    Some((needle, _)) if text.contains(needle) => hooks.take(),
                    _ => None,
                }
            };
            if let Some((_, hook)) = due {
                hook();
            }
            if to.write_all(&chunk[..read]).is_err() {
                break;
            }
        }
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
