//! What is examined: an address, what should answer there, and what is known of it beforehand.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::net::SocketAddr;

use url::Url;

/// A Mastodon server as seen from outside, and what is expected of it.
#[derive(Clone, Debug)]
pub struct Subject {
    /// Where the server answers: `https://social.localhost`, with a port where it is not 443.
    /// Path and query are ignored.
    pub base: Url,
    /// `LOCAL_DOMAIN`: the part of a handle after the last `@`. Equal to the host of `base`
    /// unless the domain is split.
    pub local_domain: String,
    /// Where media are fetched from, without scheme: `media.social.localhost`, with `:port` where
    /// it is not 443. Empty: not known, any will do.
    pub media_host: String,
    /// Mailpit's address, under which its `/api/v1` lies. `None`: mail goes to real mailboxes,
    /// and its arrival cannot be checked.
    pub mail_url: Option<Url>,
    /// Connect here, whatever the names resolve to: `127.0.0.1:443`. Its port is used where an
    /// address names none. `None`: names are resolved as usual.
    pub connect: Option<SocketAddr>,
    /// Where plain HTTP is answered, with a redirect: 80.
    pub http_port: u16,
    /// The CA that must have signed the certificates, PEM, one or more. `None`: the public ones.
    pub ca_pem: Option<String>,
    /// The account that logs in. `None`: the probes that need one are reported as not run.
    pub owner: Option<Owner>,
    /// The release that should answer, `v4.7.5` or `4.7.5`. `None`: any.
    pub version: Option<String>,
    /// Every queue of the release, and the processes that should consume it.
    pub queues: BTreeMap<String, BTreeSet<String>>,
    /// What must not be reachable from outside.
    pub closed_ports: Vec<ClosedPort>,
}

impl Subject {
    /// The host of `base`, with its port where that is not 443: what web must accept as `Host`.
    #[must_use]
    pub fn web_host(&self) -> String {
        let host = self.base.host_str().unwrap_or_default();
        match self.base.port() {
            Some(port) => format!("{host}:{port}"),
            None => host.to_owned(),
        }
    }

    /// The same without a port: what certificates and accounts carry.
    pub(crate) fn web_name(&self) -> &str {
        self.base.host_str().unwrap_or_default()
    }
}

/// An account, and what it logs in with. The password appears in no `Debug` output.
#[derive(Clone)]
pub struct Owner {
    /// Without `@` and domain.
    pub username: String,
    /// What the login form takes.
    pub email: String,
    /// In clear text.
    pub password: String,
}

impl fmt::Debug for Owner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Owner")
            .field("username", &self.username)
            .field("email", &self.email)
            .field("password", &"…")
            .finish()
    }
}

/// An address that must not accept a connection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClosedPort {
    /// Whose: `postgres`.
    pub name: String,
    /// Where an outsider would try.
    pub addr: SocketAddr,
}
