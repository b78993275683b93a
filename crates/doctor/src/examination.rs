//! What the probes of one examination share: the server's front, and what lies behind it.

use std::collections::{BTreeMap, BTreeSet};
use std::future::Future;
use std::time::Duration;

use futures_util::future::join_all;
use jiff::Timestamp;
use tokio::sync::OnceCell;
use tokio::time::timeout;

use crate::diagnosis::Facts;
use crate::evidence::{DiskAlarm, Evidence, EvidenceError, JobWay, ProcessState, Variable};
use crate::http::Client;
use crate::redis::RedisValue;
use crate::sidekiq::{SNAPSHOT, Snapshot};
use crate::subject::Subject;
use crate::tls::Trust;

/// Until a piece of evidence is there.
const EVIDENCE_BOUND: Duration = Duration::from_secs(5);
/// How much of a log is read.
const LOG_TAIL: usize = 200;

/// One examination.
pub(crate) struct Examination<'e, E> {
    pub(crate) subject: &'e Subject,
    pub(crate) client: Client,
    pub(crate) trust: Trust,
    /// How long to wait for something that should come by itself: shorter than a probe may
    /// take, so that the probe can say what did not come.
    pub(crate) patience: Duration,
    evidence: &'e E,
    processes: OnceCell<Result<Vec<ProcessState>, EvidenceError>>,
    environments: OnceCell<BTreeMap<String, Result<Environment, EvidenceError>>>,
    snapshot: OnceCell<Result<Snapshot, EvidenceError>>,
}

type Environment = BTreeMap<String, Variable>;

impl<'e, E: Evidence> Examination<'e, E> {
    /// # Errors
    /// In words, when the CA cannot be used.
    pub(crate) fn new(
        subject: &'e Subject,
        evidence: &'e E,
        bound: Duration,
    ) -> Result<Self, String> {
        let trust = Trust::new(subject.ca_pem.as_deref())?;
        Ok(Self {
            subject,
            client: Client::new(subject, &trust)?,
            trust,
            patience: bound / 10 * 7,
            evidence,
            processes: OnceCell::new(),
            environments: OnceCell::new(),
            snapshot: OnceCell::new(),
        })
    }

    /// The Sidekiq processes that are expected.
    pub(crate) fn sidekiqs(&self) -> BTreeSet<&str> {
        self.subject
            .queues
            .values()
            .flatten()
            .map(String::as_str)
            .collect()
    }

    /// Every process of Mastodon that is expected: web, streaming, then Sidekiq.
    pub(crate) fn mastodons(&self) -> Vec<&str> {
        ["web", "streaming"]
            .into_iter()
            .chain(self.sidekiqs())
            .collect()
    }

    /// Every replica, as it was when first asked.
    pub(crate) async fn processes(&self) -> Result<&[ProcessState], EvidenceError> {
        self.processes
            .get_or_init(|| bounded(self.evidence.processes()))
            .await
            .as_deref()
            .map_err(Clone::clone)
    }

    /// The environment of each process of Mastodon.
    pub(crate) async fn environments(
        &self,
    ) -> &BTreeMap<String, Result<Environment, EvidenceError>> {
        self.environments
            .get_or_init(|| async {
                let names = self.mastodons();
                let all = names
                    .iter()
                    .map(|name| bounded(self.evidence.environment(name)));
                let found = join_all(all).await;
                names.into_iter().map(str::to_owned).zip(found).collect()
            })
            .await
    }

    /// Sidekiq and Redis, as they were when first asked.
    pub(crate) async fn snapshot(&self) -> Result<&Snapshot, EvidenceError> {
        self.snapshot
            .get_or_init(|| self.new_snapshot())
            .await
            .as_ref()
            .map_err(Clone::clone)
    }

    async fn new_snapshot(&self) -> Result<Snapshot, EvidenceError> {
        Snapshot::read(&self.redis(&["EVAL", SNAPSHOT, "0"]).await?)
    }

    /// One command in Redis.
    pub(crate) async fn redis(&self, command: &[&str]) -> Result<RedisValue, EvidenceError> {
        bounded(self.evidence.redis(command)).await
    }

    /// One query in the database.
    pub(crate) async fn sql(&self, query: &str) -> Result<Vec<Vec<String>>, EvidenceError> {
        bounded(self.evidence.sql(query)).await
    }

    /// One command inside a process's container.
    pub(crate) async fn exec(&self, process: &str, argv: &[&str]) -> Result<String, EvidenceError> {
        bounded(self.evidence.exec(process, argv)).await
    }

    /// See [`Evidence::disk_alarm`].
    pub(crate) async fn disk_alarm(&self) -> Option<Result<DiskAlarm, EvidenceError>> {
        let answer = async { Ok(self.evidence.disk_alarm().await) };
        match bounded(answer).await {
            Ok(alarm) => alarm,
            Err(error) => Some(Err(error)),
        }
    }

    /// How the backend's own job went; see [`Evidence::job_sent`].
    pub(crate) fn job_sent(&self) -> Option<Result<JobWay, EvidenceError>> {
        self.evidence.job_sent()
    }

    /// Everything the rules look at, as it is now; what cannot be seen is left out.
    pub(crate) async fn facts(&self) -> Facts {
        let processes = async { bounded(self.evidence.processes()).await.unwrap_or_default() };
        let sidekiq = async { self.new_snapshot().await.ok() };
        let (processes, sidekiq, environments) =
            tokio::join!(processes, sidekiq, self.environments());
        let mut names: BTreeSet<&str> = self.mastodons().into_iter().collect();
        names.extend(processes.iter().map(|process| process.name.as_str()));
        let logs = names.into_iter().map(|name| async move {
            let lines = bounded(self.evidence.logs(name, LOG_TAIL)).await.ok()?;
            Some((name.to_owned(), lines))
        });
        let logs = join_all(logs).await.into_iter().flatten().collect();
        Facts {
            local_domain: self.subject.local_domain.clone(),
            web_host: self.subject.web_host(),
            media_host: self.subject.media_host.clone(),
            private_ca: self.subject.ca_pem.is_some(),
            queues: self.subject.queues.clone(),
            environments: environments
                .iter()
                .filter_map(|(name, found)| Some((name.clone(), found.clone().ok()?)))
                .collect(),
            processes,
            sidekiq,
            logs,
            now: Timestamp::now(),
        }
    }
}

async fn bounded<T>(
    answer: impl Future<Output = Result<T, EvidenceError>>,
) -> Result<T, EvidenceError> {
    timeout(EVIDENCE_BOUND, answer)
        .await
        .unwrap_or(Err(EvidenceError::TimedOut(EVIDENCE_BOUND.as_secs())))
}
