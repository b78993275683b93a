//! What runs, and what it printed.

use serde::Serialize;

use crate::account::Account;
use crate::error::Error;
use crate::id::Id;
use crate::names;
use crate::scope::Scope;

/// A service of the deployment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ServiceStatus {
    /// `web`, `sidekiq-all`.
    pub name: String,
    /// How many tasks there should be.
    pub desired: u32,
    /// How many run.
    pub running: u32,
    /// How many are about to.
    pub pending: u32,
    /// `COMPLETED`, `IN_PROGRESS`, `FAILED`; empty when ECS does not say.
    pub rollout: String,
    /// ECS's last words about it.
    pub event: String,
}

impl ServiceStatus {
    /// Whether as many run as should, of the last deployment.
    #[must_use]
    pub fn is_well(&self) -> bool {
        self.running >= self.desired && self.rollout != "FAILED"
    }
}

/// Every service of the deployment, by name; empty where there is no cluster.
///
/// # Errors
///
/// [`Error::Call`].
pub async fn services(account: &Account, scope: &Scope) -> Result<Vec<ServiceStatus>, Error> {
    let cluster = names::of(&Id::Cluster, scope);
    let listed = account
        .ecs
        .list_services()
        .cluster(&cluster)
        .max_results(100)
        .send()
        .await
        .map_err(|error| Error::call("ecs:ListServices", error));
    let arns = match listed {
        Ok(listed) => listed.service_arns.unwrap_or_default(),
        Err(error) if error.is_not_found() => Vec::new(),
        Err(error) => return Err(error),
    };
    let mut found = Vec::new();
    // ECS describes ten at a time.
    for some in arns.chunks(10) {
        let described = account
            .ecs
            .describe_services()
            .cluster(&cluster)
            .set_services(Some(some.to_vec()))
            .send()
            .await
            .map_err(|error| Error::call("ecs:DescribeServices", error))?;
        for service in described.services() {
            if service.status() != Some("ACTIVE") {
                continue;
            }
            let count = |number: i32| u32::try_from(number).unwrap_or(0);
            found.push(ServiceStatus {
                name: service.service_name().unwrap_or_default().to_owned(),
                desired: count(service.desired_count()),
                running: count(service.running_count()),
                pending: count(service.pending_count()),
                rollout: service
                    .deployments()
                    .first()
                    .and_then(|deployment| deployment.rollout_state())
                    .map(|state| state.as_str().to_owned())
                    .unwrap_or_default(),
                event: service
                    .events()
                    .first()
                    .and_then(|event| event.message())
                    .unwrap_or_default()
                    .to_owned(),
            });
        }
    }
    found.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(found)
}

/// The last lines of a process, of all its tasks, oldest first.
///
/// # Errors
///
/// [`Error::Call`].
pub async fn last_lines(
    account: &Account,
    scope: &Scope,
    process: &str,
    count: usize,
) -> Result<Vec<String>, Error> {
    let mut lines = Vec::new();
    let mut pages = account
        .logs
        .filter_log_events()
        .log_group_name(names::of(&Id::LogGroup, scope))
        .log_stream_name_prefix(format!("{process}/"))
        .into_paginator()
        .send();
    while let Some(page) = pages.next().await {
        let page = match page.map_err(|error| Error::call("logs:FilterLogEvents", error)) {
            Ok(page) => page,
            Err(error) if error.is_not_found() => return Ok(Vec::new()),
            Err(error) => return Err(error),
        };
        for event in page.events.unwrap_or_default() {
            lines.push((
                event.timestamp.unwrap_or_default(),
                event.message.unwrap_or_default(),
            ));
        }
    }
    lines.sort();
    let from = lines.len().saturating_sub(count);
    Ok(lines
        .split_off(from)
        .into_iter()
        .map(|(_, line)| line)
        .collect())
}
