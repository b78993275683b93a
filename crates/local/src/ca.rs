//! The local certificate authority: what makes `https://social.localhost` a server that browsers,
//! clients and other local servers can be told to trust.

use std::fs;
use std::io;
use std::path::PathBuf;

use jiff::civil::Date;
use jiff::{Timestamp, ToSpan as _, tz::TimeZone};
use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
    KeyUsagePurpose,
};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use crate::paths::Paths;
use crate::private_file;

/// Certificates of servers are made for this long: the limit that browsers set for public ones
/// (CA/Browser Forum ballot SC22: 398 days), so none of them finds fault with ours.
const LEAF_DAYS: i32 = 397;
/// A certificate that is closer to its end than this is made anew.
const RENEW_DAYS: i64 = 30;
const CA_YEARS: i16 = 10;

/// A CA whose key stays in masto's data directory.
pub struct LocalCa {
    paths: Paths,
    certificate_pem: String,
    key_pem: String,
}

/// A server certificate with its key.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Leaf {
    /// Host names it is for, sorted.
    pub names: Vec<String>,
    /// When it ends.
    pub not_after: Timestamp,
    /// Fingerprint of the CA that signed it.
    ca: String,
    /// The certificate and its CA's, PEM.
    pub certificate_pem: String,
    /// The private key, PEM.
    pub key_pem: String,
}

impl std::fmt::Debug for Leaf {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Leaf")
            .field("names", &self.names)
            .finish_non_exhaustive()
    }
}

/// Why the CA or a certificate could not be had.
#[derive(Debug, thiserror::Error)]
pub enum CaError {
    /// A file of the CA cannot be used.
    #[error("failed to use `{}`", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// The reason.
        source: io::Error,
    },
    /// What is in the files is not a CA of ours.
    #[error("failed to make a certificate with the local CA in `{}`", path.display())]
    Certificate {
        /// The CA's certificate file.
        path: PathBuf,
        /// The reason.
        source: rcgen::Error,
    },
}

impl LocalCa {
    /// The CA of this machine's user, made on first use.
    ///
    /// # Errors
    /// When the files cannot be read or written.
    pub fn load_or_create(paths: &Paths) -> Result<Self, CaError> {
        if let Some(ca) = Self::load(paths)? {
            return Ok(ca);
        }
        let lock = paths.ca_lock();
        let file_error = |path: PathBuf| move |source| CaError::File { path, source };
        private_file::create_folder(lock.parent().unwrap_or(paths.data_dir()))
            .map_err(file_error(lock.clone()))?;
        let held = fs::File::create(&lock).map_err(file_error(lock.clone()))?;
        held.lock().map_err(file_error(lock))?;
        // Another process may have made it while this one waited.
        if let Some(ca) = Self::load(paths)? {
            return Ok(ca);
        }
        let (certificate_pem, key_pem) =
            new_ca(today()).map_err(|source| CaError::Certificate {
                path: paths.ca_certificate(),
                source,
            })?;
        // The key first: a certificate without its key would look like a whole CA.
        private_file::write(&paths.ca_key(), &key_pem).map_err(file_error(paths.ca_key()))?;
        private_file::write(&paths.ca_certificate(), &certificate_pem)
            .map_err(file_error(paths.ca_certificate()))?;
        Ok(Self {
            paths: paths.clone(),
            certificate_pem,
            key_pem,
        })
    }

    fn load(paths: &Paths) -> Result<Option<Self>, CaError> {
        let read = |path: PathBuf| {
            private_file::read(&path).map_err(|source| CaError::File { path, source })
        };
        Ok(
            match (read(paths.ca_certificate())?, read(paths.ca_key())?) {
                (Some(certificate_pem), Some(key_pem)) => Some(Self {
                    paths: paths.clone(),
                    certificate_pem,
                    key_pem,
                }),
                _ => None,
            },
        )
    }

    /// The CA's certificate, PEM.
    #[must_use]
    pub fn certificate_pem(&self) -> &str {
        &self.certificate_pem
    }

    /// A certificate for `names`, kept under `holder` (a deployment's name, or the ingress) and
    /// used again until it is near its end, the names change or the CA is another one.
    ///
    /// # Errors
    /// When the files cannot be read or written, or a name cannot stand in a certificate.
    pub fn leaf(&self, holder: &str, names: &[String]) -> Result<Leaf, CaError> {
        let path = self.paths.leaf(holder);
        let file_error = |source| CaError::File {
            path: path.clone(),
            source,
        };
        let mut names = names.to_vec();
        names.sort();
        names.dedup();
        let kept = private_file::read(&path)
            .map_err(file_error)?
            .and_then(|text| serde_json::from_str::<Leaf>(&text).ok());
        let ca = fingerprint(&self.certificate_pem);
        if let Some(leaf) = kept
            && leaf.names == names
            && leaf.ca == ca
            && leaf.not_after > Timestamp::now() + (24 * RENEW_DAYS).hours()
        {
            return Ok(leaf);
        }
        let leaf = self
            .issue(names, ca, today())
            .map_err(|source| CaError::Certificate {
                path: self.paths.ca_certificate(),
                source,
            })?;
        let text = serde_json::to_string(&leaf).map_err(|error| file_error(error.into()))?;
        private_file::write(&path, &text).map_err(file_error)?;
        Ok(leaf)
    }

