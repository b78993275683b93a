//! The way to the internet.

use std::collections::BTreeSet;

use aws_sdk_ec2::types::{InternetGateway as Ec2InternetGateway, ResourceType};
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

/// The internet gateway.
///
/// | Field | Change |
/// |---|---|
/// | the VPC it is attached to | in place |
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InternetGateway;

/// What was found of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LiveInternetGateway {
    /// The id of the VPC it is attached to; empty when it is to none.
    pub vpc: String,
}

impl Kind for InternetGateway {
    type Live = LiveInternetGateway;

    fn id(&self) -> Id {
        Id::InternetGateway
    }

    fn holds(&self) -> BTreeSet<Id> {
        [Id::Vpc].into()
    }

    fn diff(&self, live: &LiveInternetGateway, known: &Known<Resource>) -> Option<Change> {
        let LiveInternetGateway { vpc } = live;
        Differences::new()
            .refers("attached to", vpc, known.get(&Id::Vpc))
            .into_change()
    }

    async fn observe(
        account: &Account,
        scope: &Scope,
    ) -> Result<Vec<Found<LiveInternetGateway>>, Error> {
        let found = list(account, scope).await?.into_iter().filter_map(|found| {
            let live = LiveInternetGateway {
                vpc: attached_to(&found).unwrap_or_default().to_owned(),
            };
            let attributes = Attributes::of(found.internet_gateway_id?);
            Some(Found::ours(Id::InternetGateway, attributes, live))
        });
        Ok(found.collect())
    }

    async fn create(&self, site: Site<'_>) -> Result<Attributes, Error> {
        let Site { account, scope, .. } = site;
        let found = ensure(
            || async { Ok(list(account, scope).await?.into_iter().next()) },
            || async {
                let made = account
                    .ec2
                    .create_internet_gateway()
                    .tag_specifications(ec2::tags(
                        ResourceType::InternetGateway,
                        &Id::InternetGateway,
                        scope,
                    ))
                    .customize()
                    .config_override(ec2::once())
                    .send()
                    .await
                    .map_err(|error| Error::call("ec2:CreateInternetGateway", error))?;
                made.internet_gateway
                    .ok_or_else(|| Error::bug("ec2:CreateInternetGateway answered with nothing"))
            },
            nothing_else,
        )
        .await?;
        let vpc = attached_to(&found).map(str::to_owned);
        let gateway = found.internet_gateway_id.unwrap_or_default();
        attach(site, &gateway, vpc.as_deref()).await?;
        Ok(Attributes::of(gateway))
    }

    async fn update(
        &self,
        live: &Found<LiveInternetGateway>,
        site: Site<'_>,
    ) -> Result<Attributes, Error> {
        let vpc = Some(live.live.vpc.as_str()).filter(|vpc| !vpc.is_empty());
        attach(site, &live.attributes.identity, vpc).await?;
        Ok(live.attributes.clone())
    }

    async fn delete(live: &Found<LiveInternetGateway>, site: Site<'_>) -> Result<(), Error> {
        let gateway = &live.attributes.identity;
        // Refused while public addresses are mapped: those of load balancers and tasks go late.
        site.delete(&live.id, &["DependencyViolation"], || async {
            if !live.live.vpc.is_empty() {
                detach(site.account, gateway, &live.live.vpc).await?;
            }
            site.account
                .ec2
                .delete_internet_gateway()
                .internet_gateway_id(gateway)
                .send()
                .await
                .map(drop)
                .map_err(|error| Error::call("ec2:DeleteInternetGateway", error))
        })
        .await
    }
}

/// Attaches it to the deployment's VPC; `vpc` is the one it is attached to.
async fn attach(site: Site<'_>, gateway: &str, vpc: Option<&str>) -> Result<(), Error> {
    let ours = site.identity(&Id::Vpc)?;
    match vpc {
        Some(vpc) if vpc == ours => return Ok(()),
        Some(vpc) => detach(site.account, gateway, vpc).await?,
        None => {}
    }
    let call = || async {
        let answer = site
            .account
            .ec2
            .attach_internet_gateway()
            .internet_gateway_id(gateway)
            .vpc_id(ours)
            .send()
            .await
            .map(drop)
            .map_err(|error| Error::call("ec2:AttachInternetGateway", error));
        match answer {
            // An answer was lost: it is attached.
            Err(error) if error.is(&["Resource.AlreadyAssociated"]) => Ok(()),
            answer => answer,
        }
    };
    insist(call, Error::is_not_found).await
}

/// No error where it is detached already.
async fn detach(account: &Account, gateway: &str, vpc: &str) -> Result<(), Error> {
    let answer = account
        .ec2
        .detach_internet_gateway()
        .internet_gateway_id(gateway)
        .vpc_id(vpc)
        .send()
        .await
        .map(drop)
        .map_err(|error| Error::call("ec2:DetachInternetGateway", error));
    match answer {
        Err(error) if error.is(&["Gateway.NotAttached"]) || error.is_not_found() => Ok(()),
        answer => answer,
    }
}

async fn list(account: &Account, scope: &Scope) -> Result<Vec<Ec2InternetGateway>, Error> {
    Ok(account
        .ec2
        .describe_internet_gateways()
        .filters(ec2::of_deployment(scope))
        .send()
        .await
        .map_err(|error| Error::call("ec2:DescribeInternetGateways", error))?
        .internet_gateways
        .unwrap_or_default())
}

fn attached_to(gateway: &Ec2InternetGateway) -> Option<&str> {
    gateway
        .attachments()
        .iter()
        .find_map(|found| found.vpc_id())
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    #[test]
    fn a_gateway_that_hangs_in_the_air_is_attached() {
        let live = |vpc: &str| LiveInternetGateway {
            vpc: vpc.to_owned(),
        };
        let known = BTreeMap::from([(Id::Vpc, Attributes::of("vpc-1"))]);
        let cause = |vpc| InternetGateway.diff(&live(vpc), &known);
        assert!(cause("vpc-1").is_none());
        let change = cause("").unwrap();
        assert_eq!(change.cause, "attached to changed");
        assert_eq!(change.how, engine::How::Update);
    }
}
