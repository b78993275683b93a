//! The media bucket.

mod settings;

use std::collections::BTreeMap;
use std::time::Duration;

use aws_sdk_s3::types::{
    AbortIncompleteMultipartUpload, BucketLifecycleConfiguration, BucketVersioningStatus,
    CorsConfiguration, CorsRule, ExpirationStatus, LifecycleRule, LifecycleRuleFilter,
    NoncurrentVersionExpiration, ObjectOwnership, PublicAccessBlockConfiguration,
};
use engine::wait::Look;
use engine::{Change, Impact, Known};

use crate::account::Account;
use crate::attributes::{Attribute, Attributes};
use crate::difference::Differences;
use crate::error::{Error, ErrorKind};
use crate::id::Id;
use crate::kind::{Found, Kind, Owner, Site};
use crate::names;
use crate::resource::Resource;
use crate::s3::{self, build};
use crate::scope::Scope;
use crate::tags;

/// Days that an overwritten or deleted file can be brought back.
pub(crate) const KEPT: i32 = 7;

/// What the bucket should be. Nobody sets ACLs in it (Mastodon is told to send none).
///
/// | Field | Change |
/// |---|---|
/// | `is_public`, public access block | in place |
/// | ownership, versioning, lifecycle, CORS | in place |
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bucket {
    /// Anybody may fetch what they know the name of, from S3 itself; else CloudFront alone reads it.
    pub is_public: bool,
}

/// What was found of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LiveBucket {
    /// What is blocked: `everything`, `ACLs`, else a list.
    pub blocks: String,
    /// `BucketOwnerEnforced`.
    pub ownership: String,
    /// `Enabled`.
    pub versioning: String,
    /// [`LIFECYCLE`] in its order of words.
    pub lifecycle: String,
    /// `GET, HEAD from *`.
    pub cors: String,
    /// Whether anybody may fetch.
    pub is_public: bool,
}

/// As [`LiveBucket::lifecycle`] reads.
const LIFECYCLE: &str = "old versions 7d, unfinished uploads 7d";
/// As [`LiveBucket::cors`] reads.
const CORS: &str = "GET, HEAD from *";
const EVERYTHING: &str = "everything";
const ACLS: &str = "ACLs";

impl Bucket {
    fn blocks(&self) -> &'static str {
        if self.is_public { ACLS } else { EVERYTHING }
    }
}

impl Kind for Bucket {
    type Live = LiveBucket;

    fn id(&self) -> Id {
        Id::Bucket
    }

    fn diff(&self, live: &LiveBucket, _: &Known<Resource>) -> Option<Change> {
        let LiveBucket {
            blocks,
            ownership,
            versioning,
            lifecycle,
            cors,
            is_public,
        } = live;
        let enforced = ObjectOwnership::BucketOwnerEnforced;
        let mut differences = Differences::new()
            .update("blocked public access", &blocks.as_str(), &self.blocks())
            .update("ownership", &ownership.as_str(), &enforced.as_str())
            .update(
                "versioning",
                &versioning.as_str(),
                &BucketVersioningStatus::Enabled.as_str(),
            )
            .update("lifecycle", &lifecycle.as_str(), &LIFECYCLE)
            .update("CORS", &cors.as_str(), &CORS);
        // CloudFront's policy is the distribution's own matter, and takes the place of this one.
        if self.is_public {
            differences = differences.update("public policy", is_public, &true);
        }
        differences.into_change()
    }

    async fn observe(account: &Account, scope: &Scope) -> Result<Vec<Found<LiveBucket>>, Error> {
        let name = names::of(&Id::Bucket, scope);
        let owner = match tags_of(account, scope, &name).await? {
            None => return Ok(Vec::new()),
            Some(owner) => owner,
        };
        let live = match owner {
            Owner::Ours => settings::read(account, scope, &name).await?,
            Owner::Stranger => LiveBucket {
                blocks: String::new(),
                ownership: String::new(),
                versioning: String::new(),
                lifecycle: String::new(),
                cors: String::new(),
                is_public: false,
            },
        };
        Ok(vec![Found {
            owner,
            removal_impact: Impact::DataLoss,
            ..Found::ours(Id::Bucket, attributes(&name, scope), live)
        }])
    }

