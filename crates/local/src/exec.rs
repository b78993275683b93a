//! Commands in running containers, with a person at the other end.

use std::pin::Pin;

use bollard::container::LogOutput;
use bollard::exec::{CreateExecOptions, ResizeExecOptions, StartExecOptions, StartExecResults};
use futures_util::stream::{Stream, StreamExt as _};
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt as _};
use tokio::sync::mpsc;
use topology::Name;

use crate::docker::Docker;
use crate::error::Error;
use crate::select;

/// A command for a running container.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Exec {
    /// `web`, `web-2`, `postgres`; of a process with several replicas, the first that runs.
    pub process: String,
    /// The program and its arguments; no shell.
    pub command: Vec<String>,
    /// Variables on top of the container's own.
    pub env: Vec<(String, String)>,
    /// A terminal of this size; `None` keeps stdout and stderr apart.
    pub tty: Option<TtySize>,
    /// stdin is passed on.
    pub stdin: bool,
    /// Instead of the image's user.
    pub user: Option<String>,
}

/// Size of a terminal in characters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TtySize {
    /// Height.
    pub rows: u16,
    /// Width.
    pub columns: u16,
}

/// The person's end.
#[derive(Debug)]
pub struct Streams<I, O, E> {
    /// Read only when the command takes stdin. A read that is under way when the command ends is
    /// dropped.
    pub stdin: I,
    /// Everything, with a terminal.
    pub stdout: O,
    /// Nothing, with a terminal.
    pub stderr: E,
    /// New sizes of the terminal.
    pub resize: mpsc::Receiver<TtySize>,
}

/// The container's end.
pub(crate) struct Attached {
    pub(crate) output:
        Pin<Box<dyn Stream<Item = Result<LogOutput, bollard::errors::Error>> + Send>>,
    pub(crate) input: Pin<Box<dyn AsyncWrite + Send>>,
}

/// Runs a command in a running container of the deployment `name` and gives its exit code.
///
/// # Errors
/// When there is no such container or it does not run. How the command ends is no error.
pub async fn exec<I, O, E>(
    docker: &Docker,
    name: &Name,
    exec: &Exec,
    streams: Streams<I, O, E>,
) -> Result<i64, Error>
where
    I: AsyncRead + Unpin + Send,
    O: AsyncWrite + Unpin + Send,
    E: AsyncWrite + Unpin + Send,
{
    let Exec {
        process,
        command,
        env,
        tty,
        stdin,
        user,
    } = exec;
    let container = select::running(docker, name, process).await?.name;
    let call = || Error::call("run a command in", format!("container `{container}`"));
    let options = CreateExecOptions {
        attach_stdin: Some(*stdin),
        attach_stdout: Some(true),
        attach_stderr: Some(true),
        tty: Some(tty.is_some()),
        env: Some(
            env.iter()
                .map(|(name, value)| format!("{name}={value}"))
                .collect(),
        ),
        cmd: Some(command.clone()),
        user: user.clone(),
        ..CreateExecOptions::default()
    };
    let created = docker
        .client
        .create_exec(&container, options)
        .await
        .map_err(call())?;
    let options = StartExecOptions {
        tty: tty.is_some(),
        ..StartExecOptions::default()
    };
    let started = docker
        .client
        .start_exec(&created.id, Some(options))
        .await
        .map_err(call())?;
    if let StartExecResults::Attached { output, input } = started {
        let resize = |size: TtySize| {
            let (docker, exec_id) = (docker.clone(), created.id.clone());
            async move {
                let size = ResizeExecOptions {
                    height: size.rows,
                    width: size.columns,
                };
                // The command may have ended between two looks; a wrong size is no harm.
                let _ = docker.client.resize_exec(&exec_id, size).await;
            }
        };
        if let Some(size) = tty {
            resize(*size).await;
        }
        pump(Attached { output, input }, streams, *stdin, call(), resize).await?;
    }
    let ended = docker
        .client
        .inspect_exec(&created.id)
        .await
        .map_err(call())?;
    Ok(ended.exit_code.unwrap_or(-1))
}

/// Passes everything on in both directions until the container's output ends.
pub(crate) async fn pump<I, O, E, F, Fut>(
    attached: Attached,
    streams: Streams<I, O, E>,
    stdin_wanted: bool,
    failed: impl FnOnce(bollard::errors::Error) -> Error,
    mut resize: F,
) -> Result<(), Error>
where
    I: AsyncRead + Unpin + Send,
    O: AsyncWrite + Unpin + Send,
    E: AsyncWrite + Unpin + Send,
    F: FnMut(TtySize) -> Fut,
    Fut: Future<Output = ()>,
{
    let Attached {
        mut output,
        mut input,
    } = attached;
    let Streams {
        mut stdin,
        mut stdout,
        mut stderr,
        resize: mut sizes,
    } = streams;
    let feed = async {
        if stdin_wanted {
            // A command that does not read to the end closes its side; its exit code says the rest.
            let _ = tokio::io::copy(&mut stdin, &mut input).await;
            let _ = input.shutdown().await;
        }
        std::future::pending::<()>().await;
    };
    let sizes = async {
        while let Some(size) = sizes.recv().await {
            resize(size).await;
        }
        std::future::pending::<()>().await;
    };
    let show = async {
        while let Some(chunk) = output.next().await {
            let written = match chunk {
                Ok(LogOutput::StdErr { message }) => write(&mut stderr, &message).await,
                Ok(chunk) => write(&mut stdout, chunk.as_ref()).await,
                Err(error) => return Err(failed(error)),
            };
            written.map_err(Error::Stream)?;
        }
        Ok(())
    };
    tokio::select! {
        shown = show => shown,
        () = feed => Ok(()),
        () = sizes => Ok(()),
    }
}

async fn write(to: &mut (impl AsyncWrite + Unpin), bytes: &[u8]) -> std::io::Result<()> {
    to.write_all(bytes).await?;
    to.flush().await
}
