//! What the meanings of an environment are in a task definition.

use std::collections::{BTreeMap, BTreeSet};

use mastodon::{Env, EnvValue, Part, SecretName, Store};

use crate::attributes::{Attribute, Attributes};
use crate::id::Id;
use crate::names;
use crate::scope::Scope;
use crate::secrets::{REDIS_URL, SMTP_LOGIN};

/// A value that stands in a task definition for everyone to read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Value {
    /// This text.
    Text(String),
    /// What AWS tells of a resource.
    Of(Id, Attribute),
}

/// The environment of a container. Secrets are in it by the key under which Secrets Manager has
/// them, never by value.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Environment {
    /// Variables in the clear.
    pub plain: BTreeMap<String, Value>,
    /// Variables whose values ECS fetches when a task starts, with the keys of the secret.
    pub secrets: BTreeMap<String, String>,
}

/// What the deployment's media are fetched from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum MediaHost {
    /// A name of the deployment's own.
    Named(String),
    /// The one that this resource got from AWS.
    Of(Id),
}

impl Environment {
    /// Renders `env`.
    pub(crate) fn new(env: &Env, scope: &Scope, media: &MediaHost) -> Self {
        let mut environment = Self::default();
        for (name, value) in env {
            match value {
                EnvValue::Literal(text) => {
                    environment.insert(name, Value::Text(text.clone()));
                }
                EnvValue::Secret(secret) => environment.secret(name, secret.as_str()),
                EnvValue::Endpoint {
                    store: Store::Redis,
                    part: Part::Url,
                } => environment.secret(name, REDIS_URL),
                // Written together with the password that goes with it.
                EnvValue::Endpoint {
                    store: Store::Mail,
                    part: Part::Login,
                } => environment.secret(name, SMTP_LOGIN),
                EnvValue::Endpoint { store, part } => {
                    let value = endpoint(*store, *part, scope, media);
                    environment.insert(name, value);
                }
            }
        }
        environment
    }

    fn insert(&mut self, name: &str, value: Value) {
        self.plain.insert(name.to_owned(), value);
    }

    fn secret(&mut self, name: &str, key: &str) {
        self.secrets.insert(name.to_owned(), key.to_owned());
    }

    /// The resources that values come from.
    pub(crate) fn sources(&self) -> BTreeSet<Id> {
        let mut sources: BTreeSet<Id> = self
            .plain
            .values()
            .filter_map(|value| match value {
                Value::Text(_) => None,
                Value::Of(id, _) => Some(id.clone()),
            })
            .collect();
        if !self.secrets.is_empty() {
            sources.insert(Id::Secret);
        }
        if self.secrets.values().any(|key| key == REDIS_URL) {
            // The key is written when Redis has an address.
            sources.insert(Id::Cache);
        }
        if self
            .secrets
            .values()
            .any(|key| key == SMTP_LOGIN || key == SecretName::SmtpPassword.as_str())
        {
            sources.insert(Id::MailUser);
        }
        sources
    }

    /// The variables in the clear; the error is a resource that does not tell its part yet.
    pub(crate) fn values<'a>(
        &self,
        attributes: impl Fn(&Id) -> Option<&'a Attributes>,
    ) -> Result<BTreeMap<String, String>, Id> {
        self.plain
            .iter()
            .map(|(name, value)| {
                let value = match value {
                    Value::Text(text) => text.clone(),
                    Value::Of(id, attribute) => attributes(id)
                        .and_then(|found| found.get(*attribute))
                        .ok_or_else(|| id.clone())?
                        .to_owned(),
                };
                Ok((name.clone(), value))
            })
            .collect()
    }

    /// Where ECS finds the secrets: `<arn>:<key>::`, whose empty fields are stage and version.
    pub(crate) fn references(&self, secret_arn: &str) -> BTreeMap<String, String> {
        self.secrets
            .iter()
            .map(|(name, key)| (name.clone(), format!("{secret_arn}:{key}::")))
            .collect()
    }
}

fn endpoint(store: Store, part: Part, scope: &Scope, media: &MediaHost) -> Value {
    let of = |attribute| {
        let id = match store {
            Store::Postgres => Id::Database,
            Store::Redis => Id::Cache,
            Store::Media => Id::Bucket,
            Store::Mail => Id::MailUser,
        };
        Value::Of(id, attribute)
    };
    match (store, part) {
        // Names are ours, so they need not be asked for.
        (_, Part::Bucket) => Value::Text(names::of(&Id::Bucket, scope)),
        (_, Part::PublicHost) => match media {
            MediaHost::Named(host) => Value::Text(host.clone()),
            MediaHost::Of(id) => Value::Of(id.clone(), Attribute::Host),
        },
        (_, Part::Port) => of(Attribute::Port),
        // S3 has no address of its own in an environment (`S3_ENDPOINT` is for MinIO alone), and
        // what has a login has it in the secret.
        (_, Part::Host | Part::Url | Part::Login) => of(Attribute::Host),
    }
}

#[cfg(test)]
mod tests {
    use std::fmt::Write as _;

    use expect_test::expect;

    use super::*;

    #[test]
    fn secrets_are_references_and_addresses_are_attributes() {
        let env: Env = [
            ("RAILS_ENV", EnvValue::Literal("production".to_owned())),
            ("DB_PASS", EnvValue::Secret(SecretName::PostgresPassword)),
            ("DB_HOST", endpoint(Store::Postgres, Part::Host)),
            ("DB_PORT", endpoint(Store::Postgres, Part::Port)),
            ("REDIS_URL", endpoint(Store::Redis, Part::Url)),
            ("S3_BUCKET", endpoint(Store::Media, Part::Bucket)),
            ("S3_ALIAS_HOST", endpoint(Store::Media, Part::PublicHost)),
            ("SMTP_LOGIN", endpoint(Store::Mail, Part::Login)),
        ]
        .map(|(name, value)| (name.to_owned(), value))
        .into();
        fn endpoint(store: Store, part: Part) -> EnvValue {
            EnvValue::Endpoint { store, part }
        }
        let scope = crate::fixture::scope();
        let environment = Environment::new(&env, &scope, &MediaHost::Of(Id::Distribution));
        let mut text = String::new();
        for (name, value) in &environment.plain {
            writeln!(text, "{name} = {value:?}").unwrap();
        }
        for (name, reference) in environment.references("arn:secret") {
            writeln!(text, "{name} = {reference}").unwrap();
        }
        writeln!(text, "from {:?}", environment.sources()).unwrap();
        expect![[r#"
            DB_HOST = Of(Database, Host)
            DB_PORT = Of(Database, Port)
            RAILS_ENV = Text("production")
            S3_ALIAS_HOST = Of(Distribution, Host)
            S3_BUCKET = Text("masto-social-media-123456789012-eu-central-1")
            DB_PASS = arn:secret:POSTGRES_PASSWORD::
            REDIS_URL = arn:secret:REDIS_URL::
            SMTP_LOGIN = arn:secret:SMTP_LOGIN::
            from {Secret, Distribution, Database, Cache, MailUser}
        "#]]
        .assert_eq(&text);
        assert_eq!(environment.values(|_| None), Err(Id::Database));
    }
}
