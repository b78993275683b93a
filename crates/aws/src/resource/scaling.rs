//! Replicas that follow the load.

use std::collections::BTreeMap;

use aws_sdk_applicationautoscaling::types::{
    MetricType, PolicyType, PredefinedMetricSpecification, ScalableDimension, ServiceNamespace,
    TargetTrackingScalingPolicyConfiguration,
};
use engine::{Change, Known};
use mastodon::ProcessId;
use topology::Autoscale;

use crate::account::Account;
use crate::attributes::Attributes;
use crate::difference::Differences;
use crate::ensure::{insist, nothing_else};
use crate::error::Error;
use crate::id::Id;
use crate::kind::{Found, Kind, Site};
use crate::names;
use crate::resource::Resource;
use crate::resource::task_definition::process;
use crate::scope::Scope;

/// The only policy of each service.
const POLICY: &str = "masto-cpu";

/// Target tracking of a service.
///
/// | Field | Change |
/// |---|---|
/// | bounds, target | in place |
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Scaling {
    /// Whose replicas.
    pub process: ProcessId,
    /// Between how many, and what keeps them there.
    pub autoscale: Autoscale,
}

/// What was found of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LiveScaling {
    /// At least.
    pub min: i32,
    /// At most.
    pub max: i32,
    /// Average CPU in percent; `None` while there is no policy.
    pub cpu: Option<i32>,
}

impl Kind for Scaling {
    type Live = LiveScaling;

    fn id(&self) -> Id {
        Id::Scaling(self.process.clone())
    }

    fn diff(&self, live: &LiveScaling, _: &Known<Resource>) -> Option<Change> {
        let LiveScaling { min, max, cpu } = live;
        let Autoscale {
            min: wanted_min,
            max: wanted_max,
            cpu: wanted_cpu,
        } = self.autoscale;
        let percent = |cpu: Option<i32>| cpu.map_or_else(String::new, |cpu| format!("{cpu} %"));
        Differences::new()
            .update("at least", min, &i32::from(wanted_min))
            .update("at most", max, &i32::from(wanted_max))
            .update("cpu", &percent(*cpu), &percent(Some(i32::from(wanted_cpu))))
            .into_change()
    }

    /// Targets carry no tags that a list tells: they belong to whom the cluster in their name
    /// belongs to.
    async fn observe(account: &Account, scope: &Scope) -> Result<Vec<Found<LiveScaling>>, Error> {
        let targets = targets(account, scope).await?;
        // A policy is of a target: without one there are none.
        if targets.is_empty() {
            return Ok(Vec::new());
        }
        let policies = policies(account, scope).await?;
        Ok(targets
            .into_iter()
            .map(|(process, (min, max))| {
                let cpu = policies.get(&process).copied();
                let id = Id::Scaling(process.clone());
                let attributes = Attributes::of(resource(&process, scope));
                Found::ours(id, attributes, LiveScaling { min, max, cpu })
            })
            .collect())
    }

    async fn create(&self, site: Site<'_>) -> Result<Attributes, Error> {
        self.put(site).await
    }

    async fn update(&self, _: &Found<LiveScaling>, site: Site<'_>) -> Result<Attributes, Error> {
        self.put(site).await
    }

    async fn delete(live: &Found<LiveScaling>, site: Site<'_>) -> Result<(), Error> {
        // Its policy goes with it.
        site.delete(&live.id, &["ConcurrentUpdateException"], || async {
            site.account
                .autoscaling
                .deregister_scalable_target()
                .service_namespace(ServiceNamespace::Ecs)
                .resource_id(&live.attributes.identity)
                .scalable_dimension(ScalableDimension::EcsServiceDesiredCount)
                .send()
                .await
                .map(drop)
                .map_err(|error| {
                    Error::call("application-autoscaling:DeregisterScalableTarget", error)
                })
        })
        .await
    }
}

