//! Where requests come in.

use std::collections::{BTreeMap, BTreeSet};

use aws_sdk_elasticloadbalancingv2::types::{
    LoadBalancer as ElbLoadBalancer, LoadBalancerAttribute, LoadBalancerSchemeEnum,
    LoadBalancerTypeEnum,
};
use engine::wait::Look;
use engine::{Change, Impact, Known};

use crate::account::Account;
use crate::attributes::{Attribute, Attributes};
use crate::difference::Differences;
use crate::elb;
use crate::ensure::{ensure, insist};
use crate::error::Error;
use crate::id::{GroupRole, Id, Tier, Zone};
use crate::kind::{Found, Kind, Owner, Site};
use crate::names;
use crate::resource::Resource;
use crate::scope::Scope;
use crate::tags;

/// The Application Load Balancer.
///
/// | Field | Change |
/// |---|---|
/// | `idle_timeout`, invalid headers, security group | in place |
/// | subnets | replaces |
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LoadBalancer {
    /// Seconds that a connection may be silent. Below the time that Puma keeps one open, or the
    /// load balancer sends requests into connections that Puma is closing, and answers 502.
    pub idle_timeout: u16,
}

/// What was found of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LiveLoadBalancer {
    /// As [`LoadBalancer::idle_timeout`].
    pub idle_timeout: String,
    /// Whether headers with invalid names are dropped: `true`.
    pub drops_invalid_headers: String,
    /// The ids of its subnets.
    pub subnets: BTreeSet<String>,
    /// The ids of its security groups.
    pub groups: BTreeSet<String>,
}

const IDLE_TIMEOUT: &str = "idle_timeout.timeout_seconds";
const DROP_INVALID: &str = "routing.http.drop_invalid_header_fields.enabled";

impl LoadBalancer {
    fn subnets() -> [Id; 2] {
        Zone::ALL.map(|zone| Id::Subnet(Tier::Public, zone))
    }

    /// Its attributes that are not AWS's defaults.
    pub(crate) fn settings(self) -> [(&'static str, String); 2] {
        [
            (IDLE_TIMEOUT, self.idle_timeout.to_string()),
            (DROP_INVALID, true.to_string()),
        ]
    }

    /// Sets everything that can be changed in place.
    async fn settle(&self, arn: &str, site: Site<'_>) -> Result<(), Error> {
        let client = &site.account.elb;
        let settings = self.settings().map(|(key, value)| {
            LoadBalancerAttribute::builder()
                .key(key)
                .value(value)
                .build()
        });
        let attributes = || async {
            client
                .modify_load_balancer_attributes()
                .load_balancer_arn(arn)
                .set_attributes(Some(settings.to_vec()))
                .send()
                .await
                .map(drop)
                .map_err(|error| {
                    Error::call("elasticloadbalancing:ModifyLoadBalancerAttributes", error)
                })
        };
        insist(attributes, Error::is_not_found).await
    }
}

impl Kind for LoadBalancer {
    type Live = LiveLoadBalancer;

    fn id(&self) -> Id {
        Id::LoadBalancer
    }

    fn holds(&self) -> BTreeSet<Id> {
        let mut holds = BTreeSet::from(Self::subnets());
        holds.insert(Id::SecurityGroup(GroupRole::LoadBalancer));
        holds
    }

    fn diff(&self, live: &LiveLoadBalancer, known: &Known<Resource>) -> Option<Change> {
        let LiveLoadBalancer {
            idle_timeout,
            drops_invalid_headers,
            subnets,
            groups,
        } = live;
        let mut differences = Differences::new()
            .update("idle timeout", idle_timeout, &self.idle_timeout.to_string())
            .update(
                "drops invalid headers",
                drops_invalid_headers,
                &true.to_string(),
            );
        if let Some(group) = known.get(&Id::SecurityGroup(GroupRole::LoadBalancer)) {
            let groups: Vec<&str> = groups.iter().map(String::as_str).collect();
            differences = differences.update("security group", &groups.join(", "), &group.identity);
        }
        let wanted: Option<BTreeSet<String>> = Self::subnets()
            .iter()
            .map(|id| known.get(id).map(|found| found.identity.clone()))
            .collect();
        if let Some(wanted) = wanted {
            let told = |ids: &BTreeSet<String>| {
                ids.iter()
                    .map(String::as_str)
                    .collect::<Vec<_>>()
                    .join(", ")
            };
            let (old, new) = (told(subnets), told(&wanted));
            differences = differences.replace_with("subnets", &old, &new, Impact::Restart);
        }
        differences.into_change()
    }

