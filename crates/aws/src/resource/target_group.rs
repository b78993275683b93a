//! Where the load balancer sends requests.

use std::collections::{BTreeMap, BTreeSet};

use aws_sdk_elasticloadbalancingv2::types::{
    Matcher, ProtocolEnum, TargetGroup as ElbTargetGroup, TargetGroupAttribute, TargetTypeEnum,
};
use engine::{Change, Known};

use crate::account::Account;
use crate::attributes::{Attribute, Attributes};
use crate::difference::Differences;
use crate::elb;
use crate::ensure::{ensure, insist};
use crate::error::Error;
use crate::id::{Id, TargetRole};
use crate::kind::{Found, Kind, Owner, Site};
use crate::names;
use crate::resource::Resource;
use crate::scope::Scope;
use crate::tags;

/// Seconds between health checks: twice makes a task healthy, so that a rollout waits ten seconds
/// for it and not AWS's 150.
const INTERVAL: i32 = 5;
/// Seconds for an answer.
const TIMEOUT: i32 = 4;
/// Answers in a row that make a target healthy.
const HEALTHY: i32 = 2;
/// Failures in a row that make one unhealthy: a busy Puma may miss one or two.
const UNHEALTHY: i32 = 4;

/// A target group of tasks by their addresses.
///
/// | Field | Change |
/// |---|---|
/// | `health_path`, intervals and counts of the check, `deregistration`, the algorithm | in place |
/// | `port`, the VPC | replaces, with what sends to it |
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TargetGroup {
    /// Whose tasks.
    pub role: TargetRole,
    /// Where they listen.
    pub port: u16,
    /// What answers 200 when they work.
    pub health_path: String,
    /// Seconds for which a task that leaves still gets answers through.
    pub deregistration: u16,
}

/// What was found of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LiveTargetGroup {
    /// The id of its VPC.
    pub vpc: String,
    /// The port that it was made with.
    pub port: i32,
    /// As the table of its check tells: `/health every 5 s …`.
    pub check: String,
    /// Seconds.
    pub deregistration: String,
    /// Who gets the next request.
    pub algorithm: String,
}

const DEREGISTRATION: &str = "deregistration_delay.timeout_seconds";
const ALGORITHM: &str = "load_balancing.algorithm.type";
/// Requests differ by a factor of a thousand in what they cost; turns would pile up behind the
/// slow ones.
const LEAST_OUTSTANDING: &str = "least_outstanding_requests";

impl TargetGroup {
    /// Its attributes that are not AWS's defaults.
    pub(crate) fn settings(&self) -> [(&'static str, String); 2] {
        [
            (DEREGISTRATION, self.deregistration.to_string()),
            (ALGORITHM, LEAST_OUTSTANDING.to_owned()),
        ]
    }

    /// Its health check as CloudFormation writes it.
    pub(crate) fn check(&self) -> serde_json::Value {
        serde_json::json!({
            "HealthCheckProtocol": "HTTP",
            "HealthCheckPath": self.health_path,
            "HealthCheckIntervalSeconds": INTERVAL,
            "HealthCheckTimeoutSeconds": TIMEOUT,
            "HealthyThresholdCount": HEALTHY,
            "UnhealthyThresholdCount": UNHEALTHY,
            "Matcher": { "HttpCode": "200" },
        })
    }

    /// Sets everything that can be changed in place.
    async fn settle(&self, arn: &str, site: Site<'_>) -> Result<(), Error> {
        let client = &site.account.elb;
        let settings = self.settings().map(|(key, value)| {
            TargetGroupAttribute::builder()
                .key(key)
                .value(value)
                .build()
        });
        let attributes = || async {
            client
                .modify_target_group_attributes()
                .target_group_arn(arn)
                .set_attributes(Some(settings.to_vec()))
                .send()
                .await
                .map(drop)
                .map_err(|error| {
                    Error::call("elasticloadbalancing:ModifyTargetGroupAttributes", error)
                })
        };
        insist(attributes, Error::is_not_found).await
    }
}

impl Kind for TargetGroup {
    type Live = LiveTargetGroup;

