//! Bytes on their way out.

use s3s::dto::{
    ETag, ETagCondition, GetObjectInput, GetObjectOutput, HeadObjectInput, HeadObjectOutput,
    StreamingBlob, Timestamp,
};
use s3s::{S3Error, S3ErrorCode, S3Result};
use tokio::io::{AsyncReadExt as _, AsyncSeekExt as _, SeekFrom};
use tokio_util::io::ReaderStream;

use super::answer::{disk, storage_error};
use super::object::Object;
use super::storage::Storage;

/// Answers GET.
pub(super) async fn get(storage: &Storage, input: GetObjectInput) -> S3Result<GetObjectOutput> {
    let (object, mut file) = storage
        .open_object(&input.bucket, &input.key)
        .await
        .map_err(storage_error)?;
    unless_fresh(
        &object,
        input.if_match.as_ref(),
        input.if_none_match.as_ref(),
        input.if_modified_since.as_ref(),
    )?;
    let (range, content_range) = match input.range {
        Some(range) => {
            let range = range.check(object.size)?;
            let shown = format!("bytes {}-{}/{}", range.start, range.end - 1, object.size);
            (range, Some(shown))
        }
        None => (0..object.size, None),
    };
    file.seek(SeekFrom::Start(range.start))
        .await
        .map_err(disk)?;
    let length = range.end - range.start;
    let whole = length == object.size;
    let mut output = GetObjectOutput {
        accept_ranges: Some("bytes".to_owned()),
        body: Some(StreamingBlob::wrap(ReaderStream::new(file.take(length)))),
        content_length: i64::try_from(length).ok(),
        content_range,
        e_tag: Some(ETag::Strong(object.etag.clone())),
        last_modified: Some(Timestamp::from(object.modified())),
        cache_control: object.headers.cache_control,
        content_disposition: object.headers.content_disposition,
        content_encoding: object.headers.content_encoding,
        content_language: object.headers.content_language,
        content_type: object.headers.content_type,
        metadata: Some(object.metadata.into_iter().collect()),
        ..GetObjectOutput::default()
    };
    if whole {
        output.checksum_crc32 = object.checksums.crc32;
        output.checksum_crc32c = object.checksums.crc32c;
        output.checksum_crc64nvme = object.checksums.crc64nvme;
        output.checksum_sha1 = object.checksums.sha1;
        output.checksum_sha256 = object.checksums.sha256;
    }
    Ok(output)
}

/// Answers HEAD.
pub(super) async fn head(storage: &Storage, input: HeadObjectInput) -> S3Result<HeadObjectOutput> {
    let object = storage
        .object(&input.bucket, &input.key)
        .await
        .map_err(storage_error)?;
    unless_fresh(
        &object,
        input.if_match.as_ref(),
        input.if_none_match.as_ref(),
        input.if_modified_since.as_ref(),
    )?;
    Ok(HeadObjectOutput {
        accept_ranges: Some("bytes".to_owned()),
        content_length: i64::try_from(object.size).ok(),
        e_tag: Some(ETag::Strong(object.etag.clone())),
        last_modified: Some(Timestamp::from(object.modified())),
        cache_control: object.headers.cache_control,
        content_disposition: object.headers.content_disposition,
        content_encoding: object.headers.content_encoding,
        content_language: object.headers.content_language,
        content_type: object.headers.content_type,
        metadata: Some(object.metadata.into_iter().collect()),
        checksum_crc32: object.checksums.crc32,
        checksum_crc32c: object.checksums.crc32c,
        checksum_crc64nvme: object.checksums.crc64nvme,
        checksum_sha1: object.checksums.sha1,
        checksum_sha256: object.checksums.sha256,
        ..HeadObjectOutput::default()
    })
}

/// Refuses with 412 or 304 where the client's conditions say so; `If-None-Match` wins over
/// `If-Modified-Since`.
fn unless_fresh(
    object: &Object,
    if_match: Option<&ETagCondition>,
    if_none_match: Option<&ETagCondition>,
    if_modified_since: Option<&Timestamp>,
) -> S3Result<()> {
    let etag = ETag::Strong(object.etag.clone());
    let is = |condition: &ETagCondition| {
        condition.is_any()
            || condition
                .as_etag()
                .is_some_and(|wanted| wanted.weak_cmp(&etag))
    };
    if if_match.is_some_and(|condition| !is(condition)) {
        return Err(S3Error::new(S3ErrorCode::PreconditionFailed));
    }
    let fresh = match (if_none_match, if_modified_since) {
        (Some(condition), _) => is(condition),
        // The header has whole seconds.
        (None, Some(since)) => Timestamp::from(seconds(object)) <= *since,
        (None, None) => false,
    };
    match fresh {
        true => Err(S3Error::new(S3ErrorCode::NotModified)),
        false => Ok(()),
    }
}

fn seconds(object: &Object) -> std::time::SystemTime {
    std::time::SystemTime::UNIX_EPOCH + std::time::Duration::from_secs(object.modified / 1000)
}
