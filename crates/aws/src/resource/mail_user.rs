//! The IAM user whose key becomes the SMTP password of SES.

use std::collections::{BTreeMap, BTreeSet};

use aws_sdk_iam::types::Tag;
use engine::{Change, Impact, Known};
use mastodon::{Secret, SecretName, ses_smtp_password};

use crate::account::Account;
use crate::attributes::{Attribute, Attributes};
use crate::difference::Differences;
use crate::ensure::{ensure, insist, nothing_else};
use crate::error::Error;
use crate::id::Id;
use crate::kind::{Found, Kind, Owner, Site};
use crate::names;
use crate::resource::Resource;
use crate::scope::Scope;
use crate::secrets::{self, SMTP_LOGIN};
use crate::tags;

/// The name of its inline policy.
const POLICY: &str = "send";

/// What the user should be: it may send from one address, and has one key.
///
/// | Field | Change |
/// |---|---|
/// | `from` | in place: the policy |
/// | key | in place: a new one where the secret does not have its password |
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MailUser {
    /// `notifications@social.example.com`.
    pub from: String,
}

/// What was found of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LiveMailUser {
    /// The address that it may send from; empty where its policy is another.
    pub from: String,
    /// The ids of its keys.
    pub keys: BTreeSet<String>,
    /// The one that the secret has the password of.
    pub stored: Option<String>,
}

impl LiveMailUser {
    fn is_stored(&self) -> bool {
        self.keys.len() == 1 && self.keys.first() == self.stored.as_ref()
    }
}

impl Kind for MailUser {
    type Live = LiveMailUser;

    fn id(&self) -> Id {
        Id::MailUser
    }

    fn diff(&self, live: &LiveMailUser, _: &Known<Resource>) -> Option<Change> {
        let Self { from } = self;
        Differences::new()
            .update("sender", &live.from, from)
            .update_with(
                "password in the secret",
                &live.is_stored(),
                &true,
                Impact::Restart,
            )
            .into_change()
    }

    async fn observe(account: &Account, scope: &Scope) -> Result<Vec<Found<LiveMailUser>>, Error> {
        let name = names::of(&Id::MailUser, scope);
        let Some((owner, arn)) = find(account, scope).await? else {
            return Ok(Vec::new());
        };
        let live = match owner {
            Owner::Stranger => LiveMailUser {
                from: String::new(),
                keys: BTreeSet::new(),
                stored: None,
            },
            Owner::Ours => LiveMailUser {
                from: sender(account, &name).await?,
                keys: keys(account, &name).await?,
                stored: stored(account, scope).await?,
            },
        };
        let key = live.stored.clone().unwrap_or_default();
        Ok(vec![Found {
            owner,
            ..Found::ours(
                Id::MailUser,
                Attributes::of(arn).with(Attribute::AccessKeyId, key),
                live,
            )
        }])
    }

    async fn create(&self, site: Site<'_>) -> Result<Attributes, Error> {
        let Site { account, scope, .. } = site;
        let name = names::of(&Id::MailUser, scope);
        let tags = tags::of(&Id::MailUser, scope)
            .into_iter()
            .map(|(key, value)| Tag::builder().key(key).value(value).build())
            .collect::<Result<Vec<_>, _>>()
            .map_err(crate::s3::build)?;
        let arn = ensure(
            || async { Ok(find(account, scope).await?.map(|(_, arn)| arn)) },
            || async {
                let made = account
                    .iam
                    .create_user()
                    .user_name(&name)
                    .set_tags(Some(tags.clone()))
                    .customize()
                    .config_override(
                        aws_sdk_iam::config::Builder::new().retry_config(Account::once()),
                    )
                    .send()
                    .await
                    .map_err(|error| Error::call("iam:CreateUser", error))?;
                Ok(made.user.map(|user| user.arn).unwrap_or_default())
            },
            nothing_else,
        )
        .await?;
        let key = self.complete(site, &name).await?;
        Ok(Attributes::of(arn).with(Attribute::AccessKeyId, key))
    }

    async fn update(
        &self,
        live: &Found<LiveMailUser>,
        site: Site<'_>,
    ) -> Result<Attributes, Error> {
        let name = names::of(&Id::MailUser, site.scope);
        let key = self.complete(site, &name).await?;
        Ok(live.attributes.clone().with(Attribute::AccessKeyId, key))
    }

