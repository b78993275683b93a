//! DNS records in an existing Route 53 zone.
//!
//! Records carry no tags. Beside each set of ours stands a TXT record, `_masto.<set>.<name>.<zone>`,
//! that lists them; it is written in the same atomic change, so that what is not listed is
//! somebody's own and never touched.

use std::collections::BTreeSet;
use std::time::Duration;

use aws_sdk_route53::types::ResourceRecordSet;
use engine::wait::Look;
use engine::{Change, Known};

use crate::account::Account;
use crate::attributes::{Attribute, Attributes};
use crate::difference::Differences;
use crate::dns_record::{self, Record};
use crate::error::Error;
use crate::id::{CertificateRole, DnsRole, Id};
use crate::kind::{Found, Kind, Site};
use crate::resource::Resource;
use crate::route53;
use crate::scope::Scope;

/// Route 53 promises a minute.
const SYNC: Duration = Duration::from_secs(10 * 60);

/// What the records should be: all of them follow from what they lead to.
///
/// | Field | Change |
/// |---|---|
/// | names, values | in place, in one atomic change |
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Dns {
    /// Which set.
    pub role: DnsRole,
    /// `Z0123456789`.
    pub zone_id: String,
    /// The names that lead to the load balancer or to CloudFront; empty where ACM or SES name them.
    pub hosts: Vec<String>,
}

/// What was found of them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LiveDns {
    /// Those of the list that are there.
    pub records: BTreeSet<Record>,
    /// The zone they are in.
    pub zone_id: String,
}

impl Kind for Dns {
    type Live = LiveDns;

    fn id(&self) -> Id {
        Id::Dns(self.role)
    }

    fn diff(&self, live: &LiveDns, known: &Known<Resource>) -> Option<Change> {
        let differences = Differences::new();
        match known.get(&self.source()) {
            Some(source) => differences.members("records", &live.records, &self.records(source)),
            // What they lead to is about to be made.
            None => differences.update(
                "records",
                &list(&live.records),
                &"as what they lead to will say".to_owned(),
            ),
        }
        .into_change()
    }

    async fn observe(account: &Account, scope: &Scope) -> Result<Vec<Found<LiveDns>>, Error> {
        let Some(zone) = &scope.zone else {
            return Ok(Vec::new());
        };
        let Some(zone_id) = route53::hosted_zone(account, zone).await? else {
            return Ok(Vec::new());
        };
        let sets = route53::record_sets(account, &zone_id).await?;
        Ok(ROLES
            .into_iter()
            .filter_map(|role| {
                let records = listed(&sets, role, scope)?;
                let live = LiveDns {
                    records,
                    zone_id: zone_id.clone(),
                };
                Some(Found::ours(Id::Dns(role), attributes(role, scope), live))
            })
            .collect())
    }

    async fn create(&self, site: Site<'_>) -> Result<Attributes, Error> {
        self.put(site, &BTreeSet::new()).await
    }

    async fn update(&self, live: &Found<LiveDns>, site: Site<'_>) -> Result<Attributes, Error> {
        self.put(site, &live.live.records).await
    }

    async fn delete(live: &Found<LiveDns>, site: Site<'_>) -> Result<(), Error> {
        let Id::Dns(role) = live.id else {
            return Err(Error::bug("DNS records are found under another id"));
        };
        let zone_id = live.live.zone_id.as_str();
        // Looked up again: a record goes only with its exact values.
        let sets = match route53::record_sets(site.account, zone_id).await {
            Err(error) if error.is_not_found() => return Ok(()),
            sets => sets?,
        };
        let records = listed(&sets, role, site.scope).unwrap_or_default();
        let mark = mark_name(role, site.scope);
        let gone: Vec<ResourceRecordSet> = sets
            .into_iter()
            .filter(|set| {
                dns_record::plain(&set.name) == mark
                    || route53::read(set)
                        .iter()
                        .any(|found| records.contains(found))
            })
            .collect();
        route53::change(site.account, zone_id, gone, []).await?;
        Ok(())
    }
}

/// Every set that a deployment can have.
const ROLES: [DnsRole; 5] = [
    DnsRole::Certificate(CertificateRole::Server),
    DnsRole::Certificate(CertificateRole::Media),
    DnsRole::Server,
    DnsRole::Media,
    DnsRole::Mail,
];

