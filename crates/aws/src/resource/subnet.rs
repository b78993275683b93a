//! The subnets: two public, two private, one of each in each zone.

use aws_sdk_ec2::types::{ResourceType, Subnet as Ec2Subnet};
use engine::wait::Look;
use engine::{Change, Known};

use crate::account::Account;
use crate::attributes::Attributes;
use crate::difference::Differences;
use crate::ec2;
use crate::ensure::ensure;
use crate::error::Error;
use crate::id::{Id, Tier, Zone};
use crate::kind::{Found, Kind, Site};
use crate::resource::Resource;
use crate::scope::Scope;
use crate::tags;

/// What a subnet should be. Tasks get their public address by the service that starts them, so
/// the subnet itself gives none away.
///
/// | Field | Change |
/// |---|---|
/// | `cidr`, `zone_name`, the VPC | replaces, with everything in it |
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Subnet {
    /// Whether it has a route to the internet gateway.
    pub tier: Tier,
    /// Which of the two zones.
    pub zone: Zone,
    /// `eu-central-1a`.
    pub zone_name: String,
    /// `10.0.0.0/20`.
    pub cidr: String,
}

/// What was found of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LiveSubnet {
    /// Its range.
    pub cidr: String,
    /// The name of its zone.
    pub zone: String,
    /// The id of its VPC.
    pub vpc: String,
}

impl Kind for Subnet {
    type Live = LiveSubnet;

    fn id(&self) -> Id {
        Id::Subnet(self.tier, self.zone)
    }

    fn holds(&self) -> std::collections::BTreeSet<Id> {
        [Id::Vpc].into()
    }

    fn diff(&self, live: &LiveSubnet, known: &Known<Resource>) -> Option<Change> {
        let LiveSubnet { cidr, zone, vpc } = live;
        Differences::new()
            .replace("cidr", cidr, &self.cidr)
            .replace("zone", zone, &self.zone_name)
            .held("VPC", vpc, known.get(&Id::Vpc))
            .into_change()
    }

    async fn observe(account: &Account, scope: &Scope) -> Result<Vec<Found<LiveSubnet>>, Error> {
        let candidates = || {
            [Tier::Public, Tier::Private]
                .into_iter()
                .flat_map(|tier| Zone::ALL.map(|zone| Id::Subnet(tier, zone)))
        };
        let subnets = account
            .ec2
            .describe_subnets()
            .filters(ec2::of_deployment(scope))
            .send()
            .await
            .map_err(|error| Error::call("ec2:DescribeSubnets", error))?
            .subnets
            .unwrap_or_default();
        let found = subnets.into_iter().filter_map(|subnet| {
            let id = tags::id(&ec2::read(subnet.tags.as_deref()), candidates())?;
            let live = LiveSubnet {
                cidr: subnet.cidr_block.unwrap_or_default(),
                zone: subnet.availability_zone.unwrap_or_default(),
                vpc: subnet.vpc_id.unwrap_or_default(),
            };
            Some(Found::ours(id, Attributes::of(subnet.subnet_id?), live))
        });
        Ok(found.collect())
    }

    async fn create(&self, site: Site<'_>) -> Result<Attributes, Error> {
        let Site { account, scope, .. } = site;
        let id = self.id();
        let vpc = site.identity(&Id::Vpc)?;
        let subnet = ensure(
            || async {
                let found = find(account, scope, &id).await?;
                Ok(found.and_then(|subnet| subnet.subnet_id))
            },
            || async {
                let made = account
                    .ec2
                    .create_subnet()
                    .vpc_id(vpc)
                    .cidr_block(&self.cidr)
                    .availability_zone(&self.zone_name)
                    .tag_specifications(ec2::tags(ResourceType::Subnet, &id, scope))
                    .customize()
                    .config_override(ec2::once())
                    .send()
                    .await
                    .map_err(|error| Error::call("ec2:CreateSubnet", error))?;
                Ok(made
                    .subnet
                    .and_then(|subnet| subnet.subnet_id)
                    .unwrap_or_default())
            },
            // The VPC is new, and not everywhere yet.
            |error| error.is(&["InvalidVpcID.NotFound"]),
        )
        .await?;
        site.until(&id, "the subnet is available", ec2::SOON, || async {
            Ok(match find(account, scope, &id).await? {
                Some(found) => match found.state {
                    Some(state) if state.as_str() == "available" => Look::Ready(()),
                    state => {
                        Look::NotYet(state.map_or_else(String::new, |state| state.to_string()))
                    }
                },
                None => Look::NotYet("not listed yet".to_owned()),
            })
        })
        .await?;
        Ok(Attributes::of(subnet))
    }

    async fn update(&self, live: &Found<LiveSubnet>, _: Site<'_>) -> Result<Attributes, Error> {
        Ok(live.attributes.clone())
    }

    async fn delete(live: &Found<LiveSubnet>, site: Site<'_>) -> Result<(), Error> {
        let subnet = &live.attributes.identity;
        // Interfaces of tasks, load balancers and stores go minutes after they went.
        site.delete(&live.id, &["DependencyViolation"], || async {
            site.account
                .ec2
                .delete_subnet()
                .subnet_id(subnet)
                .send()
                .await
                .map(drop)
                .map_err(|error| Error::call("ec2:DeleteSubnet", error))
        })
        .await
    }
}

async fn find(account: &Account, scope: &Scope, id: &Id) -> Result<Option<Ec2Subnet>, Error> {
    let subnets = account
        .ec2
        .describe_subnets()
        .filters(ec2::of_deployment(scope))
        .filters(ec2::of_resource(id))
        .send()
        .await
        .map_err(|error| Error::call("ec2:DescribeSubnets", error))?
        .subnets
        .unwrap_or_default();
    Ok(subnets.into_iter().next())
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    #[test]
    fn a_subnet_that_is_elsewhere_is_replaced() {
        let desired = Subnet {
            tier: Tier::Public,
            zone: Zone::A,
            zone_name: "eu-1a".to_owned(),
            cidr: "10.0.0.0/20".to_owned(),
        };
        let live = LiveSubnet {
            cidr: "10.0.0.0/20".to_owned(),
            zone: "eu-1a".to_owned(),
            vpc: "vpc-1".to_owned(),
        };
        let known = |vpc: &str| BTreeMap::from([(Id::Vpc, Attributes::of(vpc))]);
        let cause = |live: &LiveSubnet, known| {
            desired
                .diff(live, &known)
                .map(|change| format!("{:?}: {}", change.how, change.cause))
        };
        assert_eq!(cause(&live, known("vpc-1")), None);
        assert_eq!(cause(&live, BTreeMap::new()), None, "the VPC is to be made");
        assert_eq!(
            cause(&live, known("vpc-2")).unwrap(),
            "DeleteThenCreate: VPC changed"
        );
        let elsewhere = LiveSubnet {
            zone: "eu-1b".to_owned(),
            ..live
        };
        assert_eq!(
            cause(&elsewhere, known("vpc-1")).unwrap(),
            "DeleteThenCreate: zone changed"
        );
    }
}