    async fn create(&self, site: Site<'_>) -> Result<Attributes, Error> {
        let Site { account, scope, .. } = site;
        let name = names::of(&Id::Bucket, scope);
        s3::create(account, &name)
            .await
            .map_err(|error| taken(error, &name))?;
        s3::tag(account, &name, tags::of(&Id::Bucket, scope)).await?;
        self.set(site, &name).await?;
        Ok(attributes(&name, scope))
    }

    async fn update(&self, live: &Found<LiveBucket>, site: Site<'_>) -> Result<Attributes, Error> {
        self.set(site, &live.attributes.identity).await?;
        Ok(live.attributes.clone())
    }

    async fn delete(live: &Found<LiveBucket>, site: Site<'_>) -> Result<(), Error> {
        let name = live.attributes.identity.as_str();
        let client = &site.account.s3;
        let bound = Duration::from_secs(6 * 60 * 60);
        site.until(
            &Id::Bucket,
            "the bucket is empty and gone",
            bound,
            || async {
                let emptied = s3::empty(site.account, name, |gone| {
                    site.progress.advanced("objects removed", gone, None);
                })
                .await;
                match emptied {
                    Err(error) if error.is_not_found() => return Ok(Look::Ready(())),
                    emptied => emptied?,
                }
                let deleted = client
                    .delete_bucket()
                    .bucket(name)
                    .send()
                    .await
                    .map_err(|error| Error::call("s3:DeleteBucket", error));
                match deleted {
                    Ok(_) => Ok(Look::Ready(())),
                    Err(error) if error.is_not_found() => Ok(Look::Ready(())),
                    // A process that is not quite gone wrote once more.
                    Err(error) if error.is(&["BucketNotEmpty"]) => {
                        Ok(Look::NotYet("BucketNotEmpty".to_owned()))
                    }
                    Err(error) => Err(error),
                }
            },
        )
        .await
    }
}

impl Bucket {
    /// Sets everything, in the order that S3 takes: a public policy is refused while it is blocked.
    async fn set(&self, site: Site<'_>, name: &str) -> Result<(), Error> {
        let Site { account, scope, .. } = site;
        let client = &account.s3;
        let closed = !self.is_public;
        let block = PublicAccessBlockConfiguration::builder()
            .block_public_acls(true)
            .ignore_public_acls(true)
            .block_public_policy(closed)
            .restrict_public_buckets(closed)
            .build();
        client
            .put_public_access_block()
            .bucket(name)
            .public_access_block_configuration(block)
            .send()
            .await
            .map_err(|error| Error::call("s3:PutBucketPublicAccessBlock", error))?;
        let ownership = aws_sdk_s3::types::OwnershipControls::builder()
            .rules(
                aws_sdk_s3::types::OwnershipControlsRule::builder()
                    .object_ownership(ObjectOwnership::BucketOwnerEnforced)
                    .build()
                    .map_err(build)?,
            )
            .build()
            .map_err(build)?;
        client
            .put_bucket_ownership_controls()
            .bucket(name)
            .ownership_controls(ownership)
            .send()
            .await
            .map_err(|error| Error::call("s3:PutBucketOwnershipControls", error))?;
        s3::version(account, name).await?;
        client
            .put_bucket_lifecycle_configuration()
            .bucket(name)
            .lifecycle_configuration(lifecycle()?)
            .send()
            .await
            .map_err(|error| Error::call("s3:PutLifecycleConfiguration", error))?;
        client
            .put_bucket_cors()
            .bucket(name)
            .cors_configuration(cors()?)
            .send()
            .await
            .map_err(|error| Error::call("s3:PutBucketCORS", error))?;
        if self.is_public {
            put_policy(account, name, &public_policy(scope, name)).await?;
        }
        Ok(())
    }
}

/// Sets the bucket's policy.
pub(crate) async fn put_policy(account: &Account, name: &str, policy: &str) -> Result<(), Error> {
    account
        .s3
        .put_bucket_policy()
        .bucket(name)
        .policy(policy)
        .send()
        .await
        .map(drop)
        .map_err(|error| Error::call("s3:PutBucketPolicy", error))
}

