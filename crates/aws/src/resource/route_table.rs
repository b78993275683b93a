//! Where packets of the subnets go.

use std::collections::BTreeSet;

use aws_sdk_ec2::types::{ResourceType, RouteTable as Ec2RouteTable};
use engine::{Change, Known};

use crate::account::Account;
use crate::attributes::Attributes;
use crate::difference::Differences;
use crate::ec2;
use crate::ensure::{ensure, insist};
use crate::error::Error;
use crate::id::{Id, Tier, Zone};
use crate::kind::{Found, Kind, Site};
use crate::resource::Resource;
use crate::scope::Scope;
use crate::tags;

/// Everywhere.
const EVERYWHERE: &str = "0.0.0.0/0";

/// A route table.
///
/// | Field | Change |
/// |---|---|
/// | the default route, the subnets | in place |
/// | the VPC | replaces |
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RouteTable {
    /// Of which subnets.
    pub tier: Tier,
    /// Of which zone's, where each zone has its own; else [`Zone::A`].
    pub zone: Zone,
    /// The zones whose subnets use it.
    pub zones: Vec<Zone>,
}

/// What was found of it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LiveRouteTable {
    /// The id of its VPC.
    pub vpc: String,
    /// What the default route leads to, a gateway's id; empty when there is none.
    pub way_out: String,
    /// The subnets that use it, with the association that says so.
    pub subnets: Vec<(String, String)>,
}

impl RouteTable {
    /// What the default route leads to.
    fn way_out(&self) -> Id {
        match self.tier {
            Tier::Public => Id::InternetGateway,
            Tier::Private => Id::NatGateway(self.zone),
        }
    }

    fn subnets(&self) -> impl Iterator<Item = Id> {
        self.zones.iter().map(|zone| Id::Subnet(self.tier, *zone))
    }

    /// Makes routes and associations of the table as they should be.
    async fn settle(
        &self,
        table: &str,
        live: &LiveRouteTable,
        site: Site<'_>,
    ) -> Result<(), Error> {
        let way_out = site.identity(&self.way_out())?;
        if live.way_out != way_out {
            let is_new = live.way_out.is_empty();
            insist(
                || self.route(site.account, table, way_out, is_new),
                // The gateway is new, and not everywhere yet.
                Error::is_not_found,
            )
            .await?;
        }
        for id in self.subnets() {
            let subnet = site.identity(&id)?;
            if !live.subnets.iter().any(|(found, _)| found == subnet) {
                insist(
                    || associate(site.account, table, subnet),
                    Error::is_not_found,
                )
                .await?;
            }
        }
        Ok(())
    }

    async fn route(
        &self,
        account: &Account,
        table: &str,
        way_out: &str,
        is_new: bool,
    ) -> Result<(), Error> {
        let is_nat = self.tier == Tier::Private;
        let (gateway, nat) = if is_nat {
            (None, Some(way_out))
        } else {
            (Some(way_out), None)
        };
        if is_new {
            let answer = account
                .ec2
                .create_route()
                .route_table_id(table)
                .destination_cidr_block(EVERYWHERE)
                .set_gateway_id(gateway.map(str::to_owned))
                .set_nat_gateway_id(nat.map(str::to_owned))
                .send()
                .await
                .map(drop)
                .map_err(|error| Error::call("ec2:CreateRoute", error));
            match answer {
                // An answer was lost, or somebody was faster: what is there is set right below.
                Err(error) if error.is(&["RouteAlreadyExists"]) => {}
                answer => return answer,
            }
        }
        account
            .ec2
            .replace_route()
            .route_table_id(table)
            .destination_cidr_block(EVERYWHERE)
            .set_gateway_id(gateway.map(str::to_owned))
            .set_nat_gateway_id(nat.map(str::to_owned))
            .send()
            .await
            .map(drop)
            .map_err(|error| Error::call("ec2:ReplaceRoute", error))
    }
}

impl Kind for RouteTable {
    type Live = LiveRouteTable;

    fn id(&self) -> Id {
        Id::RouteTable(self.tier, self.zone)
    }

