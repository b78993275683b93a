//! Versions of PostgreSQL.

use std::str::FromStr;

use crate::invalid::Invalid;
use crate::quote::quote;

/// A major version of PostgreSQL that Mastodon is tested with.
#[derive(Clone, Copy, Debug)]
pub(crate) struct PostgresVersion(pub(crate) u8);

/// Oldest and newest.
pub(crate) const RANGE: (u8, u8) = (14, 17);

/// Every version, for the schema: as a number, and as the text that some write.
pub(crate) fn choices() -> Vec<serde_json::Value> {
    let (oldest, newest) = RANGE;
    (oldest..=newest)
        .map(serde_json::Value::from)
        .chain((oldest..=newest).map(|version| version.to_string().into()))
        .collect()
}

impl FromStr for PostgresVersion {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        let (oldest, newest) = RANGE;
        let whole = text.split_once('.').map_or(text, |(whole, _)| whole);
        let major = if whole.bytes().all(|b| b.is_ascii_digit()) {
            whole.parse::<u8>().ok()
        } else {
            None
        };
        let Some(major) = major else {
            return Err(Invalid::new(format!(
                "{} is not a major version of PostgreSQL",
                quote(text)
            ))
            .hint(format!("write `{newest}`")));
        };
        if major < oldest {
            Err(Invalid::new(format!(
                "{} is too old: masto runs PostgreSQL {oldest} to {newest}",
                quote(text)
            ))
            .hint(format!(
                "write `{newest}`; an older database has to be dumped and restored"
            )))
        } else if major > newest {
            Err(Invalid::new(format!(
                "{} is too new: Mastodon is tested with PostgreSQL {oldest} to {newest}",
                quote(text)
            ))
            .hint(format!("write `{newest}`")))
        } else if whole == text {
            Ok(Self(major))
        } else {
            Err(
                Invalid::new(format!("{} is more than a major version", quote(text))).hint(
                    format!("write `{major}`: minor releases are taken as they come"),
                ),
            )
        }
    }
}
