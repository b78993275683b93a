//! Uploads in parts.

use std::collections::BTreeMap;

use s3s::crypto::{Checksum as _, Md5};
use s3s::dto::{
    CompleteMultipartUploadInput, CompleteMultipartUploadOutput, CompletedPart,
    CreateMultipartUploadInput, CreateMultipartUploadOutput, ETag, ListPartsInput, ListPartsOutput,
    Part, UploadPartInput, UploadPartOutput,
};
use s3s::{S3Error, S3Result, TrailingHeaders, s3_error};
use tokio::fs::File;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::sync::Mutex;

use super::answer::{disk, metadata, storage_error};
use super::object::{Checksums, Headers, checksums_of, headers_of};
use super::storage::{Storage, hex, random_name};
use super::upload::{Claims, Received, receive};

/// What S3 refuses as any part but the last.
const SMALLEST_PART: u64 = 5 * 1024 * 1024;

/// Uploads in parts that are under way. They are in memory, and so end with the process.
#[derive(Default)]
pub(super) struct Uploads(Mutex<BTreeMap<String, Upload>>);

/// One upload in parts.
#[derive(Clone)]
struct Upload {
    bucket: String,
    key: String,
    headers: Headers,
    metadata: BTreeMap<String, String>,
    /// By number, from 1.
    parts: BTreeMap<i32, Received>,
}

impl Uploads {
    /// Begins an upload.
    pub(super) async fn begin(
        &self,
        input: CreateMultipartUploadInput,
    ) -> CreateMultipartUploadOutput {
        let id = random_name();
        let upload = Upload {
            bucket: input.bucket.clone(),
            key: input.key.clone(),
            headers: headers_of!(input),
            metadata: metadata(input.metadata),
            parts: BTreeMap::new(),
        };
        self.0.lock().await.insert(id.clone(), upload);
        CreateMultipartUploadOutput {
            bucket: Some(input.bucket),
            key: Some(input.key),
            upload_id: Some(id),
            ..CreateMultipartUploadOutput::default()
        }
    }

    /// Takes a part, in the place of one with the same number.
    pub(super) async fn take_part(
        &self,
        storage: &Storage,
        input: UploadPartInput,
        trailers: Option<TrailingHeaders>,
    ) -> S3Result<UploadPartOutput> {
        self.get(&input.upload_id).await?;
        let claims = Claims {
            md5: input.content_md5,
            checksums: checksums_of!(input),
            algorithm: input.checksum_algorithm,
            trailers,
        };
        let part = receive(storage, input.body, claims).await?;
        let sums = part.checksums.clone();
        let output = UploadPartOutput {
            e_tag: Some(ETag::Strong(part.etag())),
            checksum_crc32: sums.crc32,
            checksum_crc32c: sums.crc32c,
            checksum_crc64nvme: sums.crc64nvme,
            checksum_sha1: sums.sha1,
            checksum_sha256: sums.sha256,
            ..UploadPartOutput::default()
        };
        let mut uploads = self.0.lock().await;
        let upload = uploads
            .get_mut(&input.upload_id)
            .filter(|upload| upload.bucket == input.bucket && upload.key == input.key)
            .ok_or_else(no_such_upload)?;
        if let Some(old) = upload.parts.insert(input.part_number, part) {
            tokio::fs::remove_file(old.path).await.map_err(disk)?;
        }
        Ok(output)
    }

    /// Makes one object of the parts that the client names.
    pub(super) async fn complete(
        &self,
        storage: &Storage,
        input: CompleteMultipartUploadInput,
    ) -> S3Result<CompleteMultipartUploadOutput> {
        let upload = self.get(&input.upload_id).await?;
        let named = input
            .multipart_upload
            .and_then(|upload| upload.parts)
            .unwrap_or_default();
        let (received, etag) = join(storage, &upload, &named).await?;
        let mut object = received.object(input.key.clone(), upload.headers, upload.metadata);
        object.etag.clone_from(&etag);
        storage
            .put(&input.bucket, &received.path, object)
            .await
            .map_err(storage_error)?;
        self.end(&input.upload_id).await?;
        Ok(CompleteMultipartUploadOutput {
            location: Some(format!("/{}/{}", input.bucket, input.key)),
            bucket: Some(input.bucket),
            key: Some(input.key),
            e_tag: Some(ETag::Strong(etag)),
            ..CompleteMultipartUploadOutput::default()
        })
    }

    /// The parts that are there, by number.
    pub(super) async fn list(&self, input: ListPartsInput) -> S3Result<ListPartsOutput> {
        let upload = self.get(&input.upload_id).await?;
        let parts = upload.parts.iter().map(|(number, part)| Part {
            part_number: Some(*number),
            e_tag: Some(ETag::Strong(part.etag())),
            size: i64::try_from(part.size).ok(),
            ..Part::default()
        });
        Ok(ListPartsOutput {
            parts: Some(parts.collect()),
            bucket: Some(input.bucket),
            key: Some(input.key),
            upload_id: Some(input.upload_id),
            is_truncated: Some(false),
            ..ListPartsOutput::default()
        })
    }

    /// Ends an upload and removes its parts.
    pub(super) async fn end(&self, id: &str) -> S3Result<()> {
        let upload = self.0.lock().await.remove(id).ok_or_else(no_such_upload)?;
        for part in upload.parts.values() {
            tokio::fs::remove_file(&part.path).await.map_err(disk)?;
        }
        Ok(())
    }

    async fn get(&self, id: &str) -> S3Result<Upload> {
        self.0
            .lock()
            .await
            .get(id)
            .cloned()
            .ok_or_else(no_such_upload)
    }
}

fn no_such_upload() -> S3Error {
    s3_error!(
        NoSuchUpload,
        "The specified multipart upload does not exist. The upload ID may be invalid, or the upload may have been aborted or completed."
    )
}

/// Joins the parts that a client names into one body.
async fn join(
    storage: &Storage,
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
