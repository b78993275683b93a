//! The secrets of a deployment in Secrets Manager: one JSON document, made once, read back before
//! every plan.
//!
//! Beside the values of [`SecretName`] it holds what is known only when a store exists:
//! `REDIS_URL`, which has the password in it, and `SMTP_LOGIN`, the access key that the SMTP
//! password was derived from.

use std::collections::{BTreeMap, BTreeSet};

use mastodon::{Deployment, Secret, SecretError, SecretName, Secrets};
use rand::CryptoRng;
use tokio::sync::Mutex;
use topology::MailRoute;

use crate::account::Account;
use crate::data;
use crate::error::{Error, ErrorKind};
use crate::id::Id;
use crate::kind::Owner;
use crate::names;
use crate::scope::Scope;
use crate::tags;

/// The key of `rediss://…`, written when the cache exists.
pub(crate) const REDIS_URL: &str = "REDIS_URL";
/// The key of the access key id that `SMTP_PASSWORD` belongs to, written with it.
pub(crate) const SMTP_LOGIN: &str = "SMTP_LOGIN";

/// Read, change, write is one operation: the cache and the mail user do it at the same time. Other
/// processes are kept out by the deployment's lock.
static EDITING: Mutex<()> = Mutex::const_new(());

/// The document, by key. Its values are shown by nothing.
#[derive(Clone, Default, PartialEq, Eq)]
pub(crate) struct Document(BTreeMap<String, String>);

impl std::fmt::Debug for Document {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_set().entries(self.0.keys()).finish()
    }
}

impl Document {
    pub(crate) fn get(&self, key: &str) -> Option<&str> {
        self.0.get(key).map(String::as_str)
    }

    pub(crate) fn set(&mut self, key: &str, value: impl Into<String>) {
        self.0.insert(key.to_owned(), value.into());
    }

    /// Takes the values of `names` from `secrets`.
    pub(crate) fn take(&mut self, secrets: &Secrets, names: &BTreeSet<SecretName>) {
        for name in names {
            if let Some(secret) = secrets.get(*name) {
                self.set(name.as_str(), secret.expose());
            }
        }
    }

    /// Those that masto or the operator made.
    pub(crate) fn secrets(&self) -> Secrets {
        SecretName::ALL
            .into_iter()
            .filter_map(|name| Some((name, Secret::new(self.get(name.as_str())?))))
            .collect()
    }

    fn parse(text: &str, scope: &Scope) -> Result<Self, Error> {
        // The parser's own words could quote a value.
        serde_json::from_str(text)
            .map(Self)
            .map_err(|_| Error::Setup {
                message: format!(
                    "the secret `{}` is not a document that masto wrote",
                    names::of(&Id::Secret, scope)
                ),
                hint: "restore an earlier version of it in Secrets Manager".to_owned(),
                kind: ErrorKind::Resource,
            })
    }

    pub(crate) fn to_json(&self) -> String {
        serde_json::Value::from_iter(
            self.0
                .iter()
                .map(|(key, value)| (key.as_str(), value.as_str())),
        )
        .to_string()
    }
}

/// What Secrets Manager has under the deployment's name.
#[derive(Clone, Debug)]
pub(crate) enum Stored {
    /// It can be read.
    Active {
        arn: String,
        owner: Owner,
        document: Document,
    },
    /// It was deleted and can be restored until its window ends; nobody can read it.
    Leaving { owner: Owner },
}

/// Looks for the deployment's secret.
pub(crate) async fn find(account: &Account, scope: &Scope) -> Result<Option<Stored>, Error> {
    account
        .once_a_look(|seen| &seen.secret, || look(account, scope))
        .await
}

async fn look(account: &Account, scope: &Scope) -> Result<Option<Stored>, Error> {
    let name = names::of(&Id::Secret, scope);
    let described = account
        .secrets
        .describe_secret()
        .secret_id(&name)
        .send()
        .await
        .map_err(|error| Error::call("secretsmanager:DescribeSecret", error));
    let described = match described {
        Ok(described) => described,
        Err(error) if error.is_not_found() => return Ok(None),
        Err(error) => return Err(error),
    };
    let found: BTreeMap<String, String> = described
        .tags
        .unwrap_or_default()
        .into_iter()
        .filter_map(|tag| Some((tag.key?, tag.value?)))
        .collect();
    let owner = tags::owner(&found, scope);
    if described.deleted_date.is_some() {
        return Ok(Some(Stored::Leaving { owner }));
    }
    let document = match owner {
        Owner::Ours => read(account, scope).await?,
        Owner::Stranger => Document::default(),
    };
    Ok(Some(Stored::Active {
        arn: described.arn.unwrap_or(name),
        owner,
        document,
    }))
}

