//! Mail addresses.

use std::str::FromStr;

use crate::domain::Domain;
use crate::invalid::Invalid;
use crate::quote::quote;
use crate::text::checked_text;

/// A mail address, `owner@example.com`: the part before the `@` without quotes or spaces, the part
/// behind it a [`Domain`].
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Email(String);

checked_text!(Email);

/// The pattern as JSON Schema writes it.
pub(crate) const PATTERN: &str = "^[^@\\s<>,\"]+@[a-z0-9.-]+$";

impl Email {
    /// `<username>@<domain>`, of a user name that was checked.
    pub(crate) fn of(username: &str, domain: &Domain) -> Self {
        Self(format!("{username}@{domain}"))
    }

    /// What follows the `@`.
    #[must_use]
    pub fn domain(&self) -> &str {
        self.0.rsplit('@').next().unwrap_or_default()
    }
}

impl FromStr for Email {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        let example = "write an address such as `owner@example.com`";
        let Some((local, domain)) = text.rsplit_once('@') else {
            return Err(Invalid::new(format!(
                "{} is not a mail address: it has no `@`",
                quote(text)
            ))
            .hint(example));
        };
        let atom = |c: char| c.is_ascii_alphanumeric() || "!#$%&'*+/=?^_`{|}~-.".contains(c);
        let dots_hold = !local.starts_with('.') && !local.ends_with('.') && !local.contains("..");
        if local.is_empty() || local.len() > 64 || !local.chars().all(atom) || !dots_hold {
            return Err(Invalid::new(format!(
                "{} is not a mail address: {} cannot stand before the `@`",
                quote(text),
                quote(local)
            ))
            .hint(example));
        }
        match domain.parse::<Domain>() {
            Ok(_) => Ok(Self(text.to_owned())),
            Err(invalid) => Err(Invalid {
                message: format!("{} is not a mail address: {}", quote(text), invalid.message),
                hint: Some(invalid.hint.unwrap_or_else(|| example.to_owned())),
            }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_a_local_part_and_a_domain() {
        for good in [
            "owner@example.com",
            "a.b+c@social.localhost",
            "o'neil@x.example",
        ] {
            assert_eq!(
                good.parse::<Email>().expect("a good address").as_str(),
                good
            );
        }
        for bad in [
            "",
            "owner",
            "@example.com",
            "owner@",
            "a b@example.com",
            "a..b@example.com",
            "a@b@example.com",
            "Me <a@b.example>",
            "owner@localhost",
        ] {
            assert!(bad.parse::<Email>().is_err(), "{bad}");
        }
    }
}
