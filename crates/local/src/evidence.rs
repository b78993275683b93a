//! Raw facts for whoever diagnoses a deployment. Nothing is judged here.

use topology::Name;

use crate::command;
use crate::docker::Docker;
use crate::error::Error;
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