impl Scaling {
    /// Both calls say what should be, whatever was.
    async fn put(&self, site: Site<'_>) -> Result<Attributes, Error> {
        let Site { account, scope, .. } = site;
        let resource = resource(&self.process, scope);
        let Autoscale { min, max, cpu } = self.autoscale;
        let register = || async {
            account
                .autoscaling
                .register_scalable_target()
                .service_namespace(ServiceNamespace::Ecs)
                .resource_id(&resource)
                .scalable_dimension(ScalableDimension::EcsServiceDesiredCount)
                .min_capacity(i32::from(min))
                .max_capacity(i32::from(max))
                .send()
                .await
                .map(drop)
                .map_err(|error| {
                    Error::call("application-autoscaling:RegisterScalableTarget", error)
                })
        };
        // The role that Application Auto Scaling makes for itself takes a moment as well.
        let passes = |error: &Error| {
            error.is(&["ConcurrentUpdateException"]) || crate::ecs::is_role_missing(error)
        };
        insist(register, passes).await?;
        let metric = PredefinedMetricSpecification::builder()
            .predefined_metric_type(MetricType::EcsServiceAverageCpuUtilization)
            .build()
            .map_err(|error| Error::bug(error.to_string()))?;
        let tracking = TargetTrackingScalingPolicyConfiguration::builder()
            .target_value(f64::from(cpu))
            .predefined_metric_specification(metric)
            // Out at once, in slowly: a new task takes a minute or two until it answers.
            .scale_out_cooldown(60)
            .scale_in_cooldown(300)
            .build()
            .map_err(|error| Error::bug(error.to_string()))?;
        let put = || async {
            account
                .autoscaling
                .put_scaling_policy()
                .policy_name(POLICY)
                .service_namespace(ServiceNamespace::Ecs)
                .resource_id(&resource)
                .scalable_dimension(ScalableDimension::EcsServiceDesiredCount)
                .policy_type(PolicyType::TargetTrackingScaling)
                .target_tracking_scaling_policy_configuration(tracking.clone())
                .send()
                .await
                .map(drop)
                .map_err(|error| Error::call("application-autoscaling:PutScalingPolicy", error))
        };
        insist(put, |error| {
            passes(error) || error.is(&["ObjectNotFoundException"])
        })
        .await?;
        Ok(Attributes::of(resource))
    }
}

/// `service/masto-social/web`
fn resource(process: &ProcessId, scope: &Scope) -> String {
    format!("{}{process}", prefix(scope))
}

fn prefix(scope: &Scope) -> String {
    format!("service/{}/", names::of(&Id::Cluster, scope))
}

async fn targets(
    account: &Account,
    scope: &Scope,
) -> Result<BTreeMap<ProcessId, (i32, i32)>, Error> {
    let mut pages = account
        .autoscaling
        .describe_scalable_targets()
        .service_namespace(ServiceNamespace::Ecs)
        .into_paginator()
        .items()
        .send();
    let mut targets = BTreeMap::new();
    while let Some(target) = pages.next().await {
        let target = match target
            .map_err(|error| Error::call("application-autoscaling:DescribeScalableTargets", error))
        {
            // Nothing scales where there is nothing that could.
            Err(error) if error.is_no_such_service() => return Ok(targets),
            target => target?,
        };
        if let Some(process) = target
            .resource_id
            .strip_prefix(&prefix(scope))
            .and_then(process)
        {
            targets.insert(process, (target.min_capacity, target.max_capacity));
        }
    }
    Ok(targets)
}

/// The CPU targets of the services' policies, rounded: the file has whole percents.
async fn policies(account: &Account, scope: &Scope) -> Result<BTreeMap<ProcessId, i32>, Error> {
    let call = || async {
        let mut pages = account
            .autoscaling
            .describe_scaling_policies()
            .service_namespace(ServiceNamespace::Ecs)
            .policy_names(POLICY)
            .into_paginator()
            .items()
            .send();
        let mut policies = BTreeMap::new();
        while let Some(policy) = pages.next().await {
            let policy = match policy.map_err(|error| {
                Error::call("application-autoscaling:DescribeScalingPolicies", error)
            }) {
                Err(error) if error.is_no_such_service() => return Ok(policies),
                policy => policy?,
            };
            let process = policy
                .resource_id
                .strip_prefix(&prefix(scope))
                .and_then(process);
            let tracking = policy.target_tracking_scaling_policy_configuration;
            if let (Some(process), Some(tracking)) = (process, tracking)
                && policy.policy_name == POLICY
            {
                policies.insert(process, whole(tracking.target_value));
            }
        }
        Ok(policies)
    };
    insist(call, nothing_else).await
}

fn whole(percent: f64) -> i32 {
    format!("{percent:.0}").parse().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bounds_and_target_are_changed_in_place() {
        let scaling = Scaling {
            process: ProcessId::Web,
            autoscale: Autoscale {
                min: 2,
                max: 8,
                cpu: 60,
            },
        };
        let told = |min, max, cpu| {
            scaling
                .diff(&LiveScaling { min, max, cpu }, &BTreeMap::new())
                .map(|change| change.cause)
        };
        assert_eq!(told(2, 8, Some(60)), None);
        assert_eq!(told(1, 9, Some(60)).unwrap(), "at least, at most changed");
        assert_eq!(told(2, 8, None).unwrap(), "cpu changed");
    }

    #[test]
    fn targets_are_whole_percents() {
        assert_eq!(whole(60.0), 60);
        assert_eq!(whole(59.999), 60);
    }
}