    fn issue(&self, names: Vec<String>, ca: String, today: Date) -> Result<Leaf, rcgen::Error> {
        let issuer =
            Issuer::from_ca_cert_pem(&self.certificate_pem, KeyPair::from_pem(&self.key_pem)?)?;
        let until = today.saturating_add(LEAF_DAYS.days());
        let mut params = CertificateParams::new(names.clone())?;
        params
            .distinguished_name
            .push(DnType::CommonName, names.first().map_or("masto", |n| n));
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        params.use_authority_key_identifier_extension = true;
        // A day early, so that a container whose clock is behind does not refuse it.
        params.not_before = date_time(today.saturating_sub(1.day()));
        params.not_after = date_time(until);
        let key = KeyPair::generate()?;
        let certificate = params.signed_by(&key, &issuer)?;
        Ok(Leaf {
            names,
            not_after: until
                .to_zoned(TimeZone::UTC)
                .map_or(Timestamp::MAX, |z| z.timestamp()),
            ca,
            certificate_pem: format!("{}{}", certificate.pem(), self.certificate_pem),
            key_pem: key.serialize_pem(),
        })
    }
}

fn new_ca(today: Date) -> Result<(String, String), rcgen::Error> {
    let mut params = CertificateParams::default();
    params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    params
        .distinguished_name
        .push(DnType::CommonName, "masto local CA");
    params
        .distinguished_name
        .push(DnType::OrganizationName, "masto, this machine only");
    params.not_before = date_time(today.saturating_sub(1.day()));
    params.not_after = date_time(today.saturating_add(CA_YEARS.years()));
    let key = KeyPair::generate()?;
    let certificate = params.self_signed(&key)?;
    Ok((certificate.pem(), key.serialize_pem()))
}

fn today() -> Date {
    Timestamp::now().to_zoned(TimeZone::UTC).date()
}

fn date_time(date: Date) -> ::time::OffsetDateTime {
    let unsigned = |part: i8| u8::try_from(part).unwrap_or(1);
    rcgen::date_time_ymd(
        i32::from(date.year()),
        unsigned(date.month()),
        unsigned(date.day()),
    )
}

fn fingerprint(pem: &str) -> String {
    Sha256::digest(pem)
        .iter()
        .take(8)
        .map(|byte| format!("{byte:02x}"))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(text: &str) -> Vec<String> {
        text.split(' ').map(str::to_owned).collect()
    }

    #[test]
    fn a_certificate_is_kept_until_its_names_or_its_ca_change() {
        let folder = tempfile::tempdir().unwrap();
        let paths = Paths::new(folder.path());
        let ca = LocalCa::load_or_create(&paths).unwrap();
        let first = ca
            .leaf("social", &names("social.localhost media.social.localhost"))
            .unwrap();
        let same = LocalCa::load_or_create(&paths)
            .unwrap()
            .leaf("social", &names("media.social.localhost social.localhost"))
            .unwrap();
        assert_eq!(first, same);
        let other = ca.leaf("social", &names("other.localhost")).unwrap();
        assert_ne!(first.certificate_pem, other.certificate_pem);

        fs::remove_file(paths.ca_certificate()).unwrap();
        let renewed = LocalCa::load_or_create(&paths).unwrap();
        let after = renewed.leaf("social", &names("other.localhost")).unwrap();
        assert_ne!(after.certificate_pem, other.certificate_pem);
    }

    #[test]
    fn a_certificate_near_its_end_is_made_anew() {
        let folder = tempfile::tempdir().unwrap();
        let paths = Paths::new(folder.path());
        let ca = LocalCa::load_or_create(&paths).unwrap();
        let mut leaf = ca.leaf("social", &names("social.localhost")).unwrap();
        leaf.not_after = Timestamp::now() + 48.hours();
        private_file::write(
            &paths.leaf("social"),
            &serde_json::to_string(&leaf).unwrap(),
        )
        .unwrap();
        let renewed = ca.leaf("social", &names("social.localhost")).unwrap();
        assert!(renewed.not_after > Timestamp::now() + (24 * 390).hours());
    }

    #[test]
    fn a_leaf_never_shows_its_key() {
        let folder = tempfile::tempdir().unwrap();
        let ca = LocalCa::load_or_create(&Paths::new(folder.path())).unwrap();
        let leaf = ca.leaf("social", &names("social.localhost")).unwrap();
        assert_eq!(
            format!("{leaf:?}"),
            r#"Leaf { names: ["social.localhost"], .. }"#
        );
    }
}
