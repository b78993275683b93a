//! The `.env` file beside a Compose file.

use std::fmt::Write as _;

use mastodon::Secrets;

/// One line a secret. Single quotes keep Compose from reading anything into a value.
pub(super) fn render(secrets: &Secrets) -> String {
    let mut text = String::from("# Secrets of the server. Who has them has its data.\n");
    for (name, secret) in secrets.iter() {
        let _ = writeln!(text, "{}={}", name.as_str(), quoted(secret.expose()));
    }
    text
}

fn quoted(value: &str) -> String {
    if !value.contains('\'') {
        return format!("'{value}'");
    }
    let escaped = value
        .replace('\\', "\\\\")
        .replace('"', "\\\"")
        .replace('$', "\\$");
    format!("\"{escaped}\"")
}

#[cfg(test)]
mod tests {
    use super::quoted;

    #[test]
    fn a_value_is_read_as_it_is() {
        assert_eq!(quoted("a$b#c d"), "'a$b#c d'");
        assert_eq!(quoted("it's $5 \"\\"), r#""it's \$5 \"\\""#);
    }
}
