//! From what was found to why: pure rules over gathered facts.
//!
//! A rule is a function from a symptom and the facts to a cause, or nothing. The first rule of
//! [`RULES`] that finds a cause wins, so the order is from the decisive to the merely likely; the
//! last word has [`fallback`], so that no failure is without advice.

mod answer;
mod connection;
mod domain;
mod facts;
mod fallback;
mod flow;
mod log;
mod process;
mod queue;
#[cfg(test)]
pub(crate) mod testing;
#[cfg(test)]
mod tests;

use serde::Serialize;

pub(crate) use domain::{other_media_host, wrong_domain};
pub(crate) use facts::{Facts, works};
pub(crate) use log::shorten;
pub(crate) use process::state;
pub(crate) use queue::meaning;

use crate::problem::{Symptom, Target};

/// Why something fails, and what to do about it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Diagnosis {
    /// In one line, without a full stop.
    pub cause: String,
    /// The facts it was concluded from, one a line.
    pub evidence: Vec<String>,
    /// What to do, with a command to type where there is one.
    pub fix: String,
}

impl Diagnosis {
    pub(crate) fn new(cause: impl Into<String>, fix: impl Into<String>) -> Self {
        Self {
            cause: cause.into(),
            evidence: Vec::new(),
            fix: fix.into(),
        }
    }

    pub(crate) fn because(mut self, fact: impl Into<String>) -> Self {
        self.evidence.push(fact.into());
        self
    }
}

type Rule = fn(&Symptom, &Facts) -> Option<Diagnosis>;

/// The rules, the decisive ones first.
const RULES: &[Rule] = &[
    connection::certificate,
    connection::ingress_down,
    connection::unreachable,
    answer::redirect_to_itself,
    answer::host_refused,
    answer::no_route_to_streaming,
    answer::no_upgrade,
    answer::not_mastodon,
    answer::bucket_not_readable,
    process::named,
    process::store_down,
    process::involved_down,
    queue::not_listened_to,
    queue::told_to_be_quiet,
    queue::stopped,
    queue::test_job_failed,
    flow::streaming_elsewhere,
    flow::failed_job,
    domain::mail_elsewhere,
    log::sign_of_involved,
    queue::overloaded,
    process::still_starting,
    flow::wrong_password,
];

/// The cause of a symptom.
pub(crate) fn diagnose(symptom: &Symptom, facts: &Facts) -> Diagnosis {
    RULES
        .iter()
        .find_map(|rule| rule(symptom, facts))
        .unwrap_or_else(|| fallback::fallback(symptom, facts))
}

impl Facts {
    /// Why a process is not up, or what its log complains of, the likeliest first.
    pub(crate) fn explain(&self, process: &str) -> Vec<Diagnosis> {
        let symptom = Symptom::ProcessDown(process.to_owned());
        let mut causes: Vec<Diagnosis> = RULES
            .iter()
            .filter_map(|rule| rule(&symptom, self))
            .collect();
        let mut seen = std::collections::BTreeSet::new();
        causes.retain(|diagnosis| seen.insert(diagnosis.cause.clone()));
        if causes.is_empty() && self.is_down(process) != Some(false) {
            causes.push(fallback::fallback(&symptom, self));
        }
        causes
    }
}

/// The processes that a symptom's way leads through, the one most in question first.
fn involved(symptom: &Symptom, facts: &Facts) -> Vec<String> {
    let target = |target: Target| vec![target.process().to_owned()];
    let consumers = |queue: &str| facts.expected_consumers(queue);
    let mut names = match symptom {
        Symptom::Known | Symptom::Certificate(_) | Symptom::Unreachable(_) => Vec::new(),
        Symptom::Silent(asked) => target(asked.target),
        Symptom::Answer(answered) => target(answered.target),
        Symptom::ProcessDown(name) => vec![name.clone()],
        Symptom::QueuesUnconsumed(queues) => {
            queues.iter().flat_map(|queue| consumers(queue)).collect()
        }
        Symptom::QueueSlow(queue) | Symptom::JobNotTaken(queue) => consumers(queue),
        Symptom::JobFailed(_) => consumers("ingress"),
        Symptom::LoginRefused => target(Target::Web),
        Symptom::SocketClosed => target(Target::Streaming),
        Symptom::NotProcessed => {
            let mut names = consumers("default");
            names.push("web".to_owned());
            names
        }
        Symptom::NoEvent(_) => {
            let mut names = consumers("default");
            names.push("streaming".to_owned());
            names
        }
        Symptom::NoMail | Symptom::MailElsewhere => consumers("mailers"),
    };
    let mut seen = std::collections::BTreeSet::new();
    names.retain(|name| seen.insert(name.clone()));
    names
}
