//! Certificates of ACM, proven by DNS.

use std::collections::BTreeMap;
use std::time::Duration;

use aws_sdk_acm::types::{CertificateStatus, DomainValidation, Tag, ValidationMethod};
use engine::wait::Look;
use engine::{Change, Known};

use crate::account::Account;
use crate::attributes::{Attribute, Attributes};
use crate::difference::Differences;
use crate::dns_record::{self, Record};
use crate::ensure::{ensure, nothing_else};
use crate::error::Error;
use crate::id::{CertificateRole, Id};
use crate::kind::{Found, Kind, Owner, Site};
use crate::resource::Resource;
use crate::scope::Scope;
use crate::tags;

/// ACM shows the records some seconds after it was asked.
const RECORDS: Duration = Duration::from_secs(5 * 60);

/// What a certificate should be.
///
/// | Field | Change |
/// |---|---|
/// | `domain`, `others` | replaces |
/// | status: failed, expired, revoked | replaces |
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Certificate {
    /// What it is for.
    pub role: CertificateRole,
    /// Its first name.
    pub domain: String,
    /// Its other names.
    pub others: Vec<String>,
}

/// What was found of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LiveCertificate {
    /// All names, sorted and joined.
    pub domains: String,
    /// `ISSUED`, `PENDING_VALIDATION`, `FAILED`, ….
    pub status: String,
}

impl Kind for Certificate {
    type Live = LiveCertificate;

    fn id(&self) -> Id {
        Id::Certificate(self.role)
    }

    fn diff(&self, live: &LiveCertificate, _: &Known<Resource>) -> Option<Change> {
        let Self {
            role: _,
            domain,
            others,
        } = self;
        let LiveCertificate { domains, status } = live;
        let wanted =
            join(std::iter::once(domain.as_str()).chain(others.iter().map(String::as_str)));
        let mut differences = Differences::new().replace("names", domains, &wanted);
        if is_hopeless(status) {
            differences = differences.replace(
                "status",
                &status.as_str(),
                &CertificateStatus::Issued.as_str(),
            );
        }
        differences.into_change()
    }

    async fn observe(
        account: &Account,
        scope: &Scope,
    ) -> Result<Vec<Found<LiveCertificate>>, Error> {
        let mut found = Vec::new();
        for role in [CertificateRole::Server, CertificateRole::Media] {
            let Some(ours) = find(account, scope, role).await? else {
                continue;
            };
            found.push(Found::ours(
                Id::Certificate(role),
                attributes(&ours.arn, &ours.records),
                LiveCertificate {
                    domains: ours.domains,
                    status: ours.status,
                },
            ));
        }
        Ok(found)
    }

    async fn create(&self, site: Site<'_>) -> Result<Attributes, Error> {
        let Site { account, scope, .. } = site;
        let id = self.id();
        let tags: Vec<Tag> = tags::of(&id, scope)
            .into_iter()
            .map(|(key, value)| Tag::builder().key(key).value(value).build())
            .collect::<Result<Vec<_>, _>>()
            .map_err(crate::s3::build)?;
        // Letters and digits only; asked again within an hour, ACM gives the same certificate.
        let token = engine::hash::config_hash(&(
            scope.name.as_str(),
            self.role.to_string(),
            &self.domain,
            &self.others,
        ));
        let arn = ensure(
            || async {
                Ok(find(account, scope, self.role)
                    .await?
                    .filter(|found| !is_hopeless(&found.status))
                    .map(|found| found.arn))
            },
            || async {
                let made = client(account, self.role)
                    .request_certificate()
                    .domain_name(&self.domain)
                    .set_subject_alternative_names(
                        (!self.others.is_empty()).then(|| self.others.clone()),
                    )
                    .validation_method(ValidationMethod::Dns)
                    .idempotency_token(&token)
                    .set_tags(Some(tags.clone()))
                    .customize()
                    .config_override(
                        aws_sdk_acm::config::Builder::new().retry_config(Account::once()),
                    )
                    .send()
                    .await
                    .map_err(|error| Error::call("acm:RequestCertificate", error))?;
                Ok(made.certificate_arn.unwrap_or_default())
            },
            nothing_else,
        )
        .await?;
        let records = site
            .until(
                &id,
                "ACM shows the records that prove the domain",
                RECORDS,
                || async {
                    let (records, _) = describe(account, self.role, &arn).await?;
                    Ok(if records.is_empty() {
                        Look::NotYet("no records yet".to_owned())
                    } else {
                        Look::Ready(records)
                    })
                },
            )
            .await?;
        Ok(attributes(&arn, &records))
    }

    async fn update(
        &self,
        live: &Found<LiveCertificate>,
        _: Site<'_>,
    ) -> Result<Attributes, Error> {
        Ok(live.attributes.clone())
    }

    async fn delete(live: &Found<LiveCertificate>, site: Site<'_>) -> Result<(), Error> {
        let Id::Certificate(role) = live.id else {
            return Err(Error::bug("a certificate is found under another id"));
        };
        // The listener or distribution that used it is gone; ACM hears of it late.
        site.delete(&live.id, &["ResourceInUseException"], || async {
            client(site.account, role)
                .delete_certificate()
                .certificate_arn(&live.attributes.identity)
                .send()
                .await
                .map(drop)
                .map_err(|error| Error::call("acm:DeleteCertificate", error))
        })
        .await
    }
}

/// A certificate of this deployment.
#[derive(Clone, Debug)]
pub(crate) struct Ours {
    pub(crate) arn: String,
    pub(crate) status: String,
    /// As [`LiveCertificate::domains`].
    domains: String,
    /// What proves them.
    records: Vec<Record>,
}

