//! Active Record Encryption: what 4.7 keeps private keys in.

use std::num::NonZeroU32;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use rand::Rng;
use ring::aead::{AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use ring::pbkdf2;

use crate::boot::EncryptionKeys;
use crate::exception::Exception;

/// Rails' key generator.
const ITERATIONS: NonZeroU32 = NonZeroU32::new(65_536).expect("not zero");

/// The key that `ACTIVE_RECORD_ENCRYPTION_PRIMARY_KEY` and the salt make.
pub(crate) struct Encryptor(LessSafeKey);

impl Encryptor {
    /// Derives it: some milliseconds of work.
    ///
    /// # Errors
    /// Never with a key of the algorithm's length.
    pub(crate) fn new(keys: &EncryptionKeys) -> Result<Self, Exception> {
        let mut key = [0; 32];
        pbkdf2::derive(
            pbkdf2::PBKDF2_HMAC_SHA256,
            ITERATIONS,
            keys.salt.as_bytes(),
            keys.primary.as_bytes(),
            &mut key,
        );
        UnboundKey::new(&AES_256_GCM, &key)
            .map(|key| Self(LessSafeKey::new(key)))
            .map_err(|_| Exception::Decryption)
    }

    /// As Rails writes it: JSON with payload, vector and tag in base64.
    pub(crate) fn encrypt(&self, text: &str) -> Result<String, Exception> {
        let iv: [u8; 12] = rand::rng().random();
        let mut payload = text.as_bytes().to_vec();
        let tag = self
            .0
            .seal_in_place_separate_tag(
                Nonce::assume_unique_for_key(iv),
                Aad::empty(),
                &mut payload,
            )
            .map_err(|_| Exception::Decryption)?;
        let encode = |bytes: &[u8]| BASE64_STANDARD.encode(bytes);
        Ok(serde_json::json!({ "p": encode(&payload), "h": { "iv": encode(&iv), "at": encode(tag.as_ref()) } }).to_string())
    }

    /// Reads it back.
    ///
    /// # Errors
    /// When the keys are not those it was encrypted with.
    pub(crate) fn decrypt(&self, text: &str) -> Result<String, Exception> {
        self.open(text).ok_or(Exception::Decryption)
    }

    fn open(&self, text: &str) -> Option<String> {
        let message: serde_json::Value = serde_json::from_str(text).ok()?;
        let decode = |value: &serde_json::Value| BASE64_STANDARD.decode(value.as_str()?).ok();
        let iv: [u8; 12] = decode(&message["h"]["iv"])?.try_into().ok()?;
        let mut sealed = [decode(&message["p"])?, decode(&message["h"]["at"])?].concat();
        let opened = self
            .0
            .open_in_place(Nonce::assume_unique_for_key(iv), Aad::empty(), &mut sealed)
            .ok()?;
        String::from_utf8(opened.to_vec()).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn encryptor(primary: &str) -> Encryptor {
        Encryptor::new(&EncryptionKeys {
            primary: primary.into(),
            salt: "salt".into(),
        })
        .unwrap()
    }

    #[test]
    fn other_keys_do_not_open_it() {
        let sealed = encryptor("one").encrypt("canary").unwrap();
        assert!(!sealed.contains("canary"));
        assert_eq!(encryptor("one").decrypt(&sealed).unwrap(), "canary");
        assert!(matches!(
            encryptor("two").decrypt(&sealed),
            Err(Exception::Decryption)
        ));
        assert!(matches!(
            encryptor("one").decrypt("plain"),
            Err(Exception::Decryption)
        ));
    }
}
