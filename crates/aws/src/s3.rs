//! What a bucket needs whatever it is for.

use aws_sdk_s3::types::{
    BucketLocationConstraint, BucketVersioningStatus, CreateBucketConfiguration, Delete,
    ObjectIdentifier, ObjectOwnership, Tag, Tagging, VersioningConfiguration,
};

use crate::account::Account;
use crate::ensure::{insist, nothing_else};
use crate::error::Error;

/// Asks for a bucket; `Ok(false)` where it is there already and ours.
pub(crate) async fn create(account: &Account, name: &str) -> Result<bool, Error> {
    let region = account.region();
    // S3 refuses the constraint in its first region, and its absence in every other.
    let place = (region != "us-east-1").then(|| {
        CreateBucketConfiguration::builder()
            .location_constraint(BucketLocationConstraint::from(region))
            .build()
    });
    let answer = insist(
        || async {
            account
                .s3
                .create_bucket()
                .bucket(name)
                .object_ownership(ObjectOwnership::BucketOwnerEnforced)
                .set_create_bucket_configuration(place.clone())
                .send()
                .await
                .map(|_| true)
                .map_err(|error| Error::call("s3:CreateBucket", error))
        },
        // Of that name one is being removed.
        |error| error.is(&["OperationAborted"]),
    )
    .await;
    match answer {
        Err(error) if error.is(&["BucketAlreadyOwnedByYou"]) => Ok(false),
        answer => answer,
    }
}

/// Sets its tags, which replaces all.
pub(crate) async fn tag(
    account: &Account,
    name: &str,
    tags: impl IntoIterator<Item = (String, String)>,
) -> Result<(), Error> {
    let tags = tags
        .into_iter()
        .map(|(key, value)| Tag::builder().key(key).value(value).build())
        .collect::<Result<Vec<_>, _>>()
        .map_err(build)?;
    let tagging = Tagging::builder()
        .set_tag_set(Some(tags))
        .build()
        .map_err(build)?;
    account
        .s3
        .put_bucket_tagging()
        .bucket(name)
        .tagging(tagging)
        .send()
        .await
        .map(drop)
        .map_err(|error| Error::call("s3:PutBucketTagging", error))
}

/// Keeps what is overwritten and deleted.
pub(crate) async fn version(account: &Account, name: &str) -> Result<(), Error> {
    let versioning = VersioningConfiguration::builder()
        .status(BucketVersioningStatus::Enabled)
        .build();
    account
        .s3
        .put_bucket_versioning()
        .bucket(name)
        .versioning_configuration(versioning)
        .send()
        .await
        .map(drop)
        .map_err(|error| Error::call("s3:PutBucketVersioning", error))
}

/// Removes everything in it: objects, their versions, the marks of deleted ones, and uploads that
/// were never finished, which nothing shows and S3 bills. Tells how many are gone.
pub(crate) async fn empty(
    account: &Account,
    name: &str,
    advanced: impl Fn(u64),
) -> Result<(), Error> {
    let mut gone = 0;
    loop {
        let page = insist(
            || async {
                account
                    .s3
                    .list_object_versions()
                    .bucket(name)
                    .send()
                    .await
                    .map_err(|error| Error::call("s3:ListBucketVersions", error))
            },
            nothing_else,
        )
        .await?;
        let versions = page
            .versions()
            .iter()
            .map(|version| (version.key(), version.version_id()));
        let marks = page
            .delete_markers()
            .iter()
            .map(|mark| (mark.key(), mark.version_id()));
        let objects = versions
            .chain(marks)
            .filter_map(|(key, version)| Some((key?, version)))
            .map(|(key, version)| {
                ObjectIdentifier::builder()
                    .key(key)
                    .set_version_id(version.map(str::to_owned))
                    .build()
            })
            .collect::<Result<Vec<_>, _>>()
            .map_err(build)?;
        if objects.is_empty() {
            break;
        }
        let count = objects.len() as u64;
        delete(account, name, objects).await?;
        gone += count;
        advanced(gone);
    }
    abort_uploads(account, name).await
}

async fn delete(
    account: &Account,
    name: &str,
    objects: Vec<ObjectIdentifier>,
) -> Result<(), Error> {
    let delete = Delete::builder()
        .set_objects(Some(objects))
        .quiet(true)
        .build()
        .map_err(build)?;
    let answer = insist(
        || async {
            account
                .s3
                .delete_objects()
                .bucket(name)
                .delete(delete.clone())
                .send()
                .await
                .map_err(|error| Error::call("s3:DeleteObjectVersion", error))
        },
        nothing_else,
    )
    .await?;
    match answer.errors().first() {
        None => Ok(()),
        Some(failed) => Err(Error::Setup {
            message: format!(
                "S3 does not remove `{}` from `{name}`: {}",
                failed.key().unwrap_or_default(),
                failed
                    .message()
                    .or(failed.code())
                    .unwrap_or("no reason given")
            ),
            hint:
                "see whether a policy or an object lock forbids it, then run the same command again"
                    .to_owned(),
            kind: crate::error::ErrorKind::Resource,
        }),
    }
}

async fn abort_uploads(account: &Account, name: &str) -> Result<(), Error> {
    loop {
        let page = account
            .s3
            .list_multipart_uploads()
            .bucket(name)
            .send()
            .await
            .map_err(|error| Error::call("s3:ListBucketMultipartUploads", error))?;
        if page.uploads().is_empty() {
            return Ok(());
        }
        for upload in page.uploads() {
            let aborted = account
                .s3
                .abort_multipart_upload()
                .bucket(name)
                .set_key(upload.key.clone())
                .set_upload_id(upload.upload_id.clone())
                .send()
                .await
                .map_err(|error| Error::call("s3:AbortMultipartUpload", error));
            match aborted {
                Err(error) if !error.is_not_found() => return Err(error),
                _ => {}
            }
        }
    }
}

/// A request that lacks a field: a mistake of ours.
pub(crate) fn build(error: aws_smithy_types::error::operation::BuildError) -> Error {
    Error::bug(format!("a request was incomplete: {error}"))
}
