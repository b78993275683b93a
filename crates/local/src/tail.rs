//! The last lines a container printed, and how it ended.

use bollard::query_parameters::LogsOptionsBuilder;
use futures_util::TryStreamExt as _;

use crate::docker::Docker;
use crate::error::{Error, Exit, status};

/// How many lines go with an error.
pub(crate) const LINES: u64 = 20;

/// The last `lines` of stdout and stderr, oldest first; empty when the engine has none to give.
pub(crate) async fn lines(docker: &Docker, container: &str, lines: u64) -> Vec<String> {
    let options = LogsOptionsBuilder::default()
        .stdout(true)
        .stderr(true)
        .tail(&lines.to_string())
        .build();
    let text = docker
        .client
        .logs(container, Some(options))
        .try_fold(Vec::new(), |mut text, chunk| async move {
            text.extend_from_slice(chunk.as_ref());
            if !text.ends_with(b"\n") {
                text.push(b'\n');
            }
            Ok(text)
        })
        .await
        .unwrap_or_default();
    String::from_utf8_lossy(&text)
        .lines()
        .map(str::trim_end)
        .map(str::to_owned)
        .collect()
}

/// How `container` ended; `code` is what the wait for it said.
///
/// # Errors
/// When the engine went away: then it was the engine that ended the container.
pub(crate) async fn exit(
    docker: &Docker,
    container: &str,
    resource: &str,
    code: i64,
) -> Result<Exit, Error> {
    let state = match docker.client.inspect_container(container, None).await {
        Ok(container) => container.state.unwrap_or_default(),
        // Somebody removed it, and nothing more can be told.
        Err(error) if status(&error) == Some(404) => bollard::models::ContainerState::default(),
        Err(error) => return Err(Error::call("look at", resource)(error)),
    };
    Ok(Exit {
        code,
        out_of_memory: state.oom_killed.unwrap_or_default(),
        message: state.error.unwrap_or_default(),
    })
}
