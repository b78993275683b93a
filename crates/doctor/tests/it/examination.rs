//! Whole examinations: of a healthy server, and of one with a fault.

use std::fmt::Write as _;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use doctor::{ClosedPort, Options, Outcome, Owner, ProbeId, Report, Subject, examine};
use expect_test::{Expect, expect};
use rcgen::CertificateParams;
use tokio::net::TcpListener;

use crate::backend::{Backend, running};
use crate::mastodon::{Mastodon, PASSWORD};
use crate::server::{Ca, Request, Response, Server};

const NAMES: &[&str] = &[
    "social.localhost",
    "media.social.localhost",
    "mail.social.localhost",
];

/// A server, and what is expected of it.
struct World {
    server: Server,
    subject: Subject,
    backend: Backend,
    options: Options,
}

impl World {
    async fn new(mastodon: Mastodon) -> Self {
        Self::with_certificate(mastodon, NAMES, |_| {}).await
    }

    async fn with_certificate(
        mastodon: Mastodon,
        names: &[&str],
        change: impl FnOnce(&mut CertificateParams),
    ) -> Self {
        let ca = Ca::new("masto local CA");
        let server = Server::start(ca.sign(names, change), Arc::new(mastodon)).await;
        let closed = TcpListener::bind("127.0.0.1:0")
            .await
            .unwrap()
            .local_addr()
            .unwrap();
        let subject = Subject {
            base: "https://social.localhost".parse().unwrap(),
            local_domain: "social.localhost".into(),
            media_host: "media.social.localhost".into(),
            mail_url: Some("https://mail.social.localhost".parse().unwrap()),
            connect: Some(server.https),
            http_port: server.http.port(),
            ca_pem: Some(ca.pem()),
            owner: Some(Owner {
                username: "owner".into(),
                email: "owner@social.localhost".into(),
                password: PASSWORD.into(),
            }),
            version: Some("v4.7.5".into()),
            queues: ["default", "ingress", "mailers", "scheduler"]
                .map(|queue| (queue.to_owned(), ["sidekiq-all".to_owned()].into()))
                .into(),
            closed_ports: vec![ClosedPort {
                name: "postgres".into(),
                addr: closed,
            }],
        };
        Self {
            server,
            subject,
            backend: Backend::new(),
            options: Options::default(),
        }
    }

    async fn examine(&self) -> Report {
        let mut order = Vec::new();
        let report = examine(&self.subject, &self.backend, &self.options, |result| {
            order.push(result.id);
        })
        .await;
        assert_eq!(
            order,
            ProbeId::ALL,
            "results come in the order of the report"
        );
        let reported: Vec<ProbeId> = report.results.iter().map(|result| result.id).collect();
        assert_eq!(reported, order);
        report
    }

    /// Examines, and compares what is not right with what should be said of it.
    async fn check(&self, expected: &Expect) -> Report {
        let report = self.examine().await;
        expected.assert_eq(&self.complaints(&report));
        report
    }

    /// Everything but passes, with the ports of this run by their names.
    fn complaints(&self, report: &Report) -> String {
        let mut text = String::new();
        for result in &report.results {
            let outcome = match &result.outcome {
                Outcome::Pass => continue,
                Outcome::Warn => "warn",
                Outcome::Fail => "fail",
                Outcome::NotRun { why: _ } => "not run",
            };
            writeln!(text, "{outcome} {}: {}", result.id, result.detail).unwrap();
        }
        for cause in &report.causes {
            let explains: Vec<&str> = cause.explains.iter().map(|id| id.as_str()).collect();
            writeln!(text, "cause: {} ({})", cause.cause, explains.join(" ")).unwrap();
        }
        let port = format!(":{}", self.server.https.port());
        text.replace(&port, ":443")
            .replace(&format!(":{}", self.server.http.port()), ":80")
            .replace(env!("CARGO_PKG_VERSION"), "VERSION")
    }
}

