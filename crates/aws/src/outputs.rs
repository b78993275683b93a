//! Where the server is, how to get in, and what has to be done by hand.

use engine::{Live as _, Observed};
use mastodon::{Deployment, Secret, SecretName, Secrets};

use crate::attributes::{Attribute, Attributes};
use crate::dns_record::{self, Record};
use crate::id::{CertificateRole, DnsRole, Id};
use crate::resource::Resource;

/// What a person needs after `up`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outputs {
    /// `https://social.example.com`.
    pub url: String,
    /// `https://media.social.example.com`, or the bucket's own address.
    pub media_url: String,
    /// The owner's user name.
    pub owner: String,
    /// The owner's mail address, which is also the login.
    pub owner_email: String,
    /// The owner's first password; `None` when nobody has it.
    pub owner_password: Option<Secret>,
    /// Where the load balancer answers, before any record leads there; `None` while there is none.
    pub load_balancer: Option<String>,
    /// DNS records that masto does not make itself: all of them with `dns: manual`.
    pub records: Vec<Record>,
}

/// Derives the outputs from what was found. Pure.
#[must_use]
pub fn outputs(
    deployment: &Deployment,
    observed: &Observed<Resource>,
    secrets: &Secrets,
) -> Outputs {
    let attributes = |id: &Id| observed.get(id).map(|live| live.attributes());
    let host =
        |id: &Id| attributes(id).and_then(|found| found.get(Attribute::Host).map(str::to_owned));
    let media_host = match attributes(&Id::Distribution) {
        Some(_) => Some(format!("media.{}", deployment.web_domain)),
        None => host(&Id::Bucket),
    };
    Outputs {
        url: format!("https://{}", deployment.web_domain),
        media_url: media_host
            .map(|host| format!("https://{host}"))
            .unwrap_or_default(),
        owner: deployment.owner.username.clone(),
        owner_email: deployment.owner.email.to_string(),
        owner_password: secrets.get(SecretName::OwnerPassword).cloned(),
        load_balancer: host(&Id::LoadBalancer),
        records: by_hand(deployment, observed),
    }
}

/// The records of those sets that are not resources: masto makes no records without a zone.
fn by_hand(deployment: &Deployment, observed: &Observed<Resource>) -> Vec<Record> {
    let source = |id: &Id| observed.get(id).map(|live| live.attributes());
    let is_ours = |role: DnsRole| observed.contains_key(&Id::Dns(role));
    let given = |found: &Attributes| {
        dns_record::from_attribute(found.get(Attribute::Records).unwrap_or_default())
    };
    let mut records = Vec::new();
    for role in [CertificateRole::Server, CertificateRole::Media] {
        if !is_ours(DnsRole::Certificate(role))
            && let Some(found) = source(&Id::Certificate(role))
        {
            records.extend(given(&found));
        }
    }
    if !is_ours(DnsRole::Server)
        && let Some(host) = source(&Id::LoadBalancer)
            .and_then(|found| found.get(Attribute::Host).map(str::to_owned))
    {
        records.push(Record::cname(deployment.web_domain.as_str(), &host));
        if deployment.domain != deployment.web_domain {
            records.push(Record::cname(deployment.domain.as_str(), &host));
        }
    }
    if !is_ours(DnsRole::Media)
        && let Some(host) = source(&Id::Distribution)
            .and_then(|found| found.get(Attribute::Host).map(str::to_owned))
    {
        records.push(Record::cname(
            &format!("media.{}", deployment.web_domain),
            &host,
        ));
    }
    if !is_ours(DnsRole::Mail)
        && let Some(found) = source(&Id::MailIdentity)
    {
        records.extend(given(&found));
    }
    records
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::kind::Found;
    use crate::resource::{Live, LiveDistribution, LiveMailIdentity};

    fn deployment() -> Deployment {
        let file = "name: social\ndomain: social.example.com\naws:\n  region: eu-central-1\n  dns: manual\n";
        let topology = topology::read(file).topology.unwrap();
        mastodon::deployment(
            &topology,
            &crate::surroundings(&topology),
            &mastodon::Schema::New,
        )
    }

    #[test]
    fn without_a_zone_every_record_is_named() {
        let distribution = Found::ours(
            Id::Distribution,
            Attributes::of("E1").with(Attribute::Host, "d1.cloudfront.net"),
            LiveDistribution {
                aliases: String::new(),
                certificate: String::new(),
                origin: String::new(),
                access: String::new(),
                behavior: String::new(),
                enabled: true,
                may_read: true,
            },
        );
        let dkim = [Record::cname(
            "t._domainkey.social.example.com",
            "t.dkim.amazonses.com",
        )];
        let identity = Found::ours(
            Id::MailIdentity,
            Attributes::of("social.example.com")
                .with(Attribute::Records, dns_record::to_attribute(&dkim)),
            LiveMailIdentity {
                domain: "social.example.com".to_owned(),
            },
        );
        let observed = BTreeMap::from([
            (Id::Distribution, Live::Distribution(Box::new(distribution))),
            (Id::MailIdentity, Live::MailIdentity(Box::new(identity))),
        ]);
        let secrets = Secrets::from_iter([(SecretName::OwnerPassword, Secret::new("canary"))]);
        let outputs = outputs(&deployment(), &observed, &secrets);
        assert_eq!(outputs.url, "https://social.example.com");
        assert_eq!(outputs.media_url, "https://media.social.example.com");
        let records: Vec<String> = outputs.records.iter().map(ToString::to_string).collect();
        assert_eq!(
            records,
            [
                "media.social.example.com CNAME d1.cloudfront.net",
                "t._domainkey.social.example.com CNAME t.dkim.amazonses.com",
            ]
        );
        assert!(!format!("{outputs:?}").contains("canary"));
    }
}
