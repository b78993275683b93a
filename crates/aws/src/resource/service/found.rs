//! Services as ECS tells of them.

use std::collections::BTreeMap;

use aws_sdk_ecs::types::ServiceField;

use super::LiveService;
use crate::account::Account;
use crate::attributes::Attributes;
use crate::ecs;
use crate::error::Error;
use crate::id::Id;
use crate::kind::Found;
use crate::names;
use crate::resource::task_definition::process;
use crate::rollout;
use crate::scope::Scope;
use crate::tags;

/// Every service of the cluster that is not gone; none where there is no cluster.
pub(crate) async fn services(
    account: &Account,
    scope: &Scope,
) -> Result<Vec<aws_sdk_ecs::types::Service>, Error> {
    let cluster = names::of(&Id::Cluster, scope);
    let mut pages = account
        .ecs
        .list_services()
        .cluster(&cluster)
        .max_results(100)
        .into_paginator()
        .items()
        .send();
    let mut arns = Vec::new();
    while let Some(arn) = pages.next().await {
        match arn.map_err(|error| Error::call("ecs:ListServices", error)) {
            Ok(arn) => arns.push(arn),
            Err(error) if error.is_not_found() => return Ok(Vec::new()),
            Err(error) => return Err(error),
        }
    }
    let mut services = Vec::new();
    // AWS takes ten at a time.
    for some in arns.chunks(10) {
        services.extend(described(account, &cluster, some.to_vec()).await?);
    }
    services.retain(|service| service.status() != Some("INACTIVE"));
    Ok(services)
}

pub(crate) async fn described(
    account: &Account,
    cluster: &str,
    services: Vec<String>,
) -> Result<Vec<aws_sdk_ecs::types::Service>, Error> {
    let answer = account
        .ecs
        .describe_services()
        .cluster(cluster)
        .set_services(Some(services))
        .include(ServiceField::Tags)
        .send()
        .await
        .map_err(|error| Error::call("ecs:DescribeServices", error));
    match answer {
        Ok(answer) => Ok(answer.services.unwrap_or_default()),
        Err(error) if error.is_not_found() => Ok(Vec::new()),
        Err(error) => Err(error),
    }
}

/// The service of that name, unless it is on its way out.
pub(crate) async fn one(
    account: &Account,
    scope: &Scope,
    name: &str,
) -> Result<Option<aws_sdk_ecs::types::Service>, Error> {
    let cluster = names::of(&Id::Cluster, scope);
    let found = described(account, &cluster, vec![name.to_owned()]).await?;
    Ok(found
        .into_iter()
        .find(|service| service.status().is_none_or(|status| status == "ACTIVE")))
}

/// One on its way out is none: whoever makes it anew waits until its name is free.
pub(super) fn found(
    service: &aws_sdk_ecs::types::Service,
    scope: &Scope,
) -> Option<Found<LiveService>> {
    if service.status() == Some("DRAINING") {
        return None;
    }
    let id = Id::Service(process(service.service_name()?)?);
    let attributes = Attributes::of(service.service_arn().unwrap_or_default());
    let mut found = Found::ours(id, attributes, LiveService::read(service));
    let tags: BTreeMap<String, String> = ecs::read(service.tags.as_deref());
    found.owner = tags::owner(&tags, scope);
    Some(found)
}

impl LiveService {
    fn read(service: &aws_sdk_ecs::types::Service) -> Self {
        let network = service
            .network_configuration()
            .and_then(|network| network.awsvpc_configuration());
        let sorted = |list: &[String]| {
            let mut list = list.to_vec();
            list.sort();
            list
        };
        let deployment = service.deployment_configuration();
        let capacity = service
            .capacity_provider_strategy()
            .iter()
            .map(|item| item.capacity_provider.clone())
            .collect::<Vec<_>>()
            .join(", ");
        let target = service.load_balancers().first().and_then(|balancer| {
            Some((
                balancer.target_group_arn()?.to_owned(),
                balancer.container_port().unwrap_or_default(),
            ))
        });
        Self {
            definition: service.task_definition().unwrap_or_default().to_owned(),
            replicas: service.desired_count(),
            percent: deployment.and_then(|deployment| {
                Some((
                    deployment.minimum_healthy_percent()?,
                    deployment.maximum_percent()?,
                ))
            }),
            breaker: deployment
                .and_then(|deployment| deployment.deployment_circuit_breaker())
                .map(|breaker| breaker.enable() && breaker.rollback()),
            exec: service.enable_execute_command(),
            capacity,
            subnets: network
                .map(|network| sorted(network.subnets()))
                .unwrap_or_default(),
            groups: network
                .map(|network| sorted(network.security_groups()))
                .unwrap_or_default(),
            public_address: network
                .and_then(|network| network.assign_public_ip())
                .is_some_and(|public| public.as_str() == "ENABLED"),
            target,
            grace_seconds: service.health_check_grace_period_seconds(),
            unsteady: rollout::unsteady(service),
        }
    }
}
