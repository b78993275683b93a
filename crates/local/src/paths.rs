//! Where masto keeps what must outlive a process: the local CA, secrets, certificates and locks.

use std::path::{Path, PathBuf};

use topology::Name;

/// Files below masto's data directory (`$XDG_DATA_HOME/masto`). Everything in it is owned and
/// readable by the user alone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Paths {
    data_dir: PathBuf,
}

impl Paths {
    /// Paths below `data_dir`, which need not exist yet.
    #[must_use]
    pub fn new(data_dir: impl Into<PathBuf>) -> Self {
        Self {
            data_dir: data_dir.into(),
        }
    }

    /// The data directory itself.
    #[must_use]
    pub fn data_dir(&self) -> &Path {
        &self.data_dir
    }

    /// The certificate of the local CA, PEM: what a browser has to trust.
    #[must_use]
    pub fn ca_certificate(&self) -> PathBuf {
        self.data_dir.join("ca").join("ca.pem")
    }

    /// The private key of the local CA, PEM.
    pub(crate) fn ca_key(&self) -> PathBuf {
        self.data_dir.join("ca").join("ca.key")
    }

    /// Held while the CA is made, so that two first runs make one.
    pub(crate) fn ca_lock(&self) -> PathBuf {
        self.data_dir.join("ca").join("lock")
    }

    /// Held while the ingress, which all deployments of this machine share, is changed.
    #[must_use]
    pub fn ingress_lock(&self) -> PathBuf {
        self.data_dir.join("ingress.lock")
    }

    /// Held by the one writer of a deployment.
    #[must_use]
    pub fn deployment_lock(&self, name: &Name) -> PathBuf {
        self.deployment(name).join("lock")
    }

    /// The secrets of a deployment.
    #[must_use]
    pub fn secrets(&self, name: &Name) -> PathBuf {
        self.deployment(name).join("secrets.json")
    }

    /// The certificate and key of a deployment's host names.
    pub(crate) fn leaf(&self, name: &str) -> PathBuf {
        self.data_dir
            .join("deployments")
            .join(name)
            .join("certificate.json")
    }

    /// Everything kept for a deployment.
    #[must_use]
    pub fn deployment(&self, name: &Name) -> PathBuf {
        self.data_dir.join("deployments").join(name.as_str())
    }
}
