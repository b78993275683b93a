//! Raw facts for whoever diagnoses a deployment. Nothing is judged here.

use bollard::models::ContainerInspectResponse;
use jiff::Timestamp;
use topology::Name;

use crate::command;
use crate::docker::Docker;
use crate::error::{Error, status as status_of};
use crate::select;
use crate::status::{ContainerStatus, status};
use crate::tail;

/// Looks into the containers of one deployment.
#[derive(Clone, Debug)]
pub struct Evidence {
    docker: Docker,
    name: Name,
}

/// Redis's or Valkey's client, whichever the image has. Its password is in the container's
/// environment and in no command line.
const REDIS: &str = r#"exec "$(command -v redis-cli || command -v valkey-cli)" --no-raw "$@""#;
const REDIS_RAW: &str = r#"exec "$(command -v redis-cli || command -v valkey-cli)" --raw "$@""#;
/// Through the socket in the container, which asks for no password.
const PSQL: &str = r#"exec psql --no-psqlrc --no-align --tuples-only --quiet --set ON_ERROR_STOP=1 \
    --username "$POSTGRES_USER" --dbname "$POSTGRES_DB" --command "$1""#;

/// What only an inspection of one container tells.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Vitals {
    /// How often the engine started it again by itself.
    pub restarts: u32,
    /// The last end was the kernel's doing, for want of memory.
    pub oom_killed: bool,
    /// The most memory it may take, in bytes; `None` is without a limit.
    pub memory_limit: Option<u64>,
    /// Since when it is in its state; `None` before the first start.
    pub since: Option<Timestamp>,
}

impl Vitals {
    fn new(inspected: ContainerInspectResponse) -> Self {
        let state = inspected.state.unwrap_or_default();
        let since = if state.running == Some(true) {
            state.started_at
        } else {
            state.finished_at
        };
        let limit = inspected.host_config.and_then(|host| host.memory);
        Self {
            restarts: inspected
                .restart_count
                .and_then(|count| u32::try_from(count).ok())
                .unwrap_or_default(),
            oom_killed: state.oom_killed == Some(true),
            memory_limit: limit
                .and_then(|bytes| u64::try_from(bytes).ok())
                .filter(|bytes| *bytes > 0),
            // The engine's time of what never happened is of the year 1.
            since: since
                .and_then(|time| time.parse::<Timestamp>().ok())
                .filter(|time| time.as_second() > 0),
        }
    }
}

impl Evidence {
    /// Of the deployment `name`; nothing is looked at yet.
    #[must_use]
    pub fn new(docker: Docker, name: Name) -> Self {
        Self { docker, name }
    }

    /// What Redis answers to a command, as `redis-cli --raw` writes it: one element a line.
    ///
    /// # Errors
    /// When Redis does not run or refuses the command.
    pub async fn redis(&self, args: &[&str]) -> Result<String, Error> {
        self.in_shell("redis", REDIS_RAW, args).await
    }

    /// As [`Evidence::redis`], with types and quotes: `(integer) 3`.
    ///
    /// # Errors
    /// When Redis does not run or refuses the command.
    pub async fn redis_typed(&self, args: &[&str]) -> Result<String, Error> {
        self.in_shell("redis", REDIS, args).await
    }

    /// The rows of a query, a line each with `|` between columns, no header.
    ///
    /// # Errors
    /// When the database does not run or refuses the query.
    pub async fn psql(&self, sql: &str) -> Result<String, Error> {
        self.in_shell("postgres", PSQL, &[sql]).await
    }

    /// Every container, as `masto status` sees it.
    ///
    /// # Errors
    /// When the engine does not answer.
    pub async fn containers(&self) -> Result<Vec<ContainerStatus>, Error> {
        status(&self.docker, &self.name).await
    }

    /// The vitals of one container; `None` when it is gone.
    ///
    /// # Errors
    /// When the engine does not answer.
    pub async fn vitals(&self, container: &str) -> Result<Option<Vitals>, Error> {
        match self.docker.client.inspect_container(container, None).await {
            Err(error) if status_of(&error) == Some(404) => Ok(None),
            other => {
                let inspected = other.map_err(Error::call("look at", container))?;
                Ok(Some(Vitals::new(inspected)))
            }
        }
    }

    /// The last lines of every replica of `process`, oldest first within each.
    ///
    /// # Errors
    /// When there is no such process.
    pub async fn log_tail(&self, process: &str, lines: u64) -> Result<Vec<String>, Error> {
        let all = self.containers().await?;
        let mut tail = Vec::new();
        for container in select::select(&self.name, all, &[process.to_owned()])? {
            tail.extend(tail::lines(&self.docker, &container.name, lines).await);
        }
        Ok(tail)
    }

    async fn in_shell(&self, process: &str, script: &str, args: &[&str]) -> Result<String, Error> {
        let container = select::running(&self.docker, &self.name, process)
            .await?
            .name;
        let mut command = vec!["sh", "-c", script, "sh"];
        command.extend(args);
        let command: Vec<String> = command.into_iter().map(str::to_owned).collect();
        let resource = format!("container `{container}`");
        let output = command::run(
            &self.docker,
            &container,
            &resource,
            &command,
            command::BOUND,
        )
        .await?;
        if output.code == 0 {
            return Ok(output.stdout);
        }
        Err(Error::Command {
            container,
            command: args.first().copied().unwrap_or_default().to_owned(),
            code: output.code,
            stderr: output.stderr.trim().to_owned(),
        })
    }
}

#[cfg(test)]
mod tests {
    use bollard::models::{ContainerState, HostConfig};

    use super::*;

    #[test]
    fn vitals_are_read_off_an_inspection() {
        let inspected = |state: ContainerState, memory| ContainerInspectResponse {
            restart_count: Some(3),
            state: Some(state),
            host_config: Some(HostConfig {
                memory: Some(memory),
                ..HostConfig::default()
            }),
            ..ContainerInspectResponse::default()
        };
        let killed = ContainerState {
            running: Some(false),
            oom_killed: Some(true),
            started_at: Some("2026-11-25T02:00:00.5Z".to_owned()),
            finished_at: Some("2026-11-25T02:00:09.25Z".to_owned()),
            ..ContainerState::default()
        };
        let expected = Vitals {
            restarts: 3,
            oom_killed: true,
            memory_limit: Some(1 << 29),
            since: "2026-11-25T02:00:09.25Z".parse().ok(),
        };
        assert_eq!(Vitals::new(inspected(killed, 1 << 29)), expected);
        let never_started = ContainerState {
            running: Some(false),
            finished_at: Some("0001-01-01T00:00:00Z".to_owned()),
            ..ContainerState::default()
        };
        let expected = Vitals {
            restarts: 3,
            ..Vitals::default()
        };
        assert_eq!(Vitals::new(inspected(never_started, 0)), expected);
    }
}
