//! For deployments that must not outlive a process: what takes them away when that process is
//! killed before it could.

use std::io::{self, BufRead, BufReader, Read as _, Write as _};
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

/// What the program says when it watches.
pub const READY: &str = "ready\n";
/// What it is told when nothing is left for it to do.
const DISMISSED: &str = "done\n";
/// Works with Docker's own client.
const SCRIPT: &str = include_str!("reaper.sh");

/// A program beside this process that takes a deployment away, with its data, as soon as this value
/// or this process is gone, unless it was [dismissed](Self::dismiss). The kernel closes the pipe
/// that it reads at the end of this process, in whatever way.
#[derive(Debug)]
pub struct Reaper {
    child: Child,
    stdin: Option<ChildStdin>,
}

/// Why nothing would take the deployment away.
#[derive(Debug, thiserror::Error)]
pub enum ReaperError {
    /// The program is not there.
    #[error("failed to start `{program}`")]
    Start {
        /// As it was given.
        program: String,
        /// The reason.
        source: io::Error,
    },
    /// It ended at once.
    #[error("it did not start: {said}")]
    Unready {
        /// What it said, in one line, where its standard error is a pipe.
        said: String,
    },
}

impl Reaper {
    /// Starts `command`: a program that prints [`READY`], then asks [`is_dismissed`] of its standard
    /// input. Nothing of the deployment need be there yet.
    ///
    /// # Errors
    /// Where it is not there, or does not come to that.
    pub fn start(mut command: Command) -> Result<Self, ReaperError> {
        let program = command.get_program().to_string_lossy().into_owned();
        let broken = |source| ReaperError::Start {
            program: program.clone(),
            source,
        };
        let mut child = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            // Ctrl-C reaches a whole group of processes, and so do many who kill.
            .process_group(0)
            .spawn()
            .map_err(broken)?;
        let stdin = child.stdin.take();
        let mut line = String::new();
        if let Some(stdout) = child.stdout.take() {
            BufReader::new(stdout)
                .read_line(&mut line)
                .map_err(broken)?;
        }
        if line == READY {
            return Ok(Self { child, stdin });
        }
        let mut said = String::new();
        if let Some(mut stderr) = child.stderr.take() {
            stderr.read_to_string(&mut said).map_err(broken)?;
        }
        let _ = child.wait();
        Err(ReaperError::Unready {
            said: said.trim().replace('\n', "; "),
        })
    }

    /// Nothing is left for it to do.
    pub fn dismiss(mut self) {
        if let Some(mut stdin) = self.stdin.take() {
            // Where it is not there any more, there is nobody to tell.
            let _ = stdin.write_all(DISMISSED.as_bytes());
        }
        let _ = self.child.wait();
    }
}

/// In the program: waits for the end of the process that started it. Whether that one said before
/// that nothing is left to do.
pub fn is_dismissed(mut input: impl BufRead) -> bool {
    let mut said = Vec::new();
    // A pipe that cannot be read is one that nobody will write to.
    let _ = input.by_ref().take(64).read_until(b'\n', &mut said);
    said == DISMISSED.as_bytes()
}

/// A program for the deployment `name` where there is none of ours to start, as in somebody's test:
/// a shell with Docker's client, `docker`, which has to be on the `PATH`.
#[must_use]
pub fn reaping_shell(docker: &Docker, paths: &Paths, name: &Name) -> Command {
    let site = site_file(name.as_str());
    let mut command = Command::new("sh");
    command
        .args(["-c", SCRIPT, "masto-reaper"])
        .env("DOCKER_HOST", docker.address())
        .env("MASTO_REAP", name.as_str())
        .env("MASTO_LABEL", labels::DEPLOYMENT)
        .env("MASTO_SHARED", labels::SHARED)
        .env("MASTO_INGRESS", INGRESS)
        .env(
            "MASTO_FORGET",
            format!("rm -rf {site} {SITES}/{name} && {RELOAD}"),
        )
        .env("MASTO_FOLDER", paths.deployment(name))
        .env("MASTO_LOCK", paths.ingress_lock())
        .stderr(Stdio::piped());
    command
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_word_itself_sends_it_away() {
        assert!(is_dismissed(DISMISSED.as_bytes()));
        for cut_off in ["", "done", "done, almost\n", "\n"] {
            assert!(!is_dismissed(cut_off.as_bytes()), "{cut_off:?}");
        }
    }

    #[test]
    fn a_program_that_does_not_watch_is_said_with_its_own_words() {
        let mut command = Command::new("sh");
        command
            .args(["-c", "echo there is no docker >&2; exit 127"])
            .stderr(Stdio::piped());
        let error = Reaper::start(command).unwrap_err();
        assert_eq!(error.to_string(), "it did not start: there is no docker");
        let error = Reaper::start(Command::new("/nowhere/sh")).unwrap_err();
        assert_eq!(error.to_string(), "failed to start `/nowhere/sh`");
    }
}
