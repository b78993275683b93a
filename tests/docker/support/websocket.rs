//! A WebSocket to streaming, held open.

use std::io::{Read as _, Write as _};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{self, Receiver};
use std::thread;
use std::time::{Duration, Instant};

use super::Scenario;

/// An open stream of events, on a TLS connection that OpenSSL holds.
pub(crate) struct WebSocket {
    openssl: Child,
    stdin: ChildStdin,
    received: Receiver<Vec<u8>>,
    buffer: Vec<u8>,
}

/// A masked ping without content, and its answer.
const PING: [u8; 6] = [0x89, 0x80, 0, 0, 0, 0];
const PONG: [u8; 2] = [0x8a, 0x00];

impl WebSocket {
    /// Connects to the scenario's server as the owner of `token`.
    pub(crate) fn open(scenario: &Scenario, token: &str) -> Self {
        let host = scenario.host();
        let mut openssl = Command::new("openssl")
            .args(["s_client", "-quiet", "-verify_return_error", "-connect"])
            .arg("127.0.0.1:443")
            .args(["-servername", &host, "-CAfile"])
            .arg(scenario.ca())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut stdin = openssl.stdin.take().unwrap();
        let mut stdout = openssl.stdout.take().unwrap();
        let (sender, received) = mpsc::channel();
        thread::spawn(move || {
            let mut chunk = vec![0; 4096];
            while let Ok(read @ 1..) = stdout.read(&mut chunk) {
                if sender.send(chunk[..read].to_vec()).is_err() {
                    return;
                }
            }
        });
        write!(
            stdin,
            "GET /api/v1/streaming?stream=user HTTP/1.1\r\nHost: {host}\r\nConnection: Upgrade\r\n\
             Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\n\
             Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nAuthorization: Bearer {token}\r\n\r\n"
        )
        .unwrap();
        stdin.flush().unwrap();
        let mut socket = Self {
            openssl,
            stdin,
            received,
            buffer: Vec::new(),
        };
        let head = socket.until(b"\r\n\r\n", Duration::from_secs(10));
        assert!(head.starts_with("HTTP/1.1 101 "), "{head}");
        socket
    }

    /// Sends a ping, and has the answer within `bound`.
    pub(crate) fn ping(&mut self, bound: Duration) {
        self.stdin.write_all(&PING).expect("the stream was cut");
        self.stdin.flush().expect("the stream was cut");
        self.until(&PONG, bound);
    }

    /// What comes, up to and with `end`.
    fn until(&mut self, end: &[u8], bound: Duration) -> String {
        let deadline = Instant::now() + bound;
        loop {
            let found = self.buffer.windows(end.len()).position(|part| part == end);
            if let Some(at) = found {
                let part: Vec<u8> = self.buffer.drain(..at + end.len()).collect();
                return String::from_utf8_lossy(&part).into_owned();
            }
            let left = deadline.saturating_duration_since(Instant::now());
            let more = self.received.recv_timeout(left);
            self.buffer.extend(more.unwrap_or_else(|error| {
                let seen = String::from_utf8_lossy(&self.buffer);
                panic!("the stream gave no {end:?} ({error}): {seen:?}")
            }));
        }
    }
}

impl Drop for WebSocket {
    fn drop(&mut self) {
        let _ = self.openssl.kill();
        let _ = self.openssl.wait();
    }
}
