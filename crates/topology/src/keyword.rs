//! Words of which exactly these are possible.

/// Gives an enum its words: `ALL`, `as_str`, `Display`, `FromStr` (which suggests the nearest
/// word), serialisation, and its part of the JSON Schema, all from one table.
macro_rules! keywords {
    ($vis:vis $type:ident, $what:literal, { $($variant:ident = $text:literal),+ $(,)? }) => {
        impl $type {
            /// Every one, in the order in which they are listed to people.
            $vis const ALL: [Self; [$($text),+].len()] = [$(Self::$variant),+];

            /// The word in the file.
            #[must_use]
            $vis const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $text),+ }
            }
        }

        impl std::fmt::Display for $type {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(self.as_str())
            }
        }

        impl std::str::FromStr for $type {
            type Err = $crate::Invalid;

            fn from_str(text: &str) -> Result<Self, $crate::Invalid> {
                match text {
                    $($text => Ok(Self::$variant),)+
                    _ => Err($crate::keyword::unknown(text, $what, &[$($text),+])),
                }
            }
        }

        impl serde::Serialize for $type {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(self.as_str())
            }
        }

        impl schemars::JsonSchema for $type {
            fn schema_name() -> std::borrow::Cow<'static, str> {
                stringify!($type).into()
            }

            fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
                schemars::json_schema!({ "type": "string", "enum": Self::ALL })
            }
        }
    };
}

pub(crate) use keywords;

use crate::invalid::Invalid;
use crate::quote::quote;
use crate::suggestion::{did_you_mean, nearest, one_of};

/// What other tools call it.
const SYNONYMS: [(&str, &str); 9] = [
    ("aarch64", "arm64"),
    ("graviton", "arm64"),
    ("x86_64", "amd64"),
    ("x86-64", "amd64"),
    ("mailpit", "catcher"),
    ("ssl", "implicit"),
    ("tls", "implicit"),
    ("always", "starttls"),
    ("none", "off"),
];

pub(crate) fn unknown(text: &str, what: &str, words: &[&str]) -> Invalid {
    let invalid = Invalid::new(format!("{} is not {what}", quote(text)));
    let folded = text.to_ascii_lowercase();
    let synonym = SYNONYMS
        .iter()
        .find(|(word, meant)| *word == folded && words.contains(meant))
        .map(|(_, meant)| *meant);
    match synonym.or_else(|| nearest(text, words.iter().copied())) {
        Some(word) => invalid.hint(did_you_mean(word)),
        None => invalid.hint(format!("write {}", one_of(words.iter().copied()))),
    }
}
