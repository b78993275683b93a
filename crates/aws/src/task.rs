//! One-off tasks: started once, waited for, judged by their exit code.

use std::collections::BTreeMap;
use std::time::Duration;

use aws_sdk_ecs::types::{
    ContainerOverride, DesiredStatus, KeyValuePair, LaunchType, NetworkConfiguration, Tag, Task,
    TaskOverride,
};
use engine::Progress;
use engine::wait::{Condition, Look, Poll};

use crate::account::Account;
use crate::ecs;
use crate::ensure::{insist, nothing_else};
use crate::error::Error;
use crate::id::Id;
use crate::waiting;

/// What is started.
#[derive(Clone, Debug)]
pub(crate) struct Start<'a> {
    /// For errors.
    pub(crate) id: &'a Id,
    pub(crate) cluster: &'a str,
    /// ARN of a revision, or a family.
    pub(crate) definition: &'a str,
    pub(crate) container: &'a str,
    /// Instead of the definition's.
    pub(crate) command: &'a [String],
    /// On top of the definition's. Never a secret: overrides can be read by whoever sees the task.
    pub(crate) environment: &'a BTreeMap<String, String>,
    pub(crate) network: NetworkConfiguration,
    /// At most 36 of letters, digits, `-` and `_`: what finds it again.
    pub(crate) started_by: &'a str,
    pub(crate) tags: Vec<Tag>,
}

impl Start<'_> {
    /// Asks ECS for the task and gives its ARN. ECS may answer well and start nothing.
    pub(crate) async fn start(&self, account: &Account) -> Result<String, Error> {
        let environment = self
            .environment
            .iter()
            .map(|(name, value)| KeyValuePair::builder().name(name).value(value).build())
            .collect();
        let container = ContainerOverride::builder()
            .name(self.container)
            .set_command(Some(self.command.to_vec()))
            .set_environment(Some(environment));
        let overrides = TaskOverride::builder()
            .container_overrides(container.build())
            .build();
        // Of this attempt: with it a lost answer starts no second task.
        let token = ecs::token(self.started_by);
        let call = || async {
            account
                .ecs
                .run_task()
                .cluster(self.cluster)
                .task_definition(self.definition)
                .launch_type(LaunchType::Fargate)
                .network_configuration(self.network.clone())
                .overrides(overrides.clone())
                .count(1)
                .client_token(&token)
                .started_by(self.started_by)
                .enable_execute_command(true)
                .set_tags(Some(self.tags.clone()))
                .send()
                .await
                .map_err(|error| Error::call("ecs:RunTask", error))
        };
        let answer = insist(call, ecs::is_role_missing).await?;
        let task = answer.tasks().first().and_then(|task| task.task_arn());
        task.map(str::to_owned).ok_or_else(|| {
            let failure = answer.failures().first();
            let reason = failure
                .and_then(|failure| failure.reason().or(failure.detail()))
                .unwrap_or("ECS started no task and does not say why");
            Error::Failed {
                id: self.id.clone(),
                reason: reason.to_owned(),
                hint: Some("run the same command again".to_owned()),
                tail: Vec::new(),
            }
        })
    }
}

/// Tasks of the cluster that were started by `started_by`; stopped ones are known for an hour.
pub(crate) async fn started_by(
    account: &Account,
    cluster: &str,
    started_by: &str,
    status: DesiredStatus,
) -> Result<Vec<Task>, Error> {
    let call = || async {
        account
            .ecs
            .list_tasks()
            .cluster(cluster)
            .started_by(started_by)
            .desired_status(status.clone())
            .send()
            .await
            .map_err(|error| Error::call("ecs:ListTasks", error))
    };
    let arns = insist(call, nothing_else)
        .await?
        .task_arns
        .unwrap_or_default();
    ecs::tasks(account, cluster, &arns).await
}

/// Waits until the task has stopped, and gives it. How it ended is the caller's to judge.
pub(crate) async fn until_stopped(
    account: &Account,
    id: &Id,
    cluster: &str,
    arn: &str,
    bound: Duration,
    progress: Option<&Progress>,
) -> Result<Task, Error> {
    // A task takes half a minute to start, and a migration as long as it takes.
    let poll = Poll::adaptive(Duration::from_millis(250), Duration::from_secs(3), 1.5);
    let condition = Condition::new("its task has ended", bound).poll(poll);
    waiting::until(id, &condition, progress, || async {
        let found = ecs::tasks(account, cluster, &[arn.to_owned()]).await?;
        Ok(match found.into_iter().next() {
            None => Look::NotYet("not listed yet".to_owned()),
            Some(task) => match task.last_status().unwrap_or_default().to_lowercase() {
                status if status == "stopped" => Look::Ready(task),
                status => Look::NotYet(status),
            },
        })
    })
    .await
}
