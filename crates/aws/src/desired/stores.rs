//! The stores, and what stands before them: secrets, certificates, names, mail.

use mastodon::Deployment;
use topology::{MailRoute, NetworkProfile, Size};

use super::Scene;
use crate::id::{CertificateRole, DnsRole};
use crate::resource::{
    Bucket, Cache, CacheParameters, CacheSubnets, Certificate, Database, DatabaseParameters,
    DatabaseSubnets, DeploymentSecret, Distribution, Dns, MailIdentity, MailUser,
    OriginAccessControl, Resource, Validation,
};
use crate::secrets;

pub(super) fn all(scene: Scene<'_>) -> Vec<Resource> {
    let mut resources = vec![
        DeploymentSecret {
            names: secrets::wanted(scene.deployment),
            fingerprint: scene.placement.secrets.clone(),
        }
        .into(),
    ];
    resources.extend(database(scene));
    resources.extend(cache(scene));
    resources.extend(server_names(scene));
    resources.extend(media(scene));
    resources.extend(mail(scene));
    resources
}

/// The host that people's browsers fetch media from; `None` where that is S3 itself.
pub(crate) fn media_host(scene: Scene<'_>) -> Option<String> {
    let web_domain = &scene.deployment.web_domain;
    scene
        .topology
        .media
        .cdn
        .then(|| format!("media.{web_domain}"))
}

fn database(scene: Scene<'_>) -> Vec<Resource> {
    let postgres = &scene.deployment.stores.postgres;
    let gib = |mib: u64| i32::try_from(mib / 1024).unwrap_or(i32::MAX);
    let storage = gib(postgres.storage.as_mib());
    let days = postgres.backups.as_secs() / (24 * 60 * 60);
    vec![
        DatabaseSubnets.into(),
        DatabaseParameters::new(postgres.version, postgres.max_connections).into(),
        Database {
            version: postgres.version,
            class: format!("db.{}", class(scene.topology.postgres.size)),
            storage,
            // A disk that fills up stops the server: RDS may grow it fivefold by itself.
            max_storage: storage.saturating_mul(5).min(65_536),
            backups: i32::try_from(days).unwrap_or(35),
            multi_az: is_highly_available(scene),
            database: postgres.database.clone(),
            user: postgres.user.clone(),
        }
        .into(),
    ]
}

fn cache(scene: Scene<'_>) -> Vec<Resource> {
    let redis = &scene.topology.redis;
    let cache = Cache {
        engine: redis.engine,
        version: redis.version,
        node_type: format!("cache.{}", class(redis.size)),
        nodes: if is_highly_available(scene) { 2 } else { 1 },
    };
    vec![
        CacheSubnets.into(),
        CacheParameters {
            family: cache.family(),
        }
        .into(),
        cache.into(),
    ]
}

/// Graviton, whatever the tasks run on: nobody sees the stores' own CPU.
fn class(size: Size) -> &'static str {
    match size {
        Size::Micro => "t4g.micro",
        Size::Small => "t4g.small",
        Size::Medium => "t4g.medium",
        Size::Large => "m7g.large",
        Size::Xlarge => "m7g.xlarge",
        Size::Xxlarge => "m7g.2xlarge",
    }
}

fn is_highly_available(scene: Scene<'_>) -> bool {
    scene.aws.network == NetworkProfile::Ha
}

/// The names that the load balancer answers on: where the server is, and the domain that it is
/// known by where that is another.
fn hosts(deployment: &Deployment) -> Vec<String> {
    let mut hosts = vec![deployment.web_domain.to_string()];
    if deployment.domain != deployment.web_domain {
        hosts.push(deployment.domain.to_string());
    }
    hosts
}

fn server_names(scene: Scene<'_>) -> Vec<Resource> {
    let mut hosts = hosts(scene.deployment);
    let mut resources = records(scene, DnsRole::Server, hosts.clone());
    let domain = hosts.remove(0);
    resources.extend(certificate(scene, CertificateRole::Server, domain, hosts));
    resources
}

fn media(scene: Scene<'_>) -> Vec<Resource> {
    let Some(host) = media_host(scene) else {
        return vec![Bucket { is_public: true }.into()];
    };
    let mut resources = vec![
        Bucket { is_public: false }.into(),
        OriginAccessControl.into(),
        Distribution {
            alias: host.clone(),
        }
        .into(),
    ];
    resources.extend(records(scene, DnsRole::Media, vec![host.clone()]));
    resources.extend(certificate(scene, CertificateRole::Media, host, Vec::new()));
    resources
}

fn certificate(
    scene: Scene<'_>,
    role: CertificateRole,
    domain: String,
    others: Vec<String>,
) -> Vec<Resource> {
    let mut resources = vec![
        Certificate {
            role,
            domain,
            others,
        }
        .into(),
        Validation {
            role,
            by_hand: scene.placement.hosted_zone.is_none(),
        }
        .into(),
    ];
    resources.extend(records(scene, DnsRole::Certificate(role), Vec::new()));
    resources
}

/// None with `dns: manual`: then the outputs list what has to be made by hand.
fn records(scene: Scene<'_>, role: DnsRole, hosts: Vec<String>) -> Vec<Resource> {
    let zone_id = scene.placement.hosted_zone.clone();
    zone_id
        .map(|zone_id| {
            Dns {
                role,
                zone_id,
                hosts,
            }
            .into()
        })
        .into_iter()
        .collect()
}

fn mail(scene: Scene<'_>) -> Vec<Resource> {
    let mail = &scene.deployment.stores.mail;
    if mail.via != MailRoute::Ses {
        return Vec::new();
    }
    let from = address(&mail.from);
    let domain = from.rsplit('@').next().unwrap_or_default().to_owned();
    // A sender of a domain that the zone does not hold proves itself by hand.
    let is_within = match (domain.parse::<topology::Domain>(), &scene.scope.zone) {
        (Ok(domain), Some(zone)) => domain.is_within(zone),
        _ => false,
    };
    let mut resources = vec![
        MailIdentity { domain }.into(),
        MailUser {
            from: from.to_owned(),
        }
        .into(),
    ];
    if is_within {
        resources.extend(records(scene, DnsRole::Mail, Vec::new()));
    }
    resources
}

/// `a@example.com` of `My server <a@example.com>`.
fn address(from: &str) -> &str {
    match from.split_once('<') {
        Some((_, rest)) => rest.trim_end_matches('>').trim(),
        None => from.trim(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_what_stands_in_the_brackets() {
        assert_eq!(address("My server <a@example.com>"), "a@example.com");
        assert_eq!(address("a@example.com"), "a@example.com");
    }
}