    fn id(&self) -> Id {
        Id::TargetGroup(self.role)
    }

    fn holds(&self) -> BTreeSet<Id> {
        [Id::Vpc].into()
    }

    fn diff(&self, live: &LiveTargetGroup, known: &Known<Resource>) -> Option<Change> {
        let LiveTargetGroup {
            vpc,
            port,
            check,
            deregistration,
            algorithm,
        } = live;
        let wanted = told(
            &self.health_path,
            INTERVAL,
            TIMEOUT,
            HEALTHY,
            UNHEALTHY,
            "200",
        );
        Differences::new()
            .held("VPC", vpc, known.get(&Id::Vpc))
            .replace("port", port, &i32::from(self.port))
            .update("health check", check, &wanted)
            .update(
                "deregistration",
                deregistration,
                &self.deregistration.to_string(),
            )
            .update("algorithm", algorithm, &LEAST_OUTSTANDING.to_owned())
            .into_change()
    }

    async fn observe(
        account: &Account,
        scope: &Scope,
    ) -> Result<Vec<Found<LiveTargetGroup>>, Error> {
        let seen = account.load_balancing(scope).await?;
        let found = seen.target_groups.iter().map(|(role, group, attributes)| {
            let attribute = |key| attributes.get(key).cloned().unwrap_or_default();
            let live = LiveTargetGroup {
                vpc: group.vpc_id().unwrap_or_default().to_owned(),
                port: group.port().unwrap_or_default(),
                check: told(
                    group.health_check_path().unwrap_or_default(),
                    group.health_check_interval_seconds().unwrap_or_default(),
                    group.health_check_timeout_seconds().unwrap_or_default(),
                    group.healthy_threshold_count().unwrap_or_default(),
                    group.unhealthy_threshold_count().unwrap_or_default(),
                    group
                        .matcher()
                        .and_then(Matcher::http_code)
                        .unwrap_or_default(),
                ),
                deregistration: attribute(DEREGISTRATION),
                algorithm: attribute(ALGORITHM),
            };
            Found {
                owner: tags::owner(&seen.tags_of(group.target_group_arn()), scope),
                ..Found::ours(Id::TargetGroup(*role), self::attributes(group), live)
            }
        });
        Ok(found.collect())
    }

    async fn create(&self, site: Site<'_>) -> Result<Attributes, Error> {
        let Site { account, scope, .. } = site;
        let id = self.id();
        let vpc = site.identity(&Id::Vpc)?;
        let group = ensure(
            || ours(account, scope, self.role),
            || async {
                let made = account
                    .elb
                    .create_target_group()
                    .name(names::of(&id, scope))
                    // Tasks of Fargate have addresses of their own.
                    .target_type(TargetTypeEnum::Ip)
                    .protocol(ProtocolEnum::Http)
                    .port(self.port.into())
                    .vpc_id(vpc)
                    .health_check_protocol(ProtocolEnum::Http)
                    .health_check_path(&self.health_path)
                    .health_check_interval_seconds(INTERVAL)
                    .health_check_timeout_seconds(TIMEOUT)
                    .healthy_threshold_count(HEALTHY)
                    .unhealthy_threshold_count(UNHEALTHY)
                    .matcher(Matcher::builder().http_code("200").build())
                    .set_tags(Some(elb::new_tags(&id, scope)))
                    .customize()
                    .config_override(elb::once())
                    .send()
                    .await
                    .map_err(|error| {
                        Error::call("elasticloadbalancing:CreateTargetGroup", error)
                    })?;
                made.target_groups
                    .and_then(|made| made.into_iter().next())
                    .ok_or_else(|| Error::bug("CreateTargetGroup answered with nothing"))
            },
            // The VPC is new, and not everywhere yet.
            |error| error.is(&["InvalidVpcID.NotFound"]),
        )
        .await?;
        let attributes = attributes(&group);
        self.settle(&attributes.identity, site).await?;
        Ok(attributes)
    }