impl Dns {
    /// What the records lead to, or what names them.
    fn source(&self) -> Id {
        match self.role {
            DnsRole::Certificate(role) => Id::Certificate(role),
            DnsRole::Server => Id::LoadBalancer,
            DnsRole::Media => Id::Distribution,
            DnsRole::Mail => Id::MailIdentity,
        }
    }

    /// The records, given the attributes of [`Dns::source`].
    fn records(&self, source: &Attributes) -> BTreeSet<Record> {
        match self.role {
            DnsRole::Certificate(_) | DnsRole::Mail => {
                dns_record::from_attribute(source.get(Attribute::Records).unwrap_or_default())
                    .into_iter()
                    .collect()
            }
            DnsRole::Server | DnsRole::Media => {
                let host = source.get(Attribute::Host).unwrap_or_default();
                let zone = source.get(Attribute::ZoneId).unwrap_or_default();
                self.hosts
                    .iter()
                    .flat_map(|name| Record::aliases(name, host, zone))
                    .collect()
            }
        }
    }

    /// Puts the records and their list, and takes away what of `before` is no longer wanted.
    async fn put(&self, site: Site<'_>, before: &BTreeSet<Record>) -> Result<Attributes, Error> {
        let Site { account, scope, .. } = site;
        let wanted = self.records(site.input(&self.source())?);
        let sets = route53::record_sets(account, &self.zone_id).await?;
        let listed = listed(&sets, self.role, scope).unwrap_or_default();
        self.refuse_strangers(&sets, &wanted, &listed)?;
        let same_place = |a: &Record, b: &Record| a.name == b.name && a.kind == b.kind;
        let stale = |found: &Record| {
            (listed.contains(found) || before.contains(found))
                && !wanted.iter().any(|wanted| same_place(wanted, found))
        };
        let gone: Vec<ResourceRecordSet> = sets
            .iter()
            .filter(|set| route53::read(set).iter().any(stale))
            .cloned()
            .collect();
        let mut there: Vec<Record> = wanted.iter().cloned().collect();
        there.push(self.mark(scope, &wanted));
        let there = there
            .iter()
            .map(route53::write)
            .collect::<Result<Vec<_>, _>>()?;
        if let Some(change) = route53::change(account, &self.zone_id, gone, there).await? {
            site.until(
                &self.id(),
                "Route 53 answers with the new records",
                SYNC,
                || async {
                    Ok(if route53::is_in_sync(account, &change).await? {
                        Look::Ready(())
                    } else {
                        Look::NotYet("PENDING".to_owned())
                    })
                },
            )
            .await?;
        }
        Ok(attributes(self.role, scope))
    }

    /// A record that masto did not make leads somewhere, and somebody may need it.
    fn refuse_strangers(
        &self,
        sets: &[ResourceRecordSet],
        wanted: &BTreeSet<Record>,
        listed: &BTreeSet<Record>,
    ) -> Result<(), Error> {
        let names: Vec<Record> = wanted.iter().cloned().collect();
        let names = route53::names(&names);
        let stranger = sets
            .iter()
            .flat_map(route53::read)
            .filter(|found| matches!(found.kind.as_str(), "A" | "AAAA" | "CNAME"))
            .find(|found| {
                names.contains(found.name.as_str())
                    && !listed.contains(found)
                    && !wanted.contains(found)
                    // One of ours that somebody has changed is put right.
                    && !listed.iter().any(|ours| ours.name == found.name && ours.kind == found.kind)
            });
        match stranger {
            None => Ok(()),
            Some(found) => Err(Error::Stranger {
                id: self.id(),
                cause: format!("the record `{found}` exists, and masto did not make it"),
                hint: format!(
                    "if nobody needs what it leads to, remove `{} {}` from the zone and run the same \
                     command again; else write `dns: manual` and move the name yourself",
                    found.name, found.kind
                ),
            }),
        }
    }

    /// The list that stands beside the records.
    fn mark(&self, scope: &Scope, records: &BTreeSet<Record>) -> Record {
        let places: BTreeSet<String> = records
            .iter()
            .map(|record| format!("\"{} {}\"", record.kind, record.name))
            .collect();
        Record {
            name: mark_name(self.role, scope),
            kind: "TXT".to_owned(),
            value: places.into_iter().collect::<Vec<_>>().join(" "),
            alias_zone: None,
        }
    }
}

