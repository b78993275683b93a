//! For deployments that must not outlive a process: what takes them away when that process is
//! killed before it could.

use std::io::{self, BufRead as _, BufReader, Read as _, Write as _};
use std::os::unix::process::CommandExt as _;
use std::process::{Child, ChildStdin, Command, Stdio};

use topology::Name;

use crate::apply::RELOAD;
use crate::caddyfile::SITES;
use crate::docker::Docker;
use crate::id::INGRESS;
use crate::labels;
use crate::observe::site_file;
use crate::paths::Paths;

/// A shell, because it has to outlive this process whatever becomes of it, and a library has no
/// program of its own to start. It works with Docker's own client.
const SCRIPT: &str = include_str!("reaper.sh");

/// Watches over a deployment: takes away all of it, with its data, as soon as this value or this
/// process is gone, unless it was [dismissed](Self::dismiss).
#[derive(Debug)]
pub struct Reaper {
    child: Child,
    stdin: Option<ChildStdin>,
}

/// Why nothing would take the deployment away.
#[derive(Debug, thiserror::Error)]
pub enum ReaperError {
    /// There is no shell.
    #[error("failed to start `sh`")]
    Start(#[source] io::Error),
    /// It ended at once.
    #[error("it did not start: {said}")]
    Unready {
        /// What it said, in one line.
        said: String,
    },
}

impl Reaper {
    /// Begins to watch over the deployment `name`, of which nothing need be there yet.
    ///
    /// # Errors
    /// Where there is no `sh`, or no `docker` on the `PATH`.
    pub fn start(docker: &Docker, paths: &Paths, name: &Name) -> Result<Self, ReaperError> {
        let forget = format!(
            "rm -rf {} {SITES}/{name} && {RELOAD}",
            site_file(name.as_str())
        );
        let mut child = Command::new("sh")
            .args(["-c", SCRIPT, "masto-reaper"])
            .env("DOCKER_HOST", docker.address())
            .env("MASTO_REAP", name.as_str())
            .env("MASTO_LABEL", labels::DEPLOYMENT)
            .env("MASTO_SHARED", labels::SHARED)
            .env("MASTO_INGRESS", INGRESS)
            .env("MASTO_FORGET", forget)
            .env("MASTO_FOLDER", paths.deployment(name))
            .env("MASTO_LOCK", paths.ingress_lock())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            // Ctrl-C, and a runner that kills a test with its children, are not for it.
            .process_group(0)
            .spawn()
            .map_err(ReaperError::Start)?;
        let stdin = child.stdin.take();
        let mut line = String::new();
        if let Some(stdout) = child.stdout.take() {
            BufReader::new(stdout)
                .read_line(&mut line)
                .map_err(ReaperError::Start)?;
        }
        if line.trim() != "ready" {
            let mut said = String::new();
            if let Some(mut stderr) = child.stderr.take() {
                stderr
                    .read_to_string(&mut said)
                    .map_err(ReaperError::Start)?;
            }
            let _ = child.wait();
            return Err(ReaperError::Unready {
                said: said.trim().replace('\n', "; "),
            });
        }
        Ok(Self { child, stdin })
    }

    /// Nothing is left for it to do.
    pub fn dismiss(mut self) {
        if let Some(mut stdin) = self.stdin.take() {
            // Where it is not there any more, there is nobody to tell.
            let _ = stdin.write_all(b"done\n");
        }
        let _ = self.child.wait();
    }
}
