//! How secrets are made.

use std::collections::BTreeSet;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE;
use p256::SecretKey;
use p256::elliptic_curve::sec1::ToEncodedPoint as _;
use rand::CryptoRng;
use rand::Rng as _;
use rand::distr::Alphanumeric;

use super::shape;
use super::{Secret, Secrets};
use crate::SecretName;

/// Makes each of `names` that masto makes; those only the operator can give are left out. Asking
/// for one of the VAPID keys makes both, since they are a pair.
pub fn generate(rng: &mut impl CryptoRng, names: &BTreeSet<SecretName>) -> Secrets {
    let mut secrets = Secrets::default();
    for &name in names {
        let secret = match name {
            SecretName::SmtpPassword => continue,
            SecretName::VapidPrivateKey | SecretName::VapidPublicKey => {
                if secrets.get(name).is_none() {
                    let (private, public) = vapid_keys(rng);
                    secrets.insert(SecretName::VapidPrivateKey, private);
                    secrets.insert(SecretName::VapidPublicKey, public);
                }
                continue;
            }
            SecretName::SecretKeyBase | SecretName::OwnerPassword => {
                hexadecimal(rng, shape::length(name))
            }
            _ => alphanumeric(rng, shape::length(name)),
        };
        secrets.insert(name, secret);
    }
    secrets
}

/// The public half of a VAPID key pair; `None` when `private` is not a P-256 scalar.
///
/// Older tools drop leading zero bytes of the scalar, so shorter values are padded.
pub(super) fn vapid_public_key(private: &str) -> Option<Secret> {
    let bytes = shape::decode(private)?;
    let mut scalar = [0; 32];
    let start = scalar.len().checked_sub(bytes.len())?;
    scalar[start..].copy_from_slice(&bytes);
    let key = SecretKey::from_slice(&scalar).ok()?;
    Some(encode_public(&key))
}

fn vapid_keys(rng: &mut impl CryptoRng) -> (Secret, Secret) {
    loop {
        let mut scalar = [0; 32];
        rng.fill_bytes(&mut scalar);
        // All but one in four billion are below the order of the curve; another draw keeps the
        // choice uniform.
        if let Ok(key) = SecretKey::from_slice(&scalar) {
            return (Secret::new(URL_SAFE.encode(scalar)), encode_public(&key));
        }
    }
}

fn encode_public(key: &SecretKey) -> Secret {
    Secret::new(URL_SAFE.encode(key.public_key().to_encoded_point(false).as_bytes()))
}

fn hexadecimal(rng: &mut impl CryptoRng, digits: usize) -> Secret {
    Secret::new(
        (0..digits)
            .map(|_| char::from(b"0123456789abcdef"[rng.random_range(0..16)]))
            .collect::<String>(),
    )
}

fn alphanumeric(rng: &mut impl CryptoRng, characters: usize) -> Secret {
    Secret::new(
        (0..characters)
            .map(|_| char::from(rng.sample(Alphanumeric)))
            .collect::<String>(),
    )
}
