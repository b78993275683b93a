//! The S3 operations that Mastodon, an SDK and `mc` use, over [`Storage`].

use std::collections::BTreeMap;
use std::io;
use std::sync::Arc;
use std::time::SystemTime;

use s3s::dto::*;
use s3s::{S3, S3Error, S3Request, S3Response, S3Result, s3_error};

use super::listing::{Page, Query};
use super::object::{Checksums, Headers, Object, milliseconds};
use super::policy::PolicyError;
use super::storage::{Storage, StorageError};
use super::upload::{self, Claims, Upload, Uploads, receive};
use super::{download, object};

/// The service behind the protocol.
pub(super) struct Service {
    pub(super) storage: Arc<Storage>,
    pub(super) uploads: Uploads,
}

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

fn metadata(given: Option<Metadata>) -> BTreeMap<String, String> {
    given.unwrap_or_default().into_iter().collect()
}

fn listed(page: &Page) -> (Option<Vec<s3s::dto::Object>>, Option<Vec<CommonPrefix>>) {
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
fn limit(max_keys: Option<i32>) -> usize {
    usize::try_from(max_keys.unwrap_or(1000))
        .unwrap_or(0)
        .min(1000)
}

#[async_trait::async_trait]
impl S3 for Service {
    async fn list_buckets(
        &self,
        _: S3Request<ListBucketsInput>,
    ) -> S3Result<S3Response<ListBucketsOutput>> {
        let buckets = self.storage.buckets().await;
        let shown = |(name, created): (String, SystemTime)| Bucket {
            name: Some(name),
            creation_date: Some(Timestamp::from(created)),
            ..Bucket::default()
        };
        let output = ListBucketsOutput {
            buckets: Some(buckets.into_iter().map(shown).collect()),
            owner: Some(Owner {
                display_name: Some("minio".to_owned()),
                id: Some("minio".to_owned()),
            }),
            ..ListBucketsOutput::default()
        };
        Ok(S3Response::new(output))
    }

    async fn create_bucket(
        &self,
        request: S3Request<CreateBucketInput>,
    ) -> S3Result<S3Response<CreateBucketOutput>> {
        let bucket = request.input.bucket;
        self.storage
            .create_bucket(&bucket)
            .await
            .map_err(storage_error)?;
        Ok(S3Response::new(CreateBucketOutput {
            location: Some(format!("/{bucket}")),
            ..CreateBucketOutput::default()
        }))
    }

    async fn head_bucket(
        &self,
        request: S3Request<HeadBucketInput>,
    ) -> S3Result<S3Response<HeadBucketOutput>> {
        self.require(&request.input.bucket).await?;
        Ok(S3Response::new(HeadBucketOutput::default()))
    }

    async fn delete_bucket(
        &self,
        request: S3Request<DeleteBucketInput>,
    ) -> S3Result<S3Response<DeleteBucketOutput>> {
        self.storage
            .delete_bucket(&request.input.bucket)
            .await
            .map_err(storage_error)?;
        Ok(S3Response::new(DeleteBucketOutput::default()))
    }

    async fn get_bucket_location(
        &self,
        request: S3Request<GetBucketLocationInput>,
    ) -> S3Result<S3Response<GetBucketLocationOutput>> {
        self.require(&request.input.bucket).await?;
        Ok(S3Response::new(GetBucketLocationOutput::default()))
    }

    async fn get_bucket_policy(
        &self,
        request: S3Request<GetBucketPolicyInput>,
    ) -> S3Result<S3Response<GetBucketPolicyOutput>> {
        let policy = self
            .storage
            .policy_text(&request.input.bucket)
            .await
            .map_err(storage_error)?;
        let policy = policy
            .ok_or_else(|| s3_error!(NoSuchBucketPolicy, "The bucket policy does not exist"))?;
        Ok(S3Response::new(GetBucketPolicyOutput {
            policy: Some(policy),
        }))
    }

    async fn put_bucket_policy(
        &self,
        request: S3Request<PutBucketPolicyInput>,
    ) -> S3Result<S3Response<PutBucketPolicyOutput>> {
        let input = request.input;
        self.storage
            .set_policy(&input.bucket, Some(input.policy))
            .await
            .map_err(storage_error)?;
        Ok(S3Response::new(PutBucketPolicyOutput::default()))
    }

    async fn delete_bucket_policy(
        &self,
        request: S3Request<DeleteBucketPolicyInput>,
    ) -> S3Result<S3Response<DeleteBucketPolicyOutput>> {
        self.storage
            .set_policy(&request.input.bucket, None)
            .await
            .map_err(storage_error)?;
        Ok(S3Response::new(DeleteBucketPolicyOutput::default()))
    }

    async fn list_objects(
        &self,
        request: S3Request<ListObjectsInput>,
    ) -> S3Result<S3Response<ListObjectsOutput>> {
        let input = request.input;
        let query = Query {
            prefix: input.prefix.clone().unwrap_or_default(),
            delimiter: input.delimiter.clone(),
            after: input.marker.clone(),
            limit: limit(input.max_keys),
        };
        let page = self
            .storage
            .list(&input.bucket, &query)
            .await
            .map_err(storage_error)?;
        let (contents, common_prefixes) = listed(&page);
        Ok(S3Response::new(ListObjectsOutput {
            name: Some(input.bucket),
            prefix: Some(query.prefix),
            marker: Some(input.marker.unwrap_or_default()),
            max_keys: Some(input.max_keys.unwrap_or(1000)),
            is_truncated: Some(page.next.is_some()),
            next_marker: page.next,
            delimiter: input.delimiter,
            contents,
            common_prefixes,
            ..ListObjectsOutput::default()
        }))
    }

    async fn list_objects_v2(
        &self,
        request: S3Request<ListObjectsV2Input>,
    ) -> S3Result<S3Response<ListObjectsV2Output>> {
        let input = request.input;
        let query = Query {
            prefix: input.prefix.clone().unwrap_or_default(),
            delimiter: input.delimiter.clone(),
            after: input
                .continuation_token
                .clone()
                .or_else(|| input.start_after.clone()),
            limit: limit(input.max_keys),
        };
        let page = self
            .storage
            .list(&input.bucket, &query)
            .await
            .map_err(storage_error)?;
        let (contents, common_prefixes) = listed(&page);
        Ok(S3Response::new(ListObjectsV2Output {
            name: Some(input.bucket),
            prefix: Some(query.prefix),
            max_keys: Some(input.max_keys.unwrap_or(1000)),
            key_count: i32::try_from(page.objects.len() + page.prefixes.len()).ok(),
            continuation_token: input.continuation_token,
            start_after: input.start_after,
            is_truncated: Some(page.next.is_some()),
            next_continuation_token: page.next,
            delimiter: input.delimiter,
            contents,
            common_prefixes,
            ..ListObjectsV2Output::default()
        }))
    }

    async fn get_object(
        &self,
        request: S3Request<GetObjectInput>,
    ) -> S3Result<S3Response<GetObjectOutput>> {
        Ok(S3Response::new(
            download::get(&self.storage, request.input).await?,
        ))
    }

    async fn head_object(
        &self,
        request: S3Request<HeadObjectInput>,
    ) -> S3Result<S3Response<HeadObjectOutput>> {
        Ok(S3Response::new(
            download::head(&self.storage, request.input).await?,
        ))
    }

    async fn put_object(
        &self,
        request: S3Request<PutObjectInput>,
    ) -> S3Result<S3Response<PutObjectOutput>> {
        let input = request.input;
        self.require(&input.bucket).await?;
        self.check_conditions(&input).await?;
        let claims = Claims {
            md5: input.content_md5,
            checksums: Checksums {
                crc32: input.checksum_crc32,
                crc32c: input.checksum_crc32c,
                crc64nvme: input.checksum_crc64nvme,
                sha1: input.checksum_sha1,
                sha256: input.checksum_sha256,
            },
            algorithm: input.checksum_algorithm,
            trailers: request.trailing_headers,
        };
        let headers = Headers {
            cache_control: input.cache_control,
            content_disposition: input.content_disposition,
            content_encoding: input.content_encoding,
            content_language: input.content_language,
            content_type: input.content_type,
        };
        let received = receive(&self.storage, input.body, claims).await?;
        let object = received.object(input.key, headers, metadata(input.metadata));
        let object = self
            .storage
            .put(&input.bucket, &received.path, object)
            .await
            .map_err(storage_error)?;
        Ok(S3Response::new(PutObjectOutput {
            e_tag: Some(ETag::Strong(object.etag)),
            checksum_crc32: object.checksums.crc32,
            checksum_crc32c: object.checksums.crc32c,
            checksum_crc64nvme: object.checksums.crc64nvme,
            checksum_sha1: object.checksums.sha1,
            checksum_sha256: object.checksums.sha256,
            ..PutObjectOutput::default()
        }))
    }

    async fn copy_object(
        &self,
        request: S3Request<CopyObjectInput>,
    ) -> S3Result<S3Response<CopyObjectOutput>> {
        let input = request.input;
        let CopySource::Bucket { bucket, key, .. } = &input.copy_source else {
            return Err(s3_error!(
                NotImplemented,
                "A header you provided implies functionality that is not implemented"
            ));
        };
        let (mut object, mut source) = self
            .storage
            .open_object(bucket, key)
            .await
            .map_err(storage_error)?;
        let path = self.storage.temporary_file();
        let mut copy = tokio::fs::File::create(&path).await.map_err(disk)?;
        tokio::io::copy(&mut source, &mut copy)
            .await
            .map_err(disk)?;
        if input
            .metadata_directive
            .as_ref()
            .is_some_and(|directive| directive.as_str() == MetadataDirective::REPLACE)
        {
            object.metadata = metadata(input.metadata);
            object.headers = Headers {
                cache_control: input.cache_control,
                content_disposition: input.content_disposition,
                content_encoding: input.content_encoding,
                content_language: input.content_language,
                content_type: input.content_type,
            };
        }
        object.key = input.key;
        object.modified = milliseconds(SystemTime::now());
        let object = self
            .storage
            .put(&input.bucket, &path, object)
            .await
            .map_err(storage_error)?;
        let result = CopyObjectResult {
            last_modified: Some(Timestamp::from(object.modified())),
            e_tag: Some(ETag::Strong(object.etag)),
            ..CopyObjectResult::default()
        };
        Ok(S3Response::new(CopyObjectOutput {
            copy_object_result: Some(result),
            ..CopyObjectOutput::default()
        }))
    }

    async fn delete_object(
        &self,
        request: S3Request<DeleteObjectInput>,
    ) -> S3Result<S3Response<DeleteObjectOutput>> {
        self.storage
            .remove(&request.input.bucket, &request.input.key)
            .await
            .map_err(storage_error)?;
        Ok(S3Response::new(DeleteObjectOutput::default()))
    }

    async fn delete_objects(
        &self,
        request: S3Request<DeleteObjectsInput>,
    ) -> S3Result<S3Response<DeleteObjectsOutput>> {
        let input = request.input;
        let mut deleted = Vec::new();
        for object in input.delete.objects {
            self.storage
                .remove(&input.bucket, &object.key)
                .await
                .map_err(storage_error)?;
            deleted.push(DeletedObject {
                key: Some(object.key),
                ..DeletedObject::default()
            });
        }
        let deleted = (!input.delete.quiet.unwrap_or(false)).then_some(deleted);
        Ok(S3Response::new(DeleteObjectsOutput {
            deleted,
            ..DeleteObjectsOutput::default()
        }))
    }

    async fn create_multipart_upload(
        &self,
        request: S3Request<CreateMultipartUploadInput>,
    ) -> S3Result<S3Response<CreateMultipartUploadOutput>> {
        let input = request.input;
        self.require(&input.bucket).await?;
        let upload = Upload {
            bucket: input.bucket.clone(),
            key: input.key.clone(),
            headers: Headers {
                cache_control: input.cache_control,
                content_disposition: input.content_disposition,
                content_encoding: input.content_encoding,
                content_language: input.content_language,
                content_type: input.content_type,
            },
            metadata: metadata(input.metadata),
            parts: BTreeMap::new(),
        };
        Ok(S3Response::new(CreateMultipartUploadOutput {
            bucket: Some(input.bucket),
            key: Some(input.key),
            upload_id: Some(self.uploads.begin(upload).await),
            ..CreateMultipartUploadOutput::default()
        }))
    }

    async fn upload_part(
        &self,
        request: S3Request<UploadPartInput>,
    ) -> S3Result<S3Response<UploadPartOutput>> {
        let input = request.input;
        self.uploads.get(&input.upload_id).await?;
        let claims = Claims {
            md5: input.content_md5,
            checksums: Checksums {
                crc32: input.checksum_crc32,
                crc32c: input.checksum_crc32c,
                crc64nvme: input.checksum_crc64nvme,
                sha1: input.checksum_sha1,
                sha256: input.checksum_sha256,
            },
            algorithm: input.checksum_algorithm,
            trailers: request.trailing_headers,
        };
        let part = receive(&self.storage, input.body, claims).await?;
        let output = UploadPartOutput {
            e_tag: Some(ETag::Strong(part.etag())),
            checksum_crc32: part.checksums.crc32.clone(),
            checksum_crc32c: part.checksums.crc32c.clone(),
            checksum_crc64nvme: part.checksums.crc64nvme.clone(),
            checksum_sha1: part.checksums.sha1.clone(),
            checksum_sha256: part.checksums.sha256.clone(),
            ..UploadPartOutput::default()
        };
        self.uploads
            .add(
                &input.upload_id,
                &input.bucket,
                &input.key,
                input.part_number,
                part,
            )
            .await?;
        Ok(S3Response::new(output))
    }

    async fn complete_multipart_upload(
        &self,
        request: S3Request<CompleteMultipartUploadInput>,
    ) -> S3Result<S3Response<CompleteMultipartUploadOutput>> {
        let input = request.input;
        let upload = self.uploads.get(&input.upload_id).await?;
        let named = input
            .multipart_upload
            .and_then(|upload| upload.parts)
            .unwrap_or_default();
        let (received, etag) = upload::join(&self.storage, &upload, &named).await?;
        let mut object: object::Object =
            received.object(input.key.clone(), upload.headers, upload.metadata);
        object.etag.clone_from(&etag);
        self.storage
            .put(&input.bucket, &received.path, object)
            .await
            .map_err(storage_error)?;
        self.uploads.end(&input.upload_id).await?;
        Ok(S3Response::new(CompleteMultipartUploadOutput {
            location: Some(format!("/{}/{}", input.bucket, input.key)),
            bucket: Some(input.bucket),
            key: Some(input.key),
            e_tag: Some(ETag::Strong(etag)),
            ..CompleteMultipartUploadOutput::default()
        }))
    }

    async fn abort_multipart_upload(
        &self,
        request: S3Request<AbortMultipartUploadInput>,
    ) -> S3Result<S3Response<AbortMultipartUploadOutput>> {
        self.uploads.end(&request.input.upload_id).await?;
        Ok(S3Response::new(AbortMultipartUploadOutput::default()))
    }

    async fn list_parts(
        &self,
        request: S3Request<ListPartsInput>,
    ) -> S3Result<S3Response<ListPartsOutput>> {
        let input = request.input;
        let upload = self.uploads.get(&input.upload_id).await?;
        let parts = upload.parts.iter().map(|(number, part)| Part {
            part_number: Some(*number),
            e_tag: Some(ETag::Strong(part.etag())),
            size: i64::try_from(part.size).ok(),
            ..Part::default()
        });
        Ok(S3Response::new(ListPartsOutput {
            parts: Some(parts.collect()),
            bucket: Some(input.bucket),
            key: Some(input.key),
            upload_id: Some(input.upload_id),
            is_truncated: Some(false),
            ..ListPartsOutput::default()
        }))
    }
}

impl Service {
    async fn require(&self, bucket: &str) -> S3Result<()> {
        match self.storage.has_bucket(bucket).await {
            true => Ok(()),
            false => Err(storage_error(StorageError::NoSuchBucket)),
        }
    }

    /// `If-None-Match: *` writes only what is not there, `If-Match` only what has not changed.
    async fn check_conditions(&self, input: &PutObjectInput) -> S3Result<()> {
        let failed = || {
            s3_error!(
                PreconditionFailed,
                "At least one of the pre-conditions you specified did not hold"
            )
        };
        if input.if_none_match.is_none() && input.if_match.is_none() {
            return Ok(());
        }
        let there = self.storage.object(&input.bucket, &input.key).await.ok();
        if input.if_none_match.is_some() && there.is_some() {
            return Err(failed());
        }
        match (&input.if_match, there) {
            (None, _) => Ok(()),
            (Some(condition), Some(object))
                if condition.is_any()
                    || condition
                        .as_etag()
                        .is_some_and(|etag| etag.value() == object.etag) =>
            {
                Ok(())
            }
            (Some(_), _) => Err(failed()),
        }
    }
}
