//! Values that the tests of rules and probes start from.

use std::collections::{BTreeMap, BTreeSet};

use super::{Diagnosis, Facts};
use crate::evidence::{Health, Phase, ProcessState};
use crate::problem::{Problem, Severity};
use crate::sidekiq::{RedisFacts, SidekiqProcess, Snapshot};
use crate::subject::Subject;

/// `social.localhost` with one Sidekiq process for three queues.
pub(crate) fn subject() -> Subject {
    Subject {
        base: "https://social.localhost".parse().unwrap(),
        local_domain: "social.localhost".into(),
        media_host: "media.social.localhost".into(),
        mail_url: None,
        connect: None,
        http_port: 80,
        ca_pem: None,
        owner: None,
        version: Some("v4.7.5".into()),
        queues: queues(),
        closed_ports: Vec::new(),
    }
}

fn queues() -> BTreeMap<String, BTreeSet<String>> {
    ["default", "ingress", "scheduler"]
        .map(|queue| (queue.to_owned(), BTreeSet::from(["sidekiq-all".to_owned()])))
        .into()
}

/// A replica without a past.
pub(crate) fn process(name: &str, phase: Phase, health: Health) -> ProcessState {
    ProcessState {
        name: name.into(),
        phase,
        health,
        exit_code: None,
        oom_killed: false,
        restarts: 0,
        for_seconds: None,
        memory_limit: None,
    }
}

/// One live Sidekiq process that consumes these queues, with nothing to do.
pub(crate) fn snapshot(queues: &[&str]) -> Snapshot {
    Snapshot {
        now: 1_000.0,
        queues: BTreeMap::new(),
        processes: vec![SidekiqProcess {
            identity: "host:1:a".into(),
            queues: queues.iter().map(ToString::to_string).collect(),
            concurrency: 10,
            busy: 0,
            quiet: false,
            silent_for: Some(2.0),
        }],
        retries: 0,
        dead: 0,
        failed: Vec::new(),
        redis: RedisFacts::default(),
    }
}

/// Everything runs, everything is consumed.
pub(crate) fn healthy() -> Facts {
    let names = [
        "postgres",
        "redis",
        "media",
        "mail",
        "ingress",
        "web",
        "streaming",
        "sidekiq-all",
    ];
    Facts {
        local_domain: "social.localhost".into(),
        web_host: "social.localhost".into(),
        media_host: "media.social.localhost".into(),
        private_ca: true,
        queues: queues(),
        processes: names
            .iter()
            .map(|name| process(name, Phase::Running, Health::Healthy))
            .collect(),
        environments: BTreeMap::new(),
        sidekiq: Some(snapshot(&["default", "ingress", "scheduler"])),
        logs: BTreeMap::new(),
        now: "2026-11-22T12:00:00Z".parse().unwrap(),
    }
}

/// A diagnosis as a person reads it.
pub(crate) fn told(diagnosis: &Diagnosis) -> String {
    let mut lines = vec![format!("cause: {}", diagnosis.cause)];
    lines.extend(diagnosis.evidence.iter().map(|fact| format!("- {fact}")));
    lines.push(format!("fix: {}", diagnosis.fix));
    lines.join("\n")
}

/// A finding as a person reads it.
pub(crate) fn shown<T: Into<Shown>>(finding: Result<T, Problem>) -> String {
    match finding {
        Ok(detail) => format!("pass: {}", detail.into().0),
        Err(problem) => {
            let severity = match problem.severity {
                Severity::NotRun => "not run",
                Severity::Warn => "warn",
                Severity::Fail => "fail",
            };
            let mut text = format!("{severity}: {}", problem.detail);
            if let Some(diagnosis) = problem.diagnosis {
                for line in told(&diagnosis).lines() {
                    text.push_str("\n  ");
                    text.push_str(line);
                }
            }
            text
        }
    }
}

/// What a probe gives when all is well.
pub(crate) struct Shown(String);

impl From<String> for Shown {
    fn from(detail: String) -> Self {
        Self(detail)
    }
}
