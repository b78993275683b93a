//! The lease as an object in S3.

use aws_sdk_s3::primitives::ByteStream;
use engine::lease::{Lease, LeaseStore};

use crate::account::Account;
use crate::error::{Error, ErrorKind};
use crate::scope::Scope;
use crate::state_bucket;

/// `locks/<deployment>.json` in the account's state bucket.
#[derive(Clone, Debug)]
pub(super) struct LeaseObject {
    account: Account,
    scope: Scope,
    bucket: String,
    key: String,
}

impl LeaseObject {
    pub(super) fn new(account: Account, scope: Scope) -> Self {
        Self {
            bucket: state_bucket::name(&scope),
            key: format!("locks/{}.json", scope.name),
            account,
            scope,
        }
    }
}

impl LeaseStore for LeaseObject {
    type Error = Error;

    fn is_passing(error: &Error) -> bool {
        error.is_passing()
    }

    async fn read(&self) -> Result<Option<(String, Lease)>, Error> {
        let answer = self
            .account
            .s3
            .get_object()
            .bucket(&self.bucket)
            .key(&self.key)
            .send()
            .await
            .map_err(|error| Error::call("s3:GetObject", error));
        let object = match answer {
            Ok(object) => object,
            Err(error) if error.is_not_found() => return Ok(None),
            Err(error) => return Err(error),
        };
        let version = object.e_tag.unwrap_or_default();
        let body = object.body.collect().await.map_err(|error| Error::Setup {
            message: format!("the lock `{}` could not be read: {error}", self.key),
            hint: "run the same command again".to_owned(),
            kind: ErrorKind::Unreachable,
        })?;
        let lease = serde_json::from_slice(&body.into_bytes()).map_err(|_| Error::Setup {
            message: format!(
                "s3://{}/{} is not a lock that masto wrote",
                self.bucket, self.key
            ),
            hint: format!(
                "if nobody is at work, remove it:  aws s3 rm s3://{}/{}",
                self.bucket, self.key
            ),
            kind: ErrorKind::Locked,
        })?;
        Ok(Some((version, lease)))
    }

    async fn write(&self, version: Option<&str>, lease: &Lease) -> Result<Option<String>, Error> {
        let put = || async {
            let text = serde_json::to_vec(lease)
                .map_err(|error| Error::bug(format!("a lease has no JSON form: {error}")))?;
            let put = self
                .account
                .s3
                .put_object()
                .bucket(&self.bucket)
                .key(&self.key)
                .content_type("application/json")
                .body(ByteStream::from(text));
            let put = match version {
                Some(version) => put.if_match(version),
                None => put.if_none_match("*"),
            };
            put.send()
                .await
                .map_err(|error| Error::call("s3:PutObject", error))
        };
        let mut answer = put().await;
        if let Err(error) = &answer
            && error.is(&["NoSuchBucket"])
        {
            state_bucket::ensure(&self.account, &self.scope).await?;
            answer = put().await;
        }
        match answer {
            Ok(answer) => Ok(Some(answer.e_tag.unwrap_or_default())),
            // Somebody was faster; or the object that should have been there is gone.
            Err(error)
                if error.is(&[
                    "PreconditionFailed",
                    "ConditionalRequestConflict",
                    "NoSuchKey",
                ]) =>
            {
                Ok(None)
            }
            Err(error) => Err(error),
        }
    }
}
