//! The environment of the process: read once, then only looked at.

use std::collections::BTreeMap;
use std::path::Path;

/// The variables, by name.
///
/// Blank is not unset: Ruby's `ENV.fetch` and `ENV.key?` see a blank variable, and much of
/// Mastodon uses them. [`Environment::get`] follows that; [`Environment::filled`] is for the few
/// that Mastodon tests with `present?`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Environment(BTreeMap<String, String>);

impl Environment {
    /// That of this process, completed by `.env.production` beside the application, whose
    /// values lose against real ones. The one place of this program that reads the environment.
    pub(crate) fn of_process(dotenv: &Path) -> Self {
        let mut variables = std::fs::read_to_string(dotenv)
            .map(|text| parse_dotenv(&text))
            .unwrap_or_default();
        variables.extend(std::env::vars_os().filter_map(|(name, value)| {
            Some((name.into_string().ok()?, value.into_string().ok()?))
        }));
        Self(variables)
    }

    /// The value, also when it is blank; `None` only when the variable is not there.
    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str)
    }

    /// The value when there is more in it than white space.
    pub(crate) fn filled(&self, name: &str) -> Option<&str> {
        self.get(name).filter(|value| !value.trim().is_empty())
    }

    /// Whether the value is the word `true`, the only one Mastodon takes for yes.
    pub(crate) fn is_true(&self, name: &str) -> bool {
        self.get(name) == Some("true")
    }
}

impl<K: Into<String>, V: Into<String>> FromIterator<(K, V)> for Environment {
    fn from_iter<I: IntoIterator<Item = (K, V)>>(variables: I) -> Self {
        Self(
            variables
                .into_iter()
                .map(|(name, value)| (name.into(), value.into()))
                .collect(),
        )
    }
}

fn parse_dotenv(text: &str) -> BTreeMap<String, String> {
    text.lines()
        .map(|line| line.trim().trim_start_matches("export "))
        .filter(|line| !line.starts_with('#'))
        .filter_map(|line| line.split_once('='))
        .map(|(name, value)| (name.trim().to_owned(), unquote(value.trim()).to_owned()))
        .collect()
}

fn unquote(value: &str) -> &str {
    for quote in ['"', '\''] {
        if let Some(inner) = value
            .strip_prefix(quote)
            .and_then(|rest| rest.strip_suffix(quote))
        {
            return inner;
        }
    }
    value
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blank_is_not_unset() {
        let environment: Environment = [("WEB_DOMAIN", "")].into_iter().collect();
        assert_eq!(environment.get("WEB_DOMAIN"), Some(""));
        assert_eq!(environment.filled("WEB_DOMAIN"), None);
        assert_eq!(environment.get("LOCAL_DOMAIN"), None);
    }

    #[test]
    fn only_the_word_true_is_true() {
        let environment: Environment = [("A", "true"), ("B", "1"), ("C", "TRUE"), ("D", "")]
            .into_iter()
            .collect();
        assert_eq!(
            ["A", "B", "C", "D", "E"].map(|name| environment.is_true(name)),
            [true, false, false, false, false]
        );
    }

    #[test]
    fn the_dotenv_file_is_read_with_quotes_and_comments() {
        let variables = parse_dotenv("# one\nexport A=1\nB=\"two words\"\n\nC='x'\nD=a=b\n");
        assert_eq!(
            variables
                .into_iter()
                .map(|(k, v)| format!("{k}:{v}"))
                .collect::<Vec<_>>(),
            ["A:1", "B:two words", "C:x", "D:a=b"]
        );
    }
}
