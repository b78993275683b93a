//! The networks of a deployment.

use engine::{AttributeChange, Change, How, Impact};
use topology::Name;

use super::Attributes;
use crate::id::{Id, NetworkRole};
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
    /// Of the deployment `name`.
    #[must_use]
    pub fn new(role: NetworkRole, name: &Name) -> Self {
        Self {
            role,
            name: Id::Network(role).docker_name(name).unwrap_or_default(),
            internal: role == NetworkRole::Stores,
        }
    }

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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_store_network_with_a_way_out_is_made_anew() {
        let network = Network {
            role: NetworkRole::Stores,
            name: "masto-social-stores".to_owned(),
            internal: true,
        };
        let live = LiveNetwork {
            role: NetworkRole::Stores,
            name: "masto-social-stores".to_owned(),
            owner: Owner::Ours,
            network_id: "n1".to_owned(),
            internal: true,
            subnet: None,
            gateway: None,
        };
        assert_eq!(network.diff(&live), None);
        let open = LiveNetwork {
            internal: false,
            ..live
        };
        let change = network.diff(&open).unwrap();
        assert_eq!(change.how, How::DeleteThenCreate);
        assert_eq!(change.cause, "it has a way out and must not");
    }
}
