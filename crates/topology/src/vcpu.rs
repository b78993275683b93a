//! Shares of a processor.

use std::fmt;
use std::str::FromStr;

use crate::invalid::Invalid;
use crate::quote::quote;

/// Virtual processors, in thousandths: `0.25`, `0.5`, `2`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Vcpu {
    millis: u32,
}

/// Least and most, in thousandths.
pub(crate) const RANGE: (u32, u32) = (50, 128_000);

impl Vcpu {
    /// So many thousandths of a processor.
    #[must_use]
    pub const fn from_millis(millis: u32) -> Self {
        Self { millis }
    }

    /// In thousandths: 0.25 is 250.
    #[must_use]
    pub const fn as_millis(self) -> u32 {
        self.millis
    }

    /// In processors.
    #[must_use]
    pub fn as_f64(self) -> f64 {
        f64::from(self.millis) / 1000.0
    }
}

impl fmt::Display for Vcpu {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.as_f64())
    }
}

impl serde::Serialize for Vcpu {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_f64(self.as_f64())
    }
}

impl FromStr for Vcpu {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        let example = "write virtual processors, for example `0.25`, `0.5` or `2`";
        if let Some(millis) = text
            .strip_suffix('m')
            .and_then(thousandths)
            .filter(|millis| millis % 1000 == 0)
        {
            return Err(Invalid::new(format!(
                "{} is a Kubernetes unit, cpu counts whole processors",
                quote(text)
            ))
            .hint(format!("write `{}`", Self::from_millis(millis / 1000))));
        }
        let Some(millis) = thousandths(text) else {
            return Err(Invalid::new(format!(
                "{} is not a number of processors with at most three decimals",
                quote(text)
            ))
            .hint(example));
        };
        let (least, most) = RANGE;
        if (least..=most).contains(&millis) {
            return Ok(Self { millis });
        }
        let invalid = Invalid::new(format!(
            "{} is out of range: cpu is {} to {} processors",
            quote(text),
            Self::from_millis(least),
            Self::from_millis(most)
        ));
        // ECS counts 1024 units a processor; 256 is what its documentation calls a quarter.
        Err(match millis / 1000 {
            units @ (256 | 512 | 1024 | 2048 | 4096 | 8192 | 16_384) => invalid.hint(format!(
                "write `{}`: cpu counts processors, not ECS units",
                Self::from_millis(units * 1000 / 1024)
            )),
            _ => invalid.hint(example),
        })
    }
}

/// A decimal fraction times 1000, where that is whole and not too large.
fn thousandths(text: &str) -> Option<u32> {
    let (whole, fraction) = text
        .split_once('.')
        .map_or((text, None), |(whole, fraction)| (whole, Some(fraction)));
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    if !digits(whole) || fraction.is_some_and(|fraction| !digits(fraction)) {
        return None;
    }
    let fraction = fraction.unwrap_or_default().trim_end_matches('0');
    if fraction.len() > 3 {
        return None;
    }
    whole
        .parse::<u32>()
        .ok()?
        .checked_mul(1000)?
        .checked_add(format!("{fraction:0<3}").parse().ok()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn processors_are_read_in_thousandths() {
        let millis = |text: &str| text.parse::<Vcpu>().map(Vcpu::as_millis);
        assert_eq!(millis("0.25"), Ok(250));
        assert_eq!(millis("1"), Ok(1000));
        assert_eq!(millis("2.0"), Ok(2000));
        assert_eq!(millis("0.5000"), Ok(500));
        assert_eq!(Vcpu::from_millis(250).to_string(), "0.25");
        assert_eq!(Vcpu::from_millis(2000).to_string(), "2");
    }

    #[test]
    fn another_platforms_unit_is_refused_with_the_right_figure() {
        let hint = |text: &str| {
            text.parse::<Vcpu>()
                .expect_err("a wrong cpu")
                .hint
                .expect("a hint")
        };
        assert_eq!(hint("500m"), "write `0.5`");
        assert_eq!(
            hint("256"),
            "write `0.25`: cpu counts processors, not ECS units"
        );
        for wrong in [
            "",
            "0",
            "0.0001",
            "-1",
            "one",
            "1e3",
            ".5",
            "1.",
            "4294967296",
            "129",
        ] {
            assert!(
                hint(wrong).starts_with("write virtual processors"),
                "{wrong}"
            );
        }
    }
}
