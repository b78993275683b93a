//! What an examination found.

use std::fmt;

use serde::{Serialize, Serializer};

use crate::diagnosis::Diagnosis;

/// The form of the JSON report; changes when a field goes or changes its meaning.
pub const SCHEMA_VERSION: u32 = 1;

/// Everything an examination found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Report {
    /// [`SCHEMA_VERSION`].
    pub schema_version: u32,
    /// The address that was examined.
    pub url: String,
    /// Nothing failed.
    pub healthy: bool,
    /// From the first connection to the last.
    pub took_ms: u64,
    /// Why something failed, the cause that explains most first. Empty when nothing did.
    pub causes: Vec<Cause>,
    /// One for each probe, in the order of [`ProbeId::ALL`].
    pub results: Vec<ProbeResult>,
}

impl Report {
    /// Whether nothing failed. Warnings and probes that were not run do not count.
    #[must_use]
    pub fn is_healthy(&self) -> bool {
        self.healthy
    }

    pub(crate) fn new(url: String, took_ms: u64, results: Vec<ProbeResult>) -> Self {
        Self {
            schema_version: SCHEMA_VERSION,
            url,
            healthy: !results
                .iter()
                .any(|result| matches!(result.outcome, Outcome::Fail)),
            took_ms,
            causes: causes(&results),
            results,
        }
    }
}

/// One cause, and the probes it explains.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Cause {
    /// In one line.
    pub cause: String,
    /// What it was concluded from, of all probes it explains.
    pub evidence: Vec<String>,
    /// What to do, with a command to type where there is one.
    pub fix: String,
    /// The probes that failed because of it.
    pub explains: Vec<ProbeId>,
}

/// More facts than this convince nobody more.
const EVIDENCE: usize = 5;

/// The causes of all failures and warnings, merged where they are the same; failures before
/// warnings, then by the number of probes they explain, then in the order of the probes.
fn causes(results: &[ProbeResult]) -> Vec<Cause> {
    let mut causes: Vec<(bool, Cause)> = Vec::new();
    for result in results {
        let failed = match result.outcome {
            Outcome::Fail => true,
            Outcome::Warn => false,
            Outcome::Pass | Outcome::NotRun { why: _ } => continue,
        };
        let (Some(cause), Some(fix)) = (&result.cause, &result.fix) else {
            continue;
        };
        match causes
            .iter_mut()
            .find(|(_, known)| is_part(cause, &known.cause))
        {
            Some((fails, known)) => {
                *fails |= failed;
                known.explains.push(result.id);
                add_facts(&mut known.evidence, &result.evidence);
            }
            None => causes.push((
                failed,
                Cause {
                    cause: cause.clone(),
                    evidence: {
                        let mut evidence = Vec::new();
                        add_facts(&mut evidence, &result.evidence);
                        evidence
                    },
                    fix: fix.clone(),
                    explains: vec![result.id],
                },
            )),
        }
    }
    causes.sort_by_key(|(failed, cause)| (!failed, std::cmp::Reverse(cause.explains.len())));
    causes.into_iter().map(|(_, cause)| cause).collect()
}

/// Whether `cause` says nothing that `known` does not: the same, or the reason that `known` gives
/// for something else.
pub(crate) fn is_part(cause: &str, known: &str) -> bool {
    let rest = known.strip_suffix(cause);
    rest.is_some_and(|rest| rest.is_empty() || rest.ends_with(": "))
}

/// Adds facts that are new: one that differs in numbers alone was seen a moment later.
pub(crate) fn add_facts(known: &mut Vec<String>, facts: &[String]) {
    let words = |fact: &str| fact.replace(|letter: char| letter.is_ascii_digit(), "");
    for fact in facts {
        let is_known = known.iter().any(|known| words(known) == words(fact));
        if known.len() < EVIDENCE && !is_known {
            known.push(fact.clone());
        }
    }
}

/// What one probe found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ProbeResult {
    /// Which.
    pub id: ProbeId,
    /// What it asks, in words.
    pub title: &'static str,
    /// The answer.
    #[serde(flatten)]
    pub outcome: Outcome,
    /// How long it took.
    pub took_ms: u64,
    /// What was seen, in one line.
    pub detail: String,
    /// Why it failed; only after a failure or a warning.
    pub cause: Option<String>,
    /// What the cause was concluded from, one fact a line.
    pub evidence: Vec<String>,
    /// What to do about it; only after a failure or a warning.
    pub fix: Option<String>,
}

impl ProbeResult {
    pub(crate) fn with_diagnosis(mut self, diagnosis: Diagnosis) -> Self {
        self.cause = Some(diagnosis.cause);
        self.evidence.extend(diagnosis.evidence);
        self.fix = Some(diagnosis.fix);
        self
    }
}

/// The answer of a probe.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "outcome", rename_all = "snake_case")]
pub enum Outcome {
    /// As it should be.
    Pass,
    /// It works, and will not always.
    Warn,
    /// It does not work.
    Fail,
    /// It could not be asked.
    NotRun {
        /// What was missing.
        why: String,
    },
}

macro_rules! probes {
    ($($variant:ident, $id:literal, $title:literal;)*) => {
        /// The probes, in the order of the report.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum ProbeId { $(#[doc = $title] $variant,)* }

        impl ProbeId {
            /// Every probe, in the order of the report.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)*];

            /// The stable name: lower case with hyphens.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $id,)* }
            }

            /// What is asked, in words.
            #[must_use]
            pub const fn title(self) -> &'static str {
                match self { $(Self::$variant => $title,)* }
            }
        }
    };
}

probes! {
    Processes, "processes", "every process runs";
    Tls, "tls", "the certificates are right";
    Web, "web", "web answers";
    Streaming, "streaming", "streaming answers";
    Redirect, "redirect", "plain HTTP leads to HTTPS";
    Hosts, "hosts", "foreign host names are refused";
    Headers, "headers", "responses carry the security headers";
    Spoofing, "spoofing", "forged proxy headers do not pass";
    Instance, "instance", "the server knows who it is";
    Webfinger, "webfinger", "the owner's handle is found";
    Nodeinfo, "nodeinfo", "other servers find nodeinfo and host-meta";
    Clock, "clock", "the clocks agree";
    Environment, "environment", "the processes are configured alike";
    Database, "database", "the database is up to date and has room";
    Redis, "redis", "Redis keeps what it is given";
    Disk, "disk", "there is space on the disks";
    Queues, "queues", "every queue is consumed";
    Scheduler, "scheduler", "exactly one process runs the scheduler";
    IngressJob, "ingress-job", "a job passes through `ingress`";
    Login, "login", "the owner can log in";
    Upload, "upload", "an image is accepted and processed";
    Media, "media", "the image is fetched from the media host";
    Bucket, "bucket", "the bucket is neither listable nor writable";
    Post, "post", "a post is accepted";
    Stream, "stream", "the post arrives over the WebSocket";
    Mail, "mail", "mail arrives";
    Metrics, "metrics", "metrics are not public";
    Ports, "ports", "the stores are not reachable from outside";
    CleanUp, "clean-up", "the examination left nothing behind";
}

impl fmt::Display for ProbeId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl Serialize for ProbeId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}
