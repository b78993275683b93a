//! Other servers, and the proxies in front of this one.

use super::{Scene, Variables};

/// Who may be talked to, and whose certificates are believed.
pub(super) fn peers(variables: &mut Variables, scene: Scene<'_>) {
    let allowed = &scene.surroundings.allowed_private_addresses;
    variables.literal("ALLOWED_PRIVATE_ADDRESSES", allowed.join(","));
    if let Some(ca_file) = &scene.surroundings.ca_file {
        // The image's own certificates stay: OpenSSL reads their directory beside this file.
        variables.literal("SSL_CERT_FILE", ca_file.as_str());
    }
}

/// Whose `X-Forwarded-For` is believed; a request that carries one from anybody else is answered
/// with 500.
///
/// The list replaces Mastodon's own, so loopback is put back. Networks only: Ruby cannot read the
/// words that Node knows.
pub(super) fn proxies(variables: &mut Variables, scene: Scene<'_>) {
    let given = &scene.surroundings.trusted_proxies;
    if given.is_empty() {
        return;
    }
    let mut networks = vec!["127.0.0.0/8", "::1/128"];
    networks.extend(
        given
            .iter()
            .map(String::as_str)
            .filter(|network| !network.is_empty()),
    );
    let mut unique: Vec<&str> = Vec::new();
    for network in networks {
        if !unique.contains(&network) {
            unique.push(network);
        }
    }
    variables.literal("TRUSTED_PROXY_IP", unique.join(","));
}
