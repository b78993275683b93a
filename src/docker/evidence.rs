//! What only Docker can tell, for the doctor.

use std::collections::BTreeMap;

use doctor::{EvidenceError, Health, Phase, ProcessState, RedisValue, Variable};
use futures_util::future::try_join_all;
use jiff::Timestamp;
use local::{ContainerStatus, Docker, Exec, State, Streams, Vitals};
use mastodon::{Deployment, Postgres};
use tokio::sync::mpsc;
use topology::Name;

use crate::docker::visibility::Visibility;

/// A look behind the front of a deployment on Docker.
pub(crate) struct DockerEvidence {
    inner: local::Evidence,
    docker: Docker,
    name: Name,
    postgres: Postgres,
    /// Processes and stores there should be, with the number of their replicas.
    expected: BTreeMap<String, u16>,
    visibility: Visibility,
}

impl DockerEvidence {
    /// Of `deployment`, on whose processes the operator has set `own_variables`.
    pub(crate) fn new(
        docker: Docker,
        deployment: &Deployment,
        own_variables: &BTreeMap<String, String>,
    ) -> Self {
        let mut expected: BTreeMap<String, u16> = ["postgres", "redis", "media", "ingress"]
            .map(|store| (store.to_owned(), 1))
            .into();
        for process in &deployment.processes {
            expected.insert(process.id.to_string(), process.replicas);
        }
        if matches!(deployment.stores.mail.via, topology::MailRoute::Catcher) {
            expected.insert("mail".to_owned(), 1);
        }
        let name = deployment.name.clone();
        let inner = local::Evidence::new(docker.clone(), name.clone());
        let postgres = deployment.stores.postgres.clone();
        Self {
            inner,
            docker,
            name,
            postgres,
            expected,
            visibility: Visibility::new(deployment, own_variables),
        }
    }
}

impl doctor::Evidence for DockerEvidence {
    async fn redis(&self, command: &[&str]) -> Result<RedisValue, EvidenceError> {
        let command: Vec<&str> = std::iter::once("--json")
            .chain(command.iter().copied())
            .collect();
        let printed = self
            .inner
            .redis(&command)
            .await
            .map_err(|error| failure("redis-cli in `redis`", &error))?;
        Ok(RedisValue::from_cli_json(&printed))
    }

    async fn sql(&self, query: &str) -> Result<Vec<Vec<String>>, EvidenceError> {
        let Postgres { user, database, .. } = &self.postgres;
        let psql = [
            "psql",
            "-X",
            "-U",
            user,
            "-d",
            database,
            "-AtF",
            SEPARATOR,
            "-v",
            "ON_ERROR_STOP=1",
            "-c",
            query,
        ];
        let printed = self.exec("postgres", &psql).await?;
        Ok(printed
            .lines()
            .map(|line| line.split(SEPARATOR).map(str::to_owned).collect())
            .collect())
    }

    async fn processes(&self) -> Result<Vec<ProcessState>, EvidenceError> {
        let containers = self
            .inner
            .containers()
            .await
            .map_err(|error| failure("looking at the containers", &error))?;
        let expected = self
            .expected
            .iter()
            .flat_map(|(name, replicas)| (1..=*replicas).map(move |replica| (name, replica)));
        let states = expected.map(|(name, replica)| {
            let found = containers.iter().find(|container| {
                container.process == on_docker(name) && container.replica == replica
            });
            async move {
                let Some(container) = found else {
                    return Ok(absent(name));
                };
                let vitals = self.inner.vitals(&container.name).await;
                let vitals = vitals.map_err(|error| {
                    failure(&format!("looking at `{}`", container.name), &error)
                })?;
                Ok(vitals.map_or_else(|| absent(name), |vitals| state(name, container, vitals)))
            }
        });
        try_join_all(states).await
    }

