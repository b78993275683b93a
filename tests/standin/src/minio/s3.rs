//! The S3 operations that Mastodon, an SDK and `mc` use, over [`Storage`].

use std::sync::Arc;
use std::time::SystemTime;

use s3s::dto::*;
use s3s::{S3, S3Request, S3Response, S3Result, s3_error};

use super::answer::{disk, limit, listed, metadata, storage_error};
use super::download;
use super::listing::Query;
use super::multipart::Uploads;
use super::object::{checksums_of, headers_of, milliseconds};
use super::storage::{Storage, StorageError};
use super::upload::{Claims, receive};

/// The service behind the protocol.
pub(super) struct Service {
    pub(super) storage: Arc<Storage>,
    pub(super) uploads: Uploads,
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
            checksums: checksums_of!(input),
            algorithm: input.checksum_algorithm,
            trailers: request.trailing_headers,
        };
        let headers = headers_of!(input);
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
            object.headers = headers_of!(input);
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
        self.require(&request.input.bucket).await?;
        Ok(S3Response::new(self.uploads.begin(request.input).await))
    }

    async fn upload_part(
        &self,
        request: S3Request<UploadPartInput>,
    ) -> S3Result<S3Response<UploadPartOutput>> {
        let S3Request {
            input,
            trailing_headers,
            ..
        } = request;
        let output = self
            .uploads
            .take_part(&self.storage, input, trailing_headers)
            .await?;
        Ok(S3Response::new(output))
    }

    async fn complete_multipart_upload(
        &self,
        request: S3Request<CompleteMultipartUploadInput>,
    ) -> S3Result<S3Response<CompleteMultipartUploadOutput>> {
        let output = self.uploads.complete(&self.storage, request.input).await?;
        Ok(S3Response::new(output))
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
        Ok(S3Response::new(self.uploads.list(request.input).await?))
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
