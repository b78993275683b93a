//! That ACM has issued a certificate: a wait of its own, because the records come in between.

use std::collections::BTreeSet;
use std::time::Duration;

use engine::wait::Look;
use engine::{Change, Known};

use crate::account::Account;
use crate::attributes::Attributes;
use crate::error::Error;
use crate::id::{CertificateRole, Id};
use crate::kind::{Found, Kind, Site};
use crate::resource::Resource;
use crate::resource::certificate::{self, describe, find};
use crate::scope::Scope;

/// Minutes are usual, and more than an hour happens.
const ISSUE: Duration = Duration::from_secs(75 * 60);

/// What is waited for: nothing that could be changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Validation {
    /// Which certificate.
    pub role: CertificateRole,
    /// The records are made by hand (`dns: manual`): the wait names them.
    pub by_hand: bool,
}

/// What was found of it: an issued certificate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LiveValidation;

impl Kind for Validation {
    type Live = LiveValidation;

    fn id(&self) -> Id {
        Id::Validation(self.role)
    }

    fn holds(&self) -> BTreeSet<Id> {
        BTreeSet::from([Id::Certificate(self.role)])
    }

    fn diff(&self, _: &LiveValidation, _: &Known<Resource>) -> Option<Change> {
        None
    }

    async fn observe(
        account: &Account,
        scope: &Scope,
    ) -> Result<Vec<Found<LiveValidation>>, Error> {
        let mut found = Vec::new();
        for role in [CertificateRole::Server, CertificateRole::Media] {
            if let Some(ours) = find(account, scope, role).await?
                && ours.status == "ISSUED"
            {
                found.push(Found::ours(
                    Id::Validation(role),
                    Attributes::of(ours.arn),
                    LiveValidation,
                ));
            }
        }
        Ok(found)
    }

    async fn create(&self, site: Site<'_>) -> Result<Attributes, Error> {
        let arn = site.identity(&Id::Certificate(self.role))?;
        let condition = self.condition(site, arn).await?;
        let client = certificate::client(site.account, self.role);
        let waited = site
            .until(&self.id(), &condition, ISSUE, || async {
                let detail = client
                    .describe_certificate()
                    .certificate_arn(arn)
                    .send()
                    .await
                    .map_err(|error| Error::call("acm:DescribeCertificate", error))?
                    .certificate;
                let status = detail
                    .as_ref()
                    .and_then(|detail| detail.status())
                    .map_or("PENDING_VALIDATION", |status| status.as_str())
                    .to_owned();
                if certificate::is_hopeless(&status) {
                    let reason = detail
                        .and_then(|detail| detail.failure_reason)
                        .map_or_else(|| status.clone(), |reason| reason.as_str().to_owned());
                    return Err(refused(&self.id(), &reason));
                }
                Ok(if status == "ISSUED" {
                    Look::Ready(())
                } else {
                    Look::NotYet(status)
                })
            })
            .await;
        match waited {
            Ok(()) => Ok(Attributes::of(arn)),
            Err(Error::NotReady { state, bound, .. }) => {
                let (records, _) = describe(site.account, self.role, arn).await?;
                let records: Vec<String> = records.iter().map(ToString::to_string).collect();
                Err(Error::Failed {
                    id: self.id(),
                    reason: format!(
                        "ACM did not see the proof of the domain within {} minutes (last seen: {state})",
                        bound.as_secs() / 60
                    ),
                    hint: Some(format!(
                        "see whether these records answer (`dig +short NAME CNAME`), then run the same \
                         command again:  {}",
                        records.join(";  ")
                    )),
                    tail: records,
                })
            }
            Err(error) => Err(error),
        }
    }

    async fn update(&self, live: &Found<LiveValidation>, _: Site<'_>) -> Result<Attributes, Error> {
        Ok(live.attributes.clone())
    }

    /// Goes with the certificate.
    async fn delete(_: &Found<LiveValidation>, _: Site<'_>) -> Result<(), Error> {
        Ok(())
    }
}

impl Validation {
    /// What is waited for; where somebody has to make the records, with the records.
    async fn condition(&self, site: Site<'_>, arn: &str) -> Result<String, Error> {
        let role = self.role;
        if !self.by_hand {
            return Ok(format!("ACM has issued the {role} certificate"));
        }
        let (records, _) = describe(site.account, role, arn).await?;
        let records: Vec<String> = records.iter().map(ToString::to_string).collect();
        Ok(format!(
            "ACM has issued the {role} certificate; make these records where your domain is \
             managed:  {}",
            records.join(";  ")
        ))
    }
}

fn refused(id: &Id, reason: &str) -> Error {
    let hint = match reason {
        "CAA_ERROR" => {
            "a CAA record of the domain forbids it: add one for amazon.com, then run the same \
             command again"
        }
        "NO_AVAILABLE_CONTACTS" | "ADDITIONAL_VERIFICATION_REQUIRED" => {
            "AWS wants to look at the domain first: open a case with AWS Support"
        }
        "DOMAIN_NOT_ALLOWED" | "INVALID_PUBLIC_DOMAIN" => {
            "ACM issues no certificate for this domain: choose another"
        }
        _ => "run the same command again: it asks for a new one",
    };
    Error::Failed {
        id: id.clone(),
        reason: format!("ACM refused the certificate: {reason}"),
        hint: Some(hint.to_owned()),
        tail: Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_says_what_to_do() {
        let Error::Failed { hint, .. } =
            refused(&Id::Validation(CertificateRole::Server), "CAA_ERROR")
        else {
            panic!("another kind of error");
        };
        assert!(hint.unwrap().contains("amazon.com"));
    }

    #[test]
    fn a_new_certificate_is_waited_for_anew() {
        let validation = Validation {
            role: CertificateRole::Media,
            by_hand: false,
        };
        assert!(
            validation
                .holds()
                .contains(&Id::Certificate(CertificateRole::Media))
        );
        assert_eq!(
            validation.diff(&LiveValidation, &Known::<Resource>::new()),
            None
        );
    }
}
