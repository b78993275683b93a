//! What the processes, and what ECS on their behalf, may do.

use std::collections::{BTreeMap, BTreeSet};

use aws_sdk_iam::types::Tag;
use engine::{Change, Known};
use serde_json::{Value, json};

use crate::account::Account;
use crate::attributes::{Attribute, Attributes};
use crate::difference::Differences;
use crate::ensure::{ensure, insist, nothing_else};
use crate::error::Error;
use crate::id::{Id, RoleKind};
use crate::kind::{Found, Kind, Owner, Site};
use crate::names;
use crate::resource::Resource;
use crate::scope::Scope;
use crate::tags;

/// The only policy of each role.
const POLICY: &str = "masto";

/// What an IAM role should be.
///
/// | Field | Change |
/// |---|---|
/// | trust | in place |
/// | permissions | in place |
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Role {
    /// Whose.
    pub kind: RoleKind,
    /// Account, region and names, which the policies name exactly.
    pub scope: Scope,
    /// The images are in a registry of the account's own (ECR), which wants permissions; public
    /// ones want none.
    pub registry: bool,
}

/// What was found of it.
#[derive(Clone, Debug, PartialEq)]
pub struct LiveRole {
    /// Who may take it on.
    pub trust: Value,
    /// What it may do; `None` while it has no policy.
    pub policy: Option<Value>,
}

impl Kind for Role {
    type Live = LiveRole;

    fn id(&self) -> Id {
        Id::Role(self.kind)
    }

    fn needs(&self) -> BTreeSet<Id> {
        let mut needs = BTreeSet::from([Id::LogGroup]);
        needs.insert(match self.kind {
            RoleKind::Task => Id::Bucket,
            RoleKind::Execution => Id::Secret,
        });
        needs
    }

    fn diff(&self, live: &LiveRole, known: &Known<Resource>) -> Option<Change> {
        let LiveRole { trust, policy } = live;
        let secret = known.get(&Id::Secret).map(secret_arn);
        let wanted = match (self.kind, secret) {
            (RoleKind::Execution, None) => None,
            (_, secret) => Some(self.policy(secret.unwrap_or_default())),
        };
        let (old, new) = match wanted {
            Some(wanted) => told(policy.as_ref().unwrap_or(&Value::Null), &wanted),
            None => (
                policy.as_ref().map(shown).unwrap_or_default(),
                "of the new secret".to_owned(),
            ),
        };
        Differences::new()
            .update("trust", &shown(trust), &shown(&self.trust()))
            .update("permissions", &old, &new)
            .into_change()
    }

    async fn observe(account: &Account, scope: &Scope) -> Result<Vec<Found<LiveRole>>, Error> {
        let (task, execution) = futures_util::try_join!(
            look(account, scope, RoleKind::Task),
            look(account, scope, RoleKind::Execution),
        )?;
        Ok(task.into_iter().chain(execution).collect())
    }

    async fn create(&self, site: Site<'_>) -> Result<Attributes, Error> {
        let Site { account, scope, .. } = site;
        let name = names::of(&self.id(), scope);
        let arn = ensure(
            || async { Ok(get(account, &name).await?.map(|role| role.arn)) },
            || async {
                let made = account
                    .iam
                    .create_role()
                    .role_name(&name)
                    .assume_role_policy_document(self.trust().to_string())
                    .description(description(self.kind))
                    .set_tags(Some(tags_of(&self.id(), scope)?))
                    .customize()
                    .config_override(
                        aws_sdk_iam::config::Builder::new().retry_config(Account::once()),
                    )
                    .send()
                    .await
                    .map_err(|error| Error::call("iam:CreateRole", error))?;
                Ok(made.role.map(|role| role.arn).unwrap_or_default())
            },
            nothing_else,
        )
        .await?;
        self.allow(site).await?;
        Ok(Attributes::of(arn))
    }

    async fn update(&self, live: &Found<LiveRole>, site: Site<'_>) -> Result<Attributes, Error> {
        let name = names::of(&self.id(), site.scope);
        if live.live.trust != self.trust() {
            let call = || async {
                site.account
                    .iam
                    .update_assume_role_policy()
                    .role_name(&name)
                    .policy_document(self.trust().to_string())
                    .send()
                    .await
                    .map(drop)
                    .map_err(|error| Error::call("iam:UpdateAssumeRolePolicy", error))
            };
            insist(call, |_| false).await?;
        }
        self.allow(site).await?;
        Ok(live.attributes.clone())
    }

