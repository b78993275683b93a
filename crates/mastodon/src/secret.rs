//! Secrets: made once, kept for ever, never shown.

mod generation;
mod name;
mod ses;
mod shape;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use rand::CryptoRng;

pub use generation::generate;
pub use ses::ses_smtp_password;

use crate::SecretName;

/// A value that nothing prints: `Debug` hides it, and there is neither `Display` nor serialisation.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// Takes `value` as a secret.
    #[must_use]
    pub fn new(value: impl Into<String>) -> Self {
        Self(value.into())
    }

    /// The value itself, for the one place that hands it to the platform.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("<secret>")
    }
}

/// The secrets of one deployment.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Secrets(BTreeMap<SecretName, Secret>);

/// Why a set of secrets cannot be used. No message holds a value.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SecretError {
    /// A stored value is not what Mastodon takes.
    #[error("the stored secret `{name}` is damaged: it must be {expected}")]
    Shape {
        /// Which.
        name: SecretName,
        /// The shape in words.
        expected: &'static str,
    },
    /// The two VAPID keys were not made together.
    #[error("the stored secrets `VAPID_PRIVATE_KEY` and `VAPID_PUBLIC_KEY` are not a pair")]
    UnpairedVapidKeys,
    /// Only the operator knows it.
    #[error("the secret `{name}` was not given")]
    NotGiven {
        /// Which.
        name: SecretName,
    },
    /// Data exists that was written with secrets that are gone.
    #[error(
        "the database exists, but these secrets that it was written with are missing: {}",
        list(names)
    )]
    Lost {
        /// Which; never empty.
        names: BTreeSet<SecretName>,
    },
}

impl SecretError {
    /// What to do about it.
    #[must_use]
    pub fn hint(&self) -> &'static str {
        match self {
            Self::Shape { .. } | Self::UnpairedVapidKeys => {
                "restore the secrets from a backup; masto never replaces one that data depends on"
            }
            Self::NotGiven { .. } => {
                "set MASTO_SMTP_PASSWORD to the password of the mail account and run the command again"
            }
            Self::Lost { .. } => {
                "restore the secrets from a backup; without them accounts cannot be decrypted. \
                 To start over with an empty server, run `masto down --data` first"
            }
        }
    }
}

impl Secrets {
    /// Puts `secret` under `name`; gives back what was there.
    pub fn insert(&mut self, name: SecretName, secret: Secret) -> Option<Secret> {
        self.0.insert(name, secret)
    }

    /// The secret called `name`.
    #[must_use]
    pub fn get(&self, name: SecretName) -> Option<&Secret> {
        self.0.get(&name)
    }

    /// All of them, in the order of [`SecretName`].
    pub fn iter(&self) -> impl Iterator<Item = (&SecretName, &Secret)> {
        self.0.iter()
    }

    /// Those of `wanted` that are not there.
    #[must_use]
    pub fn missing(&self, wanted: &BTreeSet<SecretName>) -> BTreeSet<SecretName> {
        wanted
            .iter()
            .copied()
            .filter(|name| !self.0.contains_key(name))
            .collect()
    }

    /// Makes those of `wanted` that are missing, touches nothing else, and gives back their names.
    ///
    /// Call it only where no data exists yet, or after [`Self::require`] was content.
    ///
    /// # Errors
    /// [`SecretError::NotGiven`] when one is missing that only the operator can give;
    /// [`SecretError::UnpairedVapidKeys`] when only the public half of the VAPID keys is there.
    /// Nothing is added then.
    pub fn complete(
        &mut self,
        rng: &mut impl CryptoRng,
        wanted: &BTreeSet<SecretName>,
    ) -> Result<BTreeSet<SecretName>, SecretError> {
        let missing = self.missing(wanted);
        if let Some(&name) = missing.iter().find(|name| !name.is_generated()) {
            return Err(SecretError::NotGiven { name });
        }
        let mut made = generate(rng, &missing);
        if missing.contains(&SecretName::VapidPrivateKey)
            && self.0.contains_key(&SecretName::VapidPublicKey)
        {
            return Err(SecretError::UnpairedVapidKeys);
        }
        if let Some(private) = self.get(SecretName::VapidPrivateKey)
            && missing.contains(&SecretName::VapidPublicKey)
        {
            let public = generation::vapid_public_key(private.expose())
                .ok_or_else(|| shape::error(SecretName::VapidPrivateKey))?;
            made.insert(SecretName::VapidPublicKey, public);
        }
        for name in &missing {
            if let Some(secret) = made.0.remove(name) {
                self.0.insert(*name, secret);
            }
        }
        Ok(missing)
    }

    /// Refuses when one of `wanted` is missing without which existing data is of no use: what to
    /// ask before [`Self::complete`] wherever a database exists.
    ///
    /// # Errors
    /// [`SecretError::Lost`] with every such name.
    pub fn require(&self, wanted: &BTreeSet<SecretName>) -> Result<(), SecretError> {
        let names: BTreeSet<_> = self
            .missing(wanted)
            .into_iter()
            .filter(|name| name.is_bound_to_data())
            .collect();
        if names.is_empty() {
            Ok(())
        } else {
            Err(SecretError::Lost { names })
        }
    }

    /// Everything that is wrong with the values, in the order of [`SecretName`]; empty when all can
    /// be used. What to ask after reading them back.
    #[must_use]
    pub fn problems(&self) -> Vec<SecretError> {
        let mut problems: Vec<_> = self
            .0
            .iter()
            .filter(|(name, secret)| !shape::fits(**name, secret.expose()))
            .map(|(name, _)| shape::error(*name))
            .collect();
        let private = self.get(SecretName::VapidPrivateKey);
        let public = self.get(SecretName::VapidPublicKey);
        if let (true, Some(private), Some(public)) = (problems.is_empty(), private, public)
            && !shape::is_vapid_pair(private.expose(), public.expose())
        {
            problems.push(SecretError::UnpairedVapidKeys);
        }
        problems
    }
}

impl FromIterator<(SecretName, Secret)> for Secrets {
    fn from_iter<I: IntoIterator<Item = (SecretName, Secret)>>(pairs: I) -> Self {
        Self(pairs.into_iter().collect())
    }
}

fn list(names: &BTreeSet<SecretName>) -> String {
    names
        .iter()
        .map(|name| format!("`{name}`"))
        .collect::<Vec<_>>()
        .join(", ")
}
