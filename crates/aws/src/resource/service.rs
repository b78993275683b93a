//! A long-running process.

mod found;

use std::collections::BTreeSet;

use aws_sdk_ecs::types::{
    AvailabilityZoneRebalancing, CapacityProviderStrategyItem, DeploymentCircuitBreaker,
    DeploymentConfiguration, LoadBalancer, PropagateTags,
};
use engine::{Change, How, Impact, Known};
use mastodon::ProcessId;

use crate::account::Account;
use crate::attributes::Attributes;
use crate::difference::Differences;
use crate::ecs::{self, PlacedNetwork, TaskNetwork};
use crate::ensure::{ensure, insist};
use crate::error::Error;
use crate::id::{Id, ListenerRole, RuleRole, TargetRole};
use crate::kind::{Found, Kind, Site};
use crate::names;
use crate::resource::Resource;
use crate::resource::task_definition::TaskDefinition;
use crate::rollout;
use crate::scope::Scope;

use found::found;
pub(crate) use found::{described, one, services};

/// What a service should be.
///
/// | Field | Change |
/// |---|---|
/// | definition, network, target, capacity | in place: a rolling deployment |
/// | replicas, percentages, grace | in place |
/// | cluster | replaces |
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Service {
    /// Which process.
    pub process: ProcessId,
    /// What its tasks are started from: the latest revision.
    pub definition: TaskDefinition,
    /// How many tasks; with autoscaling only at first.
    pub replicas: u16,
    /// Replicas follow the load.
    pub autoscaled: bool,
    /// Never two at a time, not even during a deployment.
    pub singleton: bool,
    /// On Spot capacity.
    pub spot: bool,
    /// Where its tasks are.
    pub network: TaskNetwork,
    /// What the load balancer reaches it by.
    pub target: Option<Target>,
    /// Jobs that have to end before.
    pub after: BTreeSet<Id>,
}

/// A target group that the tasks are in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Target {
    /// Which.
    pub role: TargetRole,
    /// Where they listen.
    pub port: u16,
    /// Seconds in which the load balancer's checks do not count.
    pub grace_seconds: i32,
}

/// What was found of it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LiveService {
    /// The ARN of the revision it moves to.
    pub definition: String,
    /// How many tasks it should have.
    pub replicas: i32,
    /// `(minimum, maximum)` percent during a deployment; `None` where it is not told.
    pub percent: Option<(i32, i32)>,
    /// The circuit breaker is on, and goes back by itself; `None` where it is not told.
    pub breaker: Option<bool>,
    /// `masto exec` works.
    pub exec: bool,
    /// `FARGATE`, `FARGATE_SPOT`; empty where it is not told.
    pub capacity: String,
    /// Subnets, sorted.
    pub subnets: Vec<String>,
    /// Groups, sorted.
    pub groups: Vec<String>,
    /// Its tasks have public addresses.
    pub public_address: bool,
    /// ARN and port of the target group.
    pub target: Option<(String, i32)>,
    /// Seconds in which the load balancer's checks do not count.
    pub grace_seconds: Option<i32>,
    /// Its latest deployment did not end well, or is under way.
    pub unsteady: Option<String>,
}

impl Kind for Service {
    type Live = LiveService;

    fn id(&self) -> Id {
        Id::Service(self.process.clone())
    }

    fn needs(&self) -> BTreeSet<Id> {
        let mut needs = crate::order::needs(&self.id());
        // To judge whether the definition gets a new revision takes what it is made from.
        needs.extend(self.definition.needs());
        needs.insert(self.definition.id());
        needs.extend(self.network.ids());
        needs.extend(self.after.iter().cloned());
        if let Some(target) = self.target {
            needs.insert(Id::TargetGroup(target.role));
            // A target group that no listener sends to is refused.
            needs.insert(match target.role {
                TargetRole::Web => Id::Listener(ListenerRole::Https),
                TargetRole::Streaming => Id::Rule(RuleRole::Streaming),
            });
        }
        needs
    }

    fn holds(&self) -> BTreeSet<Id> {
        BTreeSet::from([Id::Cluster])
    }

