//! The VAPID pair for web push.

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE;
use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair};

/// Private and public key, url-safe base64 with padding: 44 and 88 characters.
///
/// # Errors
/// When the system gives no randomness.
pub(crate) fn generate() -> Result<(String, String), String> {
    let document =
        EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &SystemRandom::new())
            .map_err(|error| error.to_string())?;
    let pair = EcdsaKeyPair::from_pkcs8(
        &ECDSA_P256_SHA256_FIXED_SIGNING,
        document.as_ref(),
        &SystemRandom::new(),
    )
    .map_err(|error| error.to_string())?;
    // PKCS#8 of a P-256 key has a fixed layout: the scalar follows the 36-byte head.
    let scalar = document
        .as_ref()
        .get(36..68)
        .ok_or("unexpected PKCS#8 layout")?;
    Ok((
        BASE64_URL_SAFE.encode(scalar),
        BASE64_URL_SAFE.encode(pair.public_key()),
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_scalar_belongs_to_the_point() {
        let (private, public) = generate().unwrap();
        assert_eq!((private.len(), public.len()), (44, 88));
        let (scalar, point) = (
            BASE64_URL_SAFE.decode(private).unwrap(),
            BASE64_URL_SAFE.decode(public).unwrap(),
        );
        assert_eq!(point[0], 4);
        assert!(
            EcdsaKeyPair::from_private_key_and_public_key(
                &ECDSA_P256_SHA256_FIXED_SIGNING,
                &scalar,
                &point,
                &SystemRandom::new()
            )
            .is_ok()
        );
    }
}
