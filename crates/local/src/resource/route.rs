//! A deployment's part of the shared ingress: its site file, its certificate and the connection
//! to its network.

use std::collections::BTreeSet;

use engine::{Change, How, Impact, Known};

use super::{Container, Resource};
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
    /// What serves it, for where a neighbour takes it away in between.
    pub ingress: Box<Container>,
}

/// What the ingress was found to know.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LiveRoute {
    /// `Route::hash` of what it serves; `None` when it serves nothing of this deployment.
    pub hash: Option<String>,
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

/// The host name under which the ingress tells what it serves of a deployment. No resolver knows
/// it; only a request that is sent to the ingress on purpose reaches it.
pub(crate) fn asked(deployment: &str) -> String {
    format!("{deployment}.masto.internal")
}

impl Mark {
    /// Reads the first line of a site file.
    pub(crate) fn read(line: &str) -> Option<Self> {
        serde_json::from_str(line.strip_prefix(MARK)?).ok()
    }

    /// Whose site file it stands in.
    pub(crate) fn deployment(&self) -> Option<&str> {
        let suffix = format!("-{}", NetworkRole::Processes.as_str());
        self.network
            .strip_prefix("masto-")?
            .strip_suffix(suffix.as_str())
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
        format!(
            "masto-{}-{}",
            self.deployment,
            NetworkRole::Processes.as_str()
        )
    }

    /// Changes with anything that the ingress has to be told again.
    pub(crate) fn hash(&self) -> String {
        let Self {
            deployment: _,
            hosts,
            site,
            leaf,
            // It has a difference of its own.
            ingress: _,
        } = self;
        // The key is left out: it comes and goes with its certificate.
        engine::hash::config_hash(&(hosts, site, &leaf.certificate_pem))
    }

    /// The whole site file: a line that says for whom it is, the routes, and an answer by which
    /// the ingress tells what it serves.
    pub(crate) fn site_file(&self) -> String {
        let hash = self.hash();
        let mark = Mark {
            network: self.network(),
            hosts: self.hosts.clone(),
            hash: hash.clone(),
        };
        let mark = serde_json::to_string(&mark).unwrap_or_default();
        let asked = asked(&self.deployment);
        format!(
            "{MARK}{mark}\n{}http://{asked} {{\n\trespond {hash}\n}}\n",
            self.site
        )
    }

    pub(super) fn diff(&self, live: &LiveRoute, known: &Known<Resource>) -> Option<Change> {
        let LiveRoute { hash, connected } = live;
        let cause = if !known.contains_key(&Id::Ingress) {
            "the ingress is new"
        } else if hash.as_ref() != Some(&self.hash()) {
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::{self, SOCIAL};

    fn route() -> Route {
        match fixture::graph(SOCIAL).get(&Id::Route) {
            Some(Resource::Route(route)) => route.as_ref().clone(),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_site_file_says_for_whom_it_is_and_answers_what_it_was_made_from() {
        let route = route();
        let file = route.site_file();
        let mark = file.lines().next().and_then(Mark::read).unwrap();
        assert_eq!(mark.network, "masto-social-processes");
        assert_eq!(mark.deployment(), Some("social"));
        assert_eq!(mark.hosts, route.hosts);
        assert_eq!(mark.hash, route.hash());
        let answer = format!(
            "http://social.masto.internal {{\n\trespond {}\n}}\n",
            route.hash()
        );
        assert!(file.ends_with(&answer), "{file}");
        assert!(!file.contains("PRIVATE KEY"));
    }

    #[test]
    fn a_new_certificate_is_a_change() {
        let route = route();
        let mut renewed = route.clone();
        renewed.leaf.certificate_pem.push('x');
        assert_ne!(route.hash(), renewed.hash());
    }
}
