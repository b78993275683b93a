//! Identity, secrets and Puma.

use super::{Scene, Variables};
use crate::{SecretName, Surroundings};

/// Seconds Puma keeps an idle connection. Longer than the 60 s of a load balancer: a connection
/// that Puma closes first is an occasional 502.
const PERSISTENT_TIMEOUT: &str = "75";

/// Who the server is.
pub(super) fn identity(variables: &mut Variables, scene: Scene<'_>) {
    let Surroundings {
        domain,
        web_domain,
        https_port,
        ..
    } = scene.surroundings;
    variables.literal("RAILS_ENV", "production");
    variables.literal("LOCAL_DOMAIN", authority(domain.as_str(), *https_port));
    if let Some(web_domain) = web_domain {
        variables.literal("WEB_DOMAIN", authority(web_domain.as_str(), *https_port));
    }
    if *https_port != 443 {
        let host = web_domain.as_ref().unwrap_or(domain);
        let base = format!("wss://{}", authority(host.as_str(), *https_port));
        variables.literal("STREAMING_API_BASE_URL", base);
    }
}

/// What encrypts and signs. Rails refuses to boot without any of these.
pub(super) fn secrets(variables: &mut Variables) {
    for secret in [
        SecretName::SecretKeyBase,
        SecretName::ActiveRecordEncryptionPrimaryKey,
        SecretName::ActiveRecordEncryptionDeterministicKey,
        SecretName::ActiveRecordEncryptionKeyDerivationSalt,
    ] {
        variables.secret(secret.as_str(), secret);
    }
}

/// What web push is signed with: clients get the public half from web, and Sidekiq signs.
pub(super) fn vapid(variables: &mut Variables) {
    for secret in [SecretName::VapidPrivateKey, SecretName::VapidPublicKey] {
        variables.secret(secret.as_str(), secret);
    }
}

/// Puma's own.
pub(super) fn puma(variables: &mut Variables, scene: Scene<'_>) {
    let web = &scene.topology.web;
    variables.literal("WEB_CONCURRENCY", web.workers.to_string());
    variables.literal("MAX_THREADS", web.threads.to_string());
    variables.literal("PERSISTENT_TIMEOUT", PERSISTENT_TIMEOUT);
    // The ingress has no files of its own: styles and scripts come from Puma.
    variables.on("RAILS_SERVE_STATIC_FILES");
    super::federation::proxies(variables, scene);
}

/// `host`, or `host:port` where browsers must name the port.
pub(crate) fn authority(host: &str, https_port: u16) -> String {
    if https_port == 443 {
        host.to_owned()
    } else {
        format!("{host}:{https_port}")
    }
}
