//! Who mail comes from.

use std::str::FromStr;

use crate::email::Email;
use crate::invalid::Invalid;
use crate::quote::quote;

/// `notifications@example.com` or `My server <notifications@example.com>`.
#[derive(Clone, Debug)]
pub(crate) struct Sender(pub(crate) String);

impl FromStr for Sender {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        let Some((name, rest)) = text.split_once('<') else {
            return text
                .parse::<Email>()
                .map(|email| Self(email.as_str().to_owned()));
        };
        let Some(address) = rest.strip_suffix('>') else {
            return Err(Invalid::new(format!(
                "{} is not a sender: a `<` is not closed",
                quote(text)
            ))
            .hint("write `My server <notifications@example.com>`"));
        };
        if name.chars().any(char::is_control) {
            return Err(Invalid::new(format!(
                "{} is not a sender: its name has control characters",
                quote(text)
            ))
            .hint("write it on one line"));
        }
        address.parse::<Email>().map(|_| Self(text.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sender_is_an_address_with_or_without_a_name() {
        for good in ["a@b.example", "My server <a@b.example>", "<a@b.example>"] {
            assert_eq!(good.parse::<Sender>().expect("a good sender").0, good);
        }
        // A line break would let the file write headers of its own.
        for bad in [
            "a",
            "My server",
            "My server <a>",
            "My server <a@b.example",
            "x\r\nBcc: y <a@b.example>",
        ] {
            assert!(bad.parse::<Sender>().is_err(), "{bad}");
        }
    }
}
