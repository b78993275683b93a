//! Domain names.

use std::str::FromStr;

use crate::Name;
use crate::invalid::Invalid;
use crate::quote::quote;
use crate::text::checked_text;

/// A host name that can be a server's identity: lower case, non-ASCII labels in punycode, at least
/// two labels, no port, no trailing dot. `social.localhost` is one, `localhost` is none.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Domain(String);

checked_text!(Domain);

/// The pattern as JSON Schema writes it (the length is apart).
pub(crate) const PATTERN: &str =
    "^([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\\.)+[a-z]([a-z0-9-]{0,61}[a-z0-9])?$";

/// The longest host name of the DNS.
pub(crate) const LONGEST: usize = 253;

impl Domain {
    /// What takes the place of a domain that is missing or wrong.
    pub(crate) fn stand_in() -> Self {
        Self("social.example.com".to_owned())
    }

    /// Where a deployment answers on its own machine: `<name>.localhost`, which resolvers lead to
    /// loopback without being told.
    pub(crate) fn localhost(name: &Name) -> Self {
        Self(format!("{name}.localhost"))
    }

    /// Where a split server answers on its own machine: `web.` in front of the domain of its
    /// handles; `None` where that would be too long for a name.
    #[must_use]
    pub fn web(&self) -> Option<Self> {
        format!("web.{self}").parse().ok()
    }

    /// What a zone that holds this domain is probably called: the last two labels, or less where
    /// there is no more.
    pub(crate) fn parent(&self) -> &str {
        let dots: Vec<usize> = self.0.match_indices('.').map(|(at, _)| at).collect();
        match dots.as_slice() {
            [.., dot, _] => &self.0[dot + 1..],
            _ => &self.0,
        }
    }

    /// Whether this is `parent` or a name below it.
    #[must_use]
    pub fn is_within(&self, parent: &Self) -> bool {
        self.0
            .strip_suffix(&parent.0)
            .is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
    }

    /// What follows the last dot.
    #[must_use]
    pub fn top_level(&self) -> &str {
        self.0.rsplit('.').next().unwrap_or_default()
    }
}

impl FromStr for Domain {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        match fault(text) {
            None => Ok(Self(text.to_owned())),
            Some(invalid) => Err(invalid),
        }
    }
}

fn fault(text: &str) -> Option<Invalid> {
    let shown = quote(text);
    if text.is_empty() {
        return Some(
            Invalid::new("a domain cannot be empty")
                .hint("write the host name, for example `social.example.com`"),
        );
    }
    let bare = bare(text);
    if bare != text && fault(&bare).is_none() {
        let what = if text.contains("://") || text.contains('/') {
            "is a URL, not a host name"
        } else if text.contains(':') {
            "has a port in it"
        } else if text.contains('@') {
            "is an address, not a host name"
        } else if text.ends_with('.') {
            "ends with a dot"
        } else {
            "is not in lower case"
        };
        return Some(Invalid::new(format!("{shown} {what}")).hint(format!("write `{bare}`")));
    }
    if bare == "localhost" {
        return Some(
            Invalid::new(format!(
                "{shown} alone cannot be a server's identity: it has no dot"
            ))
            .hint("write `social.localhost`"),
        );
    }
    if !text.is_ascii() {
        return Some(
            Invalid::new(format!("{shown} is not in punycode"))
                .hint("write its ASCII form (`xn--…`), which `idn2 <domain>` prints"),
        );
    }
    let example = "write a host name such as `social.example.com`";
    if text.parse::<std::net::IpAddr>().is_ok() {
        return Some(
            Invalid::new(format!("{shown} is an address, Mastodon needs a name")).hint(example),
        );
    }
    if text.len() > LONGEST {
        return Some(
            Invalid::new(format!(
                "{shown} has {} characters, a host name has at most {LONGEST}",
                text.len()
            ))
            .hint(example),
        );
    }
    if let Some(bad) = text
        .chars()
        .find(|c| !matches!(c, 'a'..='z' | '0'..='9' | '-' | '.'))
    {
        return Some(
            Invalid::new(format!(
                "{shown} has {} in it, a host name has only a-z, 0-9, `-` and `.`",
                quote(&bad.to_string())
            ))
            .hint(example),
        );
    }
    if !text.contains('.') {
        return Some(
            Invalid::new(format!(
                "{shown} has no dot: a server's identity is a full domain name"
            ))
            .hint(format!(
                "write `{text}.example.com`, with a domain of yours, or `{text}.localhost`"
            )),
        );
    }
    let labels_hold = text.split('.').all(|label| {
        (1..=63).contains(&label.len()) && !label.starts_with('-') && !label.ends_with('-')
    });
    if !labels_hold {
        return Some(
            Invalid::new(format!("{shown} is not a host name: between the dots stand 1 to 63 characters, no hyphen at either end"))
                .hint(example),
        );
    }
    if !text
        .rsplit('.')
        .next()
        .is_some_and(|last| last.starts_with(|c: char| c.is_ascii_lowercase()))
    {
        return Some(
            Invalid::new(format!("{shown} does not end in a top-level domain")).hint(example),
        );
    }
    None
}

