//! One examination: every probe, as much at once as their needs allow.

use std::collections::BTreeMap;
use std::time::Duration;

use futures_util::future::{BoxFuture, FutureExt, join_all};
use tokio::sync::mpsc;
use tokio::time::{Instant, timeout};

use crate::diagnosis::{Diagnosis, Facts, diagnose};
use crate::evidence::Evidence;
use crate::examination::Examination;
use crate::probe::{self, Finding};
use crate::problem::{Asked, Problem, Severity, Symptom, Target};
use crate::report::{Outcome, ProbeId, ProbeResult, Report};
use crate::session::Session;
use crate::subject::Subject;

/// How to examine.
#[derive(Clone, Debug)]
pub struct Options {
    /// How long one probe may take.
    pub bound: Duration,
    /// How long the whole examination may take; probes that would begin later are reported as
    /// not run. What was made is removed in any case.
    pub total: Duration,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            bound: Duration::from_secs(10),
            total: Duration::from_secs(30),
        }
    }
}

/// Runs every probe, gives each result to `sink` in the order of the report as soon as it and
/// those before it are known, and removes what it made.
///
/// Never fails: what could not be asked is in the report. Dropped before its end, it leaves
/// behind what it made so far (at most a post that only its author sees, a picture and a token).
pub async fn examine<E: Evidence>(
    subject: &Subject,
    evidence: &E,
    options: &Options,
    mut sink: impl FnMut(&ProbeResult),
) -> Report {
    let begin = Instant::now();
    let (sender, receiver) = mpsc::unbounded_channel();
    let results = match Examination::new(subject, evidence, options.bound) {
        Ok(examination) => {
            let recorder = Recorder {
                sender,
                bound: options.bound,
                deadline: begin + options.total,
            };
            let collector = Collector {
                examination: &examination,
                facts: None,
                hurry: begin + options.bound,
                sink: &mut sink,
            };
            let (results, ()) =
                tokio::join!(collector.collect(receiver), run(&examination, recorder));
            results
        }
        Err(why) => {
            let results: Vec<ProbeResult> = ProbeId::ALL
                .iter()
                .map(|id| not_run(*id, why.clone()))
                .collect();
            results.iter().for_each(&mut sink);
            results
        }
    };
    Report::new(subject.base.to_string(), millis(begin.elapsed()), results)
}

/// Why a process is not up, or why it does not do its work, the likeliest cause first; empty
/// when nothing speaks against it.
pub async fn explain<E: Evidence>(
    subject: &Subject,
    evidence: &E,
    process: &str,
) -> Vec<Diagnosis> {
    match Examination::new(subject, evidence, Options::default().bound) {
        Ok(examination) => examination.facts().await.explain(process),
        Err(why) => vec![Diagnosis::new(
            why,
            "correct the CA, then run `masto doctor` again",
        )],
    }
}

/// Every probe: those that need nothing at once, those that need a login after it.
async fn run<E: Evidence>(e: &Examination<'_, E>, recorder: Recorder) {
    use ProbeId as Id;
    // Boxed, because together their states would not fit on a thread's stack.
    let probes: Vec<(Id, BoxFuture<'_, Finding>)> = vec![
        (Id::Processes, probe::processes::probe(e).boxed()),
        (Id::Tls, probe::tls::probe(e).boxed()),
        (Id::Web, probe::health::web(e).boxed()),
        (Id::Streaming, probe::health::streaming(e).boxed()),
        (Id::Redirect, probe::redirect::probe(e).boxed()),
        (Id::Hosts, probe::hosts::probe(e).boxed()),
        (Id::Headers, probe::headers::probe(e).boxed()),
        (Id::Spoofing, probe::spoofing::probe(e).boxed()),
        (Id::Instance, probe::instance::probe(e).boxed()),
        (Id::Webfinger, probe::webfinger::probe(e).boxed()),
        (Id::Nodeinfo, probe::nodeinfo::probe(e).boxed()),
        (Id::Clock, probe::clock::probe(e).boxed()),
        (Id::Environment, probe::environment::probe(e).boxed()),
        (Id::Database, probe::database::probe(e).boxed()),
        (Id::Redis, probe::redis::probe(e).boxed()),
        (Id::Disk, probe::disk::probe(e).boxed()),
        (Id::Queues, probe::queues::queues(e).boxed()),
        (Id::Scheduler, probe::queues::scheduler(e).boxed()),
        (Id::IngressJob, probe::ingress_job::probe(e).boxed()),
        (Id::Bucket, probe::bucket::probe(e).boxed()),
        (Id::Mail, probe::mail::probe(e).boxed()),
        (Id::Metrics, probe::metrics::probe(e).boxed()),
        (Id::Ports, probe::ports::probe(e).boxed()),
    ];
    let independent = probes
        .into_iter()
        .map(|(id, probe)| recorder.run(id, probe));
    tokio::join!(join_all(independent), as_owner(e, &recorder));
}

