//! What the rules say of each fault: a symptom and the facts around it, and the cause.

mod answers;
mod connection;
mod flows;
mod processes;
mod queues;

use expect_test::Expect;

use super::testing::{healthy, process, snapshot, told};
use super::{Facts, diagnose};
use crate::evidence::{Health, Phase, ProcessState, Variable};
use crate::problem::{
    Answered, Asked, Certificate, CertificateFault, ConnectFailure, Symptom, Target, Unreachable,
};
use crate::sidekiq::{FailedJob, Waiting};

fn check(symptom: &Symptom, change: impl FnOnce(&mut Facts), expected: &Expect) {
    let mut facts = healthy();
    change(&mut facts);
    expected.assert_eq(&told(&diagnose(symptom, &facts)));
}

fn unchanged(_: &mut Facts) {}

fn replace(facts: &mut Facts, replica: ProcessState) {
    facts
        .processes
        .retain(|process| process.name != replica.name);
    facts.processes.push(replica);
}

fn log(facts: &mut Facts, process: &str, lines: &[&str]) {
    let lines = lines.iter().map(ToString::to_string).collect();
    facts.logs.insert(process.to_owned(), lines);
}

fn set(facts: &mut Facts, process: &str, name: &str, value: &str) {
    let environment = facts.environments.entry(process.to_owned()).or_default();
    environment.insert(name.to_owned(), Variable::Shown(value.to_owned()));
}

fn answer(target: Target, status: u16, server: &str) -> Answered {
    Answered {
        target,
        request: "GET https://social.localhost/x".into(),
        status,
        server: Some(server.into()),
        to_itself: false,
        body: String::new(),
    }
}

fn certificate(fault: CertificateFault) -> Symptom {
    Symptom::Certificate(Certificate {
        host: "social.localhost".into(),
        fault,
    })
}

fn unreachable(how: ConnectFailure) -> Symptom {
    Symptom::Unreachable(Unreachable {
        host: "social.localhost".into(),
        port: 443,
        how,
    })
}

fn failed(class: &str, queue: &str, error: &str, message: &str) -> FailedJob {
    FailedJob {
        class: class.into(),
        queue: queue.into(),
        error_class: error.into(),
        error_message: message.into(),
    }
}

#[test]
fn every_symptom_has_a_cause_and_a_fix_even_without_facts() {
    let symptoms = [
        Symptom::Known,
        unreachable(ConnectFailure::Other("x".into())),
        certificate(CertificateFault::Other("x".into())),
        Symptom::Silent(Asked {
            target: Target::Web,
            request: "x".into(),
        }),
        Symptom::Answer(answer(Target::Mail, 418, "x")),
        Symptom::ProcessDown("web".into()),
        Symptom::QueuesUnconsumed(vec!["default".into()]),
        Symptom::QueueSlow("default".into()),
        Symptom::JobNotTaken("ingress".into()),
        Symptom::JobFailed("x".into()),
        Symptom::LoginRefused,
        Symptom::NotProcessed,
        Symptom::NoEvent(None),
        Symptom::NoMail,
        Symptom::MailElsewhere,
        Symptom::SocketClosed,
    ];
    for symptom in symptoms {
        let diagnosis = diagnose(&symptom, &Facts::default());
        assert!(!diagnosis.cause.is_empty(), "{symptom:?}");
        assert!(
            diagnosis.fix.contains('`'),
            "{symptom:?}: {}",
            diagnosis.fix
        );
        assert!(!diagnosis.cause.contains('\n'), "{symptom:?}");
    }
}
