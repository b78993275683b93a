//! Messages that only a holder of `SECRET_KEY_BASE` can have written: cookies and tokens.

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use ring::hmac;

/// Signs texts for one purpose.
pub(crate) struct Signer(hmac::Key);

impl Signer {
    /// The signer for a purpose. Another `SECRET_KEY_BASE` makes another signer, and what the
    /// first one signed is worth nothing to it.
    pub(crate) fn new(secret_key_base: &str, purpose: &str) -> Self {
        let base = hmac::Key::new(hmac::HMAC_SHA256, secret_key_base.as_bytes());
        let derived = hmac::sign(&base, purpose.as_bytes());
        Self(hmac::Key::new(hmac::HMAC_SHA256, derived.as_ref()))
    }

    /// The text with its signature, safe in cookies.
    pub(crate) fn sign(&self, text: &str) -> String {
        let body = BASE64_URL_SAFE_NO_PAD.encode(text);
        let signature = BASE64_URL_SAFE_NO_PAD.encode(hmac::sign(&self.0, body.as_bytes()));
        format!("{body}.{signature}")
    }

    /// The text, when the signature is ours.
    pub(crate) fn verify(&self, signed: &str) -> Option<String> {
        let (body, signature) = signed.split_once('.')?;
        hmac::verify(
            &self.0,
            body.as_bytes(),
            &BASE64_URL_SAFE_NO_PAD.decode(signature).ok()?,
        )
        .ok()?;
        String::from_utf8(BASE64_URL_SAFE_NO_PAD.decode(body).ok()?).ok()
    }

    /// A digest of a token, as Devise keeps it instead of the token.
    pub(crate) fn digest(&self, token: &str) -> String {
        crate::crypto::token::encode_hex(hmac::sign(&self.0, token.as_bytes()).as_ref())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn another_secret_reads_nothing() {
        let signed = Signer::new("one", "session").sign("{\"user\":1}");
        assert_eq!(
            Signer::new("one", "session").verify(&signed).as_deref(),
            Some("{\"user\":1}")
        );
        assert_eq!(Signer::new("two", "session").verify(&signed), None);
        assert_eq!(Signer::new("one", "other").verify(&signed), None);
        assert_eq!(
            Signer::new("one", "session").verify(&signed.replace('.', "A.")),
            None
        );
    }
}
