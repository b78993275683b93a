//! AWS regions.

use std::str::FromStr;

use crate::invalid::Invalid;
use crate::quote::quote;
use crate::suggestion::{did_you_mean, nearest};

/// Something of the shape of a region. AWS opens new ones every year, so that an unknown one is
/// only refused where it is probably a mistyped one.
#[derive(Clone, Debug)]
pub(crate) struct Region(pub(crate) String);

/// The pattern as JSON Schema writes it.
pub(crate) const PATTERN: &str = "^[a-z]{2}(-[a-z]+)+-[0-9]$";

/// The regions of the commercial partition, and of the two others, at the time of writing.
const KNOWN: [&str; 38] = [
    "af-south-1",
    "ap-east-1",
    "ap-east-2",
    "ap-northeast-1",
    "ap-northeast-2",
    "ap-northeast-3",
    "ap-south-1",
    "ap-south-2",
    "ap-southeast-1",
    "ap-southeast-2",
    "ap-southeast-3",
    "ap-southeast-4",
    "ap-southeast-5",
    "ap-southeast-6",
    "ap-southeast-7",
    "ca-central-1",
    "ca-west-1",
    "cn-north-1",
    "cn-northwest-1",
    "eu-central-1",
    "eu-central-2",
    "eu-north-1",
    "eu-south-1",
    "eu-south-2",
    "eu-west-1",
    "eu-west-2",
    "eu-west-3",
    "il-central-1",
    "me-central-1",
    "me-south-1",
    "mx-central-1",
    "sa-east-1",
    "us-east-1",
    "us-east-2",
    "us-gov-east-1",
    "us-gov-west-1",
    "us-west-1",
    "us-west-2",
];

impl FromStr for Region {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        if KNOWN.contains(&text) {
            return Ok(Self(text.to_owned()));
        }
        // `eu-central-1a` is a zone of a region.
        let zone = text
            .strip_suffix(|c: char| c.is_ascii_lowercase())
            .filter(|rest| KNOWN.contains(rest));
        if let Some(region) = zone {
            return Err(
                Invalid::new(format!("{} is an availability zone", quote(text)))
                    .hint(format!("write `{region}`")),
            );
        }
        // Another number is a new region, another word a mistyped one.
        let place = |text: &str| {
            text.trim_end_matches(|c: char| c.is_ascii_digit())
                .to_owned()
        };
        let known_place = KNOWN.iter().any(|known| place(known) == place(text));
        match nearest(text, KNOWN) {
            Some(region) if !(known_place && has_shape(text)) => Err(Invalid::new(format!(
                "{} is not a region of AWS",
                quote(text)
            ))
            .hint(did_you_mean(region))),
            _ if has_shape(text) => Ok(Self(text.to_owned())),
            _ => Err(
                Invalid::new(format!("{} is not a region of AWS", quote(text)))
                    .hint("write for example `eu-central-1`"),
            ),
        }
    }
}

fn has_shape(text: &str) -> bool {
    let parts: Vec<&str> = text.split('-').collect();
    let [first, middle @ .., last] = parts.as_slice() else {
        return false;
    };
    let word = |part: &&str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_lowercase());
    first.len() == 2
        && word(first)
        && !middle.is_empty()
        && middle.iter().all(word)
        && last.len() == 1
        && last.bytes().all(|b| b.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mistyped_region_is_refused_and_a_new_one_is_not() {
        let read = |text: &str| {
            text.parse::<Region>()
                .map(|region| region.0)
                .map_err(|invalid| invalid.hint.expect("a hint"))
        };
        assert_eq!(read("eu-central-1"), Ok("eu-central-1".into()));
        assert_eq!(
            read("eu-central-3"),
            Ok("eu-central-3".into()),
            "a number that AWS may open"
        );
        assert_eq!(
            read("nz-auckland-1"),
            Ok("nz-auckland-1".into()),
            "a place that AWS may open"
        );
        assert_eq!(
            read("eu-cental-1"),
            Err("did you mean `eu-central-1`?".into())
        );
        assert_eq!(
            read("EU-Central-1"),
            Err("did you mean `eu-central-1`?".into())
        );
        assert_eq!(read("eu-central-1a"), Err("write `eu-central-1`".into()));
        assert_eq!(
            read("Frankfurt"),
            Err("write for example `eu-central-1`".into())
        );
        assert_eq!(read(""), Err("write for example `eu-central-1`".into()));
    }
}
