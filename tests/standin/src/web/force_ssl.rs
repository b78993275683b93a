//! `force_ssl`: always on in production, and no variable turns it off.

use axum::http::{HeaderMap, Method, StatusCode};

/// Sent with every answer over https.
pub(crate) const STRICT_TRANSPORT_SECURITY: &str = "max-age=63072000; includeSubDomains";

/// Whether the request came over https, as far as Rack can tell behind a proxy.
pub(crate) fn is_https(headers: &HeaderMap) -> bool {
    let first = |name: &str| {
        headers
            .get(name)
            .and_then(|value| value.to_str().ok())
            .and_then(|list| list.split(',').next())
            .map(str::trim)
    };
    first("x-forwarded-ssl") == Some("on")
        || first("x-forwarded-scheme") == Some("https")
        || first("x-forwarded-proto") == Some("https")
}

/// Where a plain request is sent, and with which status; `None` when it is answered.
pub(crate) fn redirect(
    method: &Method,
    path_and_query: &str,
    headers: &HeaderMap,
) -> Option<(StatusCode, String)> {
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    let forwarded = text("x-forwarded-host")
        .and_then(|list| list.rsplit(',').next())
        .map(str::trim)
        .filter(|host| !host.is_empty());
    let host = forwarded.or_else(|| text("host")).unwrap_or_default();
    let name = host.split(':').next().unwrap_or_default();
    if is_https(headers)
        || path_and_query.starts_with("/health")
        || name.ends_with(".onion")
        || name.ends_with(".i2p")
    {
        return None;
    }
    let status = if matches!(*method, Method::GET | Method::HEAD) {
        StatusCode::MOVED_PERMANENTLY
    } else {
        StatusCode::PERMANENT_REDIRECT
    };
    let host = host.strip_suffix(":80").unwrap_or(host);
    Some((status, format!("https://{host}{path_and_query}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plain(path: &str, headers: &[(&str, &str)]) -> Option<(u16, String)> {
        let mut map = HeaderMap::new();
        map.insert("host", "social.localhost".parse().unwrap());
        for (name, value) in headers {
            map.insert(
                axum::http::HeaderName::try_from(*name).unwrap(),
                value.parse().unwrap(),
            );
        }
        redirect(&Method::GET, path, &map).map(|(status, location)| (status.as_u16(), location))
    }

    #[test]
    fn plain_http_is_sent_to_https() {
        assert_eq!(
            plain("/about?x=1", &[]),
            Some((301, "https://social.localhost/about?x=1".into()))
        );
        assert_eq!(
            plain("/", &[("x-forwarded-proto", "http")]),
            Some((301, "https://social.localhost/".into()))
        );
        assert_eq!(
            plain("/", &[("host", "social.localhost:3000")]),
            Some((301, "https://social.localhost:3000/".into()))
        );
    }

    #[test]
    fn behind_a_proxy_that_says_https_it_is_answered() {
        assert_eq!(plain("/", &[("x-forwarded-proto", "https")]), None);
        assert_eq!(plain("/", &[("x-forwarded-proto", "https, http")]), None);
    }

    #[test]
    fn paths_that_begin_with_health_and_onions_are_exempt() {
        assert_eq!(plain("/health", &[]), None);
        assert_eq!(plain("/healthcheck", &[]), None);
        assert_eq!(plain("/", &[("host", "abc.onion")]), None);
    }

    #[test]
    fn other_methods_keep_their_body() {
        assert_eq!(
            redirect(&Method::POST, "/inbox", &HeaderMap::new())
                .unwrap()
                .0
                .as_u16(),
            308
        );
    }
}
