//! Random texts in the shapes Ruby's SecureRandom gives them.

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use rand::Rng;

/// `SecureRandom.hex(bytes)`
pub(crate) fn hex(bytes: usize) -> String {
    let mut random = vec![0; bytes];
    rand::rng().fill(random.as_mut_slice());
    encode_hex(&random)
}

/// `SecureRandom.urlsafe_base64(32)`: 43 characters, as OAuth tokens are.
pub(crate) fn url_safe() -> String {
    let random: [u8; 32] = rand::rng().random();
    BASE64_URL_SAFE_NO_PAD.encode(random)
}

/// `SecureRandom.alphanumeric(length)`
pub(crate) fn alphanumeric(length: usize) -> String {
    rand::rng()
        .sample_iter(rand::distr::Alphanumeric)
        .take(length)
        .map(char::from)
        .collect()
}

/// Whether two secrets are the same, in a time that does not tell where they differ.
pub(crate) fn is_same(one: &str, other: &str) -> bool {
    one.len() == other.len()
        && one
            .bytes()
            .zip(other.bytes())
            .fold(0, |difference, (a, b)| difference | (a ^ b))
            == 0
}

/// Lowercase hex.
pub(crate) fn encode_hex(bytes: &[u8]) -> String {
    bytes
        .iter()
        .flat_map(|byte| [byte >> 4, byte & 15])
        .filter_map(|digit| char::from_digit(digit.into(), 16))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_have_their_shapes() {
        assert_eq!(hex(16).len(), 32);
        assert_eq!(url_safe().len(), 43);
        assert!(alphanumeric(32).chars().all(|c| c.is_ascii_alphanumeric()));
        assert!(
            is_same("secret", "secret")
                && !is_same("secret", "secreT")
                && !is_same("secret", "secret1")
        );
        assert_eq!(encode_hex(&[0, 171, 255]), "00abff");
    }
}
