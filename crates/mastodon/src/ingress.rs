//! How requests reach the processes: the same routes on a laptop and on a load balancer.

use topology::MailRoute;

use crate::env::{self, Scene};
use crate::{Ingress, ProcessId, Route, Target};

/// Largest request body in bytes: what Mastodon's own proxy configuration lets through, which is
/// its limit for a video.
const MAX_BODY: u64 = 99 * 1024 * 1024;

/// Headers that a proxy sets and a client must not. `Forwarded` would win over the
/// `X-Forwarded-For` of the proxy (GHSA-qp4r-p842-mw5c); `Client-Ip` that disagrees with it is
/// answered with 500; `X-Forwarded-Host` picks the host; `Proxy` becomes `HTTP_PROXY`.
const STRIPPED: [&str; 4] = ["Forwarded", "Client-Ip", "X-Forwarded-Host", "Proxy"];

/// What the domain of a split server answers itself: redirects to where the server is.
const DISCOVERY: [&str; 4] = [
    "/.well-known/webfinger",
    "/.well-known/host-meta",
    "/.well-known/host-meta.json",
    "/.well-known/nodeinfo",
];

/// The routes of `scene`, most specific first. What has no route is answered with 404: streaming's
/// `/metrics` is behind none.
pub(crate) fn ingress(scene: Scene<'_>) -> Ingress {
    let surroundings = scene.surroundings;
    let domain = surroundings.domain.as_str();
    let web = surroundings
        .web_domain
        .as_ref()
        .map_or(domain, |domain| domain.as_str());
    let mut routes = vec![
        // WebSockets use the bare path, event streams the ones below it.
        route(
            web,
            &["/api/v1/streaming", "/api/v1/streaming/*"],
            Target::Process(ProcessId::Streaming),
        ),
        route(web, &[], Target::Process(ProcessId::Web)),
    ];
    if web != domain {
        routes.push(route(domain, &DISCOVERY, Target::WebDomain));
    }
    if surroundings.media_endpoint {
        routes.push(route(&format!("media.{web}"), &[], Target::Media));
    }
    if env::delivery(scene) == MailRoute::Catcher {
        routes.push(route(&format!("mail.{domain}"), &[], Target::MailCatcher));
    }
    Ingress {
        routes,
        strip_headers: STRIPPED.map(str::to_owned).into(),
        max_body: MAX_BODY,
    }
}

fn route(host: &str, paths: &[&str], to: Target) -> Route {
    Route {
        host: host.to_owned(),
        paths: paths.iter().map(|&path| path.to_owned()).collect(),
        to,
    }
}

#[cfg(test)]
mod tests {
    use std::fmt::Write as _;

    use expect_test::expect;

    use super::*;
    use crate::Surroundings;
    use crate::fixture::{aws, local, scene, topology, value};

    fn told(surroundings: &Surroundings) -> String {
        let topology = topology();
        ingress(scene(&topology, surroundings)).routes.iter().fold(
            String::new(),
            |mut text, route| {
                let Route { host, paths, to } = route;
                writeln!(text, "{host} {} -> {to:?}", paths.join(" ")).unwrap();
                text
            },
        )
    }

    #[test]
    fn the_laptop_serves_media_and_mail_beside_the_server() {
        expect![[r#"
            social.localhost /api/v1/streaming /api/v1/streaming/* -> Process(Streaming)
            social.localhost  -> Process(Web)
            media.social.localhost  -> Media
            mail.social.localhost  -> MailCatcher
        "#]]
        .assert_eq(&told(&local()));
    }

    #[test]
    fn aws_serves_the_server_alone() {
        expect![[r#"
            social.example.com /api/v1/streaming /api/v1/streaming/* -> Process(Streaming)
            social.example.com  -> Process(Web)
        "#]]
        .assert_eq(&told(&aws()));
    }

    #[test]
    fn a_split_domain_answers_discovery_with_redirects() {
        expect![[r#"
            web.localhost /api/v1/streaming /api/v1/streaming/* -> Process(Streaming)
            web.localhost  -> Process(Web)
            social.localhost /.well-known/webfinger /.well-known/host-meta /.well-known/host-meta.json /.well-known/nodeinfo -> WebDomain
            media.web.localhost  -> Media
            mail.social.localhost  -> MailCatcher
        "#]]
        .assert_eq(&told(&Surroundings { web_domain: Some(value("web.localhost")), ..local() }));
        let same = Surroundings {
            web_domain: Some(local().domain),
            ..local()
        };
        assert_eq!(told(&same), told(&local()), "a split that splits nothing");
    }

    #[test]
    fn metrics_are_behind_no_route() {
        let topology = topology();
        for surroundings in [local(), aws()] {
            for route in ingress(scene(&topology, &surroundings)).routes {
                if route.to == Target::Process(ProcessId::Streaming) {
                    let below = |path: &String| path.starts_with("/api/v1/streaming");
                    assert!(!route.paths.is_empty() && route.paths.iter().all(below));
                }
            }
        }
    }

    #[test]
    fn clients_cannot_speak_for_the_proxy() {
        let (topology, surroundings) = (topology(), local());
        let ingress = ingress(scene(&topology, &surroundings));
        assert_eq!(
            ingress.strip_headers,
            ["Forwarded", "Client-Ip", "X-Forwarded-Host", "Proxy"]
        );
        assert_eq!(ingress.max_body, 103_809_024);
    }
}
