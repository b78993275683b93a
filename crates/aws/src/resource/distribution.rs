//! CloudFront in front of the media bucket, and the bucket's policy that lets it read.

use std::collections::BTreeSet;
use std::time::Duration;

use aws_sdk_cloudfront::types::{
    Aliases, AllowedMethods, CachedMethods, DefaultCacheBehavior, DistributionConfig,
    DistributionConfigWithTags, DistributionSummary, HttpVersion, Method, MinimumProtocolVersion,
    Origin, Origins, PriceClass, S3OriginConfig, SslSupportMethod, Tag, Tags, ViewerCertificate,
    ViewerProtocolPolicy,
};
use engine::wait::Look;
use engine::{Change, Known};
use jiff::Timestamp;

use crate::account::Account;
use crate::attributes::{Attribute, Attributes};
use crate::cloudfront;
use crate::difference::Differences;
use crate::ensure::{ensure, insist, nothing_else};
use crate::error::Error;
use crate::id::{CertificateRole, Id};
use crate::kind::{Found, Kind, Site};
use crate::names;
use crate::resource::Resource;
use crate::resource::bucket;
use crate::s3::build;
use crate::scope::Scope;
use crate::tags;

/// Until every edge knows that it is off.
const REMOVAL: Duration = Duration::from_secs(45 * 60);

/// AWS's own policy "`CachingOptimized`".
pub(crate) const CACHE_POLICY: &str = "658327ea-f89d-4fab-a63d-7e88639e58f6";
/// AWS's own policy "`SimpleCORS`": `Access-Control-Allow-Origin: *`, without which browsers show no
/// media of other servers' clients.
pub(crate) const RESPONSE_HEADERS_POLICY: &str = "60669652-455b-4ae9-85a4-c4c02393f86c";

/// What the distribution should be: HTTPS only, GET and HEAD, CORS open, no cookies passed on. It
/// is found by its comment, which is the deployment's name and region.
///
/// | Field | Change |
/// |---|---|
/// | `alias`, certificate | in place |
/// | origin, access control, policies, enabled | in place |
/// | policy of the bucket | in place |
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Distribution {
    /// `media.social.example.com`.
    pub alias: String,
}

/// What was found of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LiveDistribution {
    /// Joined.
    pub aliases: String,
    /// ARN; empty with CloudFront's own.
    pub certificate: String,
    /// The bucket's host name.
    pub origin: String,
    /// The id of the origin access control.
    pub access: String,
    /// How viewers connect, what is cached, what is answered beside the files.
    pub behavior: String,
    /// Whether it answers.
    pub enabled: bool,
    /// Whether the bucket lets it read, and nobody else.
    pub may_read: bool,
}

impl Kind for Distribution {
    type Live = LiveDistribution;

    fn id(&self) -> Id {
        Id::Distribution
    }

    fn diff(&self, live: &LiveDistribution, known: &Known<Resource>) -> Option<Change> {
        let Self { alias } = self;
        let LiveDistribution {
            aliases,
            certificate,
            origin,
            access,
            behavior,
            enabled,
            may_read,
        } = live;
        let mut differences = Differences::new()
            .update("alias", aliases, alias)
            .update("behavior", behavior, &wanted_behavior())
            .update("enabled", enabled, &true);
        // One that is about to be made anew is another, whatever it will be called.
        let wanted = |id: &Id, attribute: Option<Attribute>| {
            known.get(id).map(|found| {
                attribute
                    .and_then(|attribute| found.get(attribute))
                    .unwrap_or(&found.identity)
                    .to_owned()
            })
        };
        let anew = || "made anew".to_owned();
        let validation = Id::Validation(CertificateRole::Media);
        differences = differences
            .update(
                "certificate",
                certificate,
                &wanted(&validation, None).unwrap_or_else(anew),
            )
            .update(
                "origin",
                origin,
                &wanted(&Id::Bucket, Some(Attribute::Host)).unwrap_or_else(anew),
            )
            .update(
                "access control",
                access,
                &wanted(&Id::OriginAccessControl, None).unwrap_or_else(anew),
            );
        differences
            .update("policy of the bucket", may_read, &true)
            .into_change()
    }

