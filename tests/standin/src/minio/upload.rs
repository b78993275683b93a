//! Bytes on their way in: one body, or several parts that become one object.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::SystemTime;

use axum::http::StatusCode;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use futures_util::StreamExt as _;
use s3s::checksum::ChecksumHasher;
use s3s::crypto::{Checksum as _, Md5};
use s3s::dto::{self, CompletedPart, StreamingBlob};
use s3s::{S3Error, S3ErrorCode, S3Result, StdError, TrailingHeaders, s3_error};
use tokio::fs::File;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::sync::Mutex;

use super::object::{Checksums, Headers, Object, milliseconds};
use super::s3::disk;
use super::storage::{Storage, hex, random_name};

/// What S3 refuses as any part but the last.
const SMALLEST_PART: u64 = 5 * 1024 * 1024;

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

/// Uploads in parts that are under way. They are in memory, and so end with the process.
#[derive(Default)]
pub(super) struct Uploads(Mutex<BTreeMap<String, Upload>>);

/// One upload in parts.
#[derive(Clone)]
pub(super) struct Upload {
    pub(super) bucket: String,
    pub(super) key: String,
    pub(super) headers: Headers,
    pub(super) metadata: BTreeMap<String, String>,
    /// By number, from 1.
    pub(super) parts: BTreeMap<i32, Received>,
}

impl Uploads {
    /// Begins an upload and returns its ID.
    pub(super) async fn begin(&self, upload: Upload) -> String {
        let id = random_name();
        self.0.lock().await.insert(id.clone(), upload);
        id
    }

    /// Adds a part, in the place of one with the same number.
    pub(super) async fn add(
        &self,
        id: &str,
        bucket: &str,
        key: &str,
        number: i32,
        part: Received,
    ) -> S3Result<()> {
        let mut uploads = self.0.lock().await;
        let upload = uploads
            .get_mut(id)
            .filter(|upload| upload.bucket == bucket && upload.key == key)
            .ok_or_else(no_such_upload)?;
        if let Some(old) = upload.parts.insert(number, part) {
            tokio::fs::remove_file(old.path).await.map_err(disk)?;
        }
        Ok(())
    }

    /// An upload as it is now.
    pub(super) async fn get(&self, id: &str) -> S3Result<Upload> {
        self.0
            .lock()
            .await
            .get(id)
            .cloned()
            .ok_or_else(no_such_upload)
    }

    /// Ends an upload and removes its parts.
    pub(super) async fn end(&self, id: &str) -> S3Result<()> {
        let upload = self.0.lock().await.remove(id).ok_or_else(no_such_upload)?;
        for part in upload.parts.values() {
            tokio::fs::remove_file(&part.path).await.map_err(disk)?;
        }
        Ok(())
    }
}

fn no_such_upload() -> S3Error {
    s3_error!(
        NoSuchUpload,
        "The specified multipart upload does not exist. The upload ID may be invalid, or the upload may have been aborted or completed."
    )
}

/// Joins the parts that a client names into one body.
pub(super) async fn join(
    storage: &Arc<Storage>,
    upload: &Upload,
    named: &[CompletedPart],
) -> S3Result<(Received, String)> {
    let parts = chosen(upload, named)?;
    let path = storage.temporary_file();
    let mut file = File::create(&path).await.map_err(disk)?;
    let (mut whole, mut of_parts) = (Md5::new(), Md5::new());
    let mut size = 0;
    let mut buffer = vec![0; 64 * 1024];
    for part in &parts {
        of_parts.update(&part.md5);
        let mut source = File::open(&part.path).await.map_err(disk)?;
        loop {
            let read = source.read(&mut buffer).await.map_err(disk)?;
            if read == 0 {
                break;
            }
            whole.update(&buffer[..read]);
            file.write_all(&buffer[..read]).await.map_err(disk)?;
        }
        size += part.size;
    }
    file.flush().await.map_err(disk)?;
    let etag = format!("{}-{}", hex(of_parts.finalize().as_ref()), parts.len());
    Ok((
        Received {
            path,
            size,
            md5: whole.finalize().to_vec(),
            checksums: Checksums::default(),
        },
        etag,
    ))
}

/// The parts that a client names, in its order, as far as S3 takes them.
fn chosen<'a>(upload: &'a Upload, named: &[CompletedPart]) -> S3Result<Vec<&'a Received>> {
    let invalid = || {
        s3_error!(
            InvalidPart,
            "One or more of the specified parts could not be found. The part may not have been uploaded, or the specified entity tag may not match the part's entity tag."
        )
    };
    let mut parts = Vec::new();
    let mut last = 0;
    for part in named {
        let number = part.part_number.ok_or_else(invalid)?;
        if number <= last {
            return Err(s3_error!(
                InvalidPartOrder,
                "The list of parts was not in ascending order. The parts list must be specified in order by part number."
            ));
        }
        last = number;
        let received = upload.parts.get(&number).ok_or_else(invalid)?;
        if part
            .e_tag
            .as_ref()
            .is_none_or(|etag| etag.value() != received.etag())
        {
            return Err(invalid());
        }
        parts.push(received);
    }
    let Some((_, all_but_last)) = parts.split_last() else {
        return Err(invalid());
    };
    if all_but_last.iter().any(|part| part.size < SMALLEST_PART) {
        return Err(s3_error!(
            EntityTooSmall,
            "Your proposed upload is smaller than the minimum allowed object size."
        ));
    }
    Ok(parts)
}
