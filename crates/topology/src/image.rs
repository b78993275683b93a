//! References to container images.

use std::str::FromStr;

use crate::invalid::Invalid;
use crate::quote::quote;
use crate::text::checked_text;

/// A container image, `[registry[:port]/]path[:tag][@sha256:digest]`, with a tag or a digest.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ImageRef(String);

checked_text!(ImageRef);

/// The pattern as JSON Schema writes it.
pub(crate) const PATTERN: &str =
    "^[a-zA-Z0-9][a-zA-Z0-9._:/-]*(:[A-Za-z0-9_][A-Za-z0-9_.-]*|@sha256:[0-9a-f]{64})$";

/// The longest reference that registries and engines take.
pub(crate) const LONGEST: usize = 255;

impl FromStr for ImageRef {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        let fault = |what: &str| Invalid::new(format!("{} is not an image: {what}", quote(text)));
        let example = "write it with its tag, for example `docker.io/library/postgres:17`";
        if text.is_empty() || text.len() > LONGEST {
            return Err(fault("an image has 1 to 255 characters").hint(example));
        }
        if let Some((scheme, rest)) = text.split_once("://") {
            return Err(fault(&format!("`{scheme}://` does not belong to it"))
                .hint(format!("write {}", quote(rest))));
        }
        let (named, digest) = match text.split_once('@') {
            Some((named, digest)) => (named, Some(digest)),
            None => (text, None),
        };
        if let Some(digest) = digest {
            let hex = digest.strip_prefix("sha256:").unwrap_or_default();
            if hex.len() != 64 || !hex.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f')) {
                return Err(
                    fault("behind the `@` stands `sha256:` and 64 hex digits").hint(example)
                );
            }
        }
        // A colon before the last slash belongs to the registry's port.
        let slash = named.rfind('/').map_or(0, |at| at + 1);
        let (path, tag) = match named[slash..].split_once(':') {
            Some((last, tag)) => (&named[..slash + last.len()], Some(tag)),
            None => (named, None),
        };
        if let Some(tag) = tag {
            let word = |c: char| c.is_ascii_alphanumeric() || c == '_';
            if !(1..=128).contains(&tag.len())
                || !tag.starts_with(word)
                || !tag.chars().all(|c| word(c) || matches!(c, '.' | '-'))
            {
                return Err(fault(&format!("{} is not a tag", quote(tag))).hint(example));
            }
        }
        let (registry, repository) = match path.split_once('/') {
            Some((first, rest)) if first.contains(['.', ':']) || first == "localhost" => {
                (Some(first), rest)
            }
            _ => (None, path),
        };
        if registry.is_some_and(|registry| !is_registry(registry)) {
            return Err(fault("its registry is not a host name").hint(example));
        }
        if let Some(bad) = repository.chars().find(char::is_ascii_uppercase) {
            return Err(
                fault(&format!("`{bad}` is not in lower case")).hint(format!(
                    "write {}",
                    quote(&text.replacen(repository, &repository.to_lowercase(), 1))
                )),
            );
        }
        if !repository.split('/').all(is_component) {
            return Err(
                fault("a path has only a-z, 0-9, and single . _ - between them").hint(example),
            );
        }
        if tag.is_none() && digest.is_none() {
            return Err(fault(
                "it has neither tag nor digest, so what runs would depend on the day",
            )
            .hint(example));
        }
        Ok(Self(text.to_owned()))
    }
}

fn is_registry(text: &str) -> bool {
    let (host, port) = match text.split_once(':') {
        Some((host, port)) => (host, Some(port)),
        None => (text, None),
    };
    let host_holds = host.split('.').all(|label| {
        !label.is_empty()
            && label.chars().all(|c| c.is_ascii_alphanumeric() || c == '-')
            && !label.starts_with('-')
    });
    host_holds && port.is_none_or(|port| port.parse::<u16>().is_ok_and(|port| port > 0))
}

/// `a-z 0-9` with `.`, `_`, `__` or hyphens between them.
fn is_component(text: &str) -> bool {
    let inner = |c: char| matches!(c, 'a'..='z' | '0'..='9');
    text.starts_with(inner)
        && text.ends_with(inner)
        && text
            .chars()
            .all(|c| inner(c) || matches!(c, '.' | '_' | '-'))
        && !["..", "___", "._", "_.", "-.", ".-", "-_", "_-"]
            .iter()
            .any(|pair| text.contains(pair))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_image_has_a_path_and_a_tag_or_digest() {
        let digest = format!("postgres@sha256:{}", "0f".repeat(32));
        for good in [
            "postgres:17",
            "ghcr.io/mastodon/mastodon:v4.7.5",
            "localhost:5000/a/b-c__d:x_1.2-3",
            "quay.io/minio/minio:RELEASE.2025-09-07T16-13-09Z",
            digest.as_str(),
        ] {
            assert_eq!(
                good.parse::<ImageRef>().expect("a good image").as_str(),
                good
            );
        }
        for bad in [
            "",
            "postgres",
            "registry.example:5000/postgres",
            "https://ghcr.io/a:1",
            "Postgres:17",
            "a//b:1",
            "-a:1",
            "a:b:c",
            "a:",
            "a:-x",
            "a@sha256:00",
            "a b:1",
            "a/../b:1",
            "host_name.x:80/a:1",
            "a.b:99999/c:1",
        ] {
            assert!(bad.parse::<ImageRef>().is_err(), "{bad}");
        }
    }

    #[test]
    fn an_image_in_upper_case_is_refused_with_the_lower_case_one() {
        let invalid = "ghcr.io/Mastodon/mastodon:v4.7.5"
            .parse::<ImageRef>()
            .expect_err("upper case");
        assert_eq!(
            invalid.hint.as_deref(),
            Some("write `ghcr.io/mastodon/mastodon:v4.7.5`")
        );
    }
}
