//! Versions of Redis and Valkey.

use std::fmt;
use std::str::FromStr;

use crate::invalid::Invalid;
use crate::quote::quote;

/// `<major>` or `<major>.<minor>` of a store; `minor` is `None` where the file names none.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct StoreVersion {
    /// Before the dot.
    pub major: u8,
    /// After the dot.
    pub minor: Option<u8>,
}

/// The pattern as JSON Schema writes it, for versions written as text.
pub(crate) const PATTERN: &str = "^[0-9]+(\\.[0-9]+)?$";

impl fmt::Display for StoreVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.minor {
            Some(minor) => write!(f, "{}.{minor}", self.major),
            None => write!(f, "{}", self.major),
        }
    }
}

impl FromStr for StoreVersion {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        let fault = || Invalid::new(format!("{} is not a version", quote(text)));
        let parts: Option<Vec<u8>> = text.split('.').map(part).collect();
        match parts.as_deref() {
            Some(&[major]) => Ok(Self { major, minor: None }),
            Some(&[major, minor]) => Ok(Self {
                major,
                minor: Some(minor),
            }),
            Some(&[major, minor, _]) => Err(fault().hint(format!(
                "write `{major}.{minor}`: patch releases are taken as they come"
            ))),
            _ => match text
                .strip_prefix('v')
                .and_then(|rest| rest.parse::<Self>().ok())
            {
                Some(version) => Err(fault().hint(format!("write `{version}`"))),
                None => {
                    Err(fault().hint("write the major version, `7`, or major and minor, `7.2`"))
                }
            },
        }
    }
}

fn part(text: &str) -> Option<u8> {
    let digits = !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    if digits { text.parse().ok() } else { None }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_store_version_is_major_or_major_and_minor() {
        let read = |text: &str| {
            text.parse::<StoreVersion>()
                .map(|version| version.to_string())
                .map_err(|invalid| invalid.hint.expect("a hint"))
        };
        assert_eq!(read("7"), Ok("7".into()));
        assert_eq!(read("7.2"), Ok("7.2".into()));
        assert_eq!(
            read("7.2.4"),
            Err("write `7.2`: patch releases are taken as they come".into())
        );
        assert_eq!(read("v8"), Err("write `8`".into()));
        for wrong in ["", "seven", "7.", ".7", "-7", "7.2.4.1", "700", "7e0"] {
            assert_eq!(
                read(wrong),
                Err("write the major version, `7`, or major and minor, `7.2`".into()),
                "{wrong}"
            );
        }
    }
}
