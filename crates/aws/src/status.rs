//! What runs, task by task.

use aws_sdk_ecs::types::{HealthStatus, Task};
use jiff::Timestamp;
use serde::Serialize;

use crate::account::Account;
use crate::ecs;
use crate::error::Error;
use crate::id::Id;
use crate::names;
use crate::resource::alarm;
use crate::resource::service::services;
use crate::rollout;
use crate::scope::Scope;
use crate::stopped::Stopped;

/// One task, or one that should be there.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct TaskStatus {
    /// `web`, `sidekiq-all`; `one-off` for jobs and commands.
    pub process: String,
    /// Counted from 1, the oldest first.
    pub replica: u16,
    /// What AWS calls the task; `None` for one that should be there and is not.
    pub task: Option<String>,
    /// In AWS's words, lowercase: `running`, `pending`, `stopped`; `absent`.
    pub state: String,
    /// Of the container's own check: `healthy`, `unhealthy`; `None` where there is none yet.
    pub health: Option<String>,
    /// It does what it is there for.
    pub well: bool,
    /// What it was started from.
    pub image: String,
    /// When it was made.
    pub created: Option<Timestamp>,
    /// Why it stopped, or what its service says; `None` where all is well.
    pub reason: Option<String>,
    /// Of one that has ended.
    pub exit_code: Option<i32>,
    /// MiB that it may take.
    pub memory: Option<u64>,
}

/// An alarm of the deployment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct AlarmStatus {
    /// `web-down`
    pub alarm: String,
    /// `OK`, `ALARM`, `INSUFFICIENT_DATA`.
    pub state: String,
    /// Why, in AWS's words.
    pub reason: String,
}

/// Every task of the deployment's services and every one-off that runs, services in the order of
/// their names.
///
/// # Errors
///
/// The call that failed.
pub async fn status(account: &Account, scope: &Scope) -> Result<Vec<TaskStatus>, Error> {
    let services = services(account, scope).await?;
    let mut tasks = running(account, scope).await?;
    tasks.sort_by_key(|task| (task.created_at().map(|at| at.secs()), task.task_arn.clone()));
    let mut all = Vec::new();
    let mut names: Vec<&str> = services
        .iter()
        .filter_map(|service| service.service_name())
        .collect();
    names.sort_unstable();
    for name in names {
        let Some(service) = services
            .iter()
            .find(|service| service.service_name() == Some(name))
        else {
            continue;
        };
        let group = format!("service:{name}");
        let of_service = tasks
            .iter()
            .filter(|task| task.group() == Some(group.as_str()));
        let mut replica = 0;
        for task in of_service {
            replica += 1;
            all.push(TaskStatus::of(name, replica, task));
        }
        while i32::from(replica) < service.desired_count() {
            replica += 1;
            all.push(TaskStatus::absent(
                name,
                replica,
                rollout::unsteady(service),
            ));
        }
    }
    let one_off = names::of(&Id::TaskDefinition(crate::id::TaskFamily::OneOff), scope);
    let others = tasks.iter().filter(|task| {
        let revision = task.task_definition_arn().map(ecs::last_part);
        revision
            .and_then(|revision| revision.rsplit_once(':'))
            .is_some_and(|(family, _)| family == one_off)
    });
    for (count, task) in others.enumerate() {
        let replica = u16::try_from(count + 1).unwrap_or(u16::MAX);
        all.push(TaskStatus::of(ecs::ONE_OFF, replica, task));
    }
    Ok(all)
}

/// The alarms of the deployment.
///
/// # Errors
///
/// The call that failed.
pub async fn alarms(account: &Account, scope: &Scope) -> Result<Vec<AlarmStatus>, Error> {
    let alarms = alarm::alarms(account, scope).await?;
    Ok(alarms
        .iter()
        .filter_map(|alarm| {
            Some(AlarmStatus {
                alarm: alarm::kind_of(alarm, scope)?.to_string(),
                state: alarm
                    .state_value()
                    .map_or("", |state| state.as_str())
                    .to_owned(),
                reason: alarm.state_reason().unwrap_or_default().to_owned(),
            })
        })
        .collect())
}

/// Every task of the cluster that runs or is about to; none where there is no cluster.
pub(crate) async fn running(account: &Account, scope: &Scope) -> Result<Vec<Task>, Error> {
    let cluster = names::of(&Id::Cluster, scope);
    let mut pages = account
        .ecs
        .list_tasks()
        .cluster(&cluster)
        .into_paginator()
        .items()
        .send();
    let mut arns = Vec::new();
    while let Some(arn) = pages.next().await {
        match arn.map_err(|error| Error::call("ecs:ListTasks", error)) {
            Ok(arn) => arns.push(arn),
            Err(error) if error.is_not_found() => return Ok(Vec::new()),
            Err(error) => return Err(error),
        }
    }
    ecs::tasks(account, &cluster, &arns).await
}

impl TaskStatus {
    fn of(process: &str, replica: u16, task: &Task) -> Self {
        let state = task.last_status().unwrap_or_default().to_lowercase();
        let container = task.containers().first();
        let health = match task.health_status() {
            Some(HealthStatus::Healthy) => Some("healthy".to_owned()),
            Some(HealthStatus::Unhealthy) => Some("unhealthy".to_owned()),
            _ => None,
        };
        let stopped = (state == "stopped").then(|| Stopped::of(task));
        let exit_code = container.and_then(|container| container.exit_code());
        Self {
            process: process.to_owned(),
            replica,
            task: task.task_arn().map(|arn| ecs::last_part(arn).to_owned()),
            well: match &stopped {
                Some(stopped) => stopped.exit_code == Some(0),
                None => state == "running" && health.as_deref() != Some("unhealthy"),
            },
            state,
            health,
            image: container
                .and_then(|container| container.image())
                .unwrap_or_default()
                .to_owned(),
            created: task
                .created_at()
                .and_then(|at| Timestamp::from_second(at.secs()).ok()),
            reason: stopped.map(|stopped| stopped.reason),
            exit_code,
            memory: task.memory().and_then(|memory| memory.parse().ok()),
        }
    }

    fn absent(process: &str, replica: u16, reason: Option<String>) -> Self {
        Self {
            process: process.to_owned(),
            replica,
            task: None,
            state: "absent".to_owned(),
            health: None,
            well: false,
            image: String::new(),
            created: None,
            reason,
            exit_code: None,
            memory: None,
        }
    }
}

#[cfg(test)]
mod tests {
    use aws_sdk_ecs::types::Container;

    use super::*;

    #[test]
    fn a_task_is_well_while_it_runs_or_when_it_ended_well() {
        let well = |state: &str, health: &str, exit_code: Option<i32>| {
            let container = Container::builder().set_exit_code(exit_code).build();
            let task = Task::builder()
                .last_status(state)
                .health_status(HealthStatus::from(health))
                .containers(container)
                .build();
            TaskStatus::of("web", 1, &task).well
        };
        assert!(well("RUNNING", "UNKNOWN", None));
        assert!(!well("RUNNING", "UNHEALTHY", None));
        assert!(!well("PENDING", "UNKNOWN", None));
        assert!(well("STOPPED", "UNKNOWN", Some(0)));
        assert!(!well("STOPPED", "UNKNOWN", Some(1)));
    }
}
