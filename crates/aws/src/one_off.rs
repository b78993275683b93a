//! Commands that a person starts in a task of their own.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::account::Account;
use crate::ecs;
use crate::error::{Error, ErrorKind};
use crate::id::{Id, TaskFamily};
use crate::logs::{self, LogLine};
use crate::names;
use crate::resource::service::services;
use crate::scope::Scope;
use crate::stopped::Stopped;
use crate::task;

/// The longest that masto looks on: a task that takes longer goes on by itself.
const BOUND: Duration = Duration::from_secs(12 * 60 * 60);

/// A command for a task of its own.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct OneOff {
    /// The program and its arguments; no shell.
    pub command: Vec<String>,
    /// Variables on top of the one-off task definition's. They can be read by whoever sees the
    /// task: no secrets.
    pub env: Vec<(String, String)>,
}

/// How it ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ended {
    /// Of the command.
    pub code: i32,
    /// What it printed, both streams in the order of time, as far as CloudWatch showed it at once.
    pub lines: Vec<LogLine>,
    /// The task's ARN, for [`printed`].
    pub task: String,
}

/// Runs a command in a new task from the deployment's one-off task definition, waits until it has
/// ended, and gives its exit code and what it printed. The task has no standard input.
///
/// # Errors
///
/// [`Error::Setup`] where nothing is up, [`Error::Failed`] where the task never ran. How the
/// command ends is no error.
pub async fn run_one_off(
    account: &Account,
    scope: &Scope,
    one_off: &OneOff,
) -> Result<Ended, Error> {
    let OneOff { command, env } = one_off;
    let id = Id::TaskDefinition(TaskFamily::OneOff);
    let cluster = names::of(&Id::Cluster, scope);
    let environment: BTreeMap<String, String> = env.iter().cloned().collect();
    let started_by = format!("masto-run-{}", ecs::token("run"));
    let start = task::Start {
        id: &id,
        cluster: &cluster,
        definition: &names::of(&id, scope),
        container: ecs::ONE_OFF,
        command,
        environment: &environment,
        network: network(account, scope).await?,
        started_by: &started_by,
        tags: ecs::tags(&id, scope, &[]),
    };
    let arn = start.start(account).await?;
    let task = task::until_stopped(account, &id, &cluster, &arn, BOUND, None).await?;
    let stopped = Stopped::of(&task);
    let Some(code) = stopped.exit_code else {
        return Err(Error::Failed {
            id,
            reason: stopped.reason,
            hint: stopped.hint,
            tail: Vec::new(),
        });
    };
    let lines = printed(account, scope, &arn).await?;
    Ok(Ended {
        code,
        lines,
        task: arn,
    })
}

/// What a task of [`run_one_off`] printed, as CloudWatch shows it now: the last lines come some
/// seconds late.
///
/// # Errors
///
/// [`Error::Setup`] where the deployment has no log group.
pub async fn printed(account: &Account, scope: &Scope, task: &str) -> Result<Vec<LogLine>, Error> {
    logs::logs(account, scope, &logs::of_task(ecs::ONE_OFF, task)).await
}

/// Where Sidekiq's tasks are: they reach all stores, and nobody reaches them.
async fn network(
    account: &Account,
    scope: &Scope,
) -> Result<aws_sdk_ecs::types::NetworkConfiguration, Error> {
    let services = services(account, scope).await?;
    let workers = services.iter().find(|service| {
        service
            .service_name()
            .is_some_and(|name| name.starts_with("sidekiq-"))
    });
    workers
        .and_then(|service| service.network_configuration().cloned())
        .ok_or_else(|| not_up(scope))
}

pub(crate) fn not_up(scope: &Scope) -> Error {
    Error::Setup {
        message: format!(
            "`{}` does not run in account {}, {}",
            scope.name, scope.account, scope.region
        ),
        hint: "bring it up first:  masto up --aws".to_owned(),
        kind: ErrorKind::Usage,
    }
}
