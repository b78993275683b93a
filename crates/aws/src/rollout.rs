//! How a service comes to what it should run, and why it does not.

use std::time::Duration;

use aws_sdk_ecs::types::{Deployment, DeploymentRolloutState, DesiredStatus, Service};
use engine::wait::Look;

use crate::ecs;
use crate::error::Error;
use crate::id::Id;
use crate::kind::Site;
use crate::names;
use crate::resource::service::{described, one};
use crate::stopped::Stopped;
use crate::tail;

/// How long a deployment may take: the circuit breaker gives up long before.
const BOUND: Duration = Duration::from_secs(40 * 60);
/// How long a service that was removed may keep its name: its tasks have to stop.
const DRAIN: Duration = Duration::from_secs(15 * 60);

/// What is not as it should be with the service's latest deployment; `None` when all is well.
pub(crate) fn unsteady(service: &Service) -> Option<String> {
    let primary = primary(service)?;
    match primary.rollout_state() {
        Some(DeploymentRolloutState::Failed) => Some("its latest deployment failed".to_owned()),
        Some(DeploymentRolloutState::InProgress) if is_short(service) => {
            Some("its latest deployment has not ended".to_owned())
        }
        _ => None,
    }
}

fn is_short(service: &Service) -> bool {
    service.running_count() < service.desired_count()
}

fn primary(service: &Service) -> Option<&Deployment> {
    service
        .deployments()
        .iter()
        .find(|deployment| deployment.status() == Some("PRIMARY"))
}

/// Where a deployment is.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Stage {
    Done,
    /// In words.
    Going(String),
    /// With tasks that stopped by themselves.
    Failing(String),
    /// AWS gave up.
    GivenUp(String),
}

/// Judges the service's own words. `definition` is what it should run.
fn stage(service: &Service, definition: &str) -> Stage {
    let Some(primary) = primary(service) else {
        return Stage::Going("no deployment yet".to_owned());
    };
    let reason = primary.rollout_state_reason().unwrap_or_default();
    if primary
        .task_definition()
        .is_some_and(|runs| runs != definition)
    {
        // The circuit breaker went back to what ran before.
        return Stage::GivenUp(format!(
            "AWS rolled it back to {}",
            ecs::last_part(primary.task_definition().unwrap_or_default())
        ));
    }
    let state = format!(
        "{} of {} tasks run",
        primary.running_count(),
        primary.desired_count()
    );
    let is_full =
        primary.running_count() >= primary.desired_count() && primary.pending_count() == 0;
    match primary.rollout_state() {
        Some(DeploymentRolloutState::Failed) => Stage::GivenUp(reason.to_owned()),
        Some(DeploymentRolloutState::Completed) if is_full => Stage::Done,
        // Some emulators tell no state of the rollout.
        None if is_full && service.deployments().len() == 1 => Stage::Done,
        _ if primary.failed_tasks() > 0 => {
            Stage::Failing(format!("{state}, {} stopped", primary.failed_tasks()))
        }
        _ => Stage::Going(state),
    }
}

/// Waits until the service runs `definition`, everywhere and healthy.
///
/// # Errors
///
/// [`Error::Failed`] with AWS's reason, the reason of a stopped task and its last lines, when the
/// circuit breaker gave up, or when a task stopped for a reason that will not pass.
pub(crate) async fn until_steady(
    site: &Site<'_>,
    id: &Id,
    name: &str,
    definition: &str,
) -> Result<(), Error> {
    let condition = "all tasks run and are healthy, and no older ones are left";
    site.until(id, condition, BOUND, || async {
        let Some(service) = one(site.account, site.scope, name).await? else {
            return Ok(Look::NotYet("not listed yet".to_owned()));
        };
        match stage(&service, definition) {
            Stage::Done => Ok(Look::Ready(())),
            Stage::Going(state) => Ok(Look::NotYet(state)),
            Stage::Failing(state) => {
                let stopped = last_stopped(site, name, definition).await?;
                match stopped {
                    Some((stopped, tail)) if stopped.hopeless => {
                        Err(failure(id, None, Some(stopped), tail))
                    }
                    Some((stopped, _)) => Ok(Look::NotYet(format!("{state}: {}", stopped.reason))),
                    None => Ok(Look::NotYet(state)),
                }
            }
            Stage::GivenUp(reason) => {
                let stopped = last_stopped(site, name, definition).await?;
                let (stopped, tail) = match stopped {
                    Some((stopped, tail)) => (Some(stopped), tail),
                    None => (None, Vec::new()),
                };
                let events = events(&service);
                let tail = if tail.is_empty() { events } else { tail };
                Err(failure(id, Some(reason), stopped, tail))
            }
        }
    })
    .await
}

fn failure(id: &Id, reason: Option<String>, stopped: Option<Stopped>, tail: Vec<String>) -> Error {
    let mut parts: Vec<String> = reason
        .into_iter()
        .filter(|reason| !reason.is_empty())
        .collect();
    let hint = stopped.as_ref().and_then(|stopped| stopped.hint.clone());
    parts.extend(stopped.map(|stopped| format!("its task stopped: {}", stopped.reason)));
    if parts.is_empty() {
        parts.push("its deployment did not end well".to_owned());
    }
    Error::Failed {
        id: id.clone(),
        reason: parts.join("; "),
        hint: hint.or_else(|| {
            Some(
                "what ran before goes on; mend the cause, and run the same command again"
                    .to_owned(),
            )
        }),
        tail,
    }
}

