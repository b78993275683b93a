//! Bytes on their way in.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use axum::http::StatusCode;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use futures_util::StreamExt as _;
use s3s::checksum::ChecksumHasher;
use s3s::crypto::{Checksum as _, Md5};
use s3s::dto::{self, StreamingBlob};
use s3s::{S3Error, S3ErrorCode, S3Result, StdError, TrailingHeaders, s3_error};
use tokio::fs::File;
use tokio::io::AsyncWriteExt as _;

use super::answer::disk;
use super::object::{Checksums, Headers, Object, milliseconds};
use super::storage::{Storage, hex};

/// What a client says of the bytes it sends.
#[derive(Default)]
pub(super) struct Claims {
    /// Base64, from `Content-MD5`.
    pub(super) md5: Option<String>,
    /// From headers; those in trailers come with the last byte.
    pub(super) checksums: Checksums,
    /// The algorithm whose value is in the trailers.
    pub(super) algorithm: Option<dto::ChecksumAlgorithm>,
    /// Read after the last byte.
    pub(super) trailers: Option<TrailingHeaders>,
}

/// A body that is on disk, complete and checked.
#[derive(Clone, Debug)]
pub(super) struct Received {
    pub(super) path: PathBuf,
    pub(super) size: u64,
    /// 16 bytes.
    pub(super) md5: Vec<u8>,
    pub(super) checksums: Checksums,
}

impl Received {
    pub(super) fn etag(&self) -> String {
        hex(&self.md5)
    }

    /// The object that these bytes become.
    pub(super) fn object(
        &self,
        key: String,
        headers: Headers,
        metadata: BTreeMap<String, String>,
    ) -> Object {
        Object {
            key,
            body: String::new(),
            size: self.size,
            etag: self.etag(),
            modified: milliseconds(SystemTime::now()),
            headers,
            metadata,
            checksums: self.checksums.clone(),
        }
    }
}

/// Writes a body to a file of its own and compares it with what the client said of it.
pub(super) async fn receive(
    storage: &Storage,
    body: Option<StreamingBlob>,
    mut claims: Claims,
) -> S3Result<Received> {
    let path = storage.temporary_file();
    let received = write(&path, body, &mut claims).await;
    if received.is_err() {
        // Nobody will come back for it; what a removal leaves is emptied at the next start.
        let _ = tokio::fs::remove_file(&path).await;
    }
    received
}

async fn write(
    path: &Path,
    body: Option<StreamingBlob>,
    claims: &mut Claims,
) -> S3Result<Received> {
    let mut file = File::create(path).await.map_err(disk)?;
    let mut md5 = Md5::new();
    let mut hasher = hasher(claims)?;
    let mut size = 0;
    if let Some(mut body) = body {
        while let Some(bytes) = body.next().await {
            let bytes = bytes.map_err(body_error)?;
            md5.update(&bytes);
            hasher.update(&bytes);
            size += bytes.len() as u64;
            file.write_all(&bytes).await.map_err(disk)?;
        }
    }
    file.flush().await.map_err(disk)?;

    let md5 = md5.finalize().to_vec();
    if claims
        .md5
        .as_ref()
        .is_some_and(|claimed| *claimed != BASE64.encode(&md5))
    {
        return Err(s3_error!(
            BadDigest,
            "The Content-Md5 you specified did not match what we received."
        ));
    }
    take_trailers(claims);
    let checksums = Checksums::from(hasher.finalize());
    if checksums != claims.checksums {
        return Err(s3_error!(
            BadDigest,
            "The checksum you specified did not match what we received."
        ));
    }
    Ok(Received {
        path: path.to_owned(),
        size,
        md5,
        checksums,
    })
}

/// Why a body could not be read to its end. The protocol's errors have no type that could be asked.
fn body_error(error: StdError) -> S3Error {
    let text = error.to_string();
    if text.contains("SignatureMismatch") {
        return S3Error::with_source(S3ErrorCode::SignatureDoesNotMatch, error);
    }
    if text.contains("Sha256Mismatch") {
        let mut mismatch = s3_error!(
            BadDigest,
            "The provided 'x-amz-content-sha256' header does not match what was computed."
        );
        mismatch.set_code(S3ErrorCode::Custom("XAmzContentSHA256Mismatch".into()));
        mismatch.set_status_code(StatusCode::BAD_REQUEST);
        return mismatch;
    }
    S3Error::with_source(S3ErrorCode::IncompleteBody, error)
}

/// Computes what the client gave, or will give in its trailers.
fn hasher(claims: &Claims) -> S3Result<ChecksumHasher> {
    let named = claims
        .algorithm
        .as_ref()
        .map(dto::ChecksumAlgorithm::as_str)
        .unwrap_or_default();
    if !["", "CRC32", "CRC32C", "CRC64NVME", "SHA1", "SHA256"].contains(&named) {
        return Err(s3_error!(
            InvalidRequest,
            "Value for x-amz-checksum-algorithm header is invalid."
        ));
    }
    let wanted = |name: &str, given: &Option<String>| named == name || given.is_some();
    let sums = &claims.checksums;
    Ok(ChecksumHasher {
        crc32: wanted("CRC32", &sums.crc32).then(Default::default),
        crc32c: wanted("CRC32C", &sums.crc32c).then(Default::default),
        crc64nvme: wanted("CRC64NVME", &sums.crc64nvme).then(Default::default),
        sha1: wanted("SHA1", &sums.sha1).then(Default::default),
        sha256: wanted("SHA256", &sums.sha256).then(Default::default),
    })
}

fn take_trailers(claims: &mut Claims) {
    let Some(trailers) = claims.trailers.as_ref().and_then(TrailingHeaders::take) else {
        return;
    };
    let sums = &mut claims.checksums;
    for (field, name) in [
        (&mut sums.crc32, "x-amz-checksum-crc32"),
        (&mut sums.crc32c, "x-amz-checksum-crc32c"),
        (&mut sums.crc64nvme, "x-amz-checksum-crc64nvme"),
        (&mut sums.sha1, "x-amz-checksum-sha1"),
        (&mut sums.sha256, "x-amz-checksum-sha256"),
    ] {
        if let Some(value) = trailers.get(name).and_then(|value| value.to_str().ok()) {
            *field = Some(value.to_owned());
        }
    }
}
