//! Commands in tasks: what `exec`, `run`, `tootctl`, `psql` and `console` have in common on AWS.

use std::io::Read as _;
use std::process::{ExitStatus as ChildStatus, Stdio};

use aws::OneOff;
use local::ImageSet;
use tokio::process::Command;
use tokio::signal::unix::{SignalKind, signal};
use topology::Topology;

use crate::aws::session::{Session, failed};
use crate::cli::Selection;
use crate::error::{Error, ExitStatus};
use crate::settings::Settings;

/// Runs `command` in a running task of `process`, on this terminal, through Session Manager. Its
/// plugin tells nothing of the command's exit status: the plugin's own is given.
pub(crate) async fn exec(
    topology: Topology,
    process: &str,
    command: Vec<String>,
    selection: &Selection,
    settings: &Settings,
) -> Result<ExitStatus, Error> {
    let version = Command::new(aws::PLUGIN)
        .arg("--version")
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .await;
    // Before a session is opened, which would then stay open for nobody.
    version.map_err(|error| start_failed(&error))?;
    let session = Session::open(topology, ImageSet::default(), selection, settings).await?;
    let opened = aws::exec(&session.account, &session.scope, process, &command)
        .await
        .map_err(failed)?;
    // Ctrl-C is for the command; the plugin passes it on.
    let _interrupts = signal(SignalKind::interrupt()).map_err(Error::Runtime)?;
    let ended = Command::new(aws::PLUGIN)
        .args(&opened.arguments)
        .status()
        .await
        .map_err(|error| start_failed(&error))?;
    Ok(ExitStatus::Child(code(ended)))
}

/// Runs `command` in a task of its own, prints what it printed once it has ended, and ends as it
/// does.
pub(crate) async fn one_off(
    topology: Topology,
    command: Vec<String>,
    env: Vec<(String, String)>,
    selection: &Selection,
    settings: &Settings,
) -> Result<ExitStatus, Error> {
    let session = Session::open(topology, ImageSet::default(), selection, settings).await?;
    settings
        .printer
        .say("A task of its own starts; it takes a minute, and prints when it has ended …\n");
    let one_off = OneOff { command, env };
    let ended = aws::run_one_off(&session.account, &session.scope, &one_off)
        .await
        .map_err(failed)?;
    for line in &ended.lines {
        settings
            .printer
            .raw(format!("{}\n", line.text).as_bytes())?;
    }
    // A code beyond a byte is one that no program can end with.
    Ok(ExitStatus::Child(
        u8::try_from(ended.code).unwrap_or(u8::MAX),
    ))
}

/// All of standard input.
pub(crate) fn standard_input() -> Result<String, Error> {
    let mut text = String::new();
    std::io::stdin()
        .lock()
        .read_to_string(&mut text)
        .map_err(Error::Stdin)?;
    Ok(text)
}

fn start_failed(error: &std::io::Error) -> Error {
    if error.kind() == std::io::ErrorKind::NotFound {
        return failed(aws::plugin_missing());
    }
    Error::plain(error, None, ExitStatus::Failure)
}

/// As a shell gives it: 128 and the signal for a program that was killed.
fn code(ended: ChildStatus) -> u8 {
    use std::os::unix::process::ExitStatusExt as _;
    let code = ended
        .code()
        .or_else(|| ended.signal().map(|signal| 128 + signal))
        .unwrap_or(1);
    u8::try_from(code).unwrap_or(u8::MAX)
}
