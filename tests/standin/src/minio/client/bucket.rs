//! What the commands do with a server.

use std::time::Duration;

use aws_sdk_s3::Client;
use aws_sdk_s3::config::{BehaviorVersion, Credentials, Region};
use aws_sdk_s3::error::ProvideErrorMetadata as _;
use aws_smithy_http_client::tls::Provider;
use aws_smithy_http_client::tls::rustls_provider::CryptoMode;

use super::alias::{Alias, Aliases};
use super::command::Target;
use super::error::Error;
use super::report::Report;
use crate::probe;

fn known(aliases: &Aliases, name: &str, what: &str) -> Result<Alias, Error> {
    aliases.get(name)?.ok_or_else(|| {
        Error::failed(
            what,
            format!("No valid configuration found for '{name}' host alias."),
        )
    })
}

pub(super) fn client(alias: &Alias) -> Client {
    let https = aws_smithy_http_client::Builder::new()
        .tls_provider(Provider::Rustls(CryptoMode::Ring))
        .build_https();
    let mut config = aws_sdk_s3::Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::from_static("us-east-1"))
        .endpoint_url(&alias.url)
        .force_path_style(true)
        .http_client(https);
    config = match alias.access_key.is_empty() {
        true => config.allow_no_auth(),
        false => config.credentials_provider(Credentials::new(
            &alias.access_key,
            &alias.secret_key,
            None,
            None,
            "alias",
        )),
    };
    Client::from_conf(config.build())
}

pub(super) async fn make_bucket(
    aliases: &Aliases,
    target: &Target,
    ignore_existing: bool,
) -> Result<(), Error> {
    let what = format!("Unable to make bucket `{}`", target.shown());
    let client = client(&known(aliases, &target.alias, &what)?);
    match client.create_bucket().bucket(&target.bucket).send().await {
        Err(error) if ignore_existing && error.code() == Some("BucketAlreadyOwnedByYou") => Ok(()),
        Err(error) => Err(Error::from_server(what, &error)),
        Ok(_) => Ok(()),
    }
}

pub(super) async fn set_policy(
    aliases: &Aliases,
    target: &Target,
    what: &str,
    text: Option<String>,
) -> Result<(), Error> {
    let client = client(&known(aliases, &target.alias, what)?);
    match text {
        Some(text) => {
            let request = client
                .put_bucket_policy()
                .bucket(&target.bucket)
                .policy(text);
            request
                .send()
                .await
                .map_err(|error| Error::from_server(what, &error))?;
        }
        None => {
            let request = client.delete_bucket_policy().bucket(&target.bucket);
            request
                .send()
                .await
                .map_err(|error| Error::from_server(what, &error))?;
        }
    }
    Ok(())
}

pub(super) async fn policy(aliases: &Aliases, target: &Target) -> Result<Option<String>, Error> {
    let what = format!("Unable to get anonymous policy for `{}`", target.shown());
    let client = client(&known(aliases, &target.alias, &what)?);
    match client
        .get_bucket_policy()
        .bucket(&target.bucket)
        .send()
        .await
    {
        Ok(answer) => Ok(answer.policy),
        Err(error) if error.code() == Some("NoSuchBucketPolicy") => Ok(None),
        Err(error) => Err(Error::from_server(what, &error)),
    }
}

/// The policies that `mc` has names for. `download` and `public` let anyone list the bucket, too,
/// which is why Mastodon's documentation sets a policy of its own. `None` takes the policy away.
pub(super) fn canned_policy(permission: &str, bucket: &str) -> Result<Option<String>, Error> {
    let (on_bucket, on_objects): (&[&str], &[&str]) = match permission {
        "none" | "private" => return Ok(None),
        "download" => (
            &["s3:GetBucketLocation", "s3:ListBucket"],
            &["s3:GetObject"],
        ),
        "upload" => (
            &["s3:GetBucketLocation"],
            &["s3:PutObject", "s3:DeleteObject"],
        ),
        "public" => (
            &["s3:GetBucketLocation", "s3:ListBucket"],
            &["s3:GetObject", "s3:PutObject", "s3:DeleteObject"],
        ),
        other => {
            return Err(Error::Usage(format!(
                "`{other}` is no permission: none, private, download, upload or public"
            )));
        }
    };
    let statement = |actions: &[&str], resource: String| serde_json::json!({ "Effect": "Allow", "Principal": { "AWS": ["*"] }, "Action": actions, "Resource": [resource] });
    let policy = serde_json::json!({
        "Version": "2012-10-17",
        "Statement": [
            statement(on_bucket, format!("arn:aws:s3:::{bucket}")),
            statement(on_objects, format!("arn:aws:s3:::{bucket}/*")),
        ],
    });
    Ok(Some(policy.to_string()))
}

/// Asks until the server is ready; whoever asks sets the bound.
pub(super) async fn ready(
    aliases: &Aliases,
    name: String,
    report: impl Fn(Report),
) -> Result<(), Error> {
    let what = format!("Unable to check cluster readiness of `{name}`");
    let alias = known(aliases, &name, &what)?;
    let authority = match alias.url.strip_prefix("http://") {
        Some(authority) if authority.contains(':') => authority.to_owned(),
        Some(host) => format!("{host}:80"),
        None => {
            return Err(Error::failed(
                what,
                format!("`{}` is not served over plain HTTP", alias.url),
            ));
        }
    };
    let mut ticks = tokio::time::interval(Duration::from_secs(5));
    loop {
        ticks.tick().await;
        let healthy = probe::status(&authority, "/minio/health/cluster")
            .await
            .is_ok_and(|status| status == 200);
        report(Report::Ready {
            name: name.clone(),
            healthy,
        });
        if healthy {
            return Ok(());
        }
    }
}

pub(super) async fn list(
    aliases: &Aliases,
    target: &Target,
    recursive: bool,
    report: impl Fn(Report),
) -> Result<(), Error> {
    let what = "Unable to list folder".to_owned();
    let client = client(&known(aliases, &target.alias, &what)?);
    let time = |time: Option<&aws_sdk_s3::primitives::DateTime>| {
        time.and_then(|time| jiff::Timestamp::from_second(time.secs()).ok())
            .unwrap_or_default()
    };
    if target.bucket.is_empty() {
        let answer = client
            .list_buckets()
            .send()
            .await
            .map_err(|error| Error::from_server(&what, &error))?;
        for bucket in answer.buckets() {
            report(Report::Bucket {
                name: bucket.name().unwrap_or_default().to_owned(),
                created: time(bucket.creation_date()),
            });
        }
        return Ok(());
    }
    let request = client
        .list_objects_v2()
        .bucket(&target.bucket)
        .prefix(&target.prefix);
    let request = if recursive {
        request
    } else {
        request.delimiter("/")
    };
    let mut pages = request.into_paginator().send();
    while let Some(page) = pages.next().await {
        let page = page.map_err(|error| Error::from_server(&what, &error))?;
        for prefix in page.common_prefixes() {
            report(Report::Folder {
                name: prefix.prefix().unwrap_or_default().to_owned(),
            });
        }
        for object in page.contents() {
            report(Report::Object {
                key: object.key().unwrap_or_default().to_owned(),
                size: object
                    .size()
                    .and_then(|size| u64::try_from(size).ok())
                    .unwrap_or_default(),
                modified: time(object.last_modified()),
            });
        }
    }
    Ok(())
}