    async fn logs(&self, process: &str, tail: usize) -> Result<Vec<String>, EvidenceError> {
        let lines = u64::try_from(tail).unwrap_or(u64::MAX);
        let what = format!("reading the logs of `{process}`");
        self.inner
            .log_tail(on_docker(process), lines)
            .await
            .map_err(|error| failure(&what, &error))
    }

    async fn environment(
        &self,
        process: &str,
    ) -> Result<BTreeMap<String, Variable>, EvidenceError> {
        let printed = self.exec(process, &["env", "-0"]).await?;
        let variables = printed.split('\0').filter_map(|line| line.split_once('='));
        Ok(variables
            .map(|(name, value)| (name.to_owned(), self.visibility.see(process, name, value)))
            .collect())
    }

    async fn exec(&self, process: &str, argv: &[&str]) -> Result<String, EvidenceError> {
        let exec = Exec {
            process: on_docker(process).to_owned(),
            command: argv.iter().map(|word| (*word).to_owned()).collect(),
            env: Vec::new(),
            tty: None,
            stdin: false,
            user: None,
        };
        let what = format!("`{}` in `{process}`", argv.join(" "));
        let mut stdout = Vec::new();
        let mut stderr = Vec::new();
        let (_, resize) = mpsc::channel(1);
        let streams = Streams {
            stdin: tokio::io::empty(),
            stdout: &mut stdout,
            stderr: &mut stderr,
            resize,
        };
        match local::exec(&self.docker, &self.name, &exec, streams).await {
            Ok(0) => Ok(String::from_utf8_lossy(&stdout).into_owned()),
            Ok(code) => {
                let said = String::from_utf8_lossy(&stderr);
                let first = said.lines().next().unwrap_or_default();
                Err(EvidenceError::Failed {
                    what,
                    why: format!("exit status {code}: {first}"),
                })
            }
            Err(error) => Err(failure(&what, &error)),
        }
    }
}

/// The stores go by what they do, not by what does it.
fn on_docker(name: &str) -> &str {
    match name {
        "media" => "minio",
        "mail" => "mailpit",
        other => other,
    }
}

/// Between the columns of a row.
const SEPARATOR: &str = "\t";

fn failure(what: &str, error: &local::Error) -> EvidenceError {
    let cause = crate::error::causes(error).into_iter().next();
    let why = cause.map_or_else(|| error.to_string(), |cause| format!("{error}: {cause}"));
    EvidenceError::Failed {
        what: what.to_owned(),
        why,
    }
}

fn absent(name: &str) -> ProcessState {
    ProcessState {
        name: name.to_owned(),
        phase: Phase::Absent,
        health: Health::Unknown,
        exit_code: None,
        oom_killed: false,
        restarts: 0,
        for_seconds: None,
        memory_limit: None,
    }
}

fn state(name: &str, container: &ContainerStatus, vitals: Vitals) -> ProcessState {
    let (phase, exit_code) = match container.state {
        State::Created => (Phase::Created, None),
        State::Running => (Phase::Running, None),
        State::Paused => (Phase::Paused, None),
        State::Restarting => (Phase::Restarting, None),
        State::Exited(code) => (Phase::Exited, Some(code)),
        // Half removed: it will not run again.
        State::Removing | State::Dead => (Phase::Absent, None),
    };
    let health = match container.health {
        None => Health::Unknown,
        Some(local::Health::Starting) => Health::Starting,
        Some(local::Health::Healthy) => Health::Healthy,
        Some(local::Health::Unhealthy) => Health::Unhealthy,
    };
    let Vitals {
        restarts,
        oom_killed,
        memory_limit,
        since,
    } = vitals;
    let age = since.map(|since| Timestamp::now().duration_since(since).as_secs());
    ProcessState {
        name: name.to_owned(),
        phase,
        health,
        exit_code,
        oom_killed,
        restarts,
        // The two clocks may differ by a little.
        for_seconds: age.map(|seconds| u64::try_from(seconds).unwrap_or(0)),
        memory_limit,
    }
}