    async fn observe(
        account: &Account,
        scope: &Scope,
    ) -> Result<Vec<Found<LiveLoadBalancer>>, Error> {
        let seen = account.load_balancing(scope).await?;
        let Some(balancer) = &seen.balancer else {
            return Ok(Vec::new());
        };
        let attribute = |key| {
            seen.balancer_attributes
                .get(key)
                .cloned()
                .unwrap_or_default()
        };
        let zones = balancer.availability_zones().iter();
        let live = LiveLoadBalancer {
            idle_timeout: attribute(IDLE_TIMEOUT),
            drops_invalid_headers: attribute(DROP_INVALID),
            subnets: zones.filter_map(|zone| zone.subnet_id.clone()).collect(),
            groups: balancer.security_groups().iter().cloned().collect(),
        };
        let owner = tags::owner(&seen.tags_of(balancer.load_balancer_arn()), scope);
        Ok(vec![Found {
            owner,
            ..Found::ours(Id::LoadBalancer, attributes(balancer), live)
        }])
    }

    async fn create(&self, site: Site<'_>) -> Result<Attributes, Error> {
        let Site { account, scope, .. } = site;
        let group = site.identity(&Id::SecurityGroup(GroupRole::LoadBalancer))?;
        let [a, b] = Self::subnets();
        let subnets = [site.identity(&a)?, site.identity(&b)?];
        let balancer = ensure(
            || async { ours(account, scope).await },
            || async {
                let made = account
                    .elb
                    .create_load_balancer()
                    .name(names::of(&Id::LoadBalancer, scope))
                    .r#type(LoadBalancerTypeEnum::Application)
                    .scheme(LoadBalancerSchemeEnum::InternetFacing)
                    .set_subnets(Some(subnets.map(str::to_owned).into()))
                    .security_groups(group)
                    .set_tags(Some(elb::new_tags(&Id::LoadBalancer, scope)))
                    .customize()
                    .config_override(elb::once())
                    .send()
                    .await
                    .map_err(|error| {
                        Error::call("elasticloadbalancing:CreateLoadBalancer", error)
                    })?;
                made.load_balancers
                    .and_then(|made| made.into_iter().next())
                    .ok_or_else(|| Error::bug("CreateLoadBalancer answered with nothing"))
            },
            // What it refers to is new, and not everywhere yet.
            |error| error.is(&["SubnetNotFound", "InvalidSecurityGroup", "InvalidSubnet"]),
        )
        .await?;
        // It takes minutes to become active. Listeners, rules, target groups and services can be
        // made meanwhile; the HTTP listener waits for it.
        let attributes = attributes(&balancer);
        self.settle(&attributes.identity, site).await?;
        Ok(attributes)
    }

    async fn update(
        &self,
        live: &Found<LiveLoadBalancer>,
        site: Site<'_>,
    ) -> Result<Attributes, Error> {
        let arn = &live.attributes.identity;
        let group = site.identity(&Id::SecurityGroup(GroupRole::LoadBalancer))?;
        if live.live.groups != BTreeSet::from([group.to_owned()]) {
            site.account
                .elb
                .set_security_groups()
                .load_balancer_arn(arn)
                .security_groups(group)
                .send()
                .await
                .map_err(|error| Error::call("elasticloadbalancing:SetSecurityGroups", error))?;
        }
        self.settle(arn, site).await?;
        Ok(live.attributes.clone())
    }

