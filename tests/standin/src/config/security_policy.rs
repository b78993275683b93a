//! The Content-Security-Policy: which hosts a page may load from.

use std::collections::BTreeSet;

use crate::config::domains::Domains;
use crate::environment::Environment;

/// The header's value. Media on a host that is not named here is not shown by a browser.
pub(crate) fn content_security_policy(environment: &Environment, domains: &Domains) -> String {
    let assets = environment.filled("CDN_HOST").map_or_else(
        || domains.url(""),
        |host| host.trim_end_matches('/').to_owned(),
    );
    let media = media_hosts(environment);
    let streaming = environment
        .get("STREAMING_API_BASE_URL")
        .map_or_else(|| format!("wss://{}", domains.web), str::to_owned);
    let list = |sources: &[&str]| {
        sources
            .iter()
            .copied()
            .chain(media.iter().map(String::as_str))
            .filter(|source| !source.is_empty())
            .collect::<Vec<_>>()
            .join(" ")
    };
    [
        "base-uri 'none'".to_owned(),
        "default-src 'none'".to_owned(),
        "frame-ancestors 'none'".to_owned(),
        format!("font-src 'self' {assets}"),
        format!("img-src {}", list(&["'self'", "data:", "blob:", &assets])),
        format!("media-src {}", list(&["'self'", "data:", &assets])),
        format!("manifest-src 'self' {assets}"),
        "form-action 'self'".to_owned(),
        format!("child-src 'self' blob: {assets}"),
        format!("worker-src 'self' blob: {assets}"),
        format!(
            "connect-src {}",
            list(&["'self'", "data:", "blob:", &assets, &streaming])
        ),
        format!("script-src 'self' {assets} 'wasm-unsafe-eval'"),
        format!("style-src 'self' {assets}"),
        "frame-src 'self' https:".to_owned(),
    ]
    .join("; ")
}

/// First non-empty of the host variables, the local root's URL, and the extra origins. The host
/// that links get by default (`s3-<region>.amazonaws.com`) is not among them.
fn media_hosts(environment: &Environment) -> BTreeSet<String> {
    let mut hosts = BTreeSet::new();
    let first = [
        "S3_ALIAS_HOST",
        "S3_CLOUDFRONT_HOST",
        "AZURE_ALIAS_HOST",
        "S3_HOSTNAME",
        "SWIFT_OBJECT_URL",
    ];
    if let Some(host) = first.into_iter().find_map(|name| environment.filled(name)) {
        let host = host
            .trim_start_matches("https://")
            .trim_start_matches("http://");
        let slash = if host.contains('/') && !host.ends_with('/') {
            "/"
        } else {
            ""
        };
        hosts.insert(format!("https://{host}{slash}"));
    }
    hosts.extend(
        environment
            .filled("PAPERCLIP_ROOT_URL")
            .filter(|url| url.starts_with("http"))
            .map(str::to_owned),
    );
    let extra = environment.get("EXTRA_MEDIA_HOSTS").unwrap_or_default();
    hosts.extend(
        extra
            .split(|c: char| c == ',' || c.is_whitespace())
            .filter(|host| !host.is_empty())
            .map(str::to_owned),
    );
    hosts
}

#[cfg(test)]
mod tests {
    use super::*;

    fn directive(variables: &[(&str, &str)], name: &str) -> String {
        let environment: Environment = [("LOCAL_DOMAIN", "social.localhost")]
            .into_iter()
            .chain(variables.iter().copied())
            .collect();
        let policy = content_security_policy(&environment, &Domains::of(&environment));
        policy
            .split("; ")
            .find(|part| part.starts_with(name))
            .unwrap()
            .to_owned()
    }

    #[test]
    fn the_media_host_is_the_first_that_says_something() {
        let hosts = [
            ("S3_ALIAS_HOST", "media.social.localhost"),
            ("S3_HOSTNAME", "minio"),
        ];
        assert_eq!(
            directive(&hosts, "media-src"),
            "media-src 'self' data: https://social.localhost https://media.social.localhost"
        );
        assert_eq!(
            directive(&hosts[1..], "media-src"),
            "media-src 'self' data: https://social.localhost https://minio"
        );
        assert_eq!(
            directive(
                &[("S3_ALIAS_HOST", ""), ("S3_HOSTNAME", "minio")],
                "media-src"
            ),
            "media-src 'self' data: https://social.localhost https://minio"
        );
    }

    #[test]
    fn the_default_host_of_links_is_not_allowed() {
        assert_eq!(
            directive(&[("S3_ENABLED", "true"), ("S3_BUCKET", "x")], "img-src"),
            "img-src 'self' data: blob: https://social.localhost"
        );
    }

    #[test]
    fn an_alias_with_a_path_ends_in_a_slash() {
        assert!(
            directive(&[("S3_ALIAS_HOST", "files.test/bucket")], "img-src")
                .ends_with(" https://files.test/bucket/")
        );
    }

    #[test]
    fn pages_may_connect_to_streaming_and_extra_hosts() {
        let policy = directive(
            &[
                ("STREAMING_API_BASE_URL", "wss://stream.test"),
                ("EXTRA_MEDIA_HOSTS", "https://old.test"),
            ],
            "connect-src",
        );
        assert_eq!(
            policy,
            "connect-src 'self' data: blob: https://social.localhost wss://stream.test https://old.test"
        );
    }
}
