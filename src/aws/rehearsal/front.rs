//! The load balancer and CloudFront of a rehearsal: one Caddy with the same routes. The emulator
//! keeps listeners and rules, but neither speaks TLS for them nor WebSocket.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use aws::TargetRole;
use mastodon::{Ingress, ProcessId, Route, Target};

/// What the front is told.
pub(crate) struct Front<'a> {
    /// Routes, headers and limits.
    pub(crate) ingress: &'a Ingress,
    /// `address:port` behind each target group.
    pub(crate) targets: &'a BTreeMap<TargetRole, Vec<String>>,
    /// Where the emulator is, as a container sees it: `host.docker.internal:4566`.
    pub(crate) emulator: &'a str,
    /// The bucket's name.
    pub(crate) bucket: &'a str,
    /// Where a handle's domain leads when the two differ.
    pub(crate) web_domain: &'a str,
}

/// Where the certificate is in the container.
pub(crate) const CERTIFICATE: &str = "/etc/masto/certificate.pem";
/// Where its key is.
pub(crate) const KEY: &str = "/etc/masto/key.pem";

/// The Caddyfile.
pub(crate) fn caddyfile(front: &Front<'_>) -> String {
    let mut text = "{\n\tadmin off\n\tauto_https off\n\tgrace_period 1s\n}\n".to_owned();
    let mut hosts: BTreeMap<&str, Vec<&Route>> = BTreeMap::new();
    for route in &front.ingress.routes {
        hosts.entry(&route.host).or_default().push(route);
    }
    for (host, routes) in hosts {
        let _ = writeln!(
            text,
            "\nhttp://{host} {{\n\tredir https://{host}{{uri}} 301\n}}\n\nhttps://{host} {{\n\ttls {CERTIFICATE} {KEY}"
        );
        for (number, route) in routes.iter().enumerate() {
            write_route(&mut text, front, number, route);
        }
        text.push_str("}\n");
    }
    text
}

fn write_route(text: &mut String, front: &Front<'_>, number: usize, route: &Route) {
    let matcher = if route.paths.is_empty() {
        String::new()
    } else {
        let _ = writeln!(text, "\t@r{number} path {}", route.paths.join(" "));
        format!("@r{number} ")
    };
    let _ = writeln!(text, "\thandle {matcher}{{");
    match &route.to {
        Target::Process(process) => {
            let role = match process {
                ProcessId::Streaming => TargetRole::Streaming,
                ProcessId::Web | ProcessId::Sidekiq(_) => TargetRole::Web,
            };
            for header in &front.ingress.strip_headers {
                let _ = writeln!(text, "\t\trequest_header -{header}");
            }
            match front
                .targets
                .get(&role)
                .filter(|targets| !targets.is_empty())
            {
                Some(targets) => {
                    let _ = writeln!(text, "\t\treverse_proxy {}", targets.join(" "));
                }
                None => text.push_str("\t\trespond 503\n"),
            }
        }
        // As CloudFront asks the bucket: for one object, without the query, by an access control
        // that may get objects and list none, so that what is missing is forbidden as well.
        Target::Media => {
            let Front {
                emulator, bucket, ..
            } = front;
            let _ = writeln!(
                text,
                "\t\troute {{
\t\t\t@other not method GET HEAD OPTIONS
\t\t\trespond @other 403
\t\t\t@listing path /
\t\t\trespond @listing 403
\t\t\trequest_header -Authorization
\t\t\trequest_header -Cookie
\t\t\theader Access-Control-Allow-Origin *
\t\t\theader X-Content-Type-Options nosniff
\t\t\trewrite * /{bucket}{{path}}?
\t\t\treverse_proxy {emulator} {{
\t\t\t\theader_up Host {emulator}
\t\t\t\theader_down -Server
\t\t\t\t@absent status 404
\t\t\t\thandle_response @absent {{
\t\t\t\t\trespond 403
\t\t\t\t}}
\t\t\t}}
\t\t}}"
            );
        }
        Target::WebDomain => {
            let _ = writeln!(
                text,
                "\t\theader Access-Control-Allow-Origin *\n\t\tredir https://{}{{uri}} 301",
                front.web_domain
            );
        }
        Target::MailCatcher => text.push_str("\t\trespond 404\n"),
    }
    text.push_str("\t}\n");
}