fn mark_name(role: DnsRole, scope: &Scope) -> String {
    let zone = scope.zone.as_ref().map_or("", |zone| zone.as_str());
    format!("_masto.{role}.{}.{zone}", scope.name)
}

/// The records that the list of `role` names; `None` where there is no list.
fn listed(sets: &[ResourceRecordSet], role: DnsRole, scope: &Scope) -> Option<BTreeSet<Record>> {
    let name = mark_name(role, scope);
    let list = sets
        .iter()
        .find(|set| dns_record::plain(&set.name) == name && set.r#type.as_str() == "TXT")?;
    let places: BTreeSet<String> = list
        .resource_records()
        .iter()
        .flat_map(|found| found.value.split('"'))
        .map(str::trim)
        .filter(|place| !place.is_empty())
        .map(str::to_owned)
        .collect();
    Some(
        sets.iter()
            .flat_map(route53::read)
            .filter(|found| places.contains(&format!("{} {}", found.kind, found.name)))
            .collect(),
    )
}

fn attributes(role: DnsRole, scope: &Scope) -> Attributes {
    Attributes::of(mark_name(role, scope))
}

fn list(records: &BTreeSet<Record>) -> String {
    let records: Vec<String> = records.iter().map(ToString::to_string).collect();
    records.join("; ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::scope;

    fn desired() -> Dns {
        Dns {
            role: DnsRole::Server,
            zone_id: "Z1".to_owned(),
            hosts: vec!["social.example.com".to_owned()],
        }
    }

    fn records() -> BTreeSet<Record> {
        Record::aliases("social.example.com", "lb.aws", "ZLB").into()
    }

    #[test]
    fn records_follow_what_they_lead_to() {
        let known = Known::<Resource>::from([(
            Id::LoadBalancer,
            Attributes::of("arn")
                .with(Attribute::Host, "LB.aws.")
                .with(Attribute::ZoneId, "ZLB"),
        )]);
        let live = |records| LiveDns {
            records,
            zone_id: "Z1".to_owned(),
        };
        assert_eq!(desired().diff(&live(records()), &known), None);
        let old = Record::aliases("social.example.com", "old.aws", "ZLB").into();
        let change = desired().diff(&live(old), &known).unwrap();
        assert_eq!(
            change.attributes[0].old.as_deref(),
            Some("social.example.com A alias of old.aws, social.example.com AAAA alias of old.aws")
        );
        assert!(
            desired()
                .diff(&live(records()), &Known::<Resource>::new())
                .is_some()
        );
    }

    #[test]
    fn the_list_finds_its_records_and_no_others() {
        let mark = desired().mark(&scope(), &records());
        assert_eq!(
            mark.to_string(),
            "_masto.server.social.example.com TXT \"A social.example.com\" \"AAAA social.example.com\""
        );
        let other = Record::cname("blog.example.com", "else.example");
        let sets: Vec<ResourceRecordSet> = records()
            .iter()
            .chain([&mark, &other])
            .map(|record| route53::write(record).unwrap())
            .collect();
        assert_eq!(listed(&sets, DnsRole::Server, &scope()), Some(records()));
        assert_eq!(listed(&sets, DnsRole::Media, &scope()), None);
    }

    #[test]
    fn a_strangers_record_is_left_alone() {
        let refused = |found: Record, listed: &BTreeSet<Record>| {
            let sets = [route53::write(&found).unwrap()];
            desired().refuse_strangers(&sets, &records(), listed)
        };
        let theirs = Record {
            value: "192.0.2.1".to_owned(),
            alias_zone: None,
            ..Record::aliases("social.example.com", "", "")[0].clone()
        };
        let error = refused(theirs.clone(), &BTreeSet::new()).unwrap_err();
        assert!(
            error.to_string().contains("social.example.com A 192.0.2.1"),
            "{error}"
        );
        let ours = BTreeSet::from([theirs.clone()]);
        assert!(refused(theirs, &ours).is_ok(), "a listed one is put right");
        assert!(refused(records().into_iter().next().unwrap(), &BTreeSet::new()).is_ok());
    }
}