    fn diff(&self, live: &LiveService, known: &Known<Resource>) -> Option<Change> {
        let LiveService {
            definition,
            replicas,
            percent,
            breaker,
            exec,
            capacity,
            subnets,
            groups,
            public_address,
            target,
            grace_seconds,
            unsteady,
        } = live;
        let identity = |id: &Id| known.get(id).map(|found| found.identity.as_str());
        let revision = self.wanted_revision(known);
        let place = self.network.place(identity);
        let network = |place: Option<&PlacedNetwork>| {
            place.map_or_else(
                || "made anew".to_owned(),
                |place| {
                    shown_network(
                        &place.subnets,
                        std::slice::from_ref(&place.group),
                        place.public_address,
                    )
                },
            )
        };
        let shown_target = |target: Option<(&str, i32)>| {
            target.map_or_else(String::new, |(arn, port)| {
                format!("{}:{port}", ecs::last_part(arn))
            })
        };
        let wanted_target = match self.target {
            None => String::new(),
            Some(target) => shown_target(Some((
                identity(&Id::TargetGroup(target.role)).unwrap_or("made anew"),
                i32::from(target.port),
            ))),
        };
        let wanted_replicas = match self.autoscaled {
            true => *replicas,
            false => i32::from(self.replicas),
        };
        let told = |percent: (i32, i32)| format!("{} % to {} %", percent.0, percent.1);
        let interruption = match self.singleton {
            true => Impact::Restart,
            false => Impact::None,
        };
        let differences = Differences::new()
            .update_with(
                "task definition",
                &short(definition),
                &revision,
                interruption,
            )
            .update("replicas", replicas, &wanted_replicas)
            .update(
                "percent",
                &told(percent.unwrap_or(self.percent())),
                &told(self.percent()),
            )
            .update("circuit breaker", &breaker.unwrap_or(true), &true)
            .update("exec", exec, &true)
            .update_with(
                "capacity",
                &match capacity.is_empty() {
                    true => self.capacity().to_owned(),
                    false => capacity.clone(),
                },
                &self.capacity().to_owned(),
                interruption,
            )
            .update_with(
                "network",
                &shown_network(subnets, groups, *public_address),
                &network(place.as_ref()),
                interruption,
            )
            .update(
                "target",
                &shown_target(target.as_ref().map(|(arn, port)| (arn.as_str(), *port))),
                &wanted_target,
            );
        let differences = match (self.target, grace_seconds) {
            (Some(target), Some(seconds)) => {
                differences.update("grace seconds", seconds, &target.grace_seconds)
            }
            _ => differences,
        };
        differences.into_change().or_else(|| {
            unsteady.as_ref().map(|state| Change {
                how: How::Update,
                cause: state.clone(),
                impact: Impact::None,
                attributes: Vec::new(),
            })
        })
    }

    async fn observe(account: &Account, scope: &Scope) -> Result<Vec<Found<LiveService>>, Error> {
        let services = services(account, scope).await?;
        Ok(services
            .into_iter()
            .filter_map(|service| found(&service, scope))
            .collect())
    }

    async fn create(&self, site: Site<'_>) -> Result<Attributes, Error> {
        let Site { account, scope, .. } = site;
        let id = self.id();
        let cluster = site.identity(&Id::Cluster)?;
        let name = names::of(&id, scope);
        let token = ecs::token(&format!("{cluster}/{name}"));
        let network = self.network.at(&site)?.configuration()?;
        let targets = self.load_balancers(&site)?;
        let grace = self.target.map(|target| target.grace_seconds);
        let definition = site.identity(&self.definition.id())?;
        // One that was removed a moment ago still has the name.
        rollout::until_free(&site, &id, &name).await?;
        let arn = ensure(
            || async {
                let found = one(account, scope, &name).await?;
                Ok(found.and_then(|service| service.service_arn))
            },
            || async {
                let made = account
                    .ecs
                    .create_service()
                    .cluster(cluster)
                    .service_name(&name)
                    .client_token(&token)
                    .task_definition(definition)
                    .desired_count(i32::from(self.replicas))
                    .capacity_provider_strategy(self.strategy()?)
                    .network_configuration(network.clone())
                    .set_load_balancers(targets.clone())
                    .set_health_check_grace_period_seconds(grace)
                    .deployment_configuration(self.deployment())
                    .availability_zone_rebalancing(self.rebalancing())
                    .enable_execute_command(true)
                    .enable_ecs_managed_tags(true)
                    .propagate_tags(PropagateTags::Service)
                    .set_tags(Some(ecs::tags(&id, scope, &[])))
                    .customize()
                    .config_override(
                        aws_sdk_ecs::config::Builder::new().retry_config(Account::once()),
                    )
                    .send()
                    .await
                    .map_err(|error| Error::call("ecs:CreateService", error))?;
                let arn = made.service.and_then(|service| service.service_arn);
                Ok(arn.unwrap_or_default())
            },
            |error| ecs::is_role_missing(error) || is_target_missing(error),
        )
        .await?;
        rollout::until_steady(&site, &id, &name, definition).await?;
        Ok(Attributes::of(arn))
    }

