//! PostgreSQL.
//!
//! `DB_POOL` is never set: Rails derives it from the threads of each process and streaming takes
//! ten. One value shared by all would be wrong for all but one.

use super::{Scene, Variables};
use crate::{Part, SecretName, Store};

/// The database all processes use.
pub(crate) const DATABASE: &str = "mastodon_production";
/// Its owner.
pub(crate) const USER: &str = "mastodon";

/// For Rails, where `DB_SSLMODE` is libpq's.
pub(super) fn rails(variables: &mut Variables, scene: Scene<'_>) {
    address(variables);
    if scene.surroundings.stores_tls {
        if let Some(ca_file) = &scene.surroundings.ca_file {
            variables.literal("DB_SSLMODE", "verify-full");
            variables.literal("PGSSLROOTCERT", ca_file.as_str());
        } else {
            variables.literal("DB_SSLMODE", "require");
        }
    }
}

/// For Node, where every `DB_SSLMODE` but `disable` and `no-verify` verifies the certificate
/// against Node's own list. The value that Rails takes for "encrypt, do not verify" would fail
/// here, and the other way round.
pub(super) fn streaming(variables: &mut Variables, scene: Scene<'_>) {
    address(variables);
    if let Some(ca_file) = &scene.surroundings.ca_file {
        variables.literal("NODE_EXTRA_CA_CERTS", ca_file.as_str());
    }
    if scene.surroundings.stores_tls {
        let verified = scene.surroundings.ca_file.is_some();
        variables.literal("DB_SSLMODE", if verified { "require" } else { "no-verify" });
    }
}

fn address(variables: &mut Variables) {
    variables.endpoint("DB_HOST", Store::Postgres, Part::Host);
    variables.endpoint("DB_PORT", Store::Postgres, Part::Port);
    variables.literal("DB_NAME", DATABASE);
    variables.literal("DB_USER", USER);
    variables.secret("DB_PASS", SecretName::PostgresPassword);
}
