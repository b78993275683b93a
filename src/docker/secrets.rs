//! The secrets of a deployment, completed before anything is planned.

use std::collections::BTreeSet;

use local::{SecretStore, StoredSecrets};
use mastodon::{Secret, SecretName};
use rand::RngCore as _;

use crate::error::{Error, ExitStatus};
use crate::settings::Settings;

/// The secrets in `store` with those of `wanted` that were missing. Where there is data, none that
/// it depends on is made anew.
pub(crate) fn complete(
    store: &SecretStore,
    wanted: &BTreeSet<SecretName>,
    has_data: bool,
    settings: &Settings,
) -> Result<StoredSecrets, Error> {
    let broken = |error: &local::SecretStoreError| Error::plain(error, None, ExitStatus::Failure);
    let refused = |error: &mastodon::SecretError| {
        Error::plain(error, Some(error.hint().to_owned()), ExitStatus::Failure)
    };
    let stored = store.load().map_err(|error| broken(&error))?;
    let mut secrets = stored
        .as_ref()
        .map(|stored| stored.secrets.clone())
        .unwrap_or_default();
    let mut changed = false;
    if let Some(password) = &settings.smtp_password
        && wanted.contains(&SecretName::SmtpPassword)
        && secrets.get(SecretName::SmtpPassword).map(Secret::expose) != Some(password.expose())
    {
        secrets.insert(SecretName::SmtpPassword, Secret::new(password.expose()));
        changed = true;
    }
    if has_data {
        secrets.require(wanted).map_err(|error| refused(&error))?;
    }
    let mut rng = rand::rng();
    changed |= !secrets
        .complete(&mut rng, wanted)
        .map_err(|error| refused(&error))?
        .is_empty();
    match stored {
        Some(stored) if !changed => Ok(stored),
        _ => {
            let mut salt = [0; 16];
            rng.fill_bytes(&mut salt);
            let salt: String = salt.iter().map(|byte| format!("{byte:02x}")).collect();
            store.save(secrets, &salt).map_err(|error| broken(&error))
        }
    }
}
