//! What each secret looks like.

use base64::Engine as _;
use base64::engine::general_purpose::{URL_SAFE, URL_SAFE_NO_PAD};

use super::generation::vapid_public_key;
use super::{SecretError, SecretName};

/// Length of what masto makes, in characters, where a secret is hexadecimal or alphanumeric.
pub(super) fn length(name: SecretName) -> usize {
    match name {
        SecretName::SecretKeyBase => 128,
        SecretName::MediaAccessKey => 20,
        SecretName::MediaSecretKey => 40,
        _ => 32,
    }
}

/// Whether `value` can be used as `name`. Wider than what masto makes, so that the secrets of a
/// server that was set up by hand fit too.
pub(super) fn fits(name: SecretName, value: &str) -> bool {
    let alphanumeric = value.bytes().all(|byte| byte.is_ascii_alphanumeric());
    match name {
        SecretName::SecretKeyBase => {
            value.len() >= 128 && value.bytes().all(|byte| byte.is_ascii_hexdigit())
        }
        SecretName::ActiveRecordEncryptionPrimaryKey
        | SecretName::ActiveRecordEncryptionDeterministicKey
        | SecretName::ActiveRecordEncryptionKeyDerivationSalt => alphanumeric && value.len() >= 32,
        SecretName::VapidPrivateKey => vapid_public_key(value).is_some(),
        SecretName::VapidPublicKey => {
            decode(value).is_some_and(|bytes| bytes.len() == 65 && bytes[0] == 4)
        }
        // Alphanumeric, because it goes into URLs and YAML unquoted; ElastiCache takes 16 to 128.
        SecretName::PostgresPassword | SecretName::RedisPassword => {
            alphanumeric && (16..=128).contains(&value.len())
        }
        SecretName::MediaAccessKey => alphanumeric && (3..=20).contains(&value.len()),
        SecretName::MediaSecretKey => alphanumeric && (8..=128).contains(&value.len()),
        SecretName::SmtpPassword => !value.is_empty() && !value.contains(['\n', '\r', '\0']),
        SecretName::OwnerPassword => {
            (8..=72).contains(&value.len()) && value.bytes().all(|byte| byte.is_ascii_graphic())
        }
    }
}

/// The error for a `name` that does not fit.
pub(super) fn error(name: SecretName) -> SecretError {
    let expected = match name {
        SecretName::SecretKeyBase => "128 hexadecimal digits",
        SecretName::ActiveRecordEncryptionPrimaryKey
        | SecretName::ActiveRecordEncryptionDeterministicKey
        | SecretName::ActiveRecordEncryptionKeyDerivationSalt => "32 letters and digits",
        SecretName::VapidPrivateKey => "a P-256 private key in url-safe base64",
        SecretName::VapidPublicKey => "an uncompressed P-256 point in url-safe base64",
        SecretName::PostgresPassword | SecretName::RedisPassword => "16 to 128 letters and digits",
        SecretName::MediaAccessKey => "3 to 20 letters and digits",
        SecretName::MediaSecretKey => "8 to 128 letters and digits",
        SecretName::SmtpPassword => "one line of text",
        SecretName::OwnerPassword => "8 to 72 printable characters without spaces",
    };
    SecretError::Shape { name, expected }
}

/// Whether `public` belongs to `private`.
pub(super) fn is_vapid_pair(private: &str, public: &str) -> bool {
    vapid_public_key(private).is_some_and(|derived| decode(derived.expose()) == decode(public))
}

/// Decodes url-safe base64, with padding or, as Mastodon also accepts it, without.
pub(super) fn decode(text: &str) -> Option<Vec<u8>> {
    let engine = if text.ends_with('=') {
        URL_SAFE
    } else {
        URL_SAFE_NO_PAD
    };
    engine.decode(text).ok()
}