#[tokio::test]
async fn a_healthy_server_passes_every_probe_and_keeps_nothing() {
    let world = World::new(Mastodon::new()).await;
    let report = world.check(&expect![""]).await;
    assert!(report.is_healthy());
    let asked = world.server.asked();
    for request in [
        "DELETE /api/v1/statuses/9",
        "DELETE /api/v1/media/7",
        "POST /oauth/revoke",
        "DELETE /auth/sign_out",
        "DELETE /api/v1/messages",
    ] {
        assert!(
            asked.iter().any(|one| one == request),
            "{request} is missing"
        );
    }
}

#[tokio::test]
async fn the_report_has_a_stable_form() {
    let mut world = World::new(Mastodon::faulty(|request, response| {
        if request.is("GET", "/metrics") {
            return Response::new(
                200,
                "# HELP connected_clients x\n# TYPE connected_clients gauge\n",
            );
        }
        response
    }))
    .await;
    world.subject.owner = None;
    let mut report = world.examine().await;
    report.took_ms = 0;
    let wanted = [ProbeId::Processes, ProbeId::Login, ProbeId::Metrics];
    report.results.retain(|result| wanted.contains(&result.id));
    for result in &mut report.results {
        result.took_ms = 0;
    }
    expect![[r#"
        {
          "schema_version": 1,
          "url": "https://social.localhost/",
          "healthy": false,
          "took_ms": 0,
          "causes": [
            {
              "cause": "the ingress passes `/metrics` on, which streaming serves on the port of its API",
              "evidence": [
                "GET https://social.localhost/metrics answered with metrics"
              ],
              "fix": "route only `/api/v1/streaming` and `/api/v1/streaming/*` to streaming (masto's own ingress does: `masto up`)",
              "explains": [
                "metrics"
              ]
            }
          ],
          "results": [
            {
              "id": "processes",
              "title": "every process runs",
              "outcome": "pass",
              "took_ms": 0,
              "detail": "8 processes and stores run",
              "cause": null,
              "evidence": [],
              "fix": null
            },
            {
              "id": "login",
              "title": "the owner can log in",
              "outcome": "not_run",
              "why": "no owner is known",
              "took_ms": 0,
              "detail": "no owner is known",
              "cause": null,
              "evidence": [],
              "fix": null
            },
            {
              "id": "metrics",
              "title": "metrics are not public",
              "outcome": "fail",
              "took_ms": 0,
              "detail": "https://social.localhost/metrics shows Prometheus metrics to anyone",
              "cause": "the ingress passes `/metrics` on, which streaming serves on the port of its API",
              "evidence": [
                "GET https://social.localhost/metrics answered with metrics"
              ],
              "fix": "route only `/api/v1/streaming` and `/api/v1/streaming/*` to streaming (masto's own ingress does: `masto up`)"
            }
          ]
        }"#]]
    .assert_eq(&serde_json::to_string_pretty(&report).unwrap());
}

#[tokio::test]
async fn without_evidence_the_front_is_still_examined() {
    let mut world = World::new(Mastodon::new()).await;
    world.backend = Backend::blind();
    let report = world
        .check(&expect![[r#"
            not run processes: a remote server cannot be looked into
            not run clock: no clock of the server can be read
            not run environment: a remote server cannot be looked into
            not run database: a remote server cannot be looked into
            not run redis: a remote server cannot be looked into
            not run disk: a remote server cannot be looked into
            not run queues: a remote server cannot be looked into
            not run scheduler: a remote server cannot be looked into
            not run ingress-job: a remote server cannot be looked into
        "#]])
        .await;
    assert!(report.is_healthy());
}

mod certificates {
    use super::*;

    #[tokio::test]
    async fn a_stranger_on_the_port_is_the_one_cause_of_everything() {
        let mut world = World::new(Mastodon::new()).await;
        world.subject.ca_pem = Some(Ca::new("another CA").pem());
        let report = world.examine().await;
        assert!(!report.is_healthy());
        let text = world.complaints(&report);
        let causes: Vec<&str> = text
            .lines()
            .filter(|line| line.starts_with("cause:"))
            .collect();
        expect!["cause: the server's certificate is not signed by this deployment's CA (tls web streaming hosts headers spoofing instance webfinger nodeinfo login bucket mail)"]
        .assert_eq(&causes.join("\n"));
    }

    #[tokio::test]
    async fn an_expired_certificate_is_named() {
        let world = World::with_certificate(Mastodon::new(), NAMES, |params| {
            params.not_before = rcgen::date_time_ymd(2020, 1, 1);
            params.not_after = rcgen::date_time_ymd(2021, 1, 1);
        })
        .await;
        let report = world.examine().await;
        let tls = &report.results[ProbeId::Tls as usize];
        assert_eq!(
            tls.cause.as_deref(),
            Some("the server's certificate has expired")
        );
    }

    #[tokio::test]
    async fn a_certificate_without_the_media_host_is_named() {
        let names = ["social.localhost", "mail.social.localhost"];
        let world = World::with_certificate(Mastodon::new(), &names, |_| {}).await;
        world
            .check(&expect![[r#"
                fail tls: media.social.localhost: the certificate is for other names; it covers social.localhost, mail.social.localhost
                fail media: media.social.localhost: the certificate is for other names
                fail bucket: media.social.localhost: the certificate is for other names
                cause: the certificate does not cover media.social.localhost (tls media bucket)
            "#]])
            .await;
    }

    #[tokio::test]
    async fn a_certificate_about_to_end_is_a_warning() {
        let world = World::with_certificate(Mastodon::new(), NAMES, |params| {
            let soon = jiff::Timestamp::now() + jiff::SignedDuration::from_hours(72);
            let soon = soon.to_zoned(jiff::tz::TimeZone::UTC).date();
            params.not_after = rcgen::date_time_ymd(
                i32::from(soon.year()),
                u8::try_from(soon.month()).unwrap(),
                u8::try_from(soon.day()).unwrap(),
            );
        })
        .await;
        let report = world.examine().await;
        assert!(report.is_healthy());
        let tls = &report.results[ProbeId::Tls as usize];
        assert_eq!(tls.outcome, Outcome::Warn);
    }

    #[tokio::test]
    async fn nobody_on_the_port_is_said_once() {
        let mut world = World::new(Mastodon::new()).await;
        let addr = world.subject.closed_ports[0].addr;
        world.subject.connect = Some(addr);
        world.subject.http_port = addr.port();
        let report = world.examine().await;
        let first = &report.causes[0];
        assert_eq!(
            first.cause,
            "the ingress runs and nothing listens on its ports on this machine"
        );
        assert!(first.explains.contains(&ProbeId::Web));
    }
}

mod front {
    use super::*;

    async fn faulty(
        fault: impl Fn(&Request, Response) -> Response + Send + Sync + 'static,
        expected: &Expect,
    ) {
        World::new(Mastodon::faulty(fault))
            .await
            .check(expected)
            .await;
    }

    #[tokio::test]
    async fn plain_http_must_lead_to_https() {
        faulty(
            |request, response| match request.secure {
                true => response,
                false => Response::new(200, "hello"),
            },
            &expect![[r#"
                fail redirect: GET http://social.localhost:80/about answered 200 `hello`, expected 301 to HTTPS
                cause: plain HTTP is not led to HTTPS (redirect)
            "#]],
        )
        .await;
        faulty(
            |request, response| match request.secure {
                true => response,
                false => Response::new(301, "").with("location", "https://social.localhost/"),
            },
            &expect![[r#"
                fail redirect: http://social.localhost:80/about?redirected=1 leads to https://social.localhost/, expected https://social.localhost/about?redirected=1
                cause: plain HTTP is led to another address than the one asked for (redirect)
            "#]],
        )
        .await;
    }

    #[tokio::test]
    async fn a_foreign_host_must_not_be_served() {
        faulty(
            |request, response| match request.header("host") {
                Some("masto-doctor.invalid") => Response::new(200, "welcome"),
                _ => response,
            },
            &expect![[r#"
                fail hosts: GET https://social.localhost/.well-known/host-meta answered 200 `welcome`, expected 403
                cause: a request for a foreign host name is answered as if it were our own (hosts)
            "#]],
        )
        .await;
    }

    #[tokio::test]
    async fn forged_headers_must_not_pass() {
        faulty(
            |request, response| match request.header("x-forwarded-host") {
                Some(_) => Response::new(403, ""),
                None => response,
            },
            &expect![[r#"
                fail spoofing: a forged `X-Forwarded-Host` changes the answer to 403
                cause: the ingress passes a client's own `X-Forwarded-Host`, and Mastodon takes the foreign host name for the one that was asked (spoofing)
            "#]],
        )
        .await;
    }

    #[tokio::test]
    async fn the_policy_must_name_the_media_host_and_hsts_must_last() {
        faulty(
            |request, response| match request.is("GET", "/about") {
                true => response.with("content-security-policy", "img-src 'self'; media-src 'self'"),
                false => response,
            },
            &expect![[r#"
                fail headers: img-src does not name https://media.social.localhost
                cause: web does not know media.social.localhost as the media host: pictures lead elsewhere, or browsers refuse them (headers)
            "#]],
        )
        .await;
        faulty(
            |_, response| response.without("strict-transport-security"),
            &expect![[r#"
                warn headers: there is no Strict-Transport-Security
                cause: something between web and the browser removes or shortens `Strict-Transport-Security` (headers)
            "#]],
        )
        .await;
    }

    #[tokio::test]
    async fn a_bucket_that_lists_or_takes_is_open_to_strangers() {
        faulty(
            |request, response| match (request.header("host"), request.method.as_str()) {
                (Some("media.social.localhost"), "GET") if request.path.starts_with("/?") => {
                    Response::new(200, "<?xml version=\"1.0\"?><ListBucketResult/>")
                }
                _ => response,
            },
            &expect![[r#"
                fail bucket: the bucket shows the names of all its objects
                cause: the bucket's policy lets anyone list it (bucket)
            "#]],
        )
        .await;
        faulty(
            |request, response| match (request.header("host"), request.method.as_str()) {
                (Some("media.social.localhost"), "PUT" | "DELETE") => Response::new(200, ""),
                _ => response,
            },
            &expect![[r#"
                fail bucket: a stranger could store an object; it was removed again
                cause: the bucket's policy lets anyone write (bucket)
            "#]],
        )
        .await;
    }

    #[tokio::test]
    async fn a_missing_scheme_header_is_the_one_cause_of_all_redirects() {
        let world = World::new(Mastodon::faulty(|request, response| {
            let web = request.secure && request.header("host") == Some("social.localhost");
            match web && request.path != "/health" && !request.path.starts_with("/api/v1/streaming")
            {
                true => {
                    let to = format!("https://social.localhost{}", request.path);
                    Response::new(301, "").with("location", &to)
                }
                false => response,
            }
        }))
        .await;
        let report = world.examine().await;
        let first = &report.causes[0];
        assert_eq!(
            first.cause,
            "the proxy in front of web does not send `X-Forwarded-Proto: https`, so web redirects to HTTPS for ever"
        );
        assert!(
            first.explains.contains(&ProbeId::Instance),
            "{:?}",
            first.explains
        );
    }

    #[tokio::test]
    async fn an_open_store_is_seen() {
        let mut world = World::new(Mastodon::new()).await;
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        world.subject.closed_ports[0].addr = listener.local_addr().unwrap();
        let report = world.examine().await;
        let ports = &report.results[ProbeId::Ports as usize];
        assert_eq!(ports.outcome, Outcome::Fail);
    }
}

mod owner {
    use super::*;

    #[tokio::test]
    async fn a_wrong_password_is_told_from_a_broken_login() {
        let mut world = World::new(Mastodon::new()).await;
        world.subject.owner.as_mut().unwrap().password = "wrong".into();
        world
            .check(&expect![[r#"
                fail login: the login form came back
                not run upload: it needs the owner's login
                not run media: it needs the owner's login
                not run post: it needs the owner's login
                not run stream: it needs the owner's login
                not run clean-up: nothing was made
                cause: the owner's e-mail address or password is not the one that masto knows (login)
            "#]])
            .await;
    }

    #[tokio::test]
    async fn a_failure_half_way_still_leaves_nothing_behind() {
        let mut world = World::new(Mastodon::without_events()).await;
        world.options.bound = Duration::from_secs(3);
        world
            .check(&expect![[r#"
                fail stream: no event came within 2 s
                cause: the post did not come out of the WebSocket within the bound (stream)
            "#]])
            .await;
        let asked = world.server.asked();
        for request in [
            "DELETE /api/v1/statuses/9",
            "POST /oauth/revoke",
            "DELETE /auth/sign_out",
        ] {
            assert!(
                asked.iter().any(|one| one == request),
                "{request} is missing"
            );
        }
    }

    /// A fault for the first request of a kind only.
    fn once(
        kind: impl Fn(&Request) -> bool + Send + Sync + 'static,
        instead: Response,
    ) -> impl Fn(&Request, Response) -> Response + Send + Sync + 'static {
        let fresh = AtomicBool::new(true);
        move |request, response| match kind(request) && fresh.swap(false, Ordering::SeqCst) {
            true => instead.clone(),
            false => response,
        }
    }

    #[tokio::test]
    async fn a_connection_that_is_cut_once_is_made_again() {
        for path in [
            "/api/v2/media",
            "/api/v1/statuses",
            "/.well-known/host-meta",
        ] {
            let cut = once(
                move |request| request.secure && request.path == path,
                Response::HangUp,
            );
            World::new(Mastodon::faulty(cut))
                .await
                .check(&expect![""])
                .await;
        }
        let cut = once(
            |request| request.path.starts_with("/api/v1/streaming?"),
            Response::ClosingWebSocket,
        );
        let world = World::new(Mastodon::faulty(cut)).await;
        world.check(&expect![""]).await;
        let removals = world
            .server
            .asked()
            .iter()
            .filter(|one| *one == "DELETE /api/v1/statuses/9")
            .count();
        assert_eq!(removals, 2, "both posts are removed");
    }

    #[tokio::test]
    async fn a_connection_that_is_always_cut_is_a_fault() {
        let world = World::new(Mastodon::faulty(|request, response| {
            match request.path.starts_with("/api/v1/streaming?") {
                true => Response::ClosingWebSocket,
                false => response,
            }
        }))
        .await;
        world
            .check(&expect![[r#"
                fail stream: the WebSocket was closed, twice
                cause: something cuts the WebSockets: streaming or the ingress restarts, or a proxy closes connections that are quiet for a moment (stream)
            "#]])
            .await;
    }

    #[tokio::test]
    async fn what_cannot_be_removed_is_named() {
        let world = World::new(Mastodon::faulty(|request, response| {
            match request.method == "DELETE" && request.path.starts_with("/api/v1/statuses/") {
                true => Response::new(429, ""),
                false => response,
            }
        }))
        .await;
        let report = world
            .check(&expect![[r#"
                warn clean-up: left behind: the post 9
                cause: the server did not let go of what the examination made (clean-up)
            "#]])
            .await;
        assert!(report.is_healthy());
    }

    #[tokio::test]
    async fn a_rate_limit_is_no_fault_of_the_server() {
        let limited = |request: &Request, response| {
            let limited = ["/api/v1/apps", "/api/v2/media", "/auth/password"];
            match request.method == "POST" && limited.contains(&request.path.as_str()) {
                true => {
                    Response::new(429, "").with("x-ratelimit-reset", "2026-11-22T12:30:00.000000Z")
                }
                false => response,
            }
        };
        let mut world = World::new(Mastodon::faulty(limited)).await;
        world.backend.app = vec![vec!["id".into(), "hush".into()]];
        let report = world
            .check(&expect![[r#"
                not run upload: the server limits how often this may be asked; ask again after 2026-11-22T12:30:00.000000Z
                not run media: it needs an uploaded picture
                not run mail: the server limits how often this may be asked; ask again after 2026-11-22T12:30:00.000000Z
            "#]])
            .await;
        assert!(report.is_healthy());
    }

    #[tokio::test]
    async fn an_error_while_storing_a_picture_is_explained_by_webs_log() {
        let mut world = World::new(Mastodon::faulty(|request, response| {
            match request.is("POST", "/api/v2/media") {
                true => Response::new(500, "<html><body>We're sorry</body></html>"),
                false => response,
            }
        }))
        .await;
        world.backend.logs.insert(
            "web".into(),
            vec!["Aws::S3::Errors::SignatureDoesNotMatch (The request signature we calculated does not match)".into()],
        );
        world
            .check(&expect![[r#"
                fail upload: POST https://social.localhost/api/v2/media answered 500 `We're sorry`, expected 200 or 202
                not run media: it needs an uploaded picture
                cause: the bucket's store refuses the access key of `web` (upload)
            "#]])
            .await;
    }
}

mod behind {
    use super::*;

    #[tokio::test]
    async fn a_job_that_nobody_takes_is_taken_back() {
        let mut world = World::new(Mastodon::new()).await;
        world.backend.job = "waiting";
        world.backend.queues = vec!["default", "mailers", "scheduler"];
        world.options.bound = Duration::from_secs(3);
        world
            .check(&expect![[r#"
                fail queues: nothing consumes ingress: messages from other servers never arrive
                fail ingress-job: the job was not taken within 2 s
                cause: no Sidekiq process consumes `ingress`: messages from other servers never arrive (queues ingress-job)
            "#]])
            .await;
        let pushed = world.backend.pushed.lock().unwrap();
        let [push, take_back] = pushed.as_slice() else {
            panic!("{pushed:?}");
        };
        assert_eq!(
            push.strip_prefix("push "),
            take_back.strip_prefix("take back ")
        );
    }

    #[tokio::test]
    async fn a_process_out_of_memory_is_the_cause_of_what_it_does_not_do() {
        let mut world = World::new(Mastodon::new()).await;
        world.backend.job = "waiting";
        let sidekiq = world.backend.processes.last_mut().unwrap();
        sidekiq.phase = doctor::Phase::Exited;
        sidekiq.oom_killed = true;
        sidekiq.exit_code = Some(137);
        sidekiq.memory_limit = Some(256 << 20);
        world.options.bound = Duration::from_secs(3);
        world
            .check(&expect![[r#"
                fail processes: sidekiq-all is ended, for 60 s, exit status 137, killed for want of memory
                fail queues: nothing consumes default, ingress, mailers, scheduler: home feeds are not filled, nobody is notified, nothing streams
                fail ingress-job: the job was not taken within 2 s
                cause: `sidekiq-all` ran out of memory (processes queues ingress-job)
            "#]])
            .await;
    }

    #[tokio::test]
    async fn one_replica_of_two_down_is_a_warning() {
        let mut world = World::new(Mastodon::new()).await;
        let mut second = running("web");
        second.phase = doctor::Phase::Restarting;
        world.backend.processes.push(second);
        let report = world
            .check(&expect![[r#"
                warn processes: web is being restarted, for 60 s
                cause: not every replica of `web` works (processes)
            "#]])
            .await;
        assert!(report.is_healthy());
    }
}
