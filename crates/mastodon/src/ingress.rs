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