    async fn observe(
        account: &Account,
        scope: &Scope,
    ) -> Result<Vec<Found<LiveDistribution>>, Error> {
        let Some(summary) = find(account, scope).await? else {
            return Ok(Vec::new());
        };
        let name = names::of(&Id::Bucket, scope);
        let policy = bucket::policy_of(account, &name).await?;
        let may_read = policy == reading(scope, &name, &summary.arn);
        Ok(vec![Found::ours(
            Id::Distribution,
            attributes(&summary.id, &summary.arn, &summary.domain_name),
            live(&summary, may_read),
        )])
    }

    async fn create(&self, site: Site<'_>) -> Result<Attributes, Error> {
        let Site { account, scope, .. } = site;
        // One reference for all tries: asked twice for the same, CloudFront makes one.
        let name = names::of(&Id::Distribution, scope);
        let reference = format!("{name}-{}", Timestamp::now().as_millisecond());
        let config = self.config(site, &reference)?;
        let tags = tags::of(&Id::Distribution, scope)
            .into_iter()
            .map(|(key, value)| Tag::builder().key(key).value(value).build())
            .collect::<Result<Vec<_>, _>>()
            .map_err(build)?;
        let config = DistributionConfigWithTags::builder()
            .distribution_config(config)
            .tags(Tags::builder().set_items(Some(tags)).build())
            .build();
        let attributes = ensure(
            || async {
                Ok(find(account, scope)
                    .await?
                    .map(|found| attributes(&found.id, &found.arn, &found.domain_name)))
            },
            || async {
                let made = account
                    .cloudfront
                    .create_distribution_with_tags()
                    .distribution_config_with_tags(config.clone())
                    .customize()
                    .config_override(cloudfront::once())
                    .send()
                    .await
                    .map_err(|error| Error::call("cloudfront:CreateDistribution", error))?
                    .distribution
                    .ok_or_else(|| {
                        Error::bug("CloudFront made a distribution without saying which")
                    })?;
                Ok(attributes(&made.id, &made.arn, &made.domain_name))
            },
            nothing_else,
        )
        .await
        .map_err(|error| self.explain(error))?;
        self.let_read(site, &attributes).await?;
        Ok(attributes)
    }

    async fn update(
        &self,
        live: &Found<LiveDistribution>,
        site: Site<'_>,
    ) -> Result<Attributes, Error> {
        let id = live.attributes.identity.as_str();
        let (config, etag) = fetch(site.account, id).await?;
        let wanted = self.config(site, &config.caller_reference)?;
        // What masto has no opinion of stays as it is: CloudFront wants everything back.
        let config = DistributionConfig::builder()
            .caller_reference(config.caller_reference)
            .set_aliases(wanted.aliases)
            .set_origins(wanted.origins)
            .set_default_cache_behavior(wanted.default_cache_behavior)
            .set_viewer_certificate(wanted.viewer_certificate)
            .comment(wanted.comment)
            .enabled(true)
            .set_price_class(wanted.price_class)
            .set_http_version(wanted.http_version)
            .set_is_ipv6_enabled(wanted.is_ipv6_enabled)
            .set_default_root_object(config.default_root_object)
            .set_origin_groups(config.origin_groups)
            .set_cache_behaviors(config.cache_behaviors)
            .set_custom_error_responses(config.custom_error_responses)
            .set_logging(config.logging)
            .set_restrictions(config.restrictions)
            .set_web_acl_id(config.web_acl_id)
            .build()
            .map_err(build)?;
        put(site.account, id, &etag, config)
            .await
            .map_err(|error| self.explain(error))?;
        self.let_read(site, &live.attributes).await?;
        Ok(live.attributes.clone())
    }