async fn read(account: &Account, scope: &Scope) -> Result<Document, Error> {
    let value = account
        .secrets
        .get_secret_value()
        .secret_id(names::of(&Id::Secret, scope))
        .send()
        .await
        .map_err(|error| Error::call("secretsmanager:GetSecretValue", error));
    match value {
        Ok(value) => Document::parse(value.secret_string().unwrap_or("{}"), scope),
        // Made, and never written to: its creation was cut off in between.
        Err(error) if error.is_not_found() => Ok(Document::default()),
        Err(error) => Err(error),
    }
}

/// The document; empty where the deployment has no secret that can be read.
pub(crate) async fn document(account: &Account, scope: &Scope) -> Result<Document, Error> {
    Ok(match find(account, scope).await? {
        Some(Stored::Active { document, .. }) => document,
        Some(Stored::Leaving { .. }) | None => Document::default(),
    })
}

/// Changes the document, and writes it where that made a difference.
pub(crate) async fn edit(
    account: &Account,
    scope: &Scope,
    change: impl FnOnce(&mut Document),
) -> Result<(), Error> {
    let _editing = EDITING.lock().await;
    let before = read(account, scope).await?;
    let mut document = before.clone();
    change(&mut document);
    if document == before {
        return Ok(());
    }
    account
        .secrets
        .put_secret_value()
        .secret_id(names::of(&Id::Secret, scope))
        .secret_string(document.to_json())
        .send()
        .await
        .map(drop)
        .map_err(|error| Error::call("secretsmanager:PutSecretValue", error))
}

/// Ends the deletion window.
async fn restore(account: &Account, scope: &Scope) -> Result<(), Error> {
    account
        .secrets
        .restore_secret()
        .secret_id(names::of(&Id::Secret, scope))
        .send()
        .await
        .map(drop)
        .map_err(|error| Error::call("secretsmanager:RestoreSecret", error))
}

/// The secrets that Secrets Manager has; `None` where there are none that can be read.
///
/// # Errors
///
/// [`Error::Call`], or [`Error::Setup`] for a document that masto did not write.
pub async fn stored(account: &Account, scope: &Scope) -> Result<Option<Secrets>, Error> {
    Ok(match find(account, scope).await? {
        Some(Stored::Active {
            owner: Owner::Ours,
            document,
            ..
        }) => Some(document.secrets()),
        _ => None,
    })
}

/// Whether a deleted secret may be brought back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Leaving {
    /// Only look: what cannot be read is imagined. For plans that are not executed.
    Imagine,
    /// Restore it. For `up`, with the lock held.
    Restore,
}

/// What masto or the operator makes before a plan. The SMTP password of SES is none of them: it is
/// derived from a key that AWS makes.
#[must_use]
pub(crate) fn wanted(deployment: &Deployment) -> BTreeSet<SecretName> {
    let mut names = deployment.secrets.clone();
    if deployment.stores.mail.via == MailRoute::Ses {
        names.remove(&SecretName::SmtpPassword);
    }
    names
}

