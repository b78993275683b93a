//! Somebody who asks for one page again and again.

use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};

use super::Scenario;

/// Asks for a page as soon as it was answered.
pub(crate) struct Visitor {
    leaves: Arc<AtomicBool>,
    visits: JoinHandle<Vec<String>>,
}

impl Visitor {
    /// Begins with `path` of the scenario's server.
    pub(crate) fn arrive(scenario: &Scenario, path: &str) -> Self {
        let url = format!("https://{}{path}", scenario.host());
        let ca = scenario.ca();
        let leaves = Arc::new(AtomicBool::new(false));
        let asked_to = Arc::clone(&leaves);
        let visits = thread::spawn(move || {
            let mut visits = Vec::new();
            while !asked_to.load(Ordering::Relaxed) {
                let answer = Command::new("curl")
                    .args([
                        "--silent",
                        "--show-error",
                        "--noproxy",
                        "*",
                        "--max-time",
                        "10",
                    ])
                    .args([
                        "--output",
                        "/dev/null",
                        "--write-out",
                        "%{http_code}",
                        "--cacert",
                    ])
                    .arg(&ca)
                    .arg(&url)
                    .stdin(Stdio::null())
                    .output()
                    .unwrap();
                let code = String::from_utf8_lossy(&answer.stdout).into_owned();
                let said = String::from_utf8_lossy(&answer.stderr);
                visits.push(format!("{code}{said}"));
            }
            visits
        });
        Self { leaves, visits }
    }

    /// Ends, and gives what was answered each time: the status, with the reason where there is none.
    pub(crate) fn leave(self) -> Vec<String> {
        self.leaves.store(true, Ordering::Relaxed);
        self.visits.join().unwrap()
    }
}
