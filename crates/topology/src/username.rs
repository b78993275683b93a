//! Names of Mastodon accounts.

use std::str::FromStr;

use crate::invalid::Invalid;
use crate::quote::quote;

/// A user name as Mastodon allows it for local accounts. Which of them Mastodon reserves is not
/// known here.
#[derive(Clone, Debug)]
pub(crate) struct Username(pub(crate) String);

/// The longest that Mastodon takes.
pub(crate) const LONGEST: usize = 30;

/// The pattern as JSON Schema writes it (the length is apart).
pub(crate) const PATTERN: &str = "^[a-zA-Z0-9_]+$";

impl FromStr for Username {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        let word = |c: char| c.is_ascii_alphanumeric() || c == '_';
        if (1..=LONGEST).contains(&text.len()) && text.chars().all(word) {
            return Ok(Self(text.to_owned()));
        }
        let invalid = Invalid::new(format!(
            "{} is not a user name: those have 1 to {LONGEST} letters, digits and _",
            quote(text)
        ));
        // `@owner@example.com` is how people write an account.
        let bare = text
            .trim_start_matches('@')
            .split('@')
            .next()
            .unwrap_or_default();
        let mended: String = bare
            .chars()
            .map(|c| {
                if c == '-' || c == '.' || c == ' ' {
                    '_'
                } else {
                    c
                }
            })
            .filter(|c| word(*c))
            .take(LONGEST)
            .collect();
        Err(if mended.is_empty() {
            invalid.hint("write for example `owner`")
        } else {
            invalid.hint(format!("write `{mended}`"))
        })
    }
}
