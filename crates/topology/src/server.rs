//! How an SMTP server is reached.

use std::str::FromStr;

use crate::invalid::Invalid;
use crate::quote::quote;

/// A host name or IPv4 address; unlike a [`crate::Domain`] it may be one label, such as the name of
/// a container.
#[derive(Clone, Debug)]
pub(crate) struct Server(pub(crate) String);

/// The pattern as JSON Schema writes it.
pub(crate) const PATTERN: &str = "^[a-zA-Z0-9]([a-zA-Z0-9.-]*[a-zA-Z0-9])?$";

impl FromStr for Server {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        let label = |label: &str| {
            (1..=63).contains(&label.len())
                && label
                    .bytes()
                    .all(|b| b.is_ascii_alphanumeric() || b == b'-')
                && !label.starts_with('-')
                && !label.ends_with('-')
        };
        if text.len() <= 253 && text.split('.').all(label) {
            return Ok(Self(text.to_owned()));
        }
        let invalid = Invalid::new(format!("{} is not a host name", quote(text)));
        let bare = text.split_once("://").map_or(text, |(_, rest)| rest);
        Err(match bare.trim_end_matches('/').rsplit_once(':') {
            Some((host, port)) if host.parse::<Self>().is_ok() && port.parse::<u16>().is_ok() => {
                invalid.hint(format!("write `server: {host}` and `port: {port}`"))
            }
            _ => invalid.hint("write for example `smtp.example.com`"),
        })
    }
}

/// The user name at an SMTP server: any text on one line.
#[derive(Clone, Debug)]
pub(crate) struct Login(pub(crate) String);

impl FromStr for Login {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        if text.is_empty() {
            return Err(Invalid::new("a login cannot be empty")
                .hint("remove the line: without a login mail is sent without authentication"));
        }
        if text.chars().any(char::is_control) {
            return Err(
                Invalid::new(format!("{} has control characters in it", quote(text)))
                    .hint("write it on one line"),
            );
        }
        Ok(Self(text.to_owned()))
    }
}