/// What the service itself told last, oldest first.
fn events(service: &Service) -> Vec<String> {
    let mut events: Vec<String> = service
        .events()
        .iter()
        .take(5)
        .filter_map(|event| event.message().map(str::to_owned))
        .collect();
    events.reverse();
    events
}

/// The task of `definition` that stopped last, with its last lines.
async fn last_stopped(
    site: &Site<'_>,
    service: &str,
    definition: &str,
) -> Result<Option<(Stopped, Vec<String>)>, Error> {
    let cluster = names::of(&Id::Cluster, site.scope);
    let arns = site
        .account
        .ecs
        .list_tasks()
        .cluster(&cluster)
        .service_name(service)
        .desired_status(DesiredStatus::Stopped)
        .send()
        .await
        .map_err(|error| Error::call("ecs:ListTasks", error))?
        .task_arns
        .unwrap_or_default();
    let tasks = ecs::tasks(site.account, &cluster, &arns).await?;
    let last = tasks
        .into_iter()
        .filter(|task| task.task_definition_arn() == Some(definition))
        // Whatever a deployment stops itself is no failure.
        .filter(|task| {
            !task
                .stopped_reason()
                .is_some_and(|reason| reason.contains("Scaling activity initiated"))
        })
        .max_by_key(|task| task.stopped_at().map(|at| at.secs()));
    let Some(task) = last else {
        return Ok(None);
    };
    let container = task
        .containers()
        .first()
        .and_then(|container| container.name());
    let arn = task.task_arn().unwrap_or_default();
    let lines = tail::of_task(site.account, site.scope, container.unwrap_or(service), arn).await;
    Ok(Some((Stopped::of(&task), lines)))
}

/// Waits until a removed service's name can be used again.
pub(crate) async fn until_free(site: &Site<'_>, id: &Id, name: &str) -> Result<(), Error> {
    let cluster = names::of(&Id::Cluster, site.scope);
    site.until(id, "the one that was removed is gone", DRAIN, || async {
        let found = described(site.account, &cluster, vec![name.to_owned()]).await?;
        let draining = found
            .iter()
            .find(|service| service.status() == Some("DRAINING"));
        Ok(match draining {
            None => Look::Ready(()),
            Some(service) => Look::NotYet(format!("{} tasks still run", service.running_count())),
        })
    })
    .await
}

/// Waits until a service and its tasks are gone.
pub(crate) async fn until_gone(site: &Site<'_>, id: &Id, name: &str) -> Result<(), Error> {
    until_free(site, id, name).await
}

#[cfg(test)]
mod tests {
    use super::*;

    fn deployment(state: Option<DeploymentRolloutState>, running: i32, failed: i32) -> Deployment {
        Deployment::builder()
            .status("PRIMARY")
            .task_definition("arn/web:2")
            .set_rollout_state(state)
            .rollout_state_reason("tasks failed to start")
            .desired_count(2)
            .running_count(running)
            .failed_tasks(failed)
            .build()
    }

    fn service(deployment: Deployment) -> Service {
        Service::builder().deployments(deployment).build()
    }

    #[test]
    fn a_deployment_is_done_when_aws_says_so_and_all_run() {
        use DeploymentRolloutState::{Completed, Failed, InProgress};
        let told = |state, running, failed| {
            stage(&service(deployment(state, running, failed)), "arn/web:2")
        };
        assert_eq!(told(Some(Completed), 2, 0), Stage::Done);
        assert_eq!(told(None, 2, 0), Stage::Done);
        let going = Stage::Going("1 of 2 tasks run".to_owned());
        assert_eq!(told(Some(InProgress), 1, 0), going);
        assert_eq!(told(Some(Completed), 1, 0), going);
        assert_eq!(
            told(Some(InProgress), 0, 3),
            Stage::Failing("0 of 2 tasks run, 3 stopped".to_owned())
        );
        assert_eq!(
            told(Some(Failed), 0, 3),
            Stage::GivenUp("tasks failed to start".to_owned())
        );
    }

    #[test]
    fn a_rollback_is_no_success() {
        let back = service(deployment(Some(DeploymentRolloutState::Completed), 2, 0));
        assert_eq!(
            stage(&back, "arn/web:3"),
            Stage::GivenUp("AWS rolled it back to web:2".to_owned())
        );
    }

    #[test]
    fn a_failure_tells_the_reason_of_the_task_and_what_to_do() {
        let stopped = Stopped {
            reason: "exit code 1".to_owned(),
            hint: Some("mend it".to_owned()),
            hopeless: false,
            exit_code: Some(1),
        };
        let error = failure(
            &Id::Service(mastodon::ProcessId::Web),
            Some("tasks failed to start".to_owned()),
            Some(stopped),
            vec!["boom".to_owned()],
        );
        assert_eq!(
            error.to_string(),
            "service `web` failed: tasks failed to start; its task stopped: exit code 1"
        );
        assert_eq!(engine::Failure::hint(&error).as_deref(), Some("mend it"));
        assert_eq!(engine::Failure::log_tail(&error), ["boom"]);
    }
}
