//! Between what the storage says and what S3 says.

use std::collections::BTreeMap;
use std::io;

use s3s::dto::{CommonPrefix, ETag, Metadata, ObjectStorageClass, Timestamp};
use s3s::{S3Error, s3_error};

use super::listing::Page;
use super::object::Object;
use super::policy::PolicyError;
use super::storage::StorageError;

/// A failure of the disk, which the client learns nothing more about.
pub(super) fn disk(error: io::Error) -> S3Error {
    let full = error.kind() == io::ErrorKind::StorageFull;
    tracing::error!(%error, "the disk failed");
    match full {
        true => s3_error!(
            error,
            InternalError,
            "Storage backend has reached its minimum free drive threshold. Please delete a few objects to proceed."
        ),
        false => s3_error!(
            error,
            InternalError,
            "We encountered an internal error, please try again."
        ),
    }
}

/// The answer S3 gives.
pub(super) fn storage_error(error: StorageError) -> S3Error {
    match error {
        StorageError::NoSuchBucket => {
            s3_error!(NoSuchBucket, "The specified bucket does not exist")
        }
        StorageError::NoSuchKey => s3_error!(NoSuchKey, "The specified key does not exist."),
        StorageError::BucketExists => {
            s3_error!(
                BucketAlreadyOwnedByYou,
                "Your previous request to create the named bucket succeeded and you already own it."
            )
        }
        StorageError::BucketNotEmpty => s3_error!(
            BucketNotEmpty,
            "The bucket you tried to delete is not empty"
        ),
        StorageError::Policy(error @ PolicyError::Malformed(_)) => {
            s3_error!(MalformedPolicy, "Policy has invalid JSON: {error}")
        }
        StorageError::Policy(error) => s3_error!(MalformedPolicy, "{error}"),
        StorageError::Disk(error) => disk(error),
    }
}

/// `x-amz-meta-*` of an upload.
pub(super) fn metadata(given: Option<Metadata>) -> BTreeMap<String, String> {
    given.unwrap_or_default().into_iter().collect()
}

/// A page as both versions of the listing show it.
pub(super) fn listed(page: &Page) -> (Option<Vec<s3s::dto::Object>>, Option<Vec<CommonPrefix>>) {
    let shown = |object: &Object| s3s::dto::Object {
        key: Some(object.key.clone()),
        size: i64::try_from(object.size).ok(),
        e_tag: Some(ETag::Strong(object.etag.clone())),
        last_modified: Some(Timestamp::from(object.modified())),
        storage_class: Some(ObjectStorageClass::from_static(
            ObjectStorageClass::STANDARD,
        )),
        ..s3s::dto::Object::default()
    };
    let contents = page.objects.iter().map(shown).collect();
    let prefixes = page
        .prefixes
        .iter()
        .map(|prefix| CommonPrefix {
            prefix: Some(prefix.clone()),
        })
        .collect();
    (Some(contents), Some(prefixes))
}

/// At most a thousand, as S3 does it whatever is asked.
pub(super) fn limit(max_keys: Option<i32>) -> usize {
    usize::try_from(max_keys.unwrap_or(1000))
        .unwrap_or(0)
        .min(1000)
}
