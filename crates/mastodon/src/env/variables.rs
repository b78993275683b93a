//! An environment under construction.

use crate::{Env, EnvValue, Part, SecretName, Store};

/// Variables that all have a value.
#[derive(Debug, Default)]
pub(crate) struct Variables(Env);

impl Variables {
    /// Sets `name` to a text; an empty one sets nothing.
    pub(crate) fn literal(&mut self, name: &str, value: impl Into<String>) {
        let value = value.into();
        if !value.is_empty() {
            self.0.insert(name.to_owned(), EnvValue::Literal(value));
        }
    }

    /// Sets `name` to a switch that is on. Mastodon compares with `true` and nothing else.
    pub(crate) fn on(&mut self, name: &str) {
        self.literal(name, "true");
    }

    /// Sets `name` to the empty text, where Mastodon gives that a meaning of its own.
    pub(crate) fn empty(&mut self, name: &str) {
        self.0
            .insert(name.to_owned(), EnvValue::Literal(String::new()));
    }

    /// Sets `name` as the operator wrote it.
    pub(crate) fn given(&mut self, name: &str, value: &str) {
        self.0
            .insert(name.to_owned(), EnvValue::Literal(value.to_owned()));
    }

    /// Sets `name` to a part of a store's address.
    pub(crate) fn endpoint(&mut self, name: &str, store: Store, part: Part) {
        self.0
            .insert(name.to_owned(), EnvValue::Endpoint { store, part });
    }

    /// Sets `name` to a secret.
    pub(crate) fn secret(&mut self, name: &str, secret: SecretName) {
        self.0.insert(name.to_owned(), EnvValue::Secret(secret));
    }

    /// The finished environment.
    pub(crate) fn into_env(self) -> Env {
        self.0
    }
}
