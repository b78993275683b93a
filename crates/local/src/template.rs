//! Text with holes for what must not be written down: secrets, and addresses that only the engine
//! can tell.

use std::collections::BTreeSet;

use mastodon::{Secret, SecretName, Secrets};
use sha2::{Digest as _, Sha256};

use crate::secret_store::StoredSecrets;

/// A value of the environment or the content of a file. `Debug` shows names of secrets only.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Template(Vec<Piece>);

/// A part of a [`Template`].
#[derive(Clone, Debug, PartialEq, Eq)]
enum Piece {
    Text(String),
    Secret(SecretName),
    ProcessesSubnet,
}

/// A secret that a container needs and nobody has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MissingSecret(pub SecretName);

impl Template {
    /// `text` as it stands, but for [`crate::settings::PROCESSES_SUBNET`], which becomes the
    /// subnet of the processes' network.
    pub(crate) fn text(text: impl AsRef<str>) -> Self {
        let mut template = Self::default();
        for (index, part) in text
            .as_ref()
            .split(crate::settings::PROCESSES_SUBNET)
            .enumerate()
        {
            if index > 0 {
                template.0.push(Piece::ProcessesSubnet);
            }
            template = template.then(part);
        }
        template
    }

    /// The value of a secret.
    pub(crate) fn secret(name: SecretName) -> Self {
        Self(vec![Piece::Secret(name)])
    }

    /// Appends `text` as it stands.
    pub(crate) fn then(mut self, text: &str) -> Self {
        if !text.is_empty() {
            self.0.push(Piece::Text(text.to_owned()));
        }
        self
    }

    /// Appends the value of a secret.
    pub(crate) fn then_secret(mut self, name: SecretName) -> Self {
        self.0.push(Piece::Secret(name));
        self
    }

    /// The secrets it needs.
    #[must_use]
    pub fn secrets(&self) -> BTreeSet<SecretName> {
        self.0
            .iter()
            .filter_map(|piece| match piece {
                Piece::Secret(name) => Some(*name),
                Piece::Text(_) | Piece::ProcessesSubnet => None,
            })
            .collect()
    }

    /// With every hole filled; `subnet` is absent where no network is known, and then leaves
    /// nothing in its place.
    ///
    /// # Errors
    /// When a secret it needs is not in `secrets`.
    pub fn render(&self, secrets: &Secrets, subnet: Option<&str>) -> Result<String, MissingSecret> {
        let mut text = String::new();
        for piece in &self.0 {
            match piece {
                Piece::Text(part) => text.push_str(part),
                Piece::Secret(name) => text.push_str(
                    secrets
                        .get(*name)
                        .map(Secret::expose)
                        .ok_or(MissingSecret(*name))?,
                ),
                Piece::ProcessesSubnet => text.push_str(subnet.unwrap_or_default()),
            }
        }
        Ok(text)
    }

    /// Eight hex digits that change with the text or a secret in it and, with a store whose salt
    /// goes into them, tell nothing of either. What several deployments share has no store, and
    /// must have no secrets. The subnet is left out, because a container holds its networks and is
    /// made anew with them.
    pub(crate) fn digest(&self, stored: Option<&StoredSecrets>) -> String {
        let fingerprint = |names: &[SecretName]| {
            stored
                .map(|stored| stored.fingerprint(names))
                .unwrap_or_default()
        };
        let mut digest = Sha256::new();
        digest.update(fingerprint(&[]));
        for piece in &self.0 {
            let (kind, text) = match piece {
                Piece::Text(part) => ("text", part.clone()),
                Piece::Secret(name) => ("secret", fingerprint(&[*name])),
                Piece::ProcessesSubnet => ("subnet", String::new()),
            };
            digest.update(format!("\0{kind}\0{}\0{text}", text.len()));
        }
        digest
            .finalize()
            .iter()
            .take(4)
            .map(|byte| format!("{byte:02x}"))
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::PROCESSES_SUBNET;

    #[test]
    fn secrets_are_filled_in_and_never_shown() {
        let template = Template::text("redis://:")
            .then_secret(SecretName::RedisPassword)
            .then("@redis");
        let secrets: Secrets = [(SecretName::RedisPassword, Secret::new("canary"))]
            .into_iter()
            .collect();
        assert_eq!(
            template.render(&secrets, None).unwrap(),
            "redis://:canary@redis"
        );
        assert_eq!(
            template.render(&Secrets::default(), None),
            Err(MissingSecret(SecretName::RedisPassword))
        );
        assert!(!format!("{template:?}").contains("canary"));
        assert_eq!(
            template.secrets(),
            BTreeSet::from([SecretName::RedisPassword])
        );
    }

    #[test]
    fn the_subnet_is_filled_in_where_it_is_named() {
        let template = Template::text(format!("10.0.0.0/8,{PROCESSES_SUBNET}"));
        let text = template
            .render(&Secrets::default(), Some("172.18.0.0/16"))
            .unwrap();
        assert_eq!(text, "10.0.0.0/8,172.18.0.0/16");
    }
}