    async fn delete(_: &Found<LiveMailUser>, site: Site<'_>) -> Result<(), Error> {
        let Site { account, scope, .. } = site;
        let name = names::of(&Id::MailUser, scope);
        for key in keys(account, &name).await? {
            delete_key(account, &name, &key).await?;
        }
        let policy = account
            .iam
            .delete_user_policy()
            .user_name(&name)
            .policy_name(POLICY)
            .send()
            .await
            .map_err(|error| Error::call("iam:DeleteUserPolicy", error));
        match policy {
            Err(error) if !error.is_not_found() => return Err(error),
            _ => {}
        }
        site.delete(&Id::MailUser, &["DeleteConflict"], || async {
            account
                .iam
                .delete_user()
                .user_name(&name)
                .send()
                .await
                .map(drop)
                .map_err(|error| Error::call("iam:DeleteUser", error))
        })
        .await
    }
}

impl MailUser {
    /// Its policy, and one key whose password is in the secret. Gives the key's id.
    async fn complete(&self, site: Site<'_>, name: &str) -> Result<String, Error> {
        let Site { account, scope, .. } = site;
        let policy = policy(&self.from).to_string();
        insist(
            || async {
                account
                    .iam
                    .put_user_policy()
                    .user_name(name)
                    .policy_name(POLICY)
                    .policy_document(&policy)
                    .send()
                    .await
                    .map(drop)
                    .map_err(|error| Error::call("iam:PutUserPolicy", error))
            },
            // IAM does not know the user everywhere yet.
            Error::is_not_found,
        )
        .await?;
        let stored = stored(account, scope).await?;
        let (key, secret) = insist(
            || async {
                let keys = keys(account, name).await?;
                // A key tells its secret once: one whose answer was lost is of no use.
                let useless = keys.iter().filter(|key| Some(*key) != stored.as_ref());
                for key in useless {
                    delete_key(account, name, key).await?;
                }
                match stored.as_ref().filter(|stored| keys.contains(*stored)) {
                    Some(stored) => Ok((stored.clone(), None)),
                    None => create_key(account, name).await,
                }
            },
            Error::is_not_found,
        )
        .await?;
        if let Some(secret) = secret {
            let password = ses_smtp_password(&secret, &scope.region);
            secrets::edit(account, scope, |document| {
                document.set(SMTP_LOGIN, &key);
                document.set(SecretName::SmtpPassword.as_str(), password.expose());
            })
            .await?;
        }
        Ok(key)
    }
}

/// One address may be sent from. The resource is left open: in SES's sandbox a recipient counts as
/// one as well.
fn policy(from: &str) -> serde_json::Value {
    let ses = |word: &str| format!("ses:{word}");
    let actions = ["SendEmail", "SendRawEmail"].map(ses);
    serde_json::json!({
        "Version": "2012-10-17",
        "Statement": [{
            "Effect": "Allow",
            "Action": actions,
            "Resource": "*",
            "Condition": { "StringEquals": { (ses("FromAddress")): from } },
        }],
    })
}

async fn create_key(account: &Account, name: &str) -> Result<(String, Option<Secret>), Error> {
    let made = account
        .iam
        .create_access_key()
        .user_name(name)
        .customize()
        .config_override(aws_sdk_iam::config::Builder::new().retry_config(Account::once()))
        .send()
        .await
        .map_err(|error| Error::call("iam:CreateAccessKey", error))?
        .access_key
        .ok_or_else(|| Error::bug("IAM made a key without showing it"))?;
    Ok((
        made.access_key_id,
        Some(Secret::new(made.secret_access_key)),
    ))
}

async fn delete_key(account: &Account, name: &str, key: &str) -> Result<(), Error> {
    let answer = account
        .iam
        .delete_access_key()
        .user_name(name)
        .access_key_id(key)
        .send()
        .await
        .map(drop)
        .map_err(|error| Error::call("iam:DeleteAccessKey", error));
    match answer {
        Err(error) if error.is_not_found() => Ok(()),
        answer => answer,
    }
}

