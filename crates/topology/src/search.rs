//! `search`.

use std::fmt;
use std::str::FromStr;

use crate::invalid::Invalid;
use crate::quote::quote;

/// `search:`
///
/// One word only: masto runs no Elasticsearch, and a word that would be refused later is not one
/// to offer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Search {
    /// Hashtags and accounts only.
    None,
}

impl Search {
    /// Every one.
    pub const ALL: [Self; 1] = [Self::None];

    /// The word in the file.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::None => "none",
        }
    }
}

impl fmt::Display for Search {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Search {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        match text {
            "none" => Ok(Self::None),
            "elasticsearch" | "opensearch" => Err(Invalid::new(format!(
                "masto does not run {}, so there is no full-text search",
                quote(text)
            ))
            .hint(
                "write `none`, and for a cluster of your own set ES_ENABLED, ES_HOST and ES_PORT \
                 in `mastodon.env`, then run `masto tootctl search deploy`",
            )),
            _ => Err(
                Invalid::new(format!("{} is not a kind of search", quote(text)))
                    .hint("write `none`"),
            ),
        }
    }
}

impl serde::Serialize for Search {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl schemars::JsonSchema for Search {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Search".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({ "type": "string", "enum": Self::ALL })
    }
}
