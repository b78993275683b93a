//! Which host names are answered: `config/initializers/1_hosts.rb`.

use axum::http::HeaderMap;

use crate::config::domains::Domains;

/// Whether Rails answers a request; otherwise it is 403 with an empty body. Both the `Host` and,
/// where there is one, the `X-Forwarded-Host` must be names of the server, with any port.
pub(crate) fn is_authorized(domains: &Domains, path: &str, headers: &HeaderMap) -> bool {
    if path == "/health" {
        return true;
    }
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    let forwarded = text("x-forwarded-host")
        .and_then(|list| list.rsplit(',').next())
        .map(str::trim)
        .filter(|host| !host.is_empty());
    is_known(domains, text("host").unwrap_or_default())
        && forwarded.is_none_or(|host| is_known(domains, host))
}

fn is_known(domains: &Domains, host: &str) -> bool {
    domains.hosts().filter(|own| !own.is_empty()).any(|own| {
        host.get(..own.len())
            .is_some_and(|start| start.eq_ignore_ascii_case(own))
            && is_port(&host[own.len()..])
    })
}

fn is_port(rest: &str) -> bool {
    rest.is_empty()
        || rest.strip_prefix(':').is_some_and(|port| {
            !port.is_empty() && port.bytes().all(|digit| digit.is_ascii_digit())
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn authorized(path: &str, host: &str, forwarded: Option<&str>) -> bool {
        let domains = Domains {
            local: "social.localhost".into(),
            web: "web.social.localhost".into(),
            alternates: vec!["other.test".into()],
        };
        let mut headers = HeaderMap::new();
        headers.insert("host", host.parse().unwrap());
        if let Some(forwarded) = forwarded {
            headers.insert("x-forwarded-host", forwarded.parse().unwrap());
        }
        is_authorized(&domains, path, &headers)
    }

    #[test]
    fn names_of_the_server_are_answered_with_any_port() {
        for host in [
            "social.localhost",
            "SOCIAL.localhost",
            "social.localhost:8443",
            "web.social.localhost",
            "other.test:3000",
        ] {
            assert!(authorized("/", host, None), "{host}");
        }
    }

    #[test]
    fn everything_else_is_refused() {
        for host in [
            "localhost",
            "127.0.0.1:3000",
            "evil.social.localhost",
            "social.localhost.evil.test",
            "social.localhost:x",
            "social.localhost:",
            "",
        ] {
            assert!(!authorized("/api/v2/instance", host, None), "{host}");
        }
    }

    #[test]
    fn a_forwarded_host_counts_too() {
        assert!(!authorized("/", "social.localhost", Some("evil.test")));
        assert!(!authorized("/", "10.0.0.1", Some("social.localhost")));
        assert!(authorized(
            "/",
            "social.localhost",
            Some("social.localhost")
        ));
    }

    #[test]
    fn exactly_health_is_exempt() {
        assert!(authorized("/health", "10.0.0.1:3000", None));
        assert!(!authorized("/health/", "10.0.0.1:3000", None));
        assert!(!authorized("/healthz", "10.0.0.1:3000", None));
    }
}
