//! Redis or Valkey.

use super::{Scene, Variables};
use crate::{Part, Store};

/// The address, password and TLS in one URL. `REDIS_HOST` and its kin stay unset: they would be
/// ignored beside it, and there is no other way to say TLS.
pub(super) fn address(variables: &mut Variables) {
    variables.endpoint("REDIS_URL", Store::Redis, Part::Url);
}

/// The Ruby driver under TLS. The default one can do none up to 4.5, and from 4.6 on does not
/// honour `SSL_CERT_FILE`; the Ruby one is right for every release.
pub(super) fn driver(variables: &mut Variables, scene: Scene<'_>) {
    if scene.surroundings.stores_tls {
        variables.literal("REDIS_DRIVER", "ruby");
    }
}
