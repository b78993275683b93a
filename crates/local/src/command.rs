//! A short command in a running container, with its whole output.

use std::time::Duration;

use bollard::container::LogOutput;
use bollard::exec::{CreateExecOptions, StartExecOptions, StartExecResults};
use futures_util::TryStreamExt as _;

use crate::docker::Docker;
use crate::error::Error;

/// What a command printed and how it ended.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Output {
    pub(crate) code: i64,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

/// No command of masto's own takes longer, unless what it talks to hangs.
pub(crate) const BOUND: Duration = Duration::from_secs(60);

/// Runs `command` in `container`, called `resource` in errors. Its end, well or badly, is in the
/// output; an error means that it was not run, or did not end within `bound`.
pub(crate) async fn run(
    docker: &Docker,
    container: &str,
    resource: &str,
    command: &[String],
    bound: Duration,
) -> Result<Output, Error> {
    let ended = tokio::time::timeout(bound, to_its_end(docker, container, resource, command));
    ended.await.unwrap_or_else(|_| {
        Err(Error::CommandHangs {
            resource: resource.to_owned(),
            command: command.first().cloned().unwrap_or_default(),
            bound,
        })
    })
}

async fn to_its_end(
    docker: &Docker,
    container: &str,
    resource: &str,
    command: &[String],
) -> Result<Output, Error> {
    let call = || Error::call("run a command in", resource);
    let options = CreateExecOptions {
        cmd: Some(command.to_vec()),
        attach_stdout: Some(true),
        attach_stderr: Some(true),
        ..CreateExecOptions::default()
    };
    let exec = docker
        .client
        .create_exec(container, options)
        .await
        .map_err(call())?;
    let started = docker
        .client
        .start_exec(&exec.id, None::<StartExecOptions>)
        .await
        .map_err(call())?;
    let mut output = Output::default();
    if let StartExecResults::Attached {
        output: mut stream,
        input: _,
    } = started
    {
        while let Some(chunk) = stream.try_next().await.map_err(call())? {
            match chunk {
                LogOutput::StdErr { message } => {
                    output.stderr.push_str(&String::from_utf8_lossy(&message));
                }
                LogOutput::StdOut { message }
                | LogOutput::Console { message }
                | LogOutput::StdIn { message } => {
                    output.stdout.push_str(&String::from_utf8_lossy(&message));
                }
            }
        }
    }
    let inspected = docker.client.inspect_exec(&exec.id).await.map_err(call())?;
    output.code = inspected.exit_code.unwrap_or(-1);
    Ok(output)
}
