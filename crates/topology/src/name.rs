//! Names that everything else derives from.

use std::str::FromStr;

use crate::invalid::Invalid;
use crate::quote::quote;
use crate::text::checked_text;

/// The longest [`Name`] and [`ProcessName`].
///
/// AWS sets the bound: `<name>-<part>` must fit 32 characters for load balancers and target
/// groups, 40 for ElastiCache, 63 for RDS and for buckets (where an account number and a region
/// are appended), 64 for roles. With 16 every derived name fits without being cut.
const LONGEST: usize = 16;

/// What every container, network, volume, tag and AWS name of a deployment starts with.
///
/// 1 to 16 of `a-z 0-9 -`; starts with a letter, ends with a letter or digit, no two hyphens in a
/// row (RDS and ElastiCache refuse them), and nothing that AWS reserves.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Name(String);

checked_text!(Name);

impl Name {
    /// What takes the place of a name that is missing or wrong.
    pub(crate) fn stand_in() -> Self {
        Self("social".to_owned())
    }
}

impl FromStr for Name {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        let text = identifier(text)?;
        match RESERVED
            .iter()
            .find(|(prefix, _)| is_or_starts_with(text, prefix))
        {
            Some((prefix, owner)) => Err(Invalid::new(format!(
                "{} cannot be used: names that start with `{prefix}-` belong to {owner}",
                quote(text)
            ))
            .hint("choose another name, for example `social`")),
            None => Ok(Self(text.to_owned())),
        }
    }
}

/// Beginnings that AWS keeps for itself, and for what.
const RESERVED: [(&str, &str); 3] = [
    ("internal", "AWS's internal load balancers"),
    ("sthree", "S3"),
    ("amzn-s3-demo", "S3"),
];

fn is_or_starts_with(text: &str, prefix: &str) -> bool {
    text.strip_prefix(prefix)
        .is_some_and(|rest| rest.is_empty() || rest.starts_with('-'))
}

/// What a Sidekiq process is called in the file; the process itself is `sidekiq-<name>`.
///
/// The alphabet and length of [`Name`].
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ProcessName(String);

checked_text!(ProcessName);

impl ProcessName {
    /// The one process of a file that names none.
    pub(crate) fn all() -> Self {
        Self("all".to_owned())
    }
}

impl FromStr for ProcessName {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        identifier(text).map(|text| Self(text.to_owned()))
    }
}

/// The pattern of [`Name`] and [`ProcessName`], as JSON Schema writes it (the length is apart).
pub(crate) const PATTERN: &str = "^[a-z][a-z0-9]*(-[a-z0-9]+)*$";

/// Bounds of the length, for the schema.
pub(crate) const LENGTH: (usize, usize) = (1, LONGEST);

fn identifier(text: &str) -> Result<&str, Invalid> {
    let what = if text.is_empty() {
        "a name cannot be empty".to_owned()
    } else if text.chars().count() > LONGEST {
        format!(
            "{} has {} characters, a name has at most {LONGEST}",
            quote(text),
            text.chars().count()
        )
    } else if let Some(bad) = text
        .chars()
        .find(|c| !matches!(c, 'a'..='z' | '0'..='9' | '-'))
    {
        format!(
            "{} has {} in it, a name has only a-z, 0-9 and -",
            quote(text),
            quote(&bad.to_string())
        )
    } else if !text.starts_with(|c: char| c.is_ascii_lowercase()) {
        format!("{} does not start with a letter", quote(text))
    } else if text.ends_with('-') {
        format!("{} ends with a hyphen", quote(text))
    } else if text.contains("--") {
        format!("{} has two hyphens in a row", quote(text))
    } else {
        return Ok(text);
    };
    let invalid = Invalid::new(what);
    Err(match mended(text) {
        Some(name) => invalid.hint(format!("write `{name}`")),
        None => {
            invalid.hint("write 1 to 16 of a-z, 0-9 and -, a letter first, for example `social`")
        }
    })
}

/// The nearest identifier, for the hint; `None` where nothing of the text would be left.
fn mended(text: &str) -> Option<String> {
    let mut name = String::new();
    for char in text.chars().take(4 * LONGEST) {
        match char.to_ascii_lowercase() {
            char @ 'a'..='z' => name.push(char),
            char @ '0'..='9' if !name.is_empty() => name.push(char),
            '-' | '_' | ' ' | '.' | '/' if !name.is_empty() && !name.ends_with('-') => {
                name.push('-');
            }
            _ => {}
        }
        if name.len() == LONGEST {
            break;
        }
    }
    let name = name.trim_end_matches('-');
    (!name.is_empty()).then(|| name.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn refused(text: &str, message: &str, hint: &str) {
        let invalid = text.parse::<Name>().expect_err("this name must be refused");
        assert_eq!(
            (invalid.message.as_str(), invalid.hint.as_deref()),
            (message, Some(hint))
        );
    }

    #[test]
    fn a_name_is_1_to_16_of_a_z_0_9_and_hyphen_and_starts_with_a_letter() {
        for good in ["a", "social", "m2", "my-social-2", "abcdefghijklmnop"] {
            assert_eq!(good.parse::<Name>().expect("a good name").as_str(), good);
        }
        refused(
            "",
            "a name cannot be empty",
            "write 1 to 16 of a-z, 0-9 and -, a letter first, for example `social`",
        );
        refused(
            "abcdefghijklmnopq",
            "`abcdefghijklmnopq` has 17 characters, a name has at most 16",
            "write `abcdefghijklmnop`",
        );
        refused(
            "Social",
            "`Social` has `S` in it, a name has only a-z, 0-9 and -",
            "write `social`",
        );
        refused(
            "my_social",
            "`my_social` has `_` in it, a name has only a-z, 0-9 and -",
            "write `my-social`",
        );
        refused(
            "2social",
            "`2social` does not start with a letter",
            "write `social`",
        );
        refused("social-", "`social-` ends with a hyphen", "write `social`");
        refused(
            "my--social",
            "`my--social` has two hyphens in a row",
            "write `my-social`",
        );
        refused(
            "bücher",
            "`bücher` has `ü` in it, a name has only a-z, 0-9 and -",
            "write `bcher`",
        );
    }

    #[test]
    fn a_name_that_aws_reserves_is_refused() {
        for reserved in ["internal", "internal-1", "sthree-x", "amzn-s3-demo"] {
            assert!(reserved.parse::<Name>().is_err(), "{reserved}");
        }
        for close in ["internals", "sthreex", "amzn"] {
            assert!(close.parse::<Name>().is_ok(), "{close}");
        }
    }

    #[test]
    fn every_derived_aws_name_of_the_longest_names_fits() {
        let name: Name = "a".repeat(LONGEST).parse().expect("the longest name");
        let process: ProcessName = "b"
            .repeat(LONGEST)
            .parse()
            .expect("the longest process name");
        let fits = |derived: String, bound: usize| assert!(derived.len() <= bound, "{derived}");
        // Only web and streaming stand behind the load balancer; a replacement appends `-` and four characters.
        fits(format!("{name}-streaming-a1b2"), 32);
        fits(format!("{name}-postgres"), 63);
        fits(format!("{name}-redis-001"), 40);
        fits(format!("{name}-sidekiq-{process}-execution"), 64);
        fits(format!("{name}-media-123456789012-ap-southeast-2-an"), 63);
    }
}
