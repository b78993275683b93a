//! Releases of Mastodon.

use std::fmt;
use std::str::FromStr;

use crate::invalid::Invalid;
use crate::quote::quote;

/// A release of Mastodon that masto knows: 4.4 to 4.7. `Display` is the tag of both official
/// images, `v4.7.5`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Version {
    series: Series,
    patch: u16,
}

/// `major.minor` of a release; ordered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[expect(missing_docs, reason = "each variant is the series it is named after")]
pub enum Series {
    V4_4,
    V4_5,
    V4_6,
    V4_7,
}

impl Series {
    /// Every series, oldest first.
    pub const ALL: [Self; 4] = [Self::V4_4, Self::V4_5, Self::V4_6, Self::V4_7];

    const fn minor(self) -> u16 {
        match self {
            Self::V4_4 => 4,
            Self::V4_5 => 5,
            Self::V4_6 => 6,
            Self::V4_7 => 7,
        }
    }

    /// The newest release of the series when this masto was made, for defaults and hints.
    #[must_use]
    pub const fn newest(self) -> Version {
        let patch = match self {
            Self::V4_4 => 27,
            Self::V4_5 => 20,
            Self::V4_6 => 9,
            Self::V4_7 => 5,
        };
        Version {
            series: self,
            patch,
        }
    }
}

/// `4.7`
impl fmt::Display for Series {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "4.{}", self.minor())
    }
}

/// The pattern as JSON Schema writes it.
pub(crate) const PATTERN: &str = "^v4\\.[4-7]\\.[0-9]+$";

impl Version {
    /// What a file without `mastodon.version` gets.
    pub const DEFAULT: Self = Series::V4_7.newest();

    /// 4.
    #[must_use]
    pub const fn major(self) -> u16 {
        4
    }

    /// 4 to 7.
    #[must_use]
    pub const fn minor(self) -> u16 {
        self.series.minor()
    }

    /// The last part.
    #[must_use]
    pub const fn patch(self) -> u16 {
        self.patch
    }

    /// What decides how this release behaves.
    #[must_use]
    pub const fn series(self) -> Series {
        self.series
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "v{}.{}", self.series, self.patch)
    }
}

impl serde::Serialize for Version {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl FromStr for Version {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        let shown = quote(text);
        let newest = format!("write `{}`", Self::DEFAULT);
        if ["latest", "edge", "main", "stable"].contains(&text) || text.starts_with("nightly") {
            return Err(Invalid::new(format!(
                "{shown} moves: what runs would depend on the day it is pulled"
            ))
            .hint(newest));
        }
        let parts: Option<Vec<u16>> = text
            .strip_prefix('v')
            .unwrap_or(text)
            .split('.')
            .map(part)
            .collect();
        let (major, minor, patch) = match parts.as_deref() {
            Some(&[major, minor]) => (major, minor, None),
            Some(&[major, minor, patch]) => (major, minor, Some(patch)),
            _ => {
                return Err(
                    Invalid::new(format!("{shown} is not a release of Mastodon")).hint(newest),
                );
            }
        };
        let Some(series) = Series::ALL
            .into_iter()
            .find(|series| major == 4 && series.minor() == minor)
        else {
            return Err(unsupported(&shown, major, minor));
        };
        match patch {
            Some(patch) if text.starts_with('v') => Ok(Self { series, patch }),
            Some(patch) => Err(Invalid::new(format!(
                "{shown} is not the tag of an image: those start with `v`"
            ))
            .hint(format!("write `{}`", Self { series, patch }))),
            None => Err(Invalid::new(format!("{shown} is a series, not a release"))
                .hint(format!("write `{}`", series.newest()))),
        }
    }
}

fn part(text: &str) -> Option<u16> {
    let plain = !text.is_empty()
        && text.bytes().all(|b| b.is_ascii_digit())
        && (text == "0" || !text.starts_with('0'));
    if plain { text.parse().ok() } else { None }
}

fn unsupported(shown: &str, major: u16, minor: u16) -> Invalid {
    let [oldest, .., newest] = Series::ALL;
    let supported = format!("masto supports {oldest} to {newest}");
    if (major, minor) < (4, oldest.minor()) {
        Invalid::new(format!(
            "{shown} is too old: {supported}, and Mastodon no longer mends what came before"
        ))
        .hint(format!("write `{}`", newest.newest()))
    } else {
        Invalid::new(format!("{shown} is newer than this masto: {supported}")).hint(format!(
            "write `{}`, or take a newer masto",
            newest.newest()
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tag_of_a_release_from_4_4_to_4_7_is_a_version() {
        let version: Version = "v4.6.9".parse().expect("a good version");
        assert_eq!(
            (
                version.major(),
                version.minor(),
                version.patch(),
                version.series()
            ),
            (4, 6, 9, Series::V4_6)
        );
        assert_eq!(version.to_string(), "v4.6.9");
        let order: Vec<Version> = ["v4.4.27", "v4.5.0", "v4.5.10", "v4.7.0"]
            .map(|text| text.parse().expect("a good version"))
            .into();
        assert!(order.is_sorted());
    }

    #[test]
    fn anything_else_is_refused_with_the_tag_to_write() {
        let refused = |text: &str| {
            let invalid = text.parse::<Version>().expect_err("a wrong version");
            format!("{} / {}", invalid.message, invalid.hint.expect("a hint"))
        };
        assert_eq!(
            refused("4.7.5"),
            "`4.7.5` is not the tag of an image: those start with `v` / write `v4.7.5`"
        );
        assert_eq!(
            refused("v4.6"),
            "`v4.6` is a series, not a release / write `v4.6.9`"
        );
        assert_eq!(
            refused("latest"),
            "`latest` moves: what runs would depend on the day it is pulled / write `v4.7.5`"
        );
        assert_eq!(
            refused("v4.3.23"),
            "`v4.3.23` is too old: masto supports 4.4 to 4.7, and Mastodon no longer mends what came before / write `v4.7.5`"
        );
        assert_eq!(
            refused("v5.0.0"),
            "`v5.0.0` is newer than this masto: masto supports 4.4 to 4.7 / write `v4.7.5`, or take a newer masto"
        );
        assert_eq!(
            refused("v4.8.0"),
            "`v4.8.0` is newer than this masto: masto supports 4.4 to 4.7 / write `v4.7.5`, or take a newer masto"
        );
        for wrong in [
            "",
            "v",
            "v4",
            "v4.7.5-rc.1",
            "v4.7.5.1",
            "v04.7.5",
            "v4.7.99999",
            "glitch",
        ] {
            assert_eq!(
                refused(wrong),
                format!("`{wrong}` is not a release of Mastodon / write `v4.7.5`")
            );
        }
    }
}
