//! What removes a throw-away server when the masto that made it is killed before it could: this
//! program once more, which waits for the end of that masto and is not killed with it.

use std::process::{Command, Stdio};

use local::{Reaper, ReaperError};
use topology::Name;

use crate::error::{Error, ExitStatus};

/// The command that it runs, hidden from help: `masto reap tmp-1a2b`.
pub(crate) const COMMAND: &str = "reap";
/// This very program, also after its file was replaced.
#[cfg(target_os = "linux")]
const PROGRAM: &str = "/proc/self/exe";

/// Starts it for the throw-away server `name`.
pub(crate) fn watch(name: &Name) -> Result<Reaper, Error> {
    let mut command = Command::new(program().map_err(Error::Runtime)?);
    command.args([COMMAND, name.as_str()]).stderr(Stdio::null());
    Reaper::start(command)
        .map_err(|error: ReaperError| Error::plain(&error, None, ExitStatus::Failure))
}

#[cfg(target_os = "linux")]
fn program() -> std::io::Result<std::path::PathBuf> {
    Ok(PROGRAM.into())
}

#[cfg(not(target_os = "linux"))]
fn program() -> std::io::Result<std::path::PathBuf> {
    std::env::current_exe()
}
