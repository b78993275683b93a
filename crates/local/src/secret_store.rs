//! The secrets of a deployment on this machine: made once, kept in one file that only its owner
//! can read, never made again while data exists.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::PathBuf;

use mastodon::{Secret, SecretName, Secrets};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use topology::Name;

use crate::paths::Paths;
use crate::private_file;

/// The secret file of one deployment.
#[derive(Clone, Debug)]
pub struct SecretStore {
    path: PathBuf,
    folder: PathBuf,
}

/// Secrets as they were read, with what is needed to tell whether they changed.
#[derive(Clone, Debug)]
pub struct StoredSecrets {
    /// The values.
    pub secrets: Secrets,
    salt: String,
}

#[derive(Serialize, Deserialize)]
struct File {
    version: u32,
    /// Keeps [`StoredSecrets::fingerprint`] from being guessed back to a value.
    salt: String,
    secrets: BTreeMap<SecretName, String>,
}

/// Why the secrets could not be read or kept.
#[derive(Debug, thiserror::Error)]
pub enum SecretStoreError {
    /// The file cannot be used.
    #[error("failed to use the secrets in `{}`", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// The reason.
        source: io::Error,
    },
    /// The file is not one of ours. Its text is left out: it may hold secrets.
    #[error("`{}` is not a secret file that this masto can read (line {line}, column {column})", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// Where it stops making sense.
        line: usize,
        /// Where it stops making sense.
        column: usize,
    },
}

impl SecretStore {
    /// The store of the deployment `name`; nothing is read yet.
    #[must_use]
    pub fn new(paths: &Paths, name: &Name) -> Self {
        Self {
            path: paths.secrets(name),
            folder: paths.deployment(name),
        }
    }

    /// The file, for messages.
    #[must_use]
    pub fn path(&self) -> &std::path::Path {
        &self.path
    }

    /// The secrets; `None` when none were made yet.
    ///
    /// # Errors
    /// When the file is there but is not readable or not ours.
    pub fn load(&self) -> Result<Option<StoredSecrets>, SecretStoreError> {
        let Some(text) = private_file::read(&self.path).map_err(|source| self.file(source))? else {
            return Ok(None);
        };
        let file: File =
            serde_json::from_str(&text).map_err(|error| SecretStoreError::Damaged {
                path: self.path.clone(),
                line: error.line(),
                column: error.column(),
            })?;
        let mut secrets = Secrets::default();
        for (name, value) in file.secrets {
            secrets.insert(name, Secret::new(value));
        }
        Ok(Some(StoredSecrets {
            secrets,
            salt: file.salt,
        }))
    }

    /// Keeps `secrets` in place of what was there. `salt` is 32 random hex digits for a new file
    /// and ignored for one that is there.
    ///
    /// # Errors
    /// When the file cannot be read or written.
    pub fn save(&self, secrets: Secrets, salt: &str) -> Result<StoredSecrets, SecretStoreError> {
        let salt = self
            .load()?
            .map_or_else(|| salt.to_owned(), |stored| stored.salt);
        let file = File {
            version: 1,
            salt: salt.clone(),
            secrets: secrets
                .iter()
                .map(|(name, secret)| (*name, secret.expose().to_owned()))
                .collect(),
        };
        let text = serde_json::to_string_pretty(&file).map_err(|error| self.file(error.into()))?;
        private_file::write(&self.path, &text).map_err(|source| self.file(source))?;
        Ok(StoredSecrets { secrets, salt })
    }

    /// Forgets the secrets, and with them everything else kept for the deployment.
    ///
    /// # Errors
    /// When something is there that cannot be removed.
    pub fn remove(&self) -> Result<(), SecretStoreError> {
        match fs::remove_dir_all(&self.folder) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(self.file(error)),
            _ => Ok(()),
        }
    }

    fn file(&self, source: io::Error) -> SecretStoreError {
        SecretStoreError::File {
            path: self.path.clone(),
            source,
        }
    }
}

impl StoredSecrets {
    /// Sixteen hex digits that change when one of `names` changes, and tell nothing of the values:
    /// what a container's hash may hold of them.
    #[must_use]
    pub fn fingerprint<'a>(&self, names: impl IntoIterator<Item = &'a SecretName>) -> String {
        let mut digest = Sha256::new();
        digest.update(&self.salt);
        for name in names {
            let value = self.secrets.get(*name).map_or("", Secret::expose);
            // Lengths keep two neighbours from being read as one.
            digest.update(format!("\0{name:?}\0{}\0{value}", value.len()));
        }
        digest
            .finalize()
            .iter()
            .take(8)
            .map(|byte| format!("{byte:02x}"))
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn store(folder: &tempfile::TempDir) -> SecretStore {
        SecretStore::new(&Paths::new(folder.path()), &"social".parse().unwrap())
    }

    fn secrets(password: &str) -> Secrets {
        let mut secrets = Secrets::default();
        secrets.insert(
            SecretName::PostgresPassword,
            Secret::new(password.to_owned()),
        );
        secrets
    }

    #[test]
    fn secrets_come_back_and_the_salt_stays() {
        let folder = tempfile::tempdir().unwrap();
        let store = store(&folder);
        assert!(store.load().unwrap().is_none());
        let first = store.save(secrets("one"), "salt").unwrap();
        let again = store.save(secrets("one"), "another").unwrap();
        let names = [SecretName::PostgresPassword];
        assert_eq!(first.fingerprint(&names), again.fingerprint(&names));
        let loaded = store.load().unwrap().unwrap();
        assert_eq!(loaded.secrets.get(names[0]).unwrap().expose(), "one");
        let changed = store.save(secrets("two"), "salt").unwrap();
        assert_ne!(first.fingerprint(&names), changed.fingerprint(&names));
    }

    #[test]
    fn a_damaged_file_is_refused_without_showing_it() {
        let folder = tempfile::tempdir().unwrap();
        let store = store(&folder);
        private_file::write(store.path(), "{\"version\": 1,\n \"salt\": canary").unwrap();
        let error = store.load().unwrap_err();
        assert!(
            error.to_string().ends_with("can read (line 2, column 10)"),
            "{error}"
        );
        assert!(!format!("{error:?}").contains("canary"));
    }

    #[test]
    fn removing_twice_is_well() {
        let folder = tempfile::tempdir().unwrap();
        let store = store(&folder);
        store.save(secrets("one"), "salt").unwrap();
        store.remove().unwrap();
        store.remove().unwrap();
        assert!(store.load().unwrap().is_none());
    }
}
