//! Options as Thor reads them.

use std::collections::{BTreeMap, BTreeSet};

/// A parsed command line.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Options {
    /// Words that are no options.
    pub(crate) words: Vec<String>,
    values: BTreeMap<String, String>,
    switches: BTreeSet<String>,
}

/// A command line Thor refuses.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub(crate) enum BadOptions {
    /// An option the command does not have.
    #[error("ERROR: \"tootctl\" was called with unknown option {0}")]
    Unknown(String),
    /// An option without its value.
    #[error("No value provided for option '--{0}'")]
    NoValue(String),
}

impl Options {
    /// Reads `--name value`, `--name=value` and `--switch`. `accepted` are names with a value,
    /// then switches; a switch is turned off by `--no-switch`.
    pub(crate) fn parse(
        arguments: &[String],
        accepted: (&[&str], &[&str]),
    ) -> Result<Self, BadOptions> {
        let mut options = Self::default();
        let mut rest = arguments.iter();
        while let Some(argument) = rest.next() {
            let Some(option) = argument.strip_prefix("--").filter(|name| !name.is_empty()) else {
                options.words.push(argument.clone());
                continue;
            };
            let (name, glued) = option
                .split_once('=')
                .map_or((option, None), |(name, value)| {
                    (name, Some(value.to_owned()))
                });
            let name = name.replace('_', "-");
            if accepted.0.contains(&name.as_str()) {
                let value = glued
                    .or_else(|| rest.next().cloned())
                    .filter(|value| !value.starts_with("--"))
                    .ok_or_else(|| BadOptions::NoValue(name.clone()))?;
                options.values.insert(name, value);
            } else if accepted.1.contains(&name.as_str()) {
                options.switches.insert(name);
            } else if let Some(name) = name
                .strip_prefix("no-")
                .filter(|name| accepted.1.contains(name))
            {
                options.switches.remove(name);
            } else {
                return Err(BadOptions::Unknown(argument.clone()));
            }
        }
        Ok(options)
    }

    /// An option's value.
    pub(crate) fn value(&self, name: &str) -> Option<&str> {
        self.values.get(name).map(String::as_str)
    }

    /// Whether a switch is on.
    pub(crate) fn is_on(&self, name: &str) -> bool {
        self.switches.contains(name)
    }

    /// The first word.
    pub(crate) fn word(&self) -> Option<&str> {
        self.words.first().map(String::as_str)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(line: &str) -> Result<Options, BadOptions> {
        let arguments: Vec<String> = line.split_whitespace().map(str::to_owned).collect();
        Options::parse(&arguments, (&["email", "role"], &["confirmed", "approve"]))
    }

    #[test]
    fn values_and_switches_mix_with_words() {
        let options = parse("owner --email a@b.test --confirmed --role=Owner").unwrap();
        assert_eq!(options.words, ["owner"]);
        assert_eq!(
            (options.value("email"), options.value("role")),
            (Some("a@b.test"), Some("Owner"))
        );
        assert!(options.is_on("confirmed") && !options.is_on("approve"));
        assert!(
            !parse("--confirmed --no-confirmed")
                .unwrap()
                .is_on("confirmed")
        );
    }

    #[test]
    fn a_switch_of_another_command_is_refused() {
        assert_eq!(
            parse("owner --confirm"),
            Err(BadOptions::Unknown("--confirm".into()))
        );
        assert_eq!(
            parse("owner --email"),
            Err(BadOptions::NoValue("email".into()))
        );
    }
}
