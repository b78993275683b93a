//! The Elastic IP of a NAT gateway.

use aws_sdk_ec2::types::{DomainType, ResourceType};
use engine::{Change, Known};

use crate::account::Account;
use crate::attributes::Attributes;
use crate::ec2;
use crate::ensure::{ensure, nothing_else};
use crate::error::Error;
use crate::id::{Id, Zone};
use crate::kind::{Found, Kind, Site};
use crate::resource::Resource;
use crate::scope::Scope;
use crate::tags;

/// An Elastic IP. Nothing about it can differ: it is there or not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Address {
    /// Of which zone's NAT gateway.
    pub zone: Zone,
}

/// What was found of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LiveAddress;

impl Kind for Address {
    type Live = LiveAddress;

    fn id(&self) -> Id {
        Id::Address(self.zone)
    }

    fn diff(&self, _: &LiveAddress, _: &Known<Resource>) -> Option<Change> {
        None
    }

    async fn observe(account: &Account, scope: &Scope) -> Result<Vec<Found<LiveAddress>>, Error> {
        Ok(list(account, scope)
            .await?
            .into_iter()
            .map(|(id, allocation)| Found::ours(id, Attributes::of(allocation), LiveAddress))
            .collect())
    }

    async fn create(&self, site: Site<'_>) -> Result<Attributes, Error> {
        let Site { account, scope, .. } = site;
        let id = self.id();
        let allocation = ensure(
            || async {
                let ours = list(account, scope).await?.into_iter();
                Ok(ours
                    .filter(|(found, _)| *found == id)
                    .map(|(_, found)| found)
                    .next())
            },
            || async {
                let made = account
                    .ec2
                    .allocate_address()
                    .domain(DomainType::Vpc)
                    .tag_specifications(ec2::tags(ResourceType::ElasticIp, &id, scope))
                    .customize()
                    .config_override(ec2::once())
                    .send()
                    .await
                    .map_err(|error| Error::call("ec2:AllocateAddress", error))?;
                Ok(made.allocation_id.unwrap_or_default())
            },
            nothing_else,
        )
        .await?;
        Ok(Attributes::of(allocation))
    }

    async fn update(&self, live: &Found<LiveAddress>, _: Site<'_>) -> Result<Attributes, Error> {
        Ok(live.attributes.clone())
    }

    async fn delete(live: &Found<LiveAddress>, site: Site<'_>) -> Result<(), Error> {
        let allocation = &live.attributes.identity;
        // A NAT gateway lets go of it a while after it is deleted.
        let held = ["InvalidIPAddress.InUse", "AuthFailure"];
        site.delete(&live.id, &held, || async {
            site.account
                .ec2
                .release_address()
                .allocation_id(allocation)
                .send()
                .await
                .map(drop)
                .map_err(|error| Error::call("ec2:ReleaseAddress", error))
        })
        .await
    }
}

async fn list(account: &Account, scope: &Scope) -> Result<Vec<(Id, String)>, Error> {
    let addresses = account
        .ec2
        .describe_addresses()
        .filters(ec2::of_deployment(scope))
        .send()
        .await
        .map_err(|error| Error::call("ec2:DescribeAddresses", error))?
        .addresses
        .unwrap_or_default();
    let ours = addresses.into_iter().filter_map(|address| {
        let tags = ec2::read(address.tags.as_deref());
        Some((
            tags::id(&tags, Zone::ALL.map(Id::Address))?,
            address.allocation_id?,
        ))
    });
    Ok(ours.collect())
}
