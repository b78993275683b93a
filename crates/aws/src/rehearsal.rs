//! What a rehearsal on an emulator has to do beside `up`: an account has a hosted zone before, and
//! a load balancer can be reached afterwards.

use std::collections::BTreeMap;

use jiff::Timestamp;
use topology::Domain;

use crate::account::Account;
use crate::error::Error;
use crate::id::{Id, TargetRole};
use crate::names;
use crate::route53::hosted_zone;
use crate::scope::Scope;

/// Makes the zone that the file names, unless it is there.
///
/// # Errors
///
/// [`Error::Call`].
pub async fn make_zone(account: &Account, zone: &Domain) -> Result<(), Error> {
    if hosted_zone(account, zone).await?.is_some() {
        return Ok(());
    }
    account
        .route53
        .create_hosted_zone()
        .name(zone.as_str())
        .caller_reference(format!(
            "masto-rehearsal-{}",
            Timestamp::now().as_nanosecond()
        ))
        .send()
        .await
        .map(drop)
        .map_err(|error| Error::call("route53:CreateHostedZone", error))
}

/// `address:port` of the targets behind each target group.
///
/// # Errors
///
/// [`Error::Call`].
pub async fn targets(
    account: &Account,
    scope: &Scope,
) -> Result<BTreeMap<TargetRole, Vec<String>>, Error> {
    let mut found = BTreeMap::new();
    for role in [TargetRole::Web, TargetRole::Streaming] {
        let groups = account
            .elb
            .describe_target_groups()
            .names(names::of(&Id::TargetGroup(role), scope))
            .send()
            .await
            .map_err(|error| Error::call("elasticloadbalancing:DescribeTargetGroups", error))?;
        let mut addresses = Vec::new();
        for group in groups.target_groups() {
            let health = account
                .elb
                .describe_target_health()
                .set_target_group_arn(group.target_group_arn.clone())
                .send()
                .await
                .map_err(|error| Error::call("elasticloadbalancing:DescribeTargetHealth", error))?;
            for target in health
                .target_health_descriptions()
                .iter()
                .filter_map(|description| description.target.as_ref())
            {
                if let (Some(id), Some(port)) = (&target.id, target.port.or(group.port)) {
                    addresses.push(format!("{id}:{port}"));
                }
            }
        }
        found.insert(role, addresses);
    }
    Ok(found)
}
