//! The settings of the bucket as S3 tells them.

use aws_sdk_s3::types::{
    AbortIncompleteMultipartUpload, ExpirationStatus, NoncurrentVersionExpiration,
};
use futures_util::future::try_join5;

use super::{ACLS, EVERYTHING, LiveBucket, policy_of, public_policy};
use crate::account::Account;
use crate::error::Error;
use crate::scope::Scope;

/// Asks for each setting of the bucket: S3 tells them one at a time.
pub(super) async fn read(
    account: &Account,
    scope: &Scope,
    name: &str,
) -> Result<LiveBucket, Error> {
    let (blocks, ownership, versioning, lifecycle, cors) = try_join5(
        blocks_of(account, name),
        ownership_of(account, name),
        versioning_of(account, name),
        lifecycle_of(account, name),
        cors_of(account, name),
    )
    .await?;
    // The policy of a closed bucket is looked at with its distribution.
    let is_public = blocks == ACLS && {
        let wanted: serde_json::Value =
            serde_json::from_str(&public_policy(scope, name)).unwrap_or_default();
        policy_of(account, name).await? == wanted
    };
    Ok(LiveBucket {
        blocks,
        ownership,
        versioning,
        lifecycle,
        cors,
        is_public,
    })
}

/// `value`, or what stands for a setting that is not there.
fn or_none<T>(answer: Result<T, Error>) -> Result<Option<T>, Error> {
    match answer {
        Ok(value) => Ok(Some(value)),
        Err(error) if error.is_not_found() || error.is(&["OwnershipControlsNotFoundError"]) => {
            Ok(None)
        }
        Err(error) => Err(error),
    }
}

async fn blocks_of(account: &Account, name: &str) -> Result<String, Error> {
    let answer = or_none(
        account
            .s3
            .get_public_access_block()
            .bucket(name)
            .send()
            .await
            .map_err(|error| Error::call("s3:GetBucketPublicAccessBlock", error)),
    )?;
    let block = answer.and_then(|answer| answer.public_access_block_configuration);
    let is = |value: Option<bool>| value == Some(true);
    let flags = block.map_or([false; 4], |block| {
        [
            is(block.block_public_acls),
            is(block.ignore_public_acls),
            is(block.block_public_policy),
            is(block.restrict_public_buckets),
        ]
    });
    Ok(match flags {
        [true, true, true, true] => EVERYTHING.to_owned(),
        [true, true, false, false] => ACLS.to_owned(),
        [false, false, false, false] => "nothing".to_owned(),
        _ => "parts".to_owned(),
    })
}

async fn ownership_of(account: &Account, name: &str) -> Result<String, Error> {
    let answer = or_none(
        account
            .s3
            .get_bucket_ownership_controls()
            .bucket(name)
            .send()
            .await
            .map_err(|error| Error::call("s3:GetBucketOwnershipControls", error)),
    )?;
    Ok(answer
        .and_then(|answer| answer.ownership_controls)
        .and_then(|controls| controls.rules.into_iter().next())
        .map(|rule| rule.object_ownership.as_str().to_owned())
        .unwrap_or_default())
}

async fn versioning_of(account: &Account, name: &str) -> Result<String, Error> {
    let answer = account
        .s3
        .get_bucket_versioning()
        .bucket(name)
        .send()
        .await
        .map_err(|error| Error::call("s3:GetBucketVersioning", error))?;
    Ok(answer
        .status()
        .map(|status| status.as_str().to_owned())
        .unwrap_or_default())
}

async fn lifecycle_of(account: &Account, name: &str) -> Result<String, Error> {
    let answer = or_none(
        account
            .s3
            .get_bucket_lifecycle_configuration()
            .bucket(name)
            .send()
            .await
            .map_err(|error| Error::call("s3:GetLifecycleConfiguration", error)),
    )?;
    let rule = answer
        .and_then(|answer| answer.rules)
        .unwrap_or_default()
        .into_iter()
        .find(|rule| rule.id() == Some("masto") && *rule.status() == ExpirationStatus::Enabled);
    Ok(rule.map_or_else(String::new, |rule| {
        let versions = rule
            .noncurrent_version_expiration()
            .and_then(NoncurrentVersionExpiration::noncurrent_days)
            .unwrap_or_default();
        let uploads = rule
            .abort_incomplete_multipart_upload()
            .and_then(AbortIncompleteMultipartUpload::days_after_initiation)
            .unwrap_or_default();
        format!("old versions {versions}d, unfinished uploads {uploads}d")
    }))
}

async fn cors_of(account: &Account, name: &str) -> Result<String, Error> {
    let answer = or_none(
        account
            .s3
            .get_bucket_cors()
            .bucket(name)
            .send()
            .await
            .map_err(|error| Error::call("s3:GetBucketCORS", error)),
    )?;
    let rules = answer
        .and_then(|answer| answer.cors_rules)
        .unwrap_or_default();
    let texts: Vec<String> = rules
        .iter()
        .map(|rule| {
            let mut methods = rule.allowed_methods().to_vec();
            methods.sort();
            format!(
                "{} from {}",
                methods.join(", "),
                rule.allowed_origins().join(", ")
            )
        })
        .collect();
    Ok(texts.join("; "))
}