async fn keys(account: &Account, name: &str) -> Result<BTreeSet<String>, Error> {
    let answer = account
        .iam
        .list_access_keys()
        .user_name(name)
        .send()
        .await
        .map_err(|error| Error::call("iam:ListAccessKeys", error));
    match answer {
        Ok(answer) => Ok(answer
            .access_key_metadata
            .into_iter()
            .filter_map(|key| key.access_key_id)
            .collect()),
        Err(error) if error.is_not_found() => Ok(BTreeSet::new()),
        Err(error) => Err(error),
    }
}

/// The key that the secret has the password of.
async fn stored(account: &Account, scope: &Scope) -> Result<Option<String>, Error> {
    let document = secrets::document(account, scope).await?;
    let has_password = document.get(SecretName::SmtpPassword.as_str()).is_some();
    Ok(document
        .get(SMTP_LOGIN)
        .filter(|_| has_password)
        .map(str::to_owned))
}

/// The address of its policy.
async fn sender(account: &Account, name: &str) -> Result<String, Error> {
    let answer = account
        .iam
        .get_user_policy()
        .user_name(name)
        .policy_name(POLICY)
        .send()
        .await
        .map_err(|error| Error::call("iam:GetUserPolicy", error));
    let document = match answer {
        Ok(answer) => answer.policy_document,
        Err(error) if error.is_not_found() => return Ok(String::new()),
        Err(error) => return Err(error),
    };
    let document: serde_json::Value = serde_json::from_str(&decode(&document)).unwrap_or_default();
    let from = document["Statement"][0]["Condition"]["StringEquals"]
        .as_object()
        .and_then(|condition| condition.values().next())
        .and_then(serde_json::Value::as_str)
        .unwrap_or_default()
        .to_owned();
    Ok(if document == policy(&from) {
        from
    } else {
        String::new()
    })
}

/// IAM gives policies back percent-encoded.
fn decode(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((first, tail)) = rest.split_first() {
        let code = (*first == b'%')
            .then(|| tail.get(..2))
            .flatten()
            .and_then(|digits| std::str::from_utf8(digits).ok())
            .and_then(|digits| u8::from_str_radix(digits, 16).ok());
        match code {
            Some(byte) => {
                bytes.push(byte);
                rest = &tail[2..];
            }
            None => {
                bytes.push(*first);
                rest = tail;
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

async fn find(account: &Account, scope: &Scope) -> Result<Option<(Owner, String)>, Error> {
    let answer = account
        .iam
        .get_user()
        .user_name(names::of(&Id::MailUser, scope))
        .send()
        .await
        .map_err(|error| Error::call("iam:GetUser", error));
    let user = match answer {
        Ok(answer) => answer.user,
        Err(error) if error.is_not_found() => None,
        Err(error) => return Err(error),
    };
    Ok(user.map(|user| {
        let found: BTreeMap<String, String> = user
            .tags
            .unwrap_or_default()
            .into_iter()
            .map(|tag| (tag.key, tag.value))
            .collect();
        (tags::owner(&found, scope), user.arn)
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_without_its_password_is_made_anew() {
        let desired = MailUser {
            from: "a@example.com".to_owned(),
        };
        let change = |from: &str, keys: &[&str], stored: Option<&str>| {
            let live = LiveMailUser {
                from: from.to_owned(),
                keys: keys.iter().map(|&key| key.to_owned()).collect(),
                stored: stored.map(str::to_owned),
            };
            desired
                .diff(&live, &BTreeMap::new())
                .map(|change| change.cause)
        };
        assert_eq!(change("a@example.com", &["K1"], Some("K1")), None);
        assert_eq!(
            change("b@example.com", &["K1"], Some("K1")).unwrap(),
            "sender changed"
        );
        let anew = "password in the secret changed";
        assert_eq!(change("a@example.com", &["K1"], None).unwrap(), anew);
        assert_eq!(
            change("a@example.com", &["K1", "K2"], Some("K1")).unwrap(),
            anew
        );
        assert_eq!(change("a@example.com", &["K2"], Some("K1")).unwrap(), anew);
    }

    #[test]
    fn a_policy_comes_back_as_it_went() {
        assert_eq!(decode("%7B%22a%22%3A%20%22%C3%A9%22%7D"), r#"{"a": "é"}"#);
        assert_eq!(decode("100%"), "100%");
    }
}
