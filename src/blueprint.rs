//! The deployment of a topology as it would be in production, for drawings: no engine and no
//! account is asked.

use mastodon::{Deployment, Schema, Surroundings};
use topology::{MailRoute, Topology};

/// What runs for `topology`, on its own domain.
pub(crate) fn deployment(topology: &Topology) -> Deployment {
    let surroundings = Surroundings {
        domain: topology.domain.clone(),
        web_domain: topology.web_domain.clone(),
        https_port: 443,
        stores_tls: false,
        ca_file: None,
        media_endpoint: false,
        mail_catcher: matches!(topology.mail.via, MailRoute::Catcher),
        trusted_proxies: Vec::new(),
        allowed_private_addresses: Vec::new(),
    };
    mastodon::deployment(topology, &surroundings, &Schema::New)
}