/// The host name in what people paste: without scheme, user, port, path and trailing dot, in lower case.
fn bare(text: &str) -> String {
    let rest = text.trim();
    let rest = rest.split_once("://").map_or(rest, |(_, rest)| rest);
    let rest = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let rest = rest.rsplit('@').next().unwrap_or_default();
    let rest = match rest.rsplit_once(':') {
        Some((host, port)) if port.bytes().all(|b| b.is_ascii_digit()) => host,
        _ => rest,
    };
    rest.trim_end_matches('.').to_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn refused(text: &str, message: &str, hint: &str) {
        let invalid = text
            .parse::<Domain>()
            .expect_err("this domain must be refused");
        assert_eq!(
            (invalid.message.as_str(), invalid.hint.as_deref()),
            (message, Some(hint))
        );
    }

    #[test]
    fn a_domain_is_a_lower_case_host_name_with_two_labels() {
        for good in [
            "social.example.com",
            "social.localhost",
            "a.b",
            "xn--bcher-kva.example",
            "1.example",
        ] {
            assert_eq!(
                good.parse::<Domain>().expect("a good domain").as_str(),
                good
            );
        }
        let example = "write a host name such as `social.example.com`";
        refused(
            "",
            "a domain cannot be empty",
            "write the host name, for example `social.example.com`",
        );
        refused(
            "localhost",
            "`localhost` alone cannot be a server's identity: it has no dot",
            "write `social.localhost`",
        );
        refused(
            "social",
            "`social` has no dot: a server's identity is a full domain name",
            "write `social.example.com`, with a domain of yours, or `social.localhost`",
        );
        refused(
            "127.0.0.1",
            "`127.0.0.1` is an address, Mastodon needs a name",
            example,
        );
        refused(
            "so_cial.example.com",
            "`so_cial.example.com` has `_` in it, a host name has only a-z, 0-9, `-` and `.`",
            example,
        );
        refused(
            "-a.example.com",
            "`-a.example.com` is not a host name: between the dots stand 1 to 63 characters, no hyphen at either end",
            example,
        );
        refused(
            "a..example.com",
            "`a..example.com` is not a host name: between the dots stand 1 to 63 characters, no hyphen at either end",
            example,
        );
        refused(
            "example.123",
            "`example.123` does not end in a top-level domain",
            example,
        );
        refused(
            "bücher.example",
            "`bücher.example` is not in punycode",
            "write its ASCII form (`xn--…`), which `idn2 <domain>` prints",
        );
    }

    #[test]
    fn what_people_paste_is_refused_with_the_host_name_in_it() {
        refused(
            "https://social.example.com/",
            "`https://social.example.com/` is a URL, not a host name",
            "write `social.example.com`",
        );
        refused(
            "social.example.com:3000",
            "`social.example.com:3000` has a port in it",
            "write `social.example.com`",
        );
        refused(
            "Social.Example.com",
            "`Social.Example.com` is not in lower case",
            "write `social.example.com`",
        );
        refused(
            "social.example.com.",
            "`social.example.com.` ends with a dot",
            "write `social.example.com`",
        );
        refused(
            "me@social.example.com",
            "`me@social.example.com` is an address, not a host name",
            "write `social.example.com`",
        );
    }

    #[test]
    fn a_domain_is_within_itself_and_its_parents_only() {
        let domain = |text: &str| text.parse::<Domain>().expect("a good domain");
        assert!(domain("social.example.com").is_within(&domain("example.com")));
        assert!(domain("example.com").is_within(&domain("example.com")));
        assert!(!domain("badexample.com").is_within(&domain("example.com")));
        assert!(!domain("example.com").is_within(&domain("social.example.com")));
    }
}