/// The best of those that carry our tags: issued before pending before failed.
pub(crate) async fn find(
    account: &Account,
    scope: &Scope,
    role: CertificateRole,
) -> Result<Option<Ours>, Error> {
    let ask = || async {
        let Some((arn, status)) = best(account, scope, role).await? else {
            return Ok(None);
        };
        let (records, domains) = describe(account, role, &arn).await?;
        Ok(Some(Ours {
            arn,
            status,
            domains,
            records,
        }))
    };
    account
        .once_a_look(|seen| seen.certificate(role), ask)
        .await
}

/// ARN and status.
async fn best(
    account: &Account,
    scope: &Scope,
    role: CertificateRole,
) -> Result<Option<(String, String)>, Error> {
    let client = client(account, role);
    let summaries = client
        .list_certificates()
        .into_paginator()
        .items()
        .send()
        .collect::<Result<Vec<_>, _>>()
        .await
        .map_err(|error| Error::call("acm:ListCertificates", error))?;
    let mut ours = Vec::new();
    for summary in summaries {
        // What is for a name outside our zone cannot be ours.
        let domain = summary
            .domain_name()
            .and_then(|name| name.parse::<topology::Domain>().ok());
        if let (Some(zone), Some(domain)) = (&scope.zone, &domain)
            && !domain.is_within(zone)
        {
            continue;
        }
        let Some(arn) = summary.certificate_arn else {
            continue;
        };
        let answer = client
            .list_tags_for_certificate()
            .certificate_arn(&arn)
            .send()
            .await
            .map_err(|error| Error::call("acm:ListTagsForCertificate", error));
        let found: BTreeMap<String, String> = match answer {
            Ok(answer) => answer
                .tags
                .unwrap_or_default()
                .into_iter()
                .map(|tag| (tag.key, tag.value.unwrap_or_default()))
                .collect(),
            Err(error) if error.is_not_found() => continue,
            Err(error) => return Err(error),
        };
        let id = Id::Certificate(role);
        if tags::owner(&found, scope) == Owner::Ours && tags::id(&found, [id.clone()]) == Some(id) {
            let status = summary.status.map(|status| status.as_str().to_owned());
            ours.push((arn, status.unwrap_or_default()));
        }
    }
    let rank = |(_, status): &(String, String)| match status.as_str() {
        "ISSUED" => 0,
        "PENDING_VALIDATION" => 1,
        _ => 2,
    };
    Ok(ours.into_iter().min_by_key(rank))
}

/// The records that prove its names, and the names, sorted and joined.
pub(crate) async fn describe(
    account: &Account,
    role: CertificateRole,
    arn: &str,
) -> Result<(Vec<Record>, String), Error> {
    let answer = client(account, role)
        .describe_certificate()
        .certificate_arn(arn)
        .send()
        .await
        .map_err(|error| Error::call("acm:DescribeCertificate", error));
    let detail = match answer {
        Ok(answer) => answer.certificate,
        // Asked for a moment ago.
        Err(error) if error.is_not_found() => None,
        Err(error) => return Err(error),
    };
    let Some(detail) = detail else {
        return Ok(Default::default());
    };
    let options = detail.domain_validation_options();
    let mut records: Vec<Record> = options
        .iter()
        .filter_map(DomainValidation::resource_record)
        .map(|found| Record::cname(&found.name, &found.value))
        .collect();
    records.sort();
    records.dedup();
    // Some of the names have theirs, others not yet.
    let is_whole = options
        .iter()
        .all(|option| option.resource_record().is_some());
    let domains = join(
        detail
            .subject_alternative_names()
            .iter()
            .map(String::as_str),
    );
    Ok((if is_whole { records } else { Vec::new() }, domains))
}

/// Certificates of CloudFront are in us-east-1, wherever the deployment is.
pub(crate) fn client(account: &Account, role: CertificateRole) -> &aws_sdk_acm::Client {
    match role {
        CertificateRole::Server => &account.acm,
        CertificateRole::Media => &account.acm_global,
    }
}

/// Whether ACM has given up on it.
pub(crate) fn is_hopeless(status: &str) -> bool {
    matches!(
        status,
        "FAILED" | "VALIDATION_TIMED_OUT" | "EXPIRED" | "REVOKED" | "INACTIVE"
    )
}

fn attributes(arn: &str, records: &[Record]) -> Attributes {
    Attributes::of(arn).with(Attribute::Records, dns_record::to_attribute(records))
}

fn join<'a>(names: impl Iterator<Item = &'a str>) -> String {
    let mut names: Vec<&str> = names.collect();
    names.sort_unstable();
    names.dedup();
    names.join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_certificate_is_asked_for_anew_for_other_names_and_when_acm_gave_up() {
        let desired = Certificate {
            role: CertificateRole::Server,
            domain: "web.example.com".to_owned(),
            others: vec!["example.com".to_owned()],
        };
        let change = |domains: &str, status: &str| {
            let live = LiveCertificate {
                domains: domains.to_owned(),
                status: status.to_owned(),
            };
            desired
                .diff(&live, &BTreeMap::new())
                .map(|change| format!("{:?}: {}", change.how, change.cause))
        };
        let names = "example.com, web.example.com";
        assert_eq!(change(names, "ISSUED"), None);
        assert_eq!(change(names, "PENDING_VALIDATION"), None);
        assert_eq!(
            change(names, "FAILED").unwrap(),
            "DeleteThenCreate: status changed"
        );
        assert_eq!(
            change("web.example.com", "ISSUED").unwrap(),
            "DeleteThenCreate: names changed"
        );
    }
}