    async fn delete(live: &Found<LiveLoadBalancer>, site: Site<'_>) -> Result<(), Error> {
        let arn = &live.attributes.identity;
        site.delete(&live.id, &["ResourceInUse"], || async {
            site.account
                .elb
                .delete_load_balancer()
                .load_balancer_arn(arn)
                .send()
                .await
                .map(drop)
                .map_err(|error| Error::call("elasticloadbalancing:DeleteLoadBalancer", error))
        })
        .await?;
        site.until(&live.id, "the load balancer is gone", elb::SOON, || async {
            Ok(match elb::balancer(site.account, site.scope).await? {
                Some(_) => Look::NotYet("still listed".to_owned()),
                None => Look::Ready(()),
            })
        })
        .await
    }
}

/// Waits until requests get through; gives up at once where AWS does.
pub(super) async fn await_active(site: Site<'_>, waits: &Id) -> Result<(), Error> {
    // Usually three minutes.
    let bound = std::time::Duration::from_secs(15 * 60);
    site.until(waits, "the load balancer is active", bound, || async {
        let Some(balancer) = elb::balancer(site.account, site.scope).await? else {
            return Ok(Look::NotYet("not listed yet".to_owned()));
        };
        let state = balancer.state();
        let code = state.and_then(|state| state.code()).map_or("", |code| code.as_str());
        match code {
            "active" => Ok(Look::Ready(())),
            "failed" => Err(Error::Failed {
                id: Id::LoadBalancer,
                reason: state
                    .and_then(|state| state.reason())
                    .unwrap_or("AWS gave it up")
                    .to_owned(),
                hint: Some(
                    "remove it in AWS's console, then run the same command again: it makes another one"
                        .to_owned(),
                ),
                tail: Vec::new(),
            }),
            code => Ok(Look::NotYet(code.to_owned())),
        }
    })
    .await
}

/// The load balancer of our name.
///
/// # Errors
///
/// [`Error::Stranger`] where somebody else made it.
async fn ours(account: &Account, scope: &Scope) -> Result<Option<ElbLoadBalancer>, Error> {
    let Some(balancer) = elb::balancer(account, scope).await? else {
        return Ok(None);
    };
    let arn = balancer.load_balancer_arn().unwrap_or_default();
    let mut found = elb::tags(account, &[arn]).await?;
    let tags: BTreeMap<String, String> = found.remove(arn).unwrap_or_default();
    match tags::owner(&tags, scope) {
        Owner::Ours => Ok(Some(balancer)),
        Owner::Stranger => Err(elb::stranger(Id::LoadBalancer, scope)),
    }
}

fn attributes(balancer: &ElbLoadBalancer) -> Attributes {
    let arn = balancer.load_balancer_arn().unwrap_or_default();
    Attributes::of(arn)
        .with(Attribute::Host, balancer.dns_name().unwrap_or_default())
        .with(
            Attribute::ZoneId,
            balancer.canonical_hosted_zone_id().unwrap_or_default(),
        )
        .with(Attribute::Dimension, elb::dimension(arn))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_somebody_changed_is_set_back_in_place() {
        let desired = LoadBalancer { idle_timeout: 60 };
        let known = BTreeMap::from([
            (
                Id::SecurityGroup(GroupRole::LoadBalancer),
                Attributes::of("sg-1"),
            ),
            (
                Id::Subnet(Tier::Public, Zone::A),
                Attributes::of("subnet-a"),
            ),
            (
                Id::Subnet(Tier::Public, Zone::B),
                Attributes::of("subnet-b"),
            ),
        ]);
        let set = |ids: &[&str]| ids.iter().map(|id| (*id).to_owned()).collect();
        let live = LiveLoadBalancer {
            idle_timeout: "60".to_owned(),
            drops_invalid_headers: "true".to_owned(),
            subnets: set(&["subnet-b", "subnet-a"]),
            groups: set(&["sg-1"]),
        };
        let told = |live: &LiveLoadBalancer, known| {
            desired
                .diff(live, known)
                .map(|change| format!("{:?}, {}: {}", change.how, change.impact, change.cause))
        };
        assert_eq!(told(&live, &known), None);
        let changed = LiveLoadBalancer {
            idle_timeout: "4000".to_owned(),
            drops_invalid_headers: "false".to_owned(),
            groups: set(&["sg-1", "sg-9"]),
            ..live.clone()
        };
        assert_eq!(
            told(&changed, &known).unwrap(),
            "Update, no interruption: idle timeout, drops invalid headers, security group changed"
        );
        let elsewhere = LiveLoadBalancer {
            subnets: set(&["subnet-a", "subnet-x"]),
            ..live
        };
        assert_eq!(
            told(&elsewhere, &known).unwrap(),
            "DeleteThenCreate, restart: subnets changed"
        );
        assert_eq!(told(&elsewhere, &BTreeMap::new()), None);
    }
}
