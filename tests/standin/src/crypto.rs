//! Keys, tokens and signatures.

pub(crate) mod prime;
pub(crate) mod record_encryption;
pub(crate) mod rsa;
pub(crate) mod signed_message;
pub(crate) mod token;
pub(crate) mod vapid;
