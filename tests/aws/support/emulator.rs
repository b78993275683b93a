//! An emulator that ends with the test, also when the test is killed.

use std::io::{BufRead as _, BufReader};
use std::net::TcpListener;
use std::process::{Child, Command, Stdio};

/// Runs until it is dropped.
pub(crate) struct Emulator {
    /// `http://172.17.0.1:4566`
    pub(crate) endpoint: String,
    port: u16,
    child: Child,
}

impl Emulator {
    /// MiniStack, with containers.
    pub(crate) fn ministack() -> Self {
        Self::start(&["ministack", "--zone", "example.com"])
    }

    /// The same, and IAM policies are obeyed.
    pub(crate) fn guarded() -> Self {
        Self::start(&["ministack", "--zone", "example.com", "--auth"])
    }

    /// The same without containers.
    pub(crate) fn bare() -> Self {
        Self::start(&["ministack", "--zone", "example.com", "--bare"])
    }

    fn start(args: &[&str]) -> Self {
        let port = TcpListener::bind("127.0.0.1:0")
            .unwrap()
            .local_addr()
            .unwrap()
            .port();
        let mut child = Command::new("scripts/emulator")
            .current_dir(env!("CARGO_MANIFEST_DIR"))
            .args(args)
            .args(["--port", &port.to_string()])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut endpoint = String::new();
        BufReader::new(child.stdout.take().unwrap())
            .read_line(&mut endpoint)
            .unwrap();
        let endpoint = endpoint.trim().to_owned();
        assert!(
            endpoint.starts_with("http://"),
            "scripts/emulator ended early"
        );
        Self {
            endpoint,
            port,
            child,
        }
    }

    /// The image of the kit that believes this emulator's certificates.
    pub(crate) fn image(&self, name: &str) -> String {
        format!("masto-kit/emulated/{name}:v4.7-{}", self.port)
    }
}

impl Drop for Emulator {
    fn drop(&mut self) {
        // It ends when its standard input does, and takes its containers along.
        drop(self.child.stdin.take());
        let _ = self.child.wait();
    }
}