/// The secrets of `deployment` before a plan: those of Secrets Manager, with what is missing drawn
/// from `rng`. Nothing new is written here: the plan's own step does that.
///
/// `given` is the operator's SMTP password (`MASTO_SMTP_PASSWORD`).
///
/// # Errors
///
/// [`Error::Setup`] where a secret is missing that existing data (a database or a snapshot of one)
/// was written with, where one is damaged, and where only the operator can give it.
pub async fn prepare(
    account: &Account,
    scope: &Scope,
    deployment: &Deployment,
    given: Option<Secret>,
    leaving: Leaving,
    rng: &mut impl CryptoRng,
) -> Result<Secrets, Error> {
    let wanted = &wanted(deployment);
    let mut stored = find(account, scope).await?;
    if matches!(stored, Some(Stored::Leaving { owner: Owner::Ours })) && leaving == Leaving::Restore
    {
        restore(account, scope).await?;
        stored = find(&account.afresh(), scope).await?;
    }
    let mut secrets = match &stored {
        Some(Stored::Active { document, .. }) => document.secrets(),
        Some(Stored::Leaving { .. }) | None => Secrets::default(),
    };
    if let Some(problem) = secrets.problems().into_iter().next() {
        return Err(unusable(&problem));
    }
    if let Some(password) = given
        && wanted.contains(&SecretName::SmtpPassword)
    {
        secrets.insert(SecretName::SmtpPassword, password);
    }
    let is_readable = !matches!(stored, Some(Stored::Leaving { .. }));
    if is_readable
        && !secrets.missing(wanted).is_empty()
        && let Some(data) = data::any(account, scope).await?
    {
        secrets
            .require(wanted)
            .map_err(|problem| lost(&problem, &data))?;
    }
    secrets
        .complete(rng, wanted)
        .map_err(|problem| unusable(&problem))?;
    Ok(secrets)
}

fn unusable(problem: &SecretError) -> Error {
    Error::Setup {
        message: problem.to_string(),
        hint: problem.hint().to_owned(),
        kind: ErrorKind::Resource,
    }
}

fn lost(problem: &SecretError, data: &data::Data) -> Error {
    let (what, hint) = match data {
        data::Data::Database => ("the database exists".to_owned(), problem.hint().to_owned()),
        data::Data::Snapshot(name) => (
            format!("the snapshot `{name}` exists"),
            format!(
                "restore the secrets from a backup; without them the snapshot's accounts cannot be \
                 decrypted. To start over without it:  aws rds delete-db-snapshot \
                 --db-snapshot-identifier {name}"
            ),
        ),
    };
    let message = match problem {
        SecretError::Lost { names } => format!(
            "{what}, but these secrets that it was written with are missing: {}",
            names
                .iter()
                .map(|name| format!("`{name}`"))
                .collect::<Vec<_>>()
                .join(", ")
        ),
        other => other.to_string(),
    };
    Error::Setup {
        message,
        hint,
        kind: ErrorKind::Resource,
    }
}

/// Sixteen hex digits that change when one of the values that masto or the operator made
/// changes. Most of those are 128
/// random bits and more, so that it tells nothing of the one that an operator chose beside them.
#[must_use]
pub fn fingerprint(secrets: &Secrets, deployment: &Deployment) -> String {
    fingerprint_of(secrets, &wanted(deployment))
}

/// As [`fingerprint`], of these.
pub(crate) fn fingerprint_of(secrets: &Secrets, names: &BTreeSet<SecretName>) -> String {
    let values: BTreeMap<&str, &str> = names
        .iter()
        .filter_map(|name| Some((name.as_str(), secrets.get(*name)?.expose())))
        .collect();
    engine::hash::config_hash(&values)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn secrets(password: &str) -> Secrets {
        Secrets::from_iter([(SecretName::PostgresPassword, Secret::new(password))])
    }

    #[test]
    fn a_document_keeps_what_it_does_not_know_and_shows_no_value() {
        let scope = crate::fixture::scope();
        let mut document =
            Document::parse(r#"{"REDIS_URL":"rediss://:canary@x"}"#, &scope).unwrap();
        document.take(
            &secrets("canary"),
            &BTreeSet::from([SecretName::PostgresPassword]),
        );
        assert_eq!(document.get(REDIS_URL), Some("rediss://:canary@x"));
        assert_eq!(document.secrets(), secrets("canary"));
        assert!(!format!("{document:?}").contains("canary"));
        let read = Document::parse(&document.to_json(), &scope).unwrap();
        assert_eq!(read, document);
        let error = Document::parse(r#"{"REDIS_URL": canary"#, &scope).unwrap_err();
        assert!(!format!("{error:?} {error}").contains("canary"));
    }

    #[test]
    fn a_fingerprint_follows_the_values_of_its_names_alone() {
        let names = BTreeSet::from([SecretName::PostgresPassword]);
        let mut more = secrets("one");
        more.insert(SecretName::SmtpPassword, Secret::new("x"));
        assert_eq!(
            fingerprint_of(&secrets("one"), &names),
            fingerprint_of(&more, &names)
        );
        assert_ne!(
            fingerprint_of(&secrets("one"), &names),
            fingerprint_of(&secrets("two"), &names)
        );
    }
}
