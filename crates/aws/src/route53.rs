//! Records of one hosted zone.

use std::collections::BTreeSet;

use aws_sdk_route53::types::{
    AliasTarget, Change, ChangeAction, ChangeBatch, ResourceRecord, ResourceRecordSet, RrType,
};
use topology::Domain;

use crate::account::Account;
use crate::dns_record::{Record, plain};
use crate::ensure::insist;
use crate::error::Error;
use crate::s3::build;

/// Seconds that resolvers may keep a record: short, because a new load balancer has another name.
const TTL: i64 = 300;

/// The id of the public zone of that very name, `Z0123456789`; `None` where the account has none.
///
/// # Errors
///
/// [`Error::Call`].
pub async fn hosted_zone(account: &Account, zone: &Domain) -> Result<Option<String>, Error> {
    account
        .once_a_look(|seen| &seen.hosted_zone, || find_zone(account, zone))
        .await
}

async fn find_zone(account: &Account, zone: &Domain) -> Result<Option<String>, Error> {
    let answer = account
        .route53
        .list_hosted_zones_by_name()
        .dns_name(format!("{zone}."))
        .max_items(10)
        .send()
        .await
        .map_err(|error| Error::call("route53:ListHostedZonesByName", error))?;
    Ok(answer
        .hosted_zones
        .into_iter()
        .filter(|found| plain(&found.name) == zone.as_str())
        .find(|found| {
            !found
                .config
                .as_ref()
                .is_some_and(|config| config.private_zone)
        })
        .map(|found| found.id.trim_start_matches("/hostedzone/").to_owned()))
}

/// Everything in the zone.
pub(crate) async fn record_sets(
    account: &Account,
    zone_id: &str,
) -> Result<Vec<ResourceRecordSet>, Error> {
    let mut found = Vec::new();
    let mut next = None;
    loop {
        let (name, kind, identifier) = next.unwrap_or_default();
        let page = account
            .route53
            .list_resource_record_sets()
            .hosted_zone_id(zone_id)
            .set_start_record_name(name)
            .set_start_record_type(kind)
            .set_start_record_identifier(identifier)
            .send()
            .await
            .map_err(|error| Error::call("route53:ListResourceRecordSets", error))?;
        found.extend(page.resource_record_sets);
        if !page.is_truncated || page.next_record_name.is_none() {
            return Ok(found);
        }
        next = Some((
            page.next_record_name,
            page.next_record_type,
            page.next_record_identifier,
        ));
    }
}

/// The records of a set; a set of several values gives several.
pub(crate) fn read(set: &ResourceRecordSet) -> Vec<Record> {
    let name = plain(&set.name);
    let kind = set.r#type.as_str().to_owned();
    if let Some(alias) = &set.alias_target {
        return vec![Record {
            name,
            kind,
            value: plain(&alias.dns_name),
            alias_zone: Some(alias.hosted_zone_id.clone()),
        }];
    }
    set.resource_records()
        .iter()
        .map(|found| Record {
            name: name.clone(),
            kind: kind.clone(),
            value: match kind.as_str() {
                "TXT" => found.value.clone(),
                _ => plain(&found.value),
            },
            alias_zone: None,
        })
        .collect()
}

/// One value a set: masto makes no others.
pub(crate) fn write(record: &Record) -> Result<ResourceRecordSet, Error> {
    let set = ResourceRecordSet::builder()
        .name(&record.name)
        .r#type(RrType::from(record.kind.as_str()));
    let set = match &record.alias_zone {
        Some(zone) => set.alias_target(
            AliasTarget::builder()
                .hosted_zone_id(zone)
                .dns_name(&record.value)
                // The load balancer has one answer only: no answer is no better.
                .evaluate_target_health(false)
                .build()
                .map_err(build)?,
        ),
        None => set.ttl(TTL).resource_records(
            ResourceRecord::builder()
                .value(&record.value)
                .build()
                .map_err(build)?,
        ),
    };
    set.build().map_err(build)
}

/// Makes all of these changes or none of them; gives the change's id, to wait for.
pub(crate) async fn change(
    account: &Account,
    zone_id: &str,
    gone: impl IntoIterator<Item = ResourceRecordSet>,
    there: impl IntoIterator<Item = ResourceRecordSet>,
) -> Result<Option<String>, Error> {
    let mut batch = ChangeBatch::builder().comment("masto");
    let gone = gone.into_iter().map(|set| (ChangeAction::Delete, set));
    let there = there.into_iter().map(|set| (ChangeAction::Upsert, set));
    let mut is_empty = true;
    for (action, set) in gone.chain(there) {
        is_empty = false;
        let change = Change::builder()
            .action(action)
            .resource_record_set(set)
            .build()
            .map_err(build)?;
        batch = batch.changes(change);
    }
    if is_empty {
        return Ok(None);
    }
    let batch = batch.build().map_err(build)?;
    insist(
        || async {
            account
                .route53
                .change_resource_record_sets()
                .hosted_zone_id(zone_id)
                .change_batch(batch.clone())
                .send()
                .await
                .map(|answer| answer.change_info.map(|info| info.id))
                .map_err(|error| Error::call("route53:ChangeResourceRecordSets", error))
        },
        |error| error.is(&["PriorRequestNotComplete"]),
    )
    .await
}

/// Whether all name servers of the zone know of a change.
pub(crate) async fn is_in_sync(account: &Account, change: &str) -> Result<bool, Error> {
    let answer = account
        .route53
        .get_change()
        .id(change.trim_start_matches("/change/"))
        .send()
        .await
        .map_err(|error| Error::call("route53:GetChange", error))?;
    Ok(answer
        .change_info
        .is_none_or(|info| info.status.as_str() == "INSYNC"))
}

/// The names of these records.
pub(crate) fn names(records: &[Record]) -> BTreeSet<&str> {
    records.iter().map(|record| record.name.as_str()).collect()
}