    async fn update(&self, live: &Found<LiveService>, site: Site<'_>) -> Result<Attributes, Error> {
        let id = self.id();
        let name = names::of(&id, site.scope);
        let cluster = site.identity(&Id::Cluster)?;
        let network = self.network.at(&site)?.configuration()?;
        let targets = self.load_balancers(&site)?;
        let definition = site.identity(&self.definition.id())?;
        let moves = !live.live.capacity.is_empty() && live.live.capacity != self.capacity();
        let call = || async {
            let mut call = site
                .account
                .ecs
                .update_service()
                .cluster(cluster)
                .service(&name)
                .task_definition(definition)
                .network_configuration(network.clone())
                .set_load_balancers(targets.clone())
                .set_health_check_grace_period_seconds(
                    self.target.map(|target| target.grace_seconds),
                )
                .deployment_configuration(self.deployment())
                .availability_zone_rebalancing(self.rebalancing())
                .enable_execute_command(true)
                // What was given up on is tried again, and new capacity takes new tasks.
                .force_new_deployment(moves || live.live.unsteady.is_some());
            if moves {
                call = call.capacity_provider_strategy(self.strategy()?);
            }
            if !self.autoscaled {
                call = call.desired_count(i32::from(self.replicas));
            }
            call.send()
                .await
                .map(drop)
                .map_err(|error| Error::call("ecs:UpdateService", error))
        };
        insist(call, |error| {
            ecs::is_role_missing(error) || is_target_missing(error)
        })
        .await?;
        rollout::until_steady(&site, &id, &name, definition).await?;
        Ok(live.attributes.clone())
    }

    async fn delete(live: &Found<LiveService>, site: Site<'_>) -> Result<(), Error> {
        let name = names::of(&live.id, site.scope);
        let cluster = names::of(&Id::Cluster, site.scope);
        let call = || async {
            site.account
                .ecs
                .delete_service()
                .cluster(&cluster)
                .service(&name)
                // Also while it has tasks: they are stopped.
                .force(true)
                .send()
                .await
                .map(drop)
                .map_err(|error| Error::call("ecs:DeleteService", error))
        };
        match insist(call, |_| false).await {
            Err(error) if error.is_not_found() || error.is(&["ServiceNotActiveException"]) => {}
            other => other?,
        }
        rollout::until_gone(&site, &live.id, &name).await
    }
}

impl Service {
    /// What the definition will be: the latest revision, unless there will be another.
    fn wanted_revision(&self, known: &Known<Resource>) -> String {
        let latest = known.get(&self.definition.id());
        match (self.definition.new_revision(known), latest) {
            (false, Some(latest)) => short(&latest.identity),
            _ => "a new revision".to_owned(),
        }
    }

    /// A rolling deployment starts new tasks before it stops old ones; for what must never run
    /// twice it is the other way round.
    pub(crate) fn percent(&self) -> (i32, i32) {
        match self.singleton {
            true => (0, 100),
            false => (100, 200),
        }
    }

    pub(crate) fn capacity(&self) -> &'static str {
        match self.spot {
            true => "FARGATE_SPOT",
            false => "FARGATE",
        }
    }

    fn strategy(&self) -> Result<CapacityProviderStrategyItem, Error> {
        CapacityProviderStrategyItem::builder()
            .capacity_provider(self.capacity())
            .weight(1)
            .build()
            .map_err(|error| Error::bug(error.to_string()))
    }

    fn deployment(&self) -> DeploymentConfiguration {
        let (minimum, maximum) = self.percent();
        let breaker = DeploymentCircuitBreaker::builder()
            .enable(true)
            .rollback(true);
        DeploymentConfiguration::builder()
            .deployment_circuit_breaker(breaker.build())
            .minimum_healthy_percent(minimum)
            .maximum_percent(maximum)
            .build()
    }

    /// ECS refuses to move tasks to a zone that lacks some where it may not start one more.
    fn rebalancing(&self) -> AvailabilityZoneRebalancing {
        match self.singleton {
            true => AvailabilityZoneRebalancing::Disabled,
            false => AvailabilityZoneRebalancing::Enabled,
        }
    }

    fn load_balancers(&self, site: &Site<'_>) -> Result<Option<Vec<LoadBalancer>>, Error> {
        let Some(target) = self.target else {
            return Ok(None);
        };
        let balancer = LoadBalancer::builder()
            .target_group_arn(site.identity(&Id::TargetGroup(target.role))?)
            .container_name(self.definition.container())
            .container_port(i32::from(target.port));
        Ok(Some(vec![balancer.build()]))
    }
}

/// A target group that the listener does not send to yet, everywhere.
fn is_target_missing(error: &Error) -> bool {
    error.is(&["InvalidParameterException"])
        && error
            .message()
            .is_some_and(|message| message.contains("does not have an associated load balancer"))
}

/// `masto-social-web:7`
fn short(arn: &str) -> String {
    ecs::last_part(arn).to_owned()
}

fn shown_network(subnets: &[String], groups: &[String], public_address: bool) -> String {
    let address = match public_address {
        true => "with public addresses",
        false => "without public addresses",
    };
    format!("{} {} {address}", subnets.join(" "), groups.join(" "))
}

#[cfg(test)]
#[path = "service_tests.rs"]
mod tests;
