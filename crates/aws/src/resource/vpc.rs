//! The network.

use aws_sdk_ec2::types::{AttributeBooleanValue, ResourceType, VpcAttributeName};
use engine::wait::Look;
use engine::{Change, Known};

use crate::account::Account;
use crate::attributes::Attributes;
use crate::difference::Differences;
use crate::ec2;
use crate::ensure::{ensure, insist, nothing_else};
use crate::error::Error;
use crate::id::Id;
use crate::kind::{Found, Kind, Site};
use crate::resource::Resource;
use crate::scope::Scope;

/// What the VPC should be.
///
/// | Field | Change |
/// |---|---|
/// | `cidr` | replaces, with everything in it |
/// | DNS support, DNS host names | in place |
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Vpc {
    /// `10.0.0.0/16`.
    pub cidr: String,
}

/// What was found of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LiveVpc {
    /// The first range.
    pub cidr: String,
    /// `enableDnsSupport` and `enableDnsHostnames`: interface endpoints and RDS need both.
    pub dns: bool,
}

impl Kind for Vpc {
    type Live = LiveVpc;

    fn id(&self) -> Id {
        Id::Vpc
    }

    fn diff(&self, live: &LiveVpc, _: &Known<Resource>) -> Option<Change> {
        let LiveVpc { cidr, dns } = live;
        Differences::new()
            .replace("cidr", cidr, &self.cidr)
            .update("dns", dns, &true)
            .into_change()
    }

    async fn observe(account: &Account, scope: &Scope) -> Result<Vec<Found<LiveVpc>>, Error> {
        let vpcs = account
            .ec2
            .describe_vpcs()
            .filters(ec2::of_deployment(scope))
            .send()
            .await
            .map_err(|error| Error::call("ec2:DescribeVpcs", error))?
            .vpcs
            .unwrap_or_default();
        let mut found = Vec::new();
        for vpc in vpcs {
            let id = vpc.vpc_id.unwrap_or_default();
            let mut dns = true;
            for name in DNS {
                dns &= has(account, &id, name).await?;
            }
            let live = LiveVpc {
                cidr: vpc.cidr_block.unwrap_or_default(),
                dns,
            };
            found.push(Found::ours(Id::Vpc, Attributes::of(id), live));
        }
        Ok(found)
    }

    async fn create(&self, site: Site<'_>) -> Result<Attributes, Error> {
        let Site { account, scope, .. } = site;
        let id = ensure(
            || async { Ok(find(account, scope).await?.map(|(id, _)| id)) },
            || async {
                let made = account
                    .ec2
                    .create_vpc()
                    .cidr_block(&self.cidr)
                    .tag_specifications(ec2::tags(ResourceType::Vpc, &Id::Vpc, scope))
                    .customize()
                    .config_override(ec2::once())
                    .send()
                    .await
                    .map_err(|error| Error::call("ec2:CreateVpc", error))?;
                Ok(made.vpc.and_then(|vpc| vpc.vpc_id).unwrap_or_default())
            },
            nothing_else,
        )
        .await?;
        site.until(&Id::Vpc, "the VPC is available", ec2::SOON, || async {
            Ok(match find(account, scope).await? {
                Some((_, state)) if state == "available" => Look::Ready(()),
                Some((_, state)) => Look::NotYet(state),
                None => Look::NotYet("not listed yet".to_owned()),
            })
        })
        .await?;
        set_dns(account, &id).await?;
        Ok(Attributes::of(id))
    }

    async fn update(&self, live: &Found<LiveVpc>, site: Site<'_>) -> Result<Attributes, Error> {
        set_dns(site.account, &live.attributes.identity).await?;
        Ok(live.attributes.clone())
    }

    async fn delete(live: &Found<LiveVpc>, site: Site<'_>) -> Result<(), Error> {
        let client = &site.account.ec2;
        let id = &live.attributes.identity;
        // Interfaces of what was in it go minutes after it went.
        site.delete(&Id::Vpc, &["DependencyViolation"], || async {
            client
                .delete_vpc()
                .vpc_id(id)
                .send()
                .await
                .map(drop)
                .map_err(|error| Error::call("ec2:DeleteVpc", error))
        })
        .await
    }
}

/// One attribute a call: AWS refuses two.
const DNS: [VpcAttributeName; 2] = [
    VpcAttributeName::EnableDnsSupport,
    VpcAttributeName::EnableDnsHostnames,
];

/// Our VPC's id and state.
async fn find(account: &Account, scope: &Scope) -> Result<Option<(String, String)>, Error> {
    let vpcs = account
        .ec2
        .describe_vpcs()
        .filters(ec2::of_deployment(scope))
        .send()
        .await
        .map_err(|error| Error::call("ec2:DescribeVpcs", error))?
        .vpcs
        .unwrap_or_default();
    Ok(vpcs.into_iter().next().and_then(|vpc| {
        let state = vpc.state.map(|state| state.as_str().to_owned());
        Some((vpc.vpc_id?, state.unwrap_or_default()))
    }))
}

async fn has(account: &Account, id: &str, name: VpcAttributeName) -> Result<bool, Error> {
    let answer = account
        .ec2
        .describe_vpc_attribute()
        .vpc_id(id)
        .attribute(name)
        .send()
        .await
        .map_err(|error| Error::call("ec2:DescribeVpcAttribute", error))?;
    let value = answer.enable_dns_support.or(answer.enable_dns_hostnames);
    Ok(value.and_then(|value| value.value).unwrap_or(false))
}

async fn set_dns(account: &Account, id: &str) -> Result<(), Error> {
    let yes = || AttributeBooleanValue::builder().value(true).build();
    for name in DNS {
        let call = || async {
            let call = account.ec2.modify_vpc_attribute().vpc_id(id);
            match name {
                VpcAttributeName::EnableDnsSupport => call.enable_dns_support(yes()),
                _ => call.enable_dns_hostnames(yes()),
            }
            .send()
            .await
            .map(drop)
            .map_err(|error| Error::call("ec2:ModifyVpcAttribute", error))
        };
        insist(call, |error| error.is_not_found()).await?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    #[test]
    fn a_vpc_is_mended_in_place_and_replaced_for_another_range() {
        let desired = Vpc {
            cidr: "10.0.0.0/16".to_owned(),
        };
        let live = |cidr: &str, dns| LiveVpc {
            cidr: cidr.to_owned(),
            dns,
        };
        let cause = |live: &LiveVpc| {
            desired
                .diff(live, &BTreeMap::new())
                .map(|change| format!("{:?}: {}", change.how, change.cause))
        };
        assert_eq!(cause(&live("10.0.0.0/16", true)), None);
        assert_eq!(
            cause(&live("10.0.0.0/16", false)).unwrap(),
            "Update: dns changed"
        );
        assert_eq!(
            cause(&live("10.9.0.0/16", true)).unwrap(),
            "DeleteThenCreate: cidr changed"
        );
    }
}