/// What needs the owner's login, and the removal of all of it.
async fn as_owner<E: Evidence>(e: &Examination<'_, E>, r: &Recorder) {
    use ProbeId as Id;
    let login = probe::login::probe(e).boxed();
    let Some(session) = r.run_for(Id::Login, login).await else {
        for id in [Id::Upload, Id::Media, Id::Post, Id::Stream] {
            r.not_run(id, "it needs the owner's login");
        }
        r.not_run(Id::CleanUp, "nothing was made");
        return;
    };
    tokio::join!(
        picture(e, r, &session).boxed(),
        stream(e, r, &session).boxed()
    );
    let closed = async {
        let left = session.close(&e.client).await;
        if left.is_empty() {
            return Ok("post, picture, token and login are gone".to_owned());
        }
        Err(Problem::known(
            format!("left behind: {}", left.join(", ")),
            Diagnosis::new(
                "the server did not let go of what the examination made",
                "remove it in the web application (the app is called `masto doctor`)",
            )
            .because(left.join(", ")),
        )
        .into_warning())
    };
    r.run_always(Id::CleanUp, closed).await;
}

async fn picture<E: Evidence>(e: &Examination<'_, E>, r: &Recorder, session: &Session) {
    let upload = probe::upload::upload(e, session);
    match r.run_for(ProbeId::Upload, upload).await {
        Some(url) => r.run(ProbeId::Media, probe::upload::fetch(e, &url)).await,
        None => r.not_run(ProbeId::Media, "it needs an uploaded picture"),
    }
}

async fn stream<E: Evidence>(e: &Examination<'_, E>, r: &Recorder, session: &Session) {
    let listening = timeout(r.bound, probe::stream::listen(e, session)).await;
    let posted = r
        .run_for(ProbeId::Post, probe::post::probe(e, session))
        .await;
    let arrived = async {
        let socket = listening.unwrap_or_else(|_| Err(silent(ProbeId::Stream)))?;
        match posted {
            Some(status) => probe::stream::probe(e, session, socket, &status).await,
            None => Err(Problem::not_run("it needs a post")),
        }
    };
    r.run(ProbeId::Stream, arrived).await;
}

/// What a probe found, on its way to the report.
struct Found {
    id: ProbeId,
    finding: Finding,
    took: Duration,
    at: Instant,
}

/// Runs probes with their bound and passes on what they find.
struct Recorder {
    sender: mpsc::UnboundedSender<Found>,
    bound: Duration,
    deadline: Instant,
}

impl Recorder {
    async fn run(&self, id: ProbeId, probe: impl Future<Output = Finding>) {
        let probe = async { probe.await.map(|detail| (detail, ())) };
        self.run_for(id, probe).await;
    }

    /// Runs a probe whose value others need.
    async fn run_for<T>(
        &self,
        id: ProbeId,
        probe: impl Future<Output = Result<(String, T), Problem>>,
    ) -> Option<T> {
        let left = self.deadline.saturating_duration_since(Instant::now());
        if left.is_zero() {
            self.not_run(id, "there was no time left for it");
            return None;
        }
        self.run_within(id, probe, self.bound.min(left)).await
    }

    /// Runs a probe even when the time is over.
    async fn run_always(&self, id: ProbeId, probe: impl Future<Output = Finding>) {
        let probe = async { probe.await.map(|detail| (detail, ())) };
        self.run_within(id, probe, self.bound).await;
    }

