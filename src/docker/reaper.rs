//! What removes a throw-away server when the masto that made it is killed before it could: a
//! process of its own, which waits for the end of that masto and is not killed with it.

use std::io::{self, Read as _, Write as _};
use std::os::unix::process::CommandExt as _;
use std::process::{ChildStdin, Command, Stdio};

use topology::Name;

use crate::error::Error;

/// The command that the process runs, hidden from help: `masto reap tmp-1a2b`.
pub(crate) const COMMAND: &str = "reap";
/// What it is told when there is nothing left to remove.
const DISMISSED: &[u8] = b"dismissed";
/// This very program, also after its file was replaced.
#[cfg(target_os = "linux")]
const PROGRAM: &str = "/proc/self/exe";

/// The other end of the pipe that the process reads. The kernel closes it at the end of this
/// process, in whatever way.
pub(crate) struct Reaper {
    pipe: ChildStdin,
}

impl Reaper {
    /// Starts the process for the throw-away server `name`.
    pub(crate) fn watch(name: &Name) -> Result<Self, Error> {
        let mut child = Command::new(program().map_err(Error::Runtime)?)
            .args([COMMAND, name.as_str()])
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            // Ctrl-C reaches a whole group of processes, and so do many who kill.
            .process_group(0)
            .spawn()
            .map_err(Error::Runtime)?;
        let pipe = child.stdin.take().ok_or_else(|| Error::Bug {
            message: "a process without the pipe it was given".to_owned(),
        })?;
        Ok(Self { pipe })
    }

    /// Everything is removed, or told of: the process ends.
    pub(crate) fn dismiss(mut self) {
        // One that is gone needs no word.
        let _ = self.pipe.write_all(DISMISSED);
    }
}

/// In that process: waits for the end of the masto that started it. Whether there is something to
/// remove.
pub(crate) fn outlives(mut pipe: impl io::Read) -> bool {
    let mut said = Vec::new();
    // A pipe that cannot be read is one that nobody will write to.
    let _ = pipe.by_ref().take(64).read_to_end(&mut said);
    said != DISMISSED
}

#[cfg(target_os = "linux")]
fn program() -> io::Result<std::path::PathBuf> {
    Ok(PROGRAM.into())
}

#[cfg(not(target_os = "linux"))]
fn program() -> io::Result<std::path::PathBuf> {
    std::env::current_exe()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_word_itself_sends_it_away() {
        assert!(!outlives(DISMISSED));
        for cut_off in [&b""[..], b"dismiss", b"dismissed, almost"] {
            assert!(outlives(cut_off), "{cut_off:?}");
        }
    }
}
