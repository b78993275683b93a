//! The headers that browsers rely on reach them.

use super::Finding;
use crate::diagnosis::{Diagnosis, other_media_host};
use crate::evidence::Evidence;
use crate::examination::Examination;
use crate::http::Answer;
use crate::problem::{Problem, Target};

/// A page of the web application that needs no login.
const PATH: &str = "/about";
/// A year: browsers' lists take no less.
const HSTS: u64 = 31_536_000;

pub(crate) async fn probe<E: Evidence>(examination: &Examination<'_, E>) -> Finding {
    let answer = examination
        .client
        .get(Target::Web, PATH)
        .await?
        .expect(&[200])?;
    judge(&answer, &examination.subject.media_host)
}

fn judge(answer: &Answer, media_host: &str) -> Finding {
    let Some(policy) = answer.header("content-security-policy") else {
        return Err(Problem::known(
            "there is no Content-Security-Policy",
            Diagnosis::new(
                "something between web and the browser removes the `Content-Security-Policy` header",
                "let the proxy pass Mastodon's own headers",
            )
            .because(format!("GET {PATH} has none")),
        ));
    };
    if let Some(directive) = ["img-src", "media-src"]
        .into_iter()
        .find(|directive| !allows(policy, directive, media_host))
    {
        let allowed = sources(policy, directive).unwrap_or_default().join(" ");
        return Err(Problem::known(
            format!("{directive} does not name https://{media_host}"),
            other_media_host(media_host)
                .because(format!("Content-Security-Policy: {directive} {allowed}")),
        ));
    }
    let age = answer
        .header("strict-transport-security")
        .and_then(max_age)
        .unwrap_or_default();
    if age < HSTS {
        return Err(Problem::known(
            match age {
                0 => "there is no Strict-Transport-Security".to_owned(),
                age => format!("Strict-Transport-Security lasts {age} s"),
            },
            Diagnosis::new(
                "something between web and the browser removes or shortens `Strict-Transport-Security`",
                "let the proxy pass Mastodon's own headers",
            )
            .because("Mastodon sends max-age=63072000; includeSubDomains"),
        )
        .into_warning());
    }
    Ok(format!(
        "HSTS for {} days, pictures from {media_host}",
        age / 86_400
    ))
}

/// The sources of a directive; `None` when the policy does not have it.
fn sources<'p>(policy: &'p str, directive: &str) -> Option<Vec<&'p str>> {
    policy
        .split(';')
        .map(str::split_whitespace)
        .find_map(|mut words| (words.next()? == directive).then(|| words.collect()))
}

/// Whether a policy lets something be loaded from a host over HTTPS.
fn allows(policy: &str, directive: &str, host: &str) -> bool {
    let sources = sources(policy, directive)
        .or_else(|| sources(policy, "default-src"))
        .unwrap_or_default();
    sources.iter().any(|source| {
        let source = source.trim_end_matches('/');
        let source = source.strip_prefix("https://").unwrap_or(source);
        // A source may have a path behind the host (`S3_ALIAS_HOST=host/bucket`).
        matches!(source, "https:" | "*") || source.split('/').next() == Some(host)
    })
}

fn max_age(header: &str) -> Option<u64> {
    header
        .split(';')
        .find_map(|part| part.trim().strip_prefix("max-age="))
        .and_then(|seconds| seconds.trim_matches('"').parse().ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    const POLICY: &str = "default-src 'none'; img-src 'self' data: blob: https://social.localhost https://media.social.localhost; \
                          media-src 'self' https://media.social.localhost/bucket/";

    #[test]
    fn a_policy_allows_the_hosts_it_names() {
        assert!(allows(POLICY, "img-src", "media.social.localhost"));
        assert!(allows(POLICY, "media-src", "media.social.localhost"));
        assert!(!allows(POLICY, "img-src", "media.social.localhost:8443"));
        assert!(!allows(POLICY, "img-src", "localhost"));
        assert!(!allows(POLICY, "connect-src", "media.social.localhost"));
        assert!(allows("img-src https:", "img-src", "anything"));
    }

    #[test]
    fn the_age_of_hsts_is_read() {
        assert_eq!(
            max_age("max-age=63072000; includeSubDomains"),
            Some(63_072_000)
        );
        assert_eq!(max_age("includeSubDomains; max-age=\"5\""), Some(5));
        assert_eq!(max_age("includeSubDomains"), None);
    }
}
