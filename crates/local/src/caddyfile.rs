//! What the shared ingress is told: one site file a deployment, one file for all.
//!
//! The ingress plays the part of the load balancer: the same routes, the same headers, the same
//! answers for what must not pass (dist/nginx.conf of Mastodon 4.7; an ALB's rules on AWS).

use std::collections::BTreeMap;
use std::fmt::Write as _;

use mastodon::{Ingress, ProcessId, Route, Target};

/// Folder of the ingress container that its volume keeps.
pub(crate) const SITES: &str = "/data/masto";

/// How long a WebSocket may go on under a configuration that is not the newest any more.
const STREAMS_OUTLIVE: &str = "24h";

/// A deployment as the ingress sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Site {
    /// The deployment.
    pub(crate) name: String,
    /// Routes, headers and limits.
    pub(crate) ingress: Ingress,
    /// `host:port` of every replica, by process.
    pub(crate) upstreams: BTreeMap<ProcessId, Vec<String>>,
    /// `host:port` of the object storage.
    pub(crate) media: String,
    /// Bucket that the media host shows.
    pub(crate) bucket: String,
    /// `host:port` of the mail catcher's page.
    pub(crate) mail: Option<String>,
    /// Where a handle's domain answers when the two differ.
    pub(crate) web_domain: String,
    /// The port people see; redirects from HTTP lead there.
    pub(crate) https_port: u16,
}

/// The file that reads all others. Hosts that nobody serves get an empty 403, as Mastodon itself
/// answers a foreign `Host`. Without a grace period: what other deployments are in the middle of
/// is waited for when the file is read anew, and only the end of the container ends it.
pub(crate) fn global() -> String {
    format!(
        "{{
\tadmin unix//run/masto-caddy.sock
\tauto_https off
\tservers {{
\t\tprotocols h1 h2
\t}}
}}

http:// {{
\trespond 403
}}

https:// {{
\ttls {SITES}/_default/certificate.pem {SITES}/_default/key.pem
\trespond 403
}}