    fn needs(&self) -> BTreeSet<Id> {
        let mut needs = BTreeSet::from([Id::Vpc, self.way_out()]);
        needs.extend(self.subnets());
        needs
    }

    fn holds(&self) -> BTreeSet<Id> {
        [Id::Vpc].into()
    }

    fn diff(&self, live: &LiveRouteTable, known: &Known<Resource>) -> Option<Change> {
        let LiveRouteTable {
            vpc,
            way_out,
            subnets,
        } = live;
        let mut differences = Differences::new()
            .held("VPC", vpc, known.get(&Id::Vpc))
            .refers("default route", way_out, known.get(&self.way_out()));
        for id in self.subnets() {
            let now = known.get(&id);
            let associated = subnets
                .iter()
                .find(|(subnet, _)| now.is_some_and(|now| now.identity == *subnet));
            let associated = associated.map_or("", |(subnet, _)| subnet);
            differences = differences.refers(&id.to_string(), associated, now);
        }
        differences.into_change()
    }

    async fn observe(
        account: &Account,
        scope: &Scope,
    ) -> Result<Vec<Found<LiveRouteTable>>, Error> {
        let found = list(account, scope)
            .await?
            .into_iter()
            .filter_map(|(id, table)| {
                let live = read(&table);
                Some(Found::ours(id, Attributes::of(table.route_table_id?), live))
            });
        Ok(found.collect())
    }

    async fn create(&self, site: Site<'_>) -> Result<Attributes, Error> {
        let Site { account, scope, .. } = site;
        let id = self.id();
        let vpc = site.identity(&Id::Vpc)?;
        let (table, live) = ensure(
            || async {
                let mut here = list(account, scope).await?.into_iter();
                let found = here.find(|(found, _)| *found == id);
                Ok(found.map(|(_, table)| {
                    let live = read(&table);
                    (table.route_table_id.unwrap_or_default(), live)
                }))
            },
            || async {
                let made = account
                    .ec2
                    .create_route_table()
                    .vpc_id(vpc)
                    .tag_specifications(ec2::tags(ResourceType::RouteTable, &id, scope))
                    .customize()
                    .config_override(ec2::once())
                    .send()
                    .await
                    .map_err(|error| Error::call("ec2:CreateRouteTable", error))?;
                let table = made.route_table.and_then(|table| table.route_table_id);
                Ok((table.unwrap_or_default(), LiveRouteTable::default()))
            },
            |error| error.is(&["InvalidVpcID.NotFound"]),
        )
        .await?;
        self.settle(&table, &live, site).await?;
        Ok(Attributes::of(table))
    }

    async fn update(
        &self,
        live: &Found<LiveRouteTable>,
        site: Site<'_>,
    ) -> Result<Attributes, Error> {
        self.settle(&live.attributes.identity, &live.live, site)
            .await?;
        Ok(live.attributes.clone())
    }

    async fn delete(live: &Found<LiveRouteTable>, site: Site<'_>) -> Result<(), Error> {
        let table = &live.attributes.identity;
        for (_, association) in &live.live.subnets {
            let answer = site
                .account
                .ec2
                .disassociate_route_table()
                .association_id(association)
                .send()
                .await
                .map(drop)
                .map_err(|error| Error::call("ec2:DisassociateRouteTable", error));
            match answer {
                Err(error) if error.is_not_found() => {}
                answer => answer?,
            }
        }
        site.delete(&live.id, &["DependencyViolation"], || async {
            site.account
                .ec2
                .delete_route_table()
                .route_table_id(table)
                .send()
                .await
                .map(drop)
                .map_err(|error| Error::call("ec2:DeleteRouteTable", error))
        })
        .await
    }
}

async fn associate(account: &Account, table: &str, subnet: &str) -> Result<(), Error> {
    let answer = account
        .ec2
        .associate_route_table()
        .route_table_id(table)
        .subnet_id(subnet)
        .send()
        .await
        .map(drop)
        .map_err(|error| Error::call("ec2:AssociateRouteTable", error));
    // The subnet uses another table: it is moved.
    match answer {
        Err(error) if error.is(&["Resource.AlreadyAssociated"]) => {
            move_to(account, table, subnet).await
        }
        answer => answer,
    }
}

