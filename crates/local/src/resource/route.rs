//! A deployment's part of the shared ingress: its site file, its certificate and the connection
//! to its network.

use std::collections::BTreeSet;

use engine::{Change, How, Impact, Known};

use super::Resource;
use crate::ca::Leaf;
use crate::id::{Id, NetworkRole};

/// What the ingress should know.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Route {
    /// The deployment.
    pub deployment: String,
    /// Host names, under which the ingress is also found by the processes themselves.
    pub hosts: BTreeSet<String>,
    /// The site file.
    pub site: String,
    /// Certificate and key of the hosts.
    pub leaf: Leaf,
}

/// What the ingress was found to know.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LiveRoute {
    /// First line of the site file: see [`Route::mark`].
    pub mark: String,
    /// The ingress is in the processes' network.
    pub connected: bool,
}

/// What a deployment that is not known to this process left at the head of its site file: enough
/// to connect a new ingress to it.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub(crate) struct Mark {
    pub(crate) network: String,
    pub(crate) hosts: BTreeSet<String>,
    pub(crate) hash: String,
}

const MARK: &str = "# masto: ";

impl Mark {
    /// Reads the first line of a site file.
    pub(crate) fn read(line: &str) -> Option<Self> {
        serde_json::from_str(line.strip_prefix(MARK)?).ok()
    }
}

impl Route {
    pub(super) fn needs() -> BTreeSet<Id> {
        BTreeSet::from([Id::Ingress, Id::Network(NetworkRole::Processes)])
    }

    pub(super) fn depends_on(&self) -> BTreeSet<Id> {
        Self::needs()
    }

    /// Docker's name of the network that the ingress is connected to.
    pub(crate) fn network(&self) -> String {
        format!("masto-{}-{}", self.deployment, NetworkRole::Processes.as_str())
    }

    /// The first line of the site file: what it was made from, and for whom.
    pub(crate) fn mark(&self) -> String {
        let Self { deployment: _, hosts, site, leaf } = self;
        // The key is left out: it comes and goes with its certificate.
        let hash = engine::hash::config_hash(&(hosts, site, &leaf.certificate_pem));
        let mark = Mark { network: self.network(), hosts: hosts.clone(), hash };
        format!("{MARK}{}", serde_json::to_string(&mark).unwrap_or_default())
    }

    pub(super) fn diff(&self, live: &LiveRoute, known: &Known<Resource>) -> Option<Change> {
        let LiveRoute { mark, connected } = live;
        let cause = if !known.contains_key(&Id::Ingress) {
            "the ingress is new"
        } else if *mark != self.mark() {
            "hosts, routes or certificate changed"
        } else if !connected {
            "the ingress is not in network `processes`"
        } else {
            return None;
        };
        Some(Change {
            how: How::Update,
            cause: cause.to_owned(),
            impact: Impact::None,
            attributes: Vec::new(),
        })
    }
}