import {SITES}/sites/*.caddyfile
"
    )
}

/// The site file of one deployment.
pub(crate) fn site(site: &Site) -> String {
    let mut text = String::new();
    let mut hosts: BTreeMap<&str, Vec<&Route>> = BTreeMap::new();
    for route in &site.ingress.routes {
        hosts.entry(&route.host).or_default().push(route);
    }
    let port = match site.https_port {
        443 => String::new(),
        other => format!(":{other}"),
    };
    for (host, routes) in hosts {
        // ACME's path is let through by no one here: the certificates are ours.
        let _ = writeln!(
            text,
            "http://{host} {{\n\tredir https://{host}{port}{{uri}} 301\n}}\n"
        );
        let _ = writeln!(text, "https://{host} {{");
        let _ = writeln!(
            text,
            "\ttls {SITES}/{name}/certificate.pem {SITES}/{name}/key.pem",
            name = site.name
        );
        let _ = writeln!(
            text,
            "\trequest_body {{\n\t\tmax_size {}\n\t}}",
            site.ingress.max_body
        );
        let answers_all = routes.iter().any(|route| route.paths.is_empty());
        for (index, route) in routes.into_iter().enumerate() {
            if route.paths.is_empty() {
                let _ = writeln!(text, "\thandle {{");
            } else {
                let _ = writeln!(text, "\t@r{index} path {}", route.paths.join(" "));
                let _ = writeln!(text, "\thandle @r{index} {{");
            }
            for line in answer(site, &route.to, &port) {
                let _ = writeln!(text, "\t\t{line}");
            }
            let _ = writeln!(text, "\t}}");
        }
        if !answers_all {
            // Caddy's own answer would be an empty 200.
            let _ = writeln!(text, "\thandle {{\n\t\trespond 404\n\t}}");
        }
        let _ = writeln!(text, "}}\n");
    }
    text
}

fn answer(site: &Site, target: &Target, port: &str) -> Vec<String> {
    match target {
        Target::Process(process) => {
            let upstreams = site
                .upstreams
                .get(process)
                .map(Vec::as_slice)
                .unwrap_or_default();
            proxy(site, upstreams, process)
        }
        Target::Media => media(site),
        Target::MailCatcher => match &site.mail {
            Some(mail) => vec![format!("reverse_proxy {mail}")],
            None => vec!["respond 404".to_owned()],
        },
        Target::WebDomain => vec![
            "header Access-Control-Allow-Origin *".to_owned(),
            format!("redir https://{}{port}{{uri}} 301", site.web_domain),
        ],
    }
}

fn proxy(site: &Site, upstreams: &[String], process: &ProcessId) -> Vec<String> {
    if upstreams.is_empty() {
        return vec!["respond 503".to_owned()];
    }
    let mut lines = vec![format!("reverse_proxy {} {{", upstreams.join(" "))];
    lines.extend(
        site.ingress
            .strip_headers
            .iter()
            .map(|name| format!("\theader_up -{name}")),
    );
    lines.push("\theader_up X-Real-IP {remote_host}".to_owned());
    lines.push("\tlb_policy least_conn".to_owned());
    // A replica that is being replaced refuses connections for a moment; nothing was sent yet, so
    // another, or the new one, may take the request.
    lines.push("\tlb_try_duration 10s".to_owned());
    lines.push("\tlb_try_interval 50ms".to_owned());
    // Where that cannot be told at once (the name of a container that is gone is asked for all the
    // way up), the next requests do not try the same again.
    lines.push("\tfail_duration 1s".to_owned());
    lines.push("\ttransport http {".to_owned());
    lines.push("\t\tdial_timeout 1s".to_owned());
    if *process != ProcessId::Streaming {
        // Uploads are processed before they are answered (proxy_read_timeout of Mastodon 4.6+).
        lines.push("\t\tresponse_header_timeout 120s".to_owned());
    }
    lines.push("\t}".to_owned());
    if *process == ProcessId::Streaming {
        lines.push("\tflush_interval -1".to_owned());
        // The coming and going of another deployment has Caddy read everything anew, and it would
        // cut every open stream of everybody at once.
        lines.push(format!("\tstream_close_delay {STREAMS_OUTLIVE}"));
    }
    lines.push("}".to_owned());
    lines
}

/// Objects only: no listing, no writing, no query that S3 would take for a command. Headers as in
/// Mastodon's documentation of an object storage proxy.
fn media(site: &Site) -> Vec<String> {
    [
        "@read method GET HEAD",
        "handle @read {",
        &format!("\trewrite * /{}{{path}}?", site.bucket),
        &format!("\treverse_proxy {} {{", site.media),
        "\t\theader_up Host {upstream_hostport}",
        "\t\theader_up -Authorization",
        "\t\theader_up -Cookie",
        "\t\theader_up -X-Amz-*",
        "\t\theader_down -X-Amz-*",
        "\t\theader_down -X-Minio-*",
        "\t\theader_down -Set-Cookie",
        "\t\theader_down -Server",
        "\t\theader_down -Access-Control-*",
        "\t}",
        "\theader Access-Control-Allow-Origin *",
        "\theader X-Content-Type-Options nosniff",
        "\theader Content-Security-Policy \"default-src 'none'; form-action 'none'\"",
        "}",
        "@preflight method OPTIONS",
        "handle @preflight {",
        "\theader Access-Control-Allow-Origin *",
        "\theader Access-Control-Allow-Methods \"GET, HEAD\"",
        "\trespond 204",
        "}",
        "handle {",
        "\trespond 405",
        "}",
    ]
    .map(str::to_owned)
    .to_vec()
}

#[cfg(test)]
mod tests {
    use expect_test::{Expect, expect};

    use super::*;

    fn route(host: &str, paths: &[&str], to: Target) -> Route {
        Route {
            host: host.to_owned(),
            paths: paths.iter().map(|&path| path.to_owned()).collect(),
            to,
        }
    }

    fn check(routes: Vec<Route>, https_port: u16, expected: &Expect) {
        let text = site(&Site {
            name: "social".to_owned(),
            ingress: Ingress {
                routes,
                strip_headers: vec!["Forwarded".to_owned()],
                max_body: 99_000_000,
            },
            upstreams: BTreeMap::from([
                (
                    ProcessId::Web,
                    vec![
                        "masto-social-web-1:3000".to_owned(),
                        "masto-social-web-2:3000".to_owned(),
                    ],
                ),
                (
                    ProcessId::Streaming,
                    vec!["masto-social-streaming-1:4000".to_owned()],
                ),
            ]),
            media: "masto-social-minio:9000".to_owned(),
            bucket: "social-media".to_owned(),
            mail: None,
            web_domain: "social.localhost".to_owned(),
            https_port,
        });
        expected.assert_eq(&text);
    }

    #[test]
    fn streaming_paths_go_to_streaming_and_the_rest_to_every_web_replica() {
        check(
            vec![
                route(
                    "social.localhost",
                    &["/api/v1/streaming", "/api/v1/streaming/*"],
                    Target::Process(ProcessId::Streaming),
                ),
                route("social.localhost", &[], Target::Process(ProcessId::Web)),
            ],
            443,
            &expect![[r#"
                http://social.localhost {
                	redir https://social.localhost{uri} 301
                }

                https://social.localhost {
                	tls /data/masto/social/certificate.pem /data/masto/social/key.pem
                	request_body {
                		max_size 99000000
                	}
                	@r0 path /api/v1/streaming /api/v1/streaming/*
                	handle @r0 {
                		reverse_proxy masto-social-streaming-1:4000 {
                			header_up -Forwarded
                			header_up X-Real-IP {remote_host}
                			lb_policy least_conn
                			lb_try_duration 10s
                			lb_try_interval 50ms
                			fail_duration 1s
                			transport http {
                				dial_timeout 1s
                			}
                			flush_interval -1
                			stream_close_delay 24h
                		}
                	}
                	handle {
                		reverse_proxy masto-social-web-1:3000 masto-social-web-2:3000 {
                			header_up -Forwarded
                			header_up X-Real-IP {remote_host}
                			lb_policy least_conn
                			lb_try_duration 10s
                			lb_try_interval 50ms
                			fail_duration 1s
                			transport http {
                				dial_timeout 1s
                				response_header_timeout 120s
                			}
                		}
                	}
                }

            "#]],
        );
    }

    #[test]
    fn the_media_host_reads_objects_and_nothing_else() {
        check(
            vec![route("media.social.localhost", &[], Target::Media)],
            443,
            &expect![[r#"
                http://media.social.localhost {
                	redir https://media.social.localhost{uri} 301
                }

                https://media.social.localhost {
                	tls /data/masto/social/certificate.pem /data/masto/social/key.pem
                	request_body {
                		max_size 99000000
                	}
                	handle {
                		@read method GET HEAD
                		handle @read {
                			rewrite * /social-media{path}?
                			reverse_proxy masto-social-minio:9000 {
                				header_up Host {upstream_hostport}
                				header_up -Authorization
                				header_up -Cookie
                				header_up -X-Amz-*
                				header_down -X-Amz-*
                				header_down -X-Minio-*
                				header_down -Set-Cookie
                				header_down -Server
                				header_down -Access-Control-*
                			}
                			header Access-Control-Allow-Origin *
                			header X-Content-Type-Options nosniff
                			header Content-Security-Policy "default-src 'none'; form-action 'none'"
                		}
                		@preflight method OPTIONS
                		handle @preflight {
                			header Access-Control-Allow-Origin *
                			header Access-Control-Allow-Methods "GET, HEAD"
                			respond 204
                		}
                		handle {
                			respond 405
                		}
                	}
                }

            "#]],
        );
    }

    #[test]
    fn redirects_lead_to_the_port_that_people_see() {
        check(
            vec![route(
                "example.localhost",
                &["/.well-known/webfinger"],
                Target::WebDomain,
            )],
            8443,
            &expect![[r#"
                http://example.localhost {
                	redir https://example.localhost:8443{uri} 301
                }

                https://example.localhost {
                	tls /data/masto/social/certificate.pem /data/masto/social/key.pem
                	request_body {
                		max_size 99000000
                	}
                	@r0 path /.well-known/webfinger
                	handle @r0 {
                		header Access-Control-Allow-Origin *
                		redir https://social.localhost:8443{uri} 301
                	}
                	handle {
                		respond 404
                	}
                }

            "#]],
        );
    }
}
