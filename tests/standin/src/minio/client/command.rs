//! The commands of `mc`.

use std::time::Duration;

use aws_sdk_s3::Client;
use aws_sdk_s3::config::{BehaviorVersion, Credentials, Region};
use aws_sdk_s3::error::ProvideErrorMetadata as _;
use aws_smithy_http_client::tls::Provider;
use aws_smithy_http_client::tls::rustls_provider::CryptoMode;

use super::alias::{Alias, Aliases};
use super::error::Error;
use super::report::Report;
use crate::probe;

/// What to do.
#[derive(Debug, PartialEq)]
pub(super) enum Command {
    AliasSet {
        name: String,
        url: String,
        access_key: String,
        secret_key: String,
    },
    AliasRemove {
        name: String,
    },
    AliasList {
        name: Option<String>,
    },
    MakeBucket {
        targets: Vec<Target>,
        ignore_existing: bool,
    },
    PolicySetJson {
        file: String,
        target: Target,
    },
    PolicySet {
        permission: String,
        target: Target,
    },
    PolicyGet {
        target: Target,
        json: bool,
    },
    Ready {
        name: String,
    },
    List {
        target: Target,
        recursive: bool,
    },
}

/// `alias/bucket/prefix`; bucket and prefix may be empty.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Target {
    alias: String,
    bucket: String,
    prefix: String,
}

impl Target {
    fn parse(text: &str) -> Self {
        let mut parts = text.splitn(3, '/').map(str::to_owned);
        let mut next = || parts.next().unwrap_or_default();
        Self {
            alias: next(),
            bucket: next(),
            prefix: next(),
        }
    }

    /// As messages show it.
    fn shown(&self) -> String {
        format!("{}/{}", self.alias, self.bucket)
    }
}

impl Command {
    /// Reads what is left of the command line when the flags of all commands are out.
    pub(super) fn parse(words: &[String]) -> Result<Self, Error> {
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        let owned = |word: &str| word.to_owned();
        let flag = |names: &[&str]| words.iter().any(|word| names.contains(word));
        let plain: Vec<&str> = words
            .iter()
            .copied()
            .filter(|word| !word.starts_with('-'))
            .collect();
        Ok(match plain[..] {
            ["alias", "set" | "s", name, url, access_key, secret_key] => Self::AliasSet {
                name: owned(name),
                url: owned(url),
                access_key: owned(access_key),
                secret_key: owned(secret_key),
            },
            ["alias", "remove" | "rm", name] => Self::AliasRemove { name: owned(name) },
            ["alias", "list" | "ls"] => Self::AliasList { name: None },
            ["alias", "list" | "ls", name] => Self::AliasList {
                name: Some(owned(name)),
            },
            ["mb", ref targets @ ..] if !targets.is_empty() => Self::MakeBucket {
                targets: targets.iter().map(|target| Target::parse(target)).collect(),
                ignore_existing: flag(&["--ignore-existing", "-p"]),
            },
            ["anonymous", "set-json", file, target] => Self::PolicySetJson {
                file: owned(file),
                target: Target::parse(target),
            },
            ["anonymous", "set", permission, target] => Self::PolicySet {
                permission: owned(permission),
                target: Target::parse(target),
            },
            ["anonymous", "get", target] => Self::PolicyGet {
                target: Target::parse(target),
                json: false,
            },
            ["anonymous", "get-json", target] => Self::PolicyGet {
                target: Target::parse(target),
                json: true,
            },
            ["ready", name] => Self::Ready { name: owned(name) },
            ["ls", target] => Self::List {
                target: Target::parse(target),
                recursive: flag(&["--recursive", "-r"]),
            },
            _ => {
                let message = format!(
                    "the stand-in's mc does not know `{}`: it has alias, mb, anonymous, ready and ls",
                    words.join(" ")
                );
                return Err(Error::Usage(message));
            }
        })
    }

