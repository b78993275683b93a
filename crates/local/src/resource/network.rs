//! The two networks of a deployment.

use engine::{AttributeChange, Change, How, Impact};

use super::Attributes;
use crate::id::NetworkRole;
use crate::labels::Owner;

/// A network that should exist.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Network {
    /// Which.
    pub role: NetworkRole,
    /// Docker's name for it.
    pub name: String,
    /// It has no way out.
    pub internal: bool,
}

/// A network that was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LiveNetwork {
    /// Which.
    pub role: NetworkRole,
    /// Docker's name for it.
    pub name: String,
    /// Whose it is.
    pub owner: Owner,
    /// Docker's id.
    pub network_id: String,
    /// It has no way out.
    pub internal: bool,
    /// First IPv4 subnet.
    pub subnet: Option<String>,
    /// The host's own address in it.
    pub gateway: Option<String>,
}

impl Network {
    pub(super) fn diff(&self, live: &LiveNetwork) -> Option<Change> {
        let Self {
            role: _,
            name: _,
            internal,
        } = self;
        (*internal != live.internal).then(|| Change {
            how: How::DeleteThenCreate,
            cause: if *internal {
                "it has a way out and must not"
            } else {
                "it has no way out"
            }
            .to_owned(),
            impact: Impact::Restart,
            attributes: vec![AttributeChange {
                name: "internal".to_owned(),
                old: Some(live.internal.to_string()),
                new: Some(internal.to_string()),
            }],
        })
    }
}

impl LiveNetwork {
    pub(super) fn attributes(&self) -> Attributes {
        Attributes {
            identity: self.network_id.clone(),
            subnet: self.subnet.clone(),
            gateway: self.gateway.clone(),
        }
    }
}