    async fn update(
        &self,
        live: &Found<LiveTargetGroup>,
        site: Site<'_>,
    ) -> Result<Attributes, Error> {
        let arn = &live.attributes.identity;
        site.account
            .elb
            .modify_target_group()
            .target_group_arn(arn)
            .health_check_protocol(ProtocolEnum::Http)
            .health_check_path(&self.health_path)
            .health_check_interval_seconds(INTERVAL)
            .health_check_timeout_seconds(TIMEOUT)
            .healthy_threshold_count(HEALTHY)
            .unhealthy_threshold_count(UNHEALTHY)
            .matcher(Matcher::builder().http_code("200").build())
            .send()
            .await
            .map_err(|error| Error::call("elasticloadbalancing:ModifyTargetGroup", error))?;
        self.settle(arn, site).await?;
        Ok(live.attributes.clone())
    }

    async fn delete(live: &Found<LiveTargetGroup>, site: Site<'_>) -> Result<(), Error> {
        let arn = &live.attributes.identity;
        // A listener that went a moment ago still counts.
        site.delete(&live.id, &["ResourceInUse"], || async {
            site.account
                .elb
                .delete_target_group()
                .target_group_arn(arn)
                .send()
                .await
                .map(drop)
                .map_err(|error| Error::call("elasticloadbalancing:DeleteTargetGroup", error))
        })
        .await
    }
}

fn told(
    path: &str,
    interval: i32,
    timeout: i32,
    healthy: i32,
    unhealthy: i32,
    codes: &str,
) -> String {
    format!(
        "{path} answers {codes} within {timeout} s, every {interval} s, {healthy} up, {unhealthy} down"
    )
}

/// The target group of our name.
///
/// # Errors
///
/// [`Error::Stranger`] where somebody else made it.
async fn ours(
    account: &Account,
    scope: &Scope,
    role: TargetRole,
) -> Result<Option<ElbTargetGroup>, Error> {
    let mut groups = elb::target_groups(account, scope).await?.into_iter();
    let Some((_, group)) = groups.find(|(found, _)| *found == role) else {
        return Ok(None);
    };
    let arn = group.target_group_arn().unwrap_or_default();
    let mut found = elb::tags(account, &[arn]).await?;
    let tags: BTreeMap<String, String> = found.remove(arn).unwrap_or_default();
    match tags::owner(&tags, scope) {
        Owner::Ours => Ok(Some(group)),
        Owner::Stranger => Err(elb::stranger(Id::TargetGroup(role), scope)),
    }
}

fn attributes(group: &ElbTargetGroup) -> Attributes {
    let arn = group.target_group_arn().unwrap_or_default();
    Attributes::of(arn).with(Attribute::Dimension, elb::dimension(arn))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn checks_are_mended_in_place_and_ports_replace() {
        let desired = TargetGroup {
            role: TargetRole::Web,
            port: 3000,
            health_path: "/health".to_owned(),
            deregistration: 30,
        };
        let live = LiveTargetGroup {
            vpc: "vpc-1".to_owned(),
            port: 3000,
            check: told("/health", INTERVAL, TIMEOUT, HEALTHY, UNHEALTHY, "200"),
            deregistration: "30".to_owned(),
            algorithm: LEAST_OUTSTANDING.to_owned(),
        };
        let known = BTreeMap::from([(Id::Vpc, Attributes::of("vpc-1"))]);
        let cause = |live: &LiveTargetGroup| {
            desired
                .diff(live, &known)
                .map(|change| format!("{:?}: {}", change.how, change.cause))
        };
        assert_eq!(cause(&live), None);
        let lax = LiveTargetGroup {
            check: told("/", 30, 5, 5, 2, "200-499"),
            deregistration: "300".to_owned(),
            ..live.clone()
        };
        assert_eq!(
            cause(&lax).unwrap(),
            "Update: health check, deregistration changed"
        );
        let other = LiveTargetGroup { port: 80, ..live };
        assert_eq!(cause(&other).unwrap(), "DeleteThenCreate: port changed");
    }
}