    /// Does it, and reports each thing done.
    pub(super) async fn run(
        self,
        mut aliases: Aliases,
        report: impl Fn(Report),
    ) -> Result<(), Error> {
        match self {
            Self::AliasSet {
                name,
                url,
                access_key,
                secret_key,
            } => {
                let alias = Alias::new(&url, &access_key, &secret_key);
                // Like mc itself: an alias that cannot be used is not kept.
                client(&alias)
                    .list_buckets()
                    .send()
                    .await
                    .map_err(|error| {
                        Error::from_server(
                            "Unable to initialize new alias from the provided credentials",
                            &error,
                        )
                    })?;
                aliases.set(&name, alias)?;
                report(Report::AliasSet { name, url });
            }
            Self::AliasRemove { name } => match aliases.remove(&name)? {
                true => report(Report::AliasRemoved { name }),
                false => {
                    return Err(Error::failed(
                        format!("Unable to remove alias `{name}`"),
                        "No such alias found",
                    ));
                }
            },
            Self::AliasList { name } => {
                let wanted = |known: &&String| name.as_ref().is_none_or(|name| name == *known);
                for (
                    name,
                    Alias {
                        url, access_key, ..
                    },
                ) in aliases.all().filter(|(known, _)| wanted(known))
                {
                    report(Report::Alias {
                        name: name.clone(),
                        url: url.clone(),
                        access_key: access_key.clone(),
                    });
                }
            }
            Self::MakeBucket {
                targets,
                ignore_existing,
            } => {
                for target in targets {
                    make_bucket(&aliases, &target, ignore_existing).await?;
                    report(Report::BucketMade {
                        target: target.shown(),
                    });
                }
            }
            Self::PolicySetJson { file, target } => {
                let what = format!("Unable to set anonymous `{file}` for `{}`", target.shown());
                let text =
                    std::fs::read_to_string(&file).map_err(|error| Error::failed(&what, error))?;
                set_policy(&aliases, &target, &what, Some(text)).await?;
                report(Report::PolicySetFrom {
                    target: target.shown(),
                    file,
                });
            }
            Self::PolicySet { permission, target } => {
                let what = format!(
                    "Unable to set anonymous `{permission}` for `{}`",
                    target.shown()
                );
                set_policy(
                    &aliases,
                    &target,
                    &what,
                    canned_policy(&permission, &target.bucket)?,
                )
                .await?;
                report(Report::PolicySet {
                    target: target.shown(),
                    permission,
                });
            }
            Self::PolicyGet { target, json } => {
                let text = policy(&aliases, &target).await?;
                report(match (json, text) {
                    (true, text) => Report::PolicyText(text.unwrap_or_else(|| "{}".to_owned())),
                    (false, Some(_)) => Report::Policy {
                        target: target.shown(),
                        permission: "custom".to_owned(),
                    },
                    (false, None) => Report::Policy {
                        target: target.shown(),
                        permission: "private".to_owned(),
                    },
                });
            }
            Self::Ready { name } => ready(&aliases, name, report).await?,
            Self::List { target, recursive } => list(&aliases, &target, recursive, report).await?,
        }
        Ok(())
    }
}

fn known(aliases: &Aliases, name: &str, what: &str) -> Result<Alias, Error> {
    aliases.get(name)?.ok_or_else(|| {
        Error::failed(
            what,
            format!("No valid configuration found for '{name}' host alias."),
        )
    })
}

fn client(alias: &Alias) -> Client {
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

async fn make_bucket(
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

async fn set_policy(
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

async fn policy(aliases: &Aliases, target: &Target) -> Result<Option<String>, Error> {
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
fn canned_policy(permission: &str, bucket: &str) -> Result<Option<String>, Error> {
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
async fn ready(aliases: &Aliases, name: String, report: impl Fn(Report)) -> Result<(), Error> {
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

async fn list(
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

#[cfg(test)]
mod tests {
    use expect_test::{Expect, expect};

    use super::*;

    fn check(line: &str, expected: &Expect) {
        let words: Vec<String> = line.split_whitespace().map(str::to_owned).collect();
        expected.assert_eq(&match Command::parse(&words) {
            Ok(command) => format!("{command:?}"),
            Err(error) => error.to_string(),
        });
    }

    #[test]
    fn the_commands_that_set_up_a_bucket_are_understood() {
        check(
            "mb --ignore-existing local/social-media",
            &expect![[
                r#"MakeBucket { targets: [Target { alias: "local", bucket: "social-media", prefix: "" }], ignore_existing: true }"#
            ]],
        );
        check(
            "anonymous set-json /tmp/policy.json local/social-media",
            &expect![[
                r#"PolicySetJson { file: "/tmp/policy.json", target: Target { alias: "local", bucket: "social-media", prefix: "" } }"#
            ]],
        );
        check(
            "ls -r local/social-media/accounts/",
            &expect![[
                r#"List { target: Target { alias: "local", bucket: "social-media", prefix: "accounts/" }, recursive: true }"#
            ]],
        );
    }

    #[test]
    fn what_it_does_not_know_it_says() {
        check(
            "admin user add local x",
            &expect![
                "mc: <ERROR> the stand-in's mc does not know `admin user add local x`: it has alias, mb, anonymous, ready and ls"
            ],
        );
    }

    #[test]
    fn download_lets_anyone_list_too() {
        let policy = canned_policy("download", "b")
            .expect("known")
            .expect("a policy");
        assert!(policy.contains("s3:ListBucket"), "{policy}");
    }
}
