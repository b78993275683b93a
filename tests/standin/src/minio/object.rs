//! What is known of one object besides its bytes.

use std::collections::BTreeMap;
use std::time::{Duration, SystemTime};

use s3s::dto::Checksum;
use serde::{Deserialize, Serialize};

/// One object. Its bytes are in a file of their own, so that replacing them is one rename.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Object {
    /// Of any characters, never empty.
    pub(super) key: String,
    /// Name of the file with the bytes, in the bucket's directory.
    pub(super) body: String,
    /// Bytes.
    pub(super) size: u64,
    /// Without quotes: MD5 in hex, and `-<parts>` after it where it was uploaded in parts.
    pub(super) etag: String,
    /// Milliseconds since 1970.
    pub(super) modified: u64,
    /// What a download sends back.
    pub(super) headers: Headers,
    /// `x-amz-meta-*`, without the prefix.
    pub(super) metadata: BTreeMap<String, String>,
    /// Base64 of each checksum that the upload came with, by algorithm.
    pub(super) checksums: Checksums,
}

/// The headers that S3 keeps of an upload; `None` where the upload had none.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Headers {
    pub(super) cache_control: Option<String>,
    pub(super) content_disposition: Option<String>,
    pub(super) content_encoding: Option<String>,
    pub(super) content_language: Option<String>,
    pub(super) content_type: Option<String>,
}

/// Base64 of each checksum; `None` where the client sent none of that algorithm.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Checksums {
    pub(super) crc32: Option<String>,
    pub(super) crc32c: Option<String>,
    pub(super) crc64nvme: Option<String>,
    pub(super) sha1: Option<String>,
    pub(super) sha256: Option<String>,
}

impl From<Checksum> for Checksums {
    fn from(sum: Checksum) -> Self {
        Self {
            crc32: sum.checksum_crc32,
            crc32c: sum.checksum_crc32c,
            crc64nvme: sum.checksum_crc64nvme,
            sha1: sum.checksum_sha1,
            sha256: sum.checksum_sha256,
        }
    }
}

impl Object {
    /// When it was written.
    pub(super) fn modified(&self) -> SystemTime {
        SystemTime::UNIX_EPOCH + Duration::from_millis(self.modified)
    }
}

/// A point in time as [`Object::modified`] keeps it. Times before 1970 become 1970.
pub(super) fn milliseconds(time: SystemTime) -> u64 {
    time.duration_since(SystemTime::UNIX_EPOCH)
        .map_or(0, |since| {
            u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
        })
}

/// The kept headers of an operation's input: several inputs have the same fields and no trait.
macro_rules! headers_of {
    ($input:ident) => {
        $crate::minio::object::Headers {
            cache_control: $input.cache_control,
            content_disposition: $input.content_disposition,
            content_encoding: $input.content_encoding,
            content_language: $input.content_language,
            content_type: $input.content_type,
        }
    };
}

/// The checksums of an operation's input.
macro_rules! checksums_of {
    ($input:ident) => {
        $crate::minio::object::Checksums {
            crc32: $input.checksum_crc32,
            crc32c: $input.checksum_crc32c,
            crc64nvme: $input.checksum_crc64nvme,
            sha1: $input.checksum_sha1,
            sha256: $input.checksum_sha256,
        }
    };
}

pub(super) use {checksums_of, headers_of};
