//! The one small bucket per account and region that masto keeps its locks and its history in.

use aws_sdk_s3::types::PublicAccessBlockConfiguration;

use crate::account::Account;
use crate::error::{Error, ErrorKind};
use crate::s3;
use crate::scope::Scope;

/// `masto-<account>-<region>`.
pub(crate) fn name(scope: &Scope) -> String {
    format!("masto-{}-{}", scope.account, scope.region)
}

/// Makes it where it is not there: closed to everybody, and without versions, for a lock is written
/// every few seconds.
pub(crate) async fn ensure(account: &Account, scope: &Scope) -> Result<(), Error> {
    let name = name(scope);
    match s3::create(account, &name).await {
        // Whoever else made it at the same time sets the same.
        Ok(_) => {}
        Err(error) if error.is(&["BucketAlreadyExists"]) => {
            return Err(Error::Setup {
                message: format!("the bucket `{name}` belongs to another AWS account"),
                hint: "masto keeps its locks in a bucket of that name; use another region"
                    .to_owned(),
                kind: ErrorKind::Resource,
            });
        }
        Err(error) => return Err(error),
    }
    let block = PublicAccessBlockConfiguration::builder()
        .block_public_acls(true)
        .ignore_public_acls(true)
        .block_public_policy(true)
        .restrict_public_buckets(true)
        .build();
    account
        .s3
        .put_public_access_block()
        .bucket(&name)
        .public_access_block_configuration(block)
        .send()
        .await
        .map_err(|error| Error::call("s3:PutBucketPublicAccessBlock", error))?;
    let tag = |key: &str, value: &str| (key.to_owned(), value.to_owned());
    s3::tag(
        account,
        &name,
        [tag("Name", &name), tag("masto", "locks and history")],
    )
    .await
}

/// Whether it has been made.
pub(crate) async fn exists(account: &Account, scope: &Scope) -> Result<bool, Error> {
    let answer = account
        .s3
        .get_bucket_tagging()
        .bucket(name(scope))
        .send()
        .await
        .map_err(|error| Error::call("s3:GetBucketTagging", error));
    match answer {
        Ok(_) => Ok(true),
        Err(error) if error.is(&["NoSuchTagSet"]) => Ok(true),
        Err(error) if error.is_not_found() => Ok(false),
        Err(error) => Err(error),
    }
}
