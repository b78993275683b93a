//! A server that is not like every other.

use std::path::PathBuf;

use local::ImageSet;

use crate::environment;
use crate::error::Error;
use crate::server::Server;

/// How a server shall be; begin with [`Server::builder`].
#[derive(Clone, Debug, Default)]
pub struct Builder {
    pub(crate) version: Option<String>,
    pub(crate) lines: String,
    images: Option<ImageSet>,
    https_port: Option<u16>,
    http_port: Option<u16>,
    data_dir: Option<PathBuf>,
}

impl Builder {
    /// Mastodon's release, `4.6.9`. The newest one that masto knows unless it is set. With other
    /// keys of `mastodon:`, write it in the lines of [`topology`](Self::topology) instead.
    #[must_use]
    pub fn version(mut self, version: impl Into<String>) -> Self {
        self.version = Some(version.into());
        self
    }

    /// Lines of a topology file, all but `name`, `domain` and what has a method here; see
    /// `docs/topology.md`. For example `"streaming: { replicas: 2 }\n"`.
    #[must_use]
    pub fn topology(mut self, lines: impl Into<String>) -> Self {
        self.lines = lines.into();
        self
    }

    /// Where images come from: the variable `MASTO_IMAGES` (`official` or `kit`), or the official
    /// ones, unless it is set.
    #[must_use]
    pub fn images(mut self, images: ImageSet) -> Self {
        self.images = Some(images);
        self
    }

    /// Ports of the ingress on this machine, which all servers share: the variables
    /// `MASTO_HTTPS_PORT` and `MASTO_HTTP_PORT`, or 443 and 80, unless they are set. Servers
    /// federate through 443 only.
    #[must_use]
    pub fn ports(mut self, https: u16, http: u16) -> Self {
        (self.https_port, self.http_port) = (Some(https), Some(http));
        self
    }

    /// Where the CA, the secrets and the locks are kept: as `masto` itself does it, in
    /// `$XDG_DATA_HOME/masto` or `~/.local/share/masto`, unless it is set. All that share an
    /// ingress should share it too.
    #[must_use]
    pub fn data_dir(mut self, folder: impl Into<PathBuf>) -> Self {
        self.data_dir = Some(folder.into());
        self
    }

    /// Brings the server up, and waits until everything answers and the owner is logged in.
    ///
    /// # Errors
    /// When there is no Docker engine, something does not come up, or the topology is invalid. What
    /// was made by then is removed.
    pub async fn start(self) -> Result<Server, Error> {
        Server::launch(self).await
    }

    pub(crate) fn settings(&self) -> Result<local::Settings, Error> {
        let found = environment::settings()?;
        let data_dir = self.data_dir.clone().unwrap_or(found.data_dir);
        if data_dir.as_os_str().is_empty() {
            return Err(Error::NoHome);
        }
        Ok(local::Settings {
            data_dir,
            images: self.images.unwrap_or(found.images),
            https_port: self.https_port.or(found.https_port),
            http_port: self.http_port.or(found.http_port),
        })
    }
}