    async fn delete(live: &Found<LiveRole>, site: Site<'_>) -> Result<(), Error> {
        let iam = &site.account.iam;
        let name = names::of(&live.id, site.scope);
        // A role goes only without policies.
        site.delete(&live.id, &[], || async {
            iam.delete_role_policy()
                .role_name(&name)
                .policy_name(POLICY)
                .send()
                .await
                .map(drop)
                .map_err(|error| Error::call("iam:DeleteRolePolicy", error))
        })
        .await?;
        site.delete(&live.id, &["DeleteConflict"], || async {
            iam.delete_role()
                .role_name(&name)
                .send()
                .await
                .map(drop)
                .map_err(|error| Error::call("iam:DeleteRole", error))
        })
        .await
    }
}

impl Role {
    /// ECS tasks of this account, and nobody's else who might make ECS ask for them.
    #[must_use]
    pub fn trust(&self) -> Value {
        json!({
            "Version": "2012-10-17",
            "Statement": [{
                "Effect": "Allow",
                "Principal": { "Service": "ecs-tasks.amazonaws.com" },
                "Action": "sts:AssumeRole",
                "Condition": { "StringEquals": { "aws:SourceAccount": self.scope.account } },
            }],
        })
    }

    /// What it may do. The execution role reads exactly the secret with this ARN.
    #[must_use]
    pub fn policy(&self, secret_arn: &str) -> Value {
        let statements = match self.kind {
            RoleKind::Task => self.task(),
            RoleKind::Execution => self.execution(secret_arn),
        };
        json!({ "Version": "2012-10-17", "Statement": statements })
    }

    fn task(&self) -> Vec<Value> {
        let partition = self.scope.partition();
        let bucket = names::of(&Id::Bucket, &self.scope);
        vec![
            json!({
                "Sid": "Media",
                "Effect": "Allow",
                "Action": [
                    "s3:AbortMultipartUpload",
                    "s3:DeleteObject",
                    "s3:GetObject",
                    "s3:ListMultipartUploadParts",
                    "s3:PutObject",
                ],
                "Resource": format!("arn:{partition}:s3:::{bucket}/*"),
            }),
            json!({
                "Sid": "Bucket",
                "Effect": "Allow",
                "Action": ["s3:GetBucketLocation", "s3:ListBucket"],
                "Resource": format!("arn:{partition}:s3:::{bucket}"),
            }),
            // `masto exec`: these four know no resources.
            json!({
                "Sid": "Exec",
                "Effect": "Allow",
                "Action": [
                    "ssmmessages:CreateControlChannel",
                    "ssmmessages:CreateDataChannel",
                    "ssmmessages:OpenControlChannel",
                    "ssmmessages:OpenDataChannel",
                ],
                "Resource": "*",
            }),
        ]
    }

    fn execution(&self, secret_arn: &str) -> Vec<Value> {
        let Scope {
            account, region, ..
        } = &self.scope;
        let partition = self.scope.partition();
        let group = names::of(&Id::LogGroup, &self.scope);
        let mut statements = vec![
            json!({
                "Sid": "Secrets",
                "Effect": "Allow",
                "Action": "secretsmanager:GetSecretValue",
                "Resource": secret_arn,
            }),
            json!({
                "Sid": "Logs",
                "Effect": "Allow",
                "Action": ["logs:CreateLogStream", "logs:PutLogEvents"],
                "Resource": format!("arn:{partition}:logs:{region}:{account}:log-group:{group}:*"),
            }),
        ];
        if self.registry {
            statements.push(json!({
                "Sid": "RegistryLogin",
                "Effect": "Allow",
                "Action": "ecr:GetAuthorizationToken",
                "Resource": "*",
            }));
            statements.push(json!({
                "Sid": "Registry",
                "Effect": "Allow",
                "Action": [
                    "ecr:BatchCheckLayerAvailability",
                    "ecr:BatchGetImage",
                    "ecr:GetDownloadUrlForLayer",
                ],
                "Resource": format!("arn:{partition}:ecr:*:*:repository/*"),
            }));
        }
        statements
    }

    async fn allow(&self, site: Site<'_>) -> Result<(), Error> {
        let secret = match self.kind {
            RoleKind::Task => "",
            RoleKind::Execution => secret_arn(site.input(&Id::Secret)?),
        };
        let policy = self.policy(secret).to_string();
        let call = || async {
            site.account
                .iam
                .put_role_policy()
                .role_name(names::of(&self.id(), site.scope))
                .policy_name(POLICY)
                .policy_document(&policy)
                .send()
                .await
                .map(drop)
                .map_err(|error| Error::call("iam:PutRolePolicy", error))
        };
        // A new role is not known everywhere at once.
        insist(call, Error::is_not_found).await
    }
}

/// Where the secret is.
pub(crate) fn secret_arn(secret: &Attributes) -> &str {
    secret.get(Attribute::Arn).unwrap_or(&secret.identity)
}

