//! Who did what when: one object a run in the account's state bucket. No secret is in it: a step
//! tells a resource and a cause.

use aws_sdk_s3::primitives::ByteStream;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::account::Account;
use crate::error::{Error, ErrorKind};
use crate::scope::Scope;
use crate::state_bucket;

/// One run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// The ARN of the credentials.
    pub who: String,
    /// The machine's name.
    pub host: String,
    /// `up`, `down`.
    pub operation: String,
    /// masto's version.
    pub masto: String,
    /// When it began.
    pub began: Timestamp,
    /// When it ended.
    pub ended: Timestamp,
    /// Whether everything that was planned was done.
    pub success: bool,
    /// What was planned.
    pub steps: Vec<Step>,
    /// The resources that failed, with the error.
    pub failed: Vec<(String, String)>,
}

/// One planned change.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Step {
    /// ``subnet `public-a` ``.
    pub resource: String,
    /// `create`, `update`, `replace`, `delete`.
    pub verb: String,
    /// Why.
    pub cause: String,
}

/// Keeps `entry`.
///
/// # Errors
///
/// [`Error::Call`].
pub async fn write(account: &Account, scope: &Scope, entry: &Entry) -> Result<(), Error> {
    let text = serde_json::to_vec(entry)
        .map_err(|error| Error::bug(format!("a run has no JSON form: {error}")))?;
    account
        .s3
        .put_object()
        .bucket(state_bucket::name(scope))
        .key(key(scope, entry))
        .content_type("application/json")
        .body(ByteStream::from(text))
        .send()
        .await
        .map(drop)
        .map_err(|error| Error::call("s3:PutObject", error))
}

/// The last `limit` runs, the newest first.
///
/// # Errors
///
/// [`Error::Call`].
pub async fn read(account: &Account, scope: &Scope, limit: usize) -> Result<Vec<Entry>, Error> {
    let bucket = state_bucket::name(scope);
    let pages = account
        .s3
        .list_objects_v2()
        .bucket(&bucket)
        .prefix(prefix(scope))
        .into_paginator()
        .send()
        .collect::<Result<Vec<_>, _>>()
        .await
        .map_err(|error| Error::call("s3:ListBucket", error));
    let pages = match pages {
        Ok(pages) => pages,
        Err(error) if error.is_not_found() => Vec::new(),
        Err(error) => return Err(error),
    };
    // Names begin with the time, and S3 lists them in order.
    let keys: Vec<String> = pages
        .into_iter()
        .flat_map(|page| page.contents.unwrap_or_default())
        .filter_map(|object| object.key)
        .collect();
    let mut entries = Vec::new();
    for key in keys.iter().rev().take(limit) {
        let object = account
            .s3
            .get_object()
            .bucket(&bucket)
            .key(key)
            .send()
            .await
            .map_err(|error| Error::call("s3:GetObject", error))?;
        let unreadable = |error: String| Error::Setup {
            message: format!("s3://{bucket}/{key} could not be read: {error}"),
            hint: "remove it if it is no use; history is for people, and masto does without"
                .to_owned(),
            kind: ErrorKind::Resource,
        };
        let body = object
            .body
            .collect()
            .await
            .map_err(|error| unreadable(error.to_string()))?;
        let entry = serde_json::from_slice(&body.into_bytes())
            .map_err(|error| unreadable(error.to_string()))?;
        entries.push(entry);
    }
    Ok(entries)
}

fn prefix(scope: &Scope) -> String {
    format!("history/{}/", scope.name)
}

fn key(scope: &Scope, entry: &Entry) -> String {
    let at = entry.began.strftime("%Y-%m-%dT%H:%M:%S%.3fZ");
    format!("{}{at}-{}.json", prefix(scope), entry.operation)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn runs_are_kept_in_the_order_of_time() {
        let entry = |second| Entry {
            who: "arn:aws:iam::123456789012:user/ada".to_owned(),
            host: "laptop".to_owned(),
            operation: "up".to_owned(),
            masto: "0.1.0".to_owned(),
            began: Timestamp::from_second(second).unwrap(),
            ended: Timestamp::from_second(second + 1).unwrap(),
            success: true,
            steps: Vec::new(),
            failed: Vec::new(),
        };
        let key = |second| key(&crate::fixture::scope(), &entry(second));
        assert_eq!(
            key(1_700_000_000),
            "history/social/2023-11-14T22:13:20.000Z-up.json"
        );
        assert!(key(999_999_999) < key(1_000_000_000));
    }
}
