//! The commands of `mc`.

use super::alias::{Alias, Aliases};
use super::bucket::{canned_policy, client, list, make_bucket, policy, ready, set_policy};
use super::error::Error;
use super::report::Report;

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
    pub(super) alias: String,
    pub(super) bucket: String,
    pub(super) prefix: String,
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
    pub(super) fn shown(&self) -> String {
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
