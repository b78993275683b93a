//! Records and the statements that read and write them.

pub(crate) mod access_token;
pub(crate) mod account;
pub(crate) mod keypair;
pub(crate) mod media_attachment;
pub(crate) mod oauth_application;
pub(crate) mod role;
pub(crate) mod status;
pub(crate) mod user;
