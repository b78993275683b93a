//! What is found of a container of any kind.

use std::collections::{BTreeMap, BTreeSet};

use super::Attributes;
use crate::id::Id;
use crate::labels::Owner;
use crate::state::{Health, State};

/// A container that was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LiveContainer {
    /// Which.
    pub id: Id,
    /// Docker's name for it.
    pub name: String,
    /// Whose it is.
    pub owner: Owner,
    /// Docker's id.
    pub container_id: String,
    /// What it was started from, as it was asked for.
    pub image: String,
    /// What it does.
    pub state: State,
    /// What Docker's own check says of it; `None` where there is none.
    pub health: Option<Health>,
    /// As `Container::config`, as recorded.
    pub config: BTreeMap<String, String>,
    /// Hash of it, as recorded.
    pub config_hash: Option<String>,
    /// As recorded.
    pub depends_on: BTreeSet<Id>,
    /// Identities of what it was built upon, as recorded.
    pub holds: BTreeMap<Id, String>,
    /// Ids of the networks it is in.
    pub networks: BTreeSet<String>,
    /// Label of a job: the release that ran.
    pub version: Option<String>,
    /// Label of a process of which there must not be two.
    pub singleton: bool,
    /// Label of the `schema` job.
    pub mode: Option<super::Mode>,
    /// Other deployments that use it; only the ingress has any.
    pub shared_with: BTreeSet<String>,
    /// Docker's own words: `Up 3 minutes (healthy)`.
    pub status: String,
    /// When it was made, in seconds since 1970.
    pub created: i64,
    /// Published ports, `127.0.0.1:443->443`.
    pub ports: Vec<String>,
    /// Docker's ids of others that have its label: copies made by hand, or itself under another
    /// name.
    pub others: BTreeSet<String>,
}

impl LiveContainer {
    pub(super) fn attributes(&self) -> Attributes {
        Attributes {
            identity: self.container_id.clone(),
            ..Attributes::default()
        }
    }
}
