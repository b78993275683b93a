//! All secrets of the deployment, as one JSON document.

use std::collections::BTreeSet;

use aws_sdk_secretsmanager::types::Tag;
use engine::{Change, Impact, Known};
use mastodon::{SecretName, Secrets};

use crate::account::Account;
use crate::attributes::Attributes;
use crate::difference::Differences;
use crate::ensure::{ensure, nothing_else};
use crate::error::Error;
use crate::id::Id;
use crate::kind::{Found, Kind, Owner, Site};
use crate::names;
use crate::resource::Resource;
use crate::scope::Scope;
use crate::secrets::{self, Stored};
use crate::tags;

/// Days until a deleted secret is gone for good: the longest that Secrets Manager grants. The
/// values decrypt the final snapshot of the database.
const WINDOW: i64 = 30;

/// What the secret should hold. What stores add to it (`REDIS_URL`) is their own.
///
/// | Field | Change |
/// |---|---|
/// | `names` | in place: missing keys are added, others stay |
/// | `fingerprint` | in place; the processes are started anew, because tasks read secrets then |
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeploymentSecret {
    /// The keys that masto or the operator makes.
    pub names: BTreeSet<SecretName>,
    /// [`secrets::fingerprint`] of their values.
    pub fingerprint: String,
}

/// What was found of it. Its values are shown by nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LiveDeploymentSecret {
    /// The values.
    pub secrets: Secrets,
}

impl Kind for DeploymentSecret {
    type Live = LiveDeploymentSecret;

    fn id(&self) -> Id {
        Id::Secret
    }

    fn diff(&self, live: &LiveDeploymentSecret, _: &Known<Resource>) -> Option<Change> {
        let Self { names, fingerprint } = self;
        let LiveDeploymentSecret { secrets } = live;
        let list = |names: &BTreeSet<SecretName>| {
            names
                .iter()
                .map(|name| name.as_str())
                .collect::<Vec<_>>()
                .join(", ")
        };
        let missing = secrets.missing(names);
        if !missing.is_empty() {
            return Differences::new()
                .update("missing keys", &String::new(), &list(&missing))
                .into_change();
        }
        let is_same = secrets::fingerprint_of(secrets, names) == *fingerprint;
        Differences::new()
            .update(
                "values",
                &"as stored",
                if is_same { &"as stored" } else { &"as given" },
            )
            .into_change()
    }

    async fn observe(
        account: &Account,
        scope: &Scope,
    ) -> Result<Vec<Found<LiveDeploymentSecret>>, Error> {
        Ok(match secrets::find(account, scope).await? {
            Some(Stored::Active {
                arn,
                owner,
                document,
            }) => vec![Found {
                owner,
                removal_impact: Impact::DataLoss,
                ..Found::ours(
                    Id::Secret,
                    Attributes::of(arn),
                    LiveDeploymentSecret {
                        secrets: document.secrets(),
                    },
                )
            }],
            // On its way out: told of by the sweep, and restored before the next `up` plans.
            Some(Stored::Leaving { .. }) | None => Vec::new(),
        })
    }

    async fn create(&self, site: Site<'_>) -> Result<Attributes, Error> {
        let Site { account, scope, .. } = site;
        let name = names::of(&Id::Secret, scope);
        let mut document = secrets::Document::default();
        document.take(site.secrets, &self.names);
        let text = document.to_json();
        let tags: Vec<Tag> = tags::of(&Id::Secret, scope)
            .into_iter()
            .map(|(key, value)| Tag::builder().key(key).value(value).build())
            .collect();
        let arn = ensure(
            || async {
                match secrets::find(account, scope).await? {
                    Some(Stored::Active {
                        arn,
                        owner: Owner::Ours,
                        ..
                    }) => Ok(Some(arn)),
                    Some(Stored::Leaving { .. }) => Err(leaving(&name)),
                    Some(Stored::Active { .. }) => Err(Error::Stranger {
                        id: Id::Secret,
                        cause: format!("`{name}` exists, and masto did not make it"),
                        hint: "give this deployment another `name`".to_owned(),
                    }),
                    None => Ok(None),
                }
            },
            || async {
                let made = account
                    .secrets
                    .create_secret()
                    .name(&name)
                    .description("Mastodon's secrets; made by masto, and never made again")
                    .secret_string(&text)
                    .set_tags(Some(tags.clone()))
                    .customize()
                    .config_override(
                        aws_sdk_secretsmanager::config::Builder::new()
                            .retry_config(Account::once()),
                    )
                    .send()
                    .await
                    .map_err(|error| Error::call("secretsmanager:CreateSecret", error))?;
                Ok(made.arn.unwrap_or_else(|| name.clone()))
            },
            nothing_else,
        )
        .await?;
        Ok(Attributes::of(arn))
    }

    async fn update(
        &self,
        live: &Found<LiveDeploymentSecret>,
        site: Site<'_>,
    ) -> Result<Attributes, Error> {
        secrets::edit(site.account, site.scope, |document| {
            document.take(site.secrets, &self.names);
        })
        .await?;
        Ok(live.attributes.clone())
    }

    async fn delete(live: &Found<LiveDeploymentSecret>, site: Site<'_>) -> Result<(), Error> {
        site.delete(&Id::Secret, &[], || async {
            site.account
                .secrets
                .delete_secret()
                .secret_id(&live.attributes.identity)
                .recovery_window_in_days(WINDOW)
                .send()
                .await
                .map(drop)
                .map_err(|error| Error::call("secretsmanager:DeleteSecret", error))
        })
        .await
    }
}

fn leaving(name: &str) -> Error {
    Error::Failed {
        id: Id::Secret,
        reason: format!("`{name}` is in its deletion window, so its name is taken"),
        hint: Some(format!(
            "run the same command again: it restores the secret. To do without it:  \
             aws secretsmanager delete-secret --secret-id {name} --force-delete-without-recovery"
        )),
        tail: Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use mastodon::Secret;

    use super::*;

    #[test]
    fn what_is_missing_is_added_and_what_was_given_anew_is_written_unseen() {
        let values = |password: &str| {
            Secrets::from_iter([(SecretName::SmtpPassword, Secret::new(password))])
        };
        let names = BTreeSet::from([SecretName::SmtpPassword]);
        let desired = DeploymentSecret {
            fingerprint: secrets::fingerprint_of(&values("canary-new"), &names),
            names,
        };
        let change = |secrets: Secrets| {
            desired
                .diff(&LiveDeploymentSecret { secrets }, &BTreeMap::new())
                .map(|change| format!("{change:?}"))
        };
        assert_eq!(change(values("canary-new")), None);
        let changed = change(values("canary-old")).unwrap();
        assert!(changed.contains("values changed"), "{changed}");
        assert!(!changed.contains("canary"), "{changed}");
        let missing = change(Secrets::default()).unwrap();
        assert!(missing.contains("SMTP_PASSWORD"), "{missing}");
    }
}