    async fn run_within<T>(
        &self,
        id: ProbeId,
        probe: impl Future<Output = Result<(String, T), Problem>>,
        bound: Duration,
    ) -> Option<T> {
        let begin = Instant::now();
        let found = timeout(bound, probe)
            .await
            .unwrap_or_else(|_| Err(silent(id)));
        let (finding, value) = match found {
            Ok((detail, value)) => (Ok(detail), Some(value)),
            Err(problem) => (Err(problem), None),
        };
        self.send(id, finding, begin.elapsed());
        value
    }

    fn not_run(&self, id: ProbeId, why: &str) {
        self.send(id, Err(Problem::not_run(why)), Duration::ZERO);
    }

    fn send(&self, id: ProbeId, finding: Finding, took: Duration) {
        let found = Found {
            id,
            finding,
            took,
            at: Instant::now(),
        };
        // The collector lives as long as the probes.
        let _ = self.sender.send(found);
    }
}

/// A probe that did not end in time.
fn silent(id: ProbeId) -> Problem {
    let target = match id {
        ProbeId::Streaming | ProbeId::Stream => Target::Streaming,
        ProbeId::Media | ProbeId::Bucket => Target::Media,
        _ => Target::Web,
    };
    Problem::new(
        "it did not end in time",
        Symptom::Silent(Asked {
            target,
            request: format!("the probe `{id}`"),
        }),
    )
}

/// Puts findings in order and looks for the causes of the bad ones.
struct Collector<'e, 's, E, S> {
    examination: &'s Examination<'e, E>,
    /// With the moment their gathering began.
    facts: Option<(Instant, Facts)>,
    /// From here on, whoever waits for the report is not kept waiting for fresher facts.
    hurry: Instant,
    sink: &'s mut S,
}

impl<E: Evidence, S: FnMut(&ProbeResult)> Collector<'_, '_, E, S> {
    async fn collect(mut self, mut findings: mpsc::UnboundedReceiver<Found>) -> Vec<ProbeResult> {
        let mut early: BTreeMap<ProbeId, Found> = BTreeMap::new();
        let mut results = Vec::new();
        for id in ProbeId::ALL {
            let found = loop {
                if let Some(found) = early.remove(id) {
                    break Some(found);
                }
                match findings.recv().await {
                    Some(found) => early.insert(found.id, found),
                    None => break None,
                };
            };
            let result = match found {
                Some(found) => self.result(found).await,
                None => not_run(*id, "it was not reached".to_owned()),
            };
            (self.sink)(&result);
            results.push(result);
        }
        results
    }

    async fn result(&mut self, found: Found) -> ProbeResult {
        let took_ms = millis(found.took);
        let mut result = ProbeResult {
            id: found.id,
            title: found.id.title(),
            outcome: Outcome::Pass,
            took_ms,
            detail: String::new(),
            cause: None,
            evidence: Vec::new(),
            fix: None,
        };
        let problem = match found.finding {
            Ok(detail) => {
                result.detail = detail;
                return result;
            }
            Err(problem) => problem,
        };
        result.detail.clone_from(&problem.detail);
        result.outcome = match problem.severity {
            Severity::NotRun => {
                result.outcome = Outcome::NotRun {
                    why: problem.detail,
                };
                return result;
            }
            Severity::Warn => Outcome::Warn,
            Severity::Fail => Outcome::Fail,
        };
        let diagnosis = match problem.diagnosis {
            Some(diagnosis) => *diagnosis,
            None => diagnose(&problem.symptom, self.facts_since(found.at).await),
        };
        result.with_diagnosis(diagnosis)
    }

    /// Facts that are not older than a finding; when the time is short, those that there are.
    async fn facts_since(&mut self, moment: Instant) -> &Facts {
        let short = Instant::now() > self.hurry;
        let current = self
            .facts
            .take()
            .filter(|(begin, _)| short || *begin >= moment);
        let facts = match current {
            Some(facts) => facts,
            None => (Instant::now(), self.examination.facts().await),
        };
        &self.facts.insert(facts).1
    }
}

fn not_run(id: ProbeId, why: String) -> ProbeResult {
    ProbeResult {
        id,
        title: id.title(),
        outcome: Outcome::NotRun { why: why.clone() },
        took_ms: 0,
        detail: why,
        cause: None,
        evidence: Vec::new(),
        fix: None,
    }
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}