async fn move_to(account: &Account, table: &str, subnet: &str) -> Result<(), Error> {
    let filter = aws_sdk_ec2::types::Filter::builder()
        .name("association.subnet-id")
        .values(subnet)
        .build();
    let tables = account
        .ec2
        .describe_route_tables()
        .filters(filter)
        .send()
        .await
        .map_err(|error| Error::call("ec2:DescribeRouteTables", error))?
        .route_tables
        .unwrap_or_default();
    let associations = tables.iter().flat_map(|found| found.associations());
    let Some(association) = associations
        .filter(|found| found.subnet_id() == Some(subnet))
        .find(|found| found.route_table_id() != Some(table))
        .and_then(|found| found.route_table_association_id())
    else {
        return Ok(());
    };
    account
        .ec2
        .replace_route_table_association()
        .association_id(association)
        .route_table_id(table)
        .send()
        .await
        .map(drop)
        .map_err(|error| Error::call("ec2:ReplaceRouteTableAssociation", error))
}

fn read(table: &Ec2RouteTable) -> LiveRouteTable {
    let way_out = table
        .routes()
        .iter()
        .find(|route| route.destination_cidr_block() == Some(EVERYWHERE))
        .and_then(|route| route.nat_gateway_id().or(route.gateway_id()));
    let subnets = table.associations().iter().filter_map(|association| {
        Some((
            association.subnet_id()?.to_owned(),
            association.route_table_association_id()?.to_owned(),
        ))
    });
    LiveRouteTable {
        vpc: table.vpc_id().unwrap_or_default().to_owned(),
        way_out: way_out.unwrap_or_default().to_owned(),
        subnets: subnets.collect(),
    }
}

async fn list(account: &Account, scope: &Scope) -> Result<Vec<(Id, Ec2RouteTable)>, Error> {
    let candidates = || {
        let private = Zone::ALL.map(|zone| Id::RouteTable(Tier::Private, zone));
        [Id::RouteTable(Tier::Public, Zone::A)]
            .into_iter()
            .chain(private)
    };
    let tables = account
        .ec2
        .describe_route_tables()
        .filters(ec2::of_deployment(scope))
        .send()
        .await
        .map_err(|error| Error::call("ec2:DescribeRouteTables", error))?
        .route_tables
        .unwrap_or_default();
    let ours = tables.into_iter().filter_map(|table| {
        let id = tags::id(&ec2::read(table.tags.as_deref()), candidates())?;
        Some((id, table))
    });
    Ok(ours.collect())
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    #[test]
    fn a_default_route_and_associations_are_set_right_in_place() {
        let desired = RouteTable {
            tier: Tier::Private,
            zone: Zone::A,
            zones: Zone::ALL.to_vec(),
        };
        let known = BTreeMap::from([
            (Id::Vpc, Attributes::of("vpc-1")),
            (Id::NatGateway(Zone::A), Attributes::of("nat-1")),
            (
                Id::Subnet(Tier::Private, Zone::A),
                Attributes::of("subnet-a"),
            ),
            (
                Id::Subnet(Tier::Private, Zone::B),
                Attributes::of("subnet-b"),
            ),
        ]);
        let live = |way_out: &str, subnets: &[&str]| LiveRouteTable {
            vpc: "vpc-1".to_owned(),
            way_out: way_out.to_owned(),
            subnets: subnets
                .iter()
                .map(|id| ((*id).to_owned(), "rtbassoc-1".to_owned()))
                .collect(),
        };
        let cause = |live: &LiveRouteTable| {
            desired
                .diff(live, &known)
                .map(|change| format!("{:?}: {}", change.how, change.cause))
        };
        assert_eq!(cause(&live("nat-1", &["subnet-a", "subnet-b"])), None);
        assert_eq!(
            cause(&live("nat-0", &["subnet-b"])).unwrap(),
            "Update: default route, subnet `private-a` changed"
        );
    }
}
