//! Who may do what: a valid signature everything, anyone else what the bucket's policy says.

use std::sync::Arc;

use s3s::access::{S3Access, S3AccessContext};
use s3s::auth::{S3Auth, SecretKey};
use s3s::path::S3Path;
use s3s::{S3Result, s3_error};

use super::storage::Storage;

/// The one user there is.
pub(super) struct RootUser {
    pub(super) access_key: String,
    pub(super) secret_key: SecretKey,
}

#[async_trait::async_trait]
impl S3Auth for RootUser {
    async fn get_secret_key(&self, access_key: &str) -> S3Result<SecretKey> {
        match access_key == self.access_key {
            true => Ok(self.secret_key.clone()),
            false => Err(s3_error!(
                InvalidAccessKeyId,
                "The Access Key Id you provided does not exist in our records."
            )),
        }
    }
}

/// Bucket policies.
pub(super) struct PolicyAccess(pub(super) Arc<Storage>);

#[async_trait::async_trait]
impl S3Access for PolicyAccess {
    async fn check(&self, context: &mut S3AccessContext<'_>) -> S3Result<()> {
        if context.credentials().is_some() {
            return Ok(());
        }
        let (bucket, key) = match context.s3_path() {
            S3Path::Root => return Err(denied()),
            S3Path::Bucket { bucket } => (bucket, None),
            S3Path::Object { bucket, key } => (bucket, Some(&**key)),
        };
        let Some(action) = anonymous_action(context.s3_op().name()) else {
            return Err(denied());
        };
        match self.0.policy(bucket).await {
            Some(policy) if policy.allows_anyone(action, bucket, key) => Ok(()),
            _ => Err(denied()),
        }
    }
}

fn denied() -> s3s::S3Error {
    s3_error!(AccessDenied, "Access Denied.")
}

/// The action of a policy that an operation needs; `None` for those that always need a signature.
fn anonymous_action(operation: &str) -> Option<&'static str> {
    match operation {
        "GetObject" | "HeadObject" => Some("s3:GetObject"),
        "PutObject" => Some("s3:PutObject"),
        "DeleteObject" => Some("s3:DeleteObject"),
        "ListObjects" | "ListObjectsV2" | "HeadBucket" => Some("s3:ListBucket"),
        "GetBucketLocation" => Some("s3:GetBucketLocation"),
        _ => None,
    }
}
