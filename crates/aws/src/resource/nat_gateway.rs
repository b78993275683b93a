//! The way out of the private subnets.

use std::collections::BTreeSet;
use std::time::Duration;

use aws_sdk_ec2::types::{NatGateway as Ec2NatGateway, NatGatewayState, ResourceType};
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

/// Usually under two minutes.
const BOUND: Duration = Duration::from_secs(10 * 60);

/// A NAT gateway with its address.
///
/// | Field | Change |
/// |---|---|
/// | subnet, address | replaces; tasks have no way out meanwhile |
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NatGateway {
    /// Which zone's.
    pub zone: Zone,
}

/// What was found of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LiveNatGateway {
    /// The id of its subnet.
    pub subnet: String,
    /// The allocation of its address; `None` where it is not told. AWS makes no public gateway
    /// without one, and MiniStack does not tell it.
    pub address: Option<String>,
}

impl Kind for NatGateway {
    type Live = LiveNatGateway;

    fn id(&self) -> Id {
        Id::NatGateway(self.zone)
    }

    fn holds(&self) -> BTreeSet<Id> {
        [Id::Address(self.zone), Id::Subnet(Tier::Public, self.zone)].into()
    }

    fn diff(&self, live: &LiveNatGateway, known: &Known<Resource>) -> Option<Change> {
        let LiveNatGateway { subnet, address } = live;
        let differences = Differences::new().held(
            "subnet",
            subnet,
            known.get(&Id::Subnet(Tier::Public, self.zone)),
        );
        match address {
            Some(address) => {
                differences.held("address", address, known.get(&Id::Address(self.zone)))
            }
            None => differences,
        }
        .into_change()
    }

    async fn observe(
        account: &Account,
        scope: &Scope,
    ) -> Result<Vec<Found<LiveNatGateway>>, Error> {
        let found = list(account, scope)
            .await?
            .into_iter()
            .filter_map(|(id, gateway)| {
                let address = gateway.nat_gateway_addresses().first();
                let live = LiveNatGateway {
                    subnet: gateway.subnet_id.clone().unwrap_or_default(),
                    address: address.and_then(|address| address.allocation_id.clone()),
                };
                Some(Found::ours(
                    id,
                    Attributes::of(gateway.nat_gateway_id?),
                    live,
                ))
            });
        Ok(found.collect())
    }

    async fn create(&self, site: Site<'_>) -> Result<Attributes, Error> {
        let Site { account, scope, .. } = site;
        let id = self.id();
        let address = site.identity(&Id::Address(self.zone))?;
        let subnet = site.identity(&Id::Subnet(Tier::Public, self.zone))?;
        let gateway = ensure(
            || async {
                let mut here = list(account, scope).await?.into_iter();
                let found = here.find(|(found, _)| *found == id);
                Ok(found.and_then(|(_, gateway)| gateway.nat_gateway_id))
            },
            || async {
                let made = account
                    .ec2
                    .create_nat_gateway()
                    .subnet_id(subnet)
                    .allocation_id(address)
                    .tag_specifications(ec2::tags(ResourceType::Natgateway, &id, scope))
                    .customize()
                    .config_override(ec2::once())
                    .send()
                    .await
                    .map_err(|error| Error::call("ec2:CreateNatGateway", error))?;
                Ok(made
                    .nat_gateway
                    .and_then(|gateway| gateway.nat_gateway_id)
                    .unwrap_or_default())
            },
            |error| error.is(&["InvalidSubnetID.NotFound", "InvalidAllocationID.NotFound"]),
        )
        .await?;
        await_available(site, &id, &gateway).await?;
        Ok(Attributes::of(gateway))
    }

    async fn update(&self, live: &Found<LiveNatGateway>, _: Site<'_>) -> Result<Attributes, Error> {
        Ok(live.attributes.clone())
    }

    async fn delete(live: &Found<LiveNatGateway>, site: Site<'_>) -> Result<(), Error> {
        let gateway = &live.attributes.identity;
        site.delete(&live.id, &["DependencyViolation"], || async {
            site.account
                .ec2
                .delete_nat_gateway()
                .nat_gateway_id(gateway)
                .send()
                .await
                .map(drop)
                .map_err(|error| Error::call("ec2:DeleteNatGateway", error))
        })
        .await?;
        // The call returns at once; the address and the subnet are free when it is gone.
        site.until(&live.id, "the NAT gateway is gone", BOUND, || async {
            let found = describe(site.account, gateway).await?;
            Ok(
                match found.filter(|found| found.state != Some(NatGatewayState::Deleted)) {
                    Some(found) => Look::NotYet(state(&found)),
                    None => Look::Ready(()),
                },
            )
        })
        .await
    }
}

async fn await_available(site: Site<'_>, id: &Id, gateway: &str) -> Result<(), Error> {
    site.until(id, "the NAT gateway is available", BOUND, || async {
        let Some(found) = describe(site.account, gateway).await? else {
            return Ok(Look::NotYet("not listed yet".to_owned()));
        };
        match found.state {
            Some(NatGatewayState::Available) => Ok(Look::Ready(())),
            // AWS tells of a failure here and nowhere else.
            Some(NatGatewayState::Failed) => Err(Error::Failed {
                id: id.clone(),
                reason: found.failure_message.unwrap_or_default(),
                hint: Some("run the same command again: it makes another one".to_owned()),
                tail: Vec::new(),
            }),
            _ => Ok(Look::NotYet(state(&found))),
        }
    })
    .await
}

fn state(gateway: &Ec2NatGateway) -> String {
    gateway
        .state
        .as_ref()
        .map_or_else(String::new, ToString::to_string)
}

async fn describe(account: &Account, gateway: &str) -> Result<Option<Ec2NatGateway>, Error> {
    let answer = account
        .ec2
        .describe_nat_gateways()
        .nat_gateway_ids(gateway)
        .send()
        .await
        .map_err(|error| Error::call("ec2:DescribeNatGateways", error));
    match answer {
        Ok(answer) => Ok(answer.nat_gateways.unwrap_or_default().into_iter().next()),
        Err(error) if error.is_not_found() => Ok(None),
        Err(error) => Err(error),
    }
}

/// Those that are there or on their way in: AWS lists deleted and failed ones for an hour.
async fn list(account: &Account, scope: &Scope) -> Result<Vec<(Id, Ec2NatGateway)>, Error> {
    let gateways = account
        .ec2
        .describe_nat_gateways()
        .filter(ec2::of_deployment(scope))
        .send()
        .await
        .map_err(|error| Error::call("ec2:DescribeNatGateways", error))?
        .nat_gateways
        .unwrap_or_default();
    let here = gateways.into_iter().filter_map(|gateway| {
        let is_here = matches!(
            gateway.state,
            Some(NatGatewayState::Pending | NatGatewayState::Available)
        );
        let tags = ec2::read(gateway.tags.as_deref());
        let id = tags::id(&tags, Zone::ALL.map(Id::NatGateway))?;
        is_here.then_some((id, gateway))
    });
    Ok(here.collect())
}
