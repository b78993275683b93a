//! The domain that SES sends for, proven by DKIM.

use std::collections::BTreeMap;
use std::time::Duration;

use aws_sdk_sesv2::operation::get_email_identity::GetEmailIdentityOutput;
use aws_sdk_sesv2::types::{IdentityType, Tag};
use engine::{Change, Known};

use crate::account::Account;
use crate::attributes::{Attribute, Attributes};
use crate::difference::Differences;
use crate::dns_record::{self, Record};
use crate::ensure::{ensure, nothing_else};
use crate::error::Error;
use crate::id::Id;
use crate::kind::{Found, Kind, Owner, Site};
use crate::resource::Resource;
use crate::scope::Scope;
use crate::tags;

/// SES shows the tokens at once; an emulator may never.
const TOKENS: Duration = Duration::from_secs(60);

/// What the identity should be.
///
/// | Field | Change |
/// |---|---|
/// | `domain` | replaces, with new DKIM records |
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MailIdentity {
    /// The domain of the sender's address.
    pub domain: String,
}

/// What was found of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LiveMailIdentity {
    /// The domain.
    pub domain: String,
}

impl Kind for MailIdentity {
    type Live = LiveMailIdentity;

    fn id(&self) -> Id {
        Id::MailIdentity
    }

    fn diff(&self, live: &LiveMailIdentity, _: &Known<Resource>) -> Option<Change> {
        let Self { domain } = self;
        let LiveMailIdentity { domain: found } = live;
        Differences::new()
            .replace("domain", found, domain)
            .into_change()
    }

    async fn observe(
        account: &Account,
        scope: &Scope,
    ) -> Result<Vec<Found<LiveMailIdentity>>, Error> {
        let identities = account
            .ses
            .list_email_identities()
            .into_paginator()
            .send()
            .collect::<Result<Vec<_>, _>>()
            .await
            .map_err(|error| Error::call("ses:ListEmailIdentities", error))?;
        let names = identities
            .into_iter()
            .flat_map(|page| page.email_identities.unwrap_or_default())
            .filter(|identity| identity.identity_type() == Some(&IdentityType::Domain))
            .filter_map(|identity| identity.identity_name);
        for domain in names {
            if let Some(identity) = find(account, &domain).await?
                && owner(&identity, scope) == Owner::Ours
            {
                return Ok(vec![Found::ours(
                    Id::MailIdentity,
                    attributes(&domain, &identity, scope),
                    LiveMailIdentity { domain },
                )]);
            }
        }
        Ok(Vec::new())
    }

    async fn create(&self, site: Site<'_>) -> Result<Attributes, Error> {
        let Site { account, scope, .. } = site;
        let tags = tags::of(&Id::MailIdentity, scope)
            .into_iter()
            .map(|(key, value)| Tag::builder().key(key).value(value).build())
            .collect::<Result<Vec<_>, _>>()
            .map_err(crate::s3::build)?;
        ensure(
            || async {
                match find(account, &self.domain).await? {
                    None => Ok(None),
                    Some(identity) if owner(&identity, scope) == Owner::Ours => Ok(Some(())),
                    Some(_) => Err(Error::Stranger {
                        id: Id::MailIdentity,
                        cause: format!(
                            "SES knows `{}` already, and masto did not tell it",
                            self.domain
                        ),
                        hint:
                            "use it as it is, with `mail: { via: { smtp: … } }` and a password of \
                               your own, or remove it from SES"
                                .to_owned(),
                    }),
                }
            },
            || async {
                account
                    .ses
                    .create_email_identity()
                    .email_identity(&self.domain)
                    .set_tags(Some(tags.clone()))
                    .customize()
                    .config_override(
                        aws_sdk_sesv2::config::Builder::new().retry_config(Account::once()),
                    )
                    .send()
                    .await
                    .map(drop)
                    .map_err(|error| Error::call("ses:CreateEmailIdentity", error))
            },
            nothing_else,
        )
        .await?;
        let found = site
            .until(
                &Id::MailIdentity,
                "SES shows its DKIM records",
                TOKENS,
                || async {
                    use engine::wait::Look;
                    Ok(match find(account, &self.domain).await? {
                        Some(identity) if identity.dkim_attributes().is_some() => {
                            Look::Ready(identity)
                        }
                        Some(_) => Look::NotYet("no records yet".to_owned()),
                        None => Look::NotYet("not listed yet".to_owned()),
                    })
                },
            )
            .await?;
        Ok(attributes(&self.domain, &found, scope))
    }

    async fn update(
        &self,
        live: &Found<LiveMailIdentity>,
        _: Site<'_>,
    ) -> Result<Attributes, Error> {
        Ok(live.attributes.clone())
    }

    async fn delete(live: &Found<LiveMailIdentity>, site: Site<'_>) -> Result<(), Error> {
        site.delete(
            &Id::MailIdentity,
            &["ConcurrentModificationException"],
            || async {
                site.account
                    .ses
                    .delete_email_identity()
                    .email_identity(&live.live.domain)
                    .send()
                    .await
                    .map(drop)
                    .map_err(|error| Error::call("ses:DeleteEmailIdentity", error))
            },
        )
        .await
    }
}

fn owner(identity: &GetEmailIdentityOutput, scope: &Scope) -> Owner {
    let found: BTreeMap<String, String> = identity
        .tags()
        .iter()
        .map(|tag| (tag.key.clone(), tag.value.clone()))
        .collect();
    tags::owner(&found, scope)
}

fn attributes(domain: &str, identity: &GetEmailIdentityOutput, scope: &Scope) -> Attributes {
    let zone = match identity
        .dkim_attributes()
        .and_then(|dkim| dkim.signing_hosted_zone())
    {
        Some(zone) => zone.to_owned(),
        None => "dkim.amazonses.com".to_owned(),
    };
    let mut records: Vec<Record> = identity
        .dkim_attributes()
        .map(|dkim| dkim.tokens())
        .unwrap_or_default()
        .iter()
        .map(|token| {
            Record::cname(
                &format!("{token}._domainkey.{domain}"),
                &format!("{token}.{zone}"),
            )
        })
        .collect();
    records.sort();
    let arn = format!(
        "arn:{}:ses:{}:{}:identity/{domain}",
        scope.partition(),
        scope.region,
        scope.account
    );
    Attributes::of(domain)
        .with(Attribute::Arn, arn)
        .with(Attribute::Records, dns_record::to_attribute(&records))
}

async fn find(account: &Account, domain: &str) -> Result<Option<GetEmailIdentityOutput>, Error> {
    let answer = account
        .ses
        .get_email_identity()
        .email_identity(domain)
        .send()
        .await
        .map_err(|error| Error::call("ses:GetEmailIdentity", error));
    match answer {
        Ok(identity) => Ok(Some(identity)),
        Err(error) if error.is_not_found() => Ok(None),
        Err(error) => Err(error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn another_domain_is_another_identity() {
        let desired = MailIdentity {
            domain: "social.example.com".to_owned(),
        };
        let change = |domain: &str| {
            let live = LiveMailIdentity {
                domain: domain.to_owned(),
            };
            desired
                .diff(&live, &BTreeMap::new())
                .map(|change| format!("{:?}: {}", change.how, change.cause))
        };
        assert_eq!(change("social.example.com"), None);
        assert_eq!(
            change("example.com").unwrap(),
            "DeleteThenCreate: domain changed"
        );
    }
}