/// The bucket's policy as JSON; null where it has none.
pub(crate) async fn policy_of(account: &Account, name: &str) -> Result<serde_json::Value, Error> {
    let answer = account
        .s3
        .get_bucket_policy()
        .bucket(name)
        .send()
        .await
        .map_err(|error| Error::call("s3:GetBucketPolicy", error));
    match answer {
        Ok(answer) => {
            Ok(serde_json::from_str(answer.policy().unwrap_or("null")).unwrap_or_default())
        }
        Err(error) if error.is_not_found() => Ok(serde_json::Value::Null),
        Err(error) => Err(error),
    }
}

fn public_policy(scope: &Scope, name: &str) -> String {
    serde_json::json!({
        "Version": "2012-10-17",
        "Statement": [{
            "Effect": "Allow",
            "Principal": "*",
            "Action": "s3:GetObject",
            "Resource": format!("arn:{}:s3:::{name}/*", scope.partition()),
        }],
    })
    .to_string()
}

fn lifecycle() -> Result<BucketLifecycleConfiguration, Error> {
    let rule = LifecycleRule::builder()
        .id("masto")
        .status(ExpirationStatus::Enabled)
        .filter(LifecycleRuleFilter::builder().prefix("").build())
        .noncurrent_version_expiration(
            NoncurrentVersionExpiration::builder()
                .noncurrent_days(KEPT)
                .build(),
        )
        .abort_incomplete_multipart_upload(
            AbortIncompleteMultipartUpload::builder()
                .days_after_initiation(KEPT)
                .build(),
        )
        .build()
        .map_err(build)?;
    BucketLifecycleConfiguration::builder()
        .rules(rule)
        .build()
        .map_err(build)
}

fn cors() -> Result<CorsConfiguration, Error> {
    let rule = CorsRule::builder()
        .allowed_origins("*")
        .allowed_methods("GET")
        .allowed_methods("HEAD")
        .allowed_headers("*")
        .max_age_seconds(86_400)
        .build()
        .map_err(build)?;
    CorsConfiguration::builder()
        .cors_rules(rule)
        .build()
        .map_err(build)
}

fn attributes(name: &str, scope: &Scope) -> Attributes {
    Attributes::of(name)
        .with(
            Attribute::Arn,
            format!("arn:{}:s3:::{name}", scope.partition()),
        )
        .with(
            Attribute::Host,
            format!("{name}.s3.{}.{}", scope.region, scope.dns_suffix()),
        )
}

/// Whose the bucket is; `None` where there is none. One without tags is ours: its name has our
/// account in it, and its creation was cut off before the tags.
async fn tags_of(account: &Account, scope: &Scope, name: &str) -> Result<Option<Owner>, Error> {
    let answer = account
        .s3
        .get_bucket_tagging()
        .bucket(name)
        .send()
        .await
        .map_err(|error| Error::call("s3:GetBucketTagging", error));
    match answer {
        Ok(answer) => {
            let found: BTreeMap<String, String> = answer
                .tag_set
                .into_iter()
                .map(|tag| (tag.key, tag.value))
                .collect();
            Ok(Some(tags::owner(&found, scope)))
        }
        Err(error) if error.is(&["NoSuchTagSet"]) => Ok(Some(Owner::Ours)),
        Err(error) if error.is_not_found() => Ok(None),
        // Somebody else's, or ours without the permission: S3 does not say.
        Err(error) if error.is(&["AccessDenied", "403", "Forbidden"]) => Err(Error::Setup {
            message: format!("S3 does not let these credentials look at the bucket `{name}`"),
            hint: "give them the policy that `masto policy` prints; where they have it, the name \
                   belongs to another AWS account: give this deployment another `name`"
                .to_owned(),
            kind: ErrorKind::Permission,
        }),
        Err(error) => Err(error),
    }
}

fn taken(error: Error, name: &str) -> Error {
    if error.is(&["BucketAlreadyExists"]) {
        Error::Stranger {
            id: Id::Bucket,
            cause: format!("the bucket `{name}` belongs to another AWS account"),
            hint: "give this deployment another `name`: bucket names are shared by all accounts"
                .to_owned(),
        }
    } else {
        error
    }
}

#[cfg(test)]
#[path = "bucket_tests.rs"]
mod tests;
