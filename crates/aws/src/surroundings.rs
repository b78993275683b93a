//! What AWS is like, for Mastodon's environment.

use mastodon::Surroundings;
use topology::Topology;

use crate::desired::RANGE;

/// The surroundings of `topology`'s processes.
///
/// The stores demand TLS. Redis and Valkey show certificates that every image trusts. The ones of
/// RDS are signed by a root of the region's own that no image has, and Mastodon's images are taken
/// as they are: so connections to the database are encrypted and not verified (`require` for Rails,
/// `no-verify` for streaming, which has other words for it). They never leave the VPC, where AWS
/// lets nobody answer for another's address, and the database lets nobody in but the tasks.
#[must_use]
pub fn surroundings(topology: &Topology) -> Surroundings {
    Surroundings {
        domain: topology.domain.clone(),
        web_domain: topology.web_domain.clone(),
        https_port: 443,
        stores_tls: true,
        ca_file: None,
        media_endpoint: false,
        mail_catcher: false,
        // The load balancer is in the VPC, and nobody else reaches a task.
        trusted_proxies: vec![RANGE.to_owned()],
        allowed_private_addresses: Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rails_and_streaming_encrypt_each_in_its_own_words() {
        let file = "name: social\ndomain: social.example.com\naws:\n  region: eu-central-1\n  dns: manual\n";
        let topology = topology::read(file).topology.unwrap();
        let deployment =
            mastodon::deployment(&topology, &surroundings(&topology), &mastodon::Schema::New);
        let mode = |index: usize| deployment.processes[index].env.get("DB_SSLMODE").cloned();
        let literal = |text: &str| Some(mastodon::EnvValue::Literal(text.to_owned()));
        assert_eq!(mode(0), literal("require"));
        assert_eq!(mode(1), literal("no-verify"));
    }
}
