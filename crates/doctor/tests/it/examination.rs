//! Whole examinations: of a healthy server, and of one with a fault.

mod behind;
mod certificates;
mod front;
mod owner;

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