    async fn delete(live: &Found<LiveDistribution>, site: Site<'_>) -> Result<(), Error> {
        let id = live.attributes.identity.as_str();
        let client = &site.account.cloudfront;
        match fetch(site.account, id).await {
            Ok((mut config, etag)) if config.enabled => {
                config.enabled = false;
                put(site.account, id, &etag, config).await?;
            }
            Err(error) if !error.is_not_found() => return Err(error),
            _ => {}
        }
        site.until(
            &Id::Distribution,
            "CloudFront has switched it off everywhere",
            REMOVAL,
            || async {
                let answer = client
                    .get_distribution()
                    .id(id)
                    .send()
                    .await
                    .map_err(|error| Error::call("cloudfront:GetDistribution", error));
                let found = match answer {
                    Err(error) if error.is_not_found() => return Ok(Look::Ready(())),
                    answer => answer?,
                };
                let status = found
                    .distribution
                    .map(|found| found.status)
                    .unwrap_or_default();
                if status != "Deployed" {
                    return Ok(Look::NotYet(status));
                }
                let deleted = client
                    .delete_distribution()
                    .id(id)
                    .set_if_match(found.e_tag)
                    .send()
                    .await
                    .map_err(|error| Error::call("cloudfront:DeleteDistribution", error));
                match deleted {
                    Ok(_) => Ok(Look::Ready(())),
                    Err(error) if error.is_not_found() => Ok(Look::Ready(())),
                    Err(error)
                        if error.is(&[
                            "DistributionNotDisabled",
                            "PreconditionFailed",
                            "InvalidIfMatchVersion",
                        ]) =>
                    {
                        Ok(Look::NotYet(error.code().unwrap_or_default().to_owned()))
                    }
                    Err(error) => Err(error),
                }
            },
        )
        .await
    }
}

impl Distribution {
    fn config(&self, site: Site<'_>, reference: &str) -> Result<DistributionConfig, Error> {
        let bucket = site.input(&Id::Bucket)?;
        let host = bucket.get(Attribute::Host).unwrap_or_default();
        let access = site.identity(&Id::OriginAccessControl)?;
        let certificate = site.identity(&Id::Validation(CertificateRole::Media))?;
        let origin = Origin::builder()
            .id("media")
            .domain_name(host)
            // Empty, and required: the old way to read a bucket.
            .s3_origin_config(S3OriginConfig::builder().origin_access_identity("").build())
            .origin_access_control_id(access)
            .build()
            .map_err(build)?;
        let methods = [Method::Get, Method::Head];
        let cached = CachedMethods::builder()
            .quantity(2)
            .set_items(Some(methods.to_vec()))
            .build()
            .map_err(build)?;
        let behavior = DefaultCacheBehavior::builder()
            .target_origin_id("media")
            .viewer_protocol_policy(ViewerProtocolPolicy::RedirectToHttps)
            .allowed_methods(
                AllowedMethods::builder()
                    .quantity(2)
                    .set_items(Some(methods.to_vec()))
                    .cached_methods(cached)
                    .build()
                    .map_err(build)?,
            )
            .compress(true)
            .cache_policy_id(CACHE_POLICY)
            .response_headers_policy_id(RESPONSE_HEADERS_POLICY)
            .build()
            .map_err(build)?;
        let certificate = ViewerCertificate::builder()
            .acm_certificate_arn(certificate)
            .ssl_support_method(SslSupportMethod::SniOnly)
            .minimum_protocol_version(MinimumProtocolVersion::TlSv122021)
            .build();
        DistributionConfig::builder()
            .caller_reference(reference)
            .comment(names::of(&Id::Distribution, site.scope))
            .enabled(true)
            .aliases(
                Aliases::builder()
                    .quantity(1)
                    .items(&self.alias)
                    .build()
                    .map_err(build)?,
            )
            .origins(
                Origins::builder()
                    .quantity(1)
                    .items(origin)
                    .build()
                    .map_err(build)?,
            )
            .default_cache_behavior(behavior)
            .viewer_certificate(certificate)
            .price_class(PriceClass::PriceClassAll)
            .http_version(HttpVersion::Http2and3)
            .is_ipv6_enabled(true)
            .build()
            .map_err(build)
    }

    async fn let_read(&self, site: Site<'_>, attributes: &Attributes) -> Result<(), Error> {
        let bucket = site.identity(&Id::Bucket)?;
        let arn = attributes.get(Attribute::Arn).unwrap_or_default();
        let policy = reading(site.scope, bucket, arn).to_string();
        insist(
            || bucket::put_policy(site.account, bucket, &policy),
            nothing_else,
        )
        .await
    }

    fn explain(&self, error: Error) -> Error {
        if error.is(&["CNAMEAlreadyExists"]) {
            Error::Failed {
                id: Id::Distribution,
                reason: format!(
                    "another CloudFront distribution answers for `{}`",
                    self.alias
                ),
                hint: Some(format!(
                    "find it:  aws cloudfront list-conflicting-aliases --alias {} \
                     --distribution-id …  and take the name from it",
                    self.alias
                )),
                tail: Vec::new(),
            }
        } else {
            error
        }
    }
}

