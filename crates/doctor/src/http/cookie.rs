//! The cookies of one host, kept by hand: one login needs no more.

use std::collections::BTreeMap;

use reqwest::header::{HeaderMap, SET_COOKIE};

/// Name and value of each cookie. Domain, path and age are not looked at, except that an empty
/// value or an age of 0 removes the cookie.
#[derive(Clone, Debug, Default)]
pub(crate) struct Jar(BTreeMap<String, String>);

impl Jar {
    /// Takes what an answer sets.
    pub(crate) fn absorb(&mut self, headers: &HeaderMap) {
        for header in headers.get_all(SET_COOKIE) {
            let Ok(text) = header.to_str() else { continue };
            let mut parts = text.split(';').map(str::trim);
            let Some((name, value)) = parts.next().and_then(|pair| pair.split_once('=')) else {
                continue;
            };
            let ended = parts.any(|part| part.eq_ignore_ascii_case("max-age=0"));
            if ended || value.is_empty() {
                self.0.remove(name);
            } else {
                self.0.insert(name.to_owned(), value.to_owned());
            }
        }
    }

    /// The `Cookie` header; `None` when there is nothing to send.
    pub(crate) fn header(&self) -> Option<String> {
        (!self.0.is_empty()).then(|| {
            self.0
                .iter()
                .map(|(name, value)| format!("{name}={value}"))
                .collect::<Vec<_>>()
                .join("; ")
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(set: &[&str], expected: Option<&str>) {
        let mut jar = Jar::default();
        for cookie in set {
            let mut headers = HeaderMap::new();
            headers.append(SET_COOKIE, cookie.parse().unwrap());
            jar.absorb(&headers);
        }
        assert_eq!(jar.header().as_deref(), expected);
    }

    #[test]
    fn cookies_are_kept_replaced_and_removed() {
        check(&[], None);
        check(&["a=1; path=/; secure; HttpOnly"], Some("a=1"));
        check(&["a=1", "b=x=y", "a=2"], Some("a=2; b=x=y"));
        check(&["a=1", "a=; expires=Thu, 01 Jan 1970 00:00:00 GMT"], None);
        check(&["a=1", "a=gone; Max-Age=0"], None);
        check(&["nonsense"], None);
    }
}