fn description(kind: RoleKind) -> &'static str {
    match kind {
        RoleKind::Task => "What Mastodon's processes may do",
        RoleKind::Execution => "What ECS may do to start Mastodon's processes",
    }
}

fn tags_of(id: &Id, scope: &Scope) -> Result<Vec<Tag>, Error> {
    tags::of(id, scope)
        .into_iter()
        .map(|(key, value)| {
            let tag = Tag::builder().key(key).value(value).build();
            tag.map_err(|error| Error::bug(error.to_string()))
        })
        .collect()
}

async fn get(account: &Account, name: &str) -> Result<Option<aws_sdk_iam::types::Role>, Error> {
    let role = account
        .iam
        .get_role()
        .role_name(name)
        .send()
        .await
        .map_err(|error| Error::call("iam:GetRole", error));
    match role {
        Ok(answer) => Ok(answer.role),
        Err(error) if error.is_not_found() => Ok(None),
        Err(error) => Err(error),
    }
}

async fn look(
    account: &Account,
    scope: &Scope,
    kind: RoleKind,
) -> Result<Option<Found<LiveRole>>, Error> {
    let id = Id::Role(kind);
    let name = names::of(&id, scope);
    let Some(role) = get(account, &name).await? else {
        return Ok(None);
    };
    let tags: BTreeMap<String, String> = role
        .tags
        .unwrap_or_default()
        .into_iter()
        .map(|tag| (tag.key, tag.value))
        .collect();
    let owner = tags::owner(&tags, scope);
    let policy = match owner {
        Owner::Ours => policy_of(account, &name).await?,
        Owner::Stranger => None,
    };
    let trust = role.assume_role_policy_document.unwrap_or_default();
    let live = LiveRole {
        trust: document(&trust),
        policy,
    };
    let mut found = Found::ours(id, Attributes::of(role.arn), live);
    found.owner = owner;
    Ok(Some(found))
}

async fn policy_of(account: &Account, name: &str) -> Result<Option<Value>, Error> {
    let policy = account
        .iam
        .get_role_policy()
        .role_name(name)
        .policy_name(POLICY)
        .send()
        .await
        .map_err(|error| Error::call("iam:GetRolePolicy", error));
    match policy {
        Ok(answer) => Ok(Some(document(&answer.policy_document))),
        Err(error) if error.is_not_found() => Ok(None),
        Err(error) => Err(error),
    }
}

/// A policy document: IAM answers with one in the form of a URL (RFC 3986).
fn document(text: &str) -> Value {
    let decoded = percent_decoded(text);
    serde_json::from_str(&decoded).unwrap_or(Value::String(decoded))
}

fn percent_decoded(text: &str) -> String {
    let hex = |digits: &[u8]| u8::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok();
    let bytes = text.as_bytes();
    let mut decoded = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        let code = match bytes[at] {
            b'%' => bytes.get(at + 1..at + 3).and_then(hex),
            _ => None,
        };
        decoded.push(code.unwrap_or(bytes[at]));
        at += if code.is_some() { 3 } else { 1 };
    }
    String::from_utf8_lossy(&decoded).into_owned()
}

/// Documents are equal whatever the order of their keys.
/// What two policies do not have in common, statement by statement: by its name where only one of
/// them has it, else in full. Equal where they are.
fn told(old: &Value, new: &Value) -> (String, String) {
    if old == new {
        return Default::default();
    }
    let statements = |policy: &Value| policy["Statement"].as_array().cloned().unwrap_or_default();
    let (before, after) = (statements(old), statements(new));
    let apart = |these: &[Value], those: &[Value]| {
        let these = these.iter().filter(|statement| !those.contains(statement));
        let told = these.map(|statement| match statement["Sid"].as_str() {
            Some(name) if those.iter().all(|other| other["Sid"] != name) => name.to_owned(),
            _ => shown(statement),
        });
        told.collect::<Vec<_>>().join(", ")
    };
    let (leaving, coming) = (apart(&before, &after), apart(&after, &before));
    // Something around the statements.
    if leaving == coming {
        return (shown(old), shown(new));
    }
    (leaving, coming)
}

fn shown(document: &Value) -> String {
    fn sorted(value: &Value) -> Value {
        match value {
            Value::Object(fields) => {
                let fields: BTreeMap<&String, Value> = fields
                    .iter()
                    .map(|(key, value)| (key, sorted(value)))
                    .collect();
                json!(fields)
            }
            Value::Array(values) => values.iter().map(sorted).collect(),
            other => other.clone(),
        }
    }
    sorted(document).to_string()
}

#[cfg(test)]
#[path = "role_tests.rs"]
mod tests;