/// CloudFront reads, and only for this distribution: without the condition any distribution of any
/// account could.
fn reading(scope: &Scope, bucket: &str, distribution: &str) -> serde_json::Value {
    serde_json::json!({
        "Version": "2012-10-17",
        "Statement": [{
            "Effect": "Allow",
            "Principal": { "Service": "cloudfront.amazonaws.com" },
            "Action": "s3:GetObject",
            "Resource": format!("arn:{}:s3:::{bucket}/*", scope.partition()),
            "Condition": { "StringEquals": { "AWS:SourceArn": distribution } },
        }],
    })
}

fn attributes(id: &str, arn: &str, host: &str) -> Attributes {
    Attributes::of(id)
        .with(Attribute::Arn, arn)
        .with(Attribute::Host, host)
        .with(Attribute::ZoneId, cloudfront::ZONE_ID)
}

fn wanted_behavior() -> String {
    format!(
        "{}, cache {CACHE_POLICY}, headers {RESPONSE_HEADERS_POLICY}",
        ViewerProtocolPolicy::RedirectToHttps
    )
}

fn live(summary: &DistributionSummary, may_read: bool) -> LiveDistribution {
    let aliases: BTreeSet<&str> = summary
        .aliases()
        .map(Aliases::items)
        .unwrap_or_default()
        .iter()
        .map(String::as_str)
        .collect();
    let origin = summary
        .origins()
        .and_then(|origins| origins.items().first());
    let behavior = summary
        .default_cache_behavior()
        .map_or_else(String::new, |behavior| {
            format!(
                "{}, cache {}, headers {}",
                behavior.viewer_protocol_policy,
                behavior.cache_policy_id().unwrap_or_default(),
                behavior.response_headers_policy_id().unwrap_or_default()
            )
        });
    LiveDistribution {
        aliases: aliases.into_iter().collect::<Vec<_>>().join(", "),
        certificate: summary
            .viewer_certificate()
            .and_then(ViewerCertificate::acm_certificate_arn)
            .unwrap_or_default()
            .to_owned(),
        origin: origin
            .map(|origin| origin.domain_name.clone())
            .unwrap_or_default(),
        access: origin
            .and_then(Origin::origin_access_control_id)
            .unwrap_or_default()
            .to_owned(),
        behavior,
        enabled: summary.enabled,
        may_read,
    }
}

async fn fetch(account: &Account, id: &str) -> Result<(DistributionConfig, String), Error> {
    let answer = account
        .cloudfront
        .get_distribution_config()
        .id(id)
        .send()
        .await
        .map_err(|error| Error::call("cloudfront:GetDistributionConfig", error))?;
    let config = answer
        .distribution_config
        .ok_or_else(|| Error::bug("CloudFront gave no configuration"))?;
    Ok((config, answer.e_tag.unwrap_or_default()))
}

async fn put(
    account: &Account,
    id: &str,
    etag: &str,
    config: DistributionConfig,
) -> Result<(), Error> {
    account
        .cloudfront
        .update_distribution()
        .id(id)
        .if_match(etag)
        .distribution_config(config)
        .send()
        .await
        .map(drop)
        .map_err(|error| Error::call("cloudfront:UpdateDistribution", error))
}

async fn find(account: &Account, scope: &Scope) -> Result<Option<DistributionSummary>, Error> {
    let name = names::of(&Id::Distribution, scope);
    let mut marker = None;
    loop {
        let page = account
            .cloudfront
            .list_distributions()
            .set_marker(marker)
            .send()
            .await
            .map_err(|error| Error::call("cloudfront:ListDistributions", error))?
            .distribution_list;
        let Some(page) = page else { return Ok(None) };
        if let Some(found) = page.items().iter().find(|found| found.comment == name) {
            return Ok(Some(found.clone()));
        }
        marker = page
            .next_marker
            .filter(|marker| page.is_truncated && !marker.is_empty());
        if marker.is_none() {
            return Ok(None);
        }
    }
}

#[cfg(test)]
#[path = "distribution_tests.rs"]
mod tests;
