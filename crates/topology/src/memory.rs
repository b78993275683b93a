//! Amounts of memory and disk.

use std::fmt;
use std::str::FromStr;

use crate::invalid::Invalid;
use crate::quote::quote;

/// An amount of memory or disk, in whole mebibytes: `512MiB`, `1GiB`, `1.5GiB`, `2TiB`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Memory {
    mib: u64,
}

/// The pattern as JSON Schema writes it.
pub(crate) const PATTERN: &str = "^[0-9]+(\\.[0-9]+)?(MiB|GiB|TiB)$";

const GIB: u64 = 1024;
const TIB: u64 = 1024 * 1024;

impl Memory {
    /// So many mebibytes (2²⁰ bytes).
    #[must_use]
    pub const fn from_mib(mib: u64) -> Self {
        Self { mib }
    }

    /// So many gibibytes (2³⁰ bytes).
    #[must_use]
    pub const fn from_gib(gib: u64) -> Self {
        Self { mib: gib * GIB }
    }

    /// In bytes.
    #[must_use]
    pub const fn as_bytes(self) -> u64 {
        self.mib * 1024 * 1024
    }

    /// In mebibytes.
    #[must_use]
    pub const fn as_mib(self) -> u64 {
        self.mib
    }

    /// In whole gibibytes, rounded down.
    #[must_use]
    pub const fn as_gib(self) -> u64 {
        self.mib / GIB
    }
}

/// The largest unit that needs no fraction.
impl fmt::Display for Memory {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.mib {
            mib if mib > 0 && mib % TIB == 0 => write!(f, "{}TiB", mib / TIB),
            mib if mib > 0 && mib % GIB == 0 => write!(f, "{}GiB", mib / GIB),
            mib => write!(f, "{mib}MiB"),
        }
    }
}

impl serde::Serialize for Memory {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl FromStr for Memory {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        let digits = text
            .find(|c: char| !matches!(c, '0'..='9' | '.'))
            .unwrap_or(text.len());
        let (amount, unit) = text.split_at(digits);
        let mib = match unit {
            "MiB" => scaled(amount, 1),
            "GiB" => scaled(amount, GIB),
            "TiB" => scaled(amount, TIB),
            _ => return Err(wrong_unit(text, amount, unit)),
        };
        match mib {
            Some(mib) => Ok(Self { mib }),
            None => Err(
                Invalid::new(format!("{} is not a size in whole mebibytes", quote(text)))
                    .hint("write a number and a unit, for example `512MiB` or `1.5GiB`"),
            ),
        }
    }
}

fn wrong_unit(text: &str, amount: &str, unit: &str) -> Invalid {
    let meant = match unit.trim().to_ascii_lowercase().as_str() {
        "" | "m" | "mb" | "mi" | "mib" => Some(("MiB", 1)),
        "g" | "gb" | "gi" | "gib" => Some(("GiB", GIB)),
        "t" | "tb" | "ti" | "tib" => Some(("TiB", TIB)),
        _ => None,
    };
    let what = if unit.trim().is_empty() {
        "has no unit"
    } else {
        "is not a size: the units are MiB, GiB and TiB"
    };
    let invalid = Invalid::new(format!("{} {what}", quote(text)));
    match meant {
        Some((unit, factor)) if scaled(amount, factor).is_some() => {
            invalid.hint(format!("write `{amount}{unit}`"))
        }
        _ => invalid.hint("write a number and a unit, for example `512MiB` or `1GiB`"),
    }
}

/// `amount` times `factor`, where `amount` is a decimal fraction and the result is whole. Two to
/// the power of 40 mebibytes is far beyond any machine and keeps [`Memory::as_bytes`] in its range.
fn scaled(amount: &str, factor: u64) -> Option<u64> {
    let (whole, fraction) = amount
        .split_once('.')
        .map_or((amount, None), |(whole, fraction)| (whole, Some(fraction)));
    let mut mib = number(whole)?.checked_mul(factor)?;
    if let Some(fraction) = fraction {
        if fraction.len() > 6 {
            return None;
        }
        let tenths = 10_u64.pow(u32::try_from(fraction.len()).ok()?);
        let parts = number(fraction)?.checked_mul(factor)?;
        if parts % tenths != 0 {
            return None;
        }
        mib = mib.checked_add(parts / tenths)?;
    }
    (mib < 1 << 40).then_some(mib)
}

fn number(digits: &str) -> Option<u64> {
    if digits.is_empty() || !digits.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    digits.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_size_is_read_exactly_and_shown_in_the_largest_whole_unit() {
        let shown = |text: &str| {
            text.parse::<Memory>()
                .map(|memory| (memory.as_mib(), memory.to_string()))
        };
        assert_eq!(shown("512MiB"), Ok((512, "512MiB".into())));
        assert_eq!(shown("1024MiB"), Ok((1024, "1GiB".into())));
        assert_eq!(shown("1.5GiB"), Ok((1536, "1536MiB".into())));
        assert_eq!(shown("2TiB"), Ok((2 * 1024 * 1024, "2TiB".into())));
        assert_eq!(shown("0MiB"), Ok((0, "0MiB".into())));
        assert_eq!(Memory::from_gib(3).as_bytes(), 3 << 30);
    }

    #[test]
    fn a_wrong_unit_is_refused_with_the_right_one() {
        let hint = |text: &str| {
            text.parse::<Memory>()
                .expect_err("a wrong size")
                .hint
                .expect("a hint")
        };
        for (wrong, right) in [
            ("1GB", "1GiB"),
            ("1G", "1GiB"),
            ("1gib", "1GiB"),
            ("1Gi", "1GiB"),
            ("1 GiB", "1GiB"),
            ("512m", "512MiB"),
            ("512", "512MiB"),
            ("0.5gb", "0.5GiB"),
            ("1t", "1TiB"),
        ] {
            assert_eq!(hint(wrong), format!("write `{right}`"), "{wrong}");
        }
        for wrong in [
            "",
            "GiB",
            "1.2.3GiB",
            ".5GiB",
            "1.GiB",
            "-1GiB",
            "1.3MiB",
            "1e3MiB",
            "99999999999999999999GiB",
            "9999999999999TiB",
            "a lot",
            "１GiB",
        ] {
            assert!(
                hint(wrong).starts_with("write a number and a unit"),
                "{wrong}"
            );
        }
    }
}
