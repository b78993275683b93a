//! One-off work: the schema, the owner.
//!
//! What has been done stands in tags of the database, because it belongs to the data: it goes with
//! it, and survives everything else.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use aws_sdk_ecs::types::DesiredStatus;
use engine::{Change, How, Impact, Known};
use mastodon::{JobId, Schema, Transition};
use topology::Version;

use crate::account::Account;
use crate::attributes::{Attribute, Attributes};
use crate::ecs::{self, TaskNetwork};
use crate::ensure::{insist, nothing_else};
use crate::environment::Environment;
use crate::error::Error;
use crate::id::{GroupRole, Id, TaskFamily, Tier};
use crate::kind::{Found, Kind, Owner, Site};
use crate::names;
use crate::record::Record;
use crate::resource::{Live, Resource, database};
use crate::scope::Scope;
use crate::stopped::{self, Stopped};
use crate::{tags, tail, task};

/// What work should have been done.
///
/// | Field | Change |
/// |---|---|
/// | `record` | the work is done again |
/// | all else | nothing: how it goes about it is not what it brings about |
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Job {
    /// Which.
    pub job: JobId,
    /// What is started.
    pub command: Vec<String>,
    /// On top of the one-off task definition's; in the clear.
    pub environment: Environment,
    /// What it brings about.
    pub record: Record,
    /// The release it is run for.
    pub version: Version,
    /// Resources that have to be there, or ended, before.
    pub after: BTreeSet<Id>,
    /// Where its task is.
    pub tier: Tier,
    /// How long it may take.
    pub bound: Duration,
}

/// What was found of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LiveJob {
    /// What has been done; `None` for what masto cannot read.
    pub record: Option<Record>,
}

impl Kind for Job {
    type Live = LiveJob;

    fn id(&self) -> Id {
        Id::Job(self.job)
    }

    fn needs(&self) -> BTreeSet<Id> {
        let mut needs = crate::order::needs(&self.id());
        needs.extend(self.network().ids());
        needs.extend(self.after.iter().cloned());
        needs.extend(self.environment.sources());
        // The record is on it.
        needs.insert(Id::Database);
        needs
    }

    fn diff(&self, live: &LiveJob, known: &Known<Resource>) -> Option<Change> {
        let LiveJob { record } = live;
        let change = |how, cause: String| {
            Some(Change {
                how,
                cause,
                impact: Impact::None,
                attributes: Vec::new(),
            })
        };
        if !known.contains_key(&Id::Database) {
            return change(How::Update, "the database is new".to_owned());
        }
        let Some(record) = record else {
            return change(How::Update, "its record cannot be read".to_owned());
        };
        if self.job == JobId::Schema
            && let Some(ran) = record.schema()
            && let Transition::Refused { cause, hint } = ran.transition(self.version)
        {
            return change(How::Refuse { hint }, cause);
        }
        match record.brings_about(&self.record) {
            true => None,
            false => change(
                How::Update,
                format!(
                    "it was done for {record}, and is wanted for {}",
                    self.record
                ),
            ),
        }
    }

    async fn observe(account: &Account, scope: &Scope) -> Result<Vec<Found<LiveJob>>, Error> {
        Ok(records(account, scope)
            .await?
            .into_iter()
            .map(|(job, text)| {
                let live = LiveJob {
                    record: text.parse().ok(),
                };
                let mut found = Found::ours(Id::Job(job), Attributes::of(text), live);
                // It goes with the data, and only with them.
                found.removal_impact = Impact::DataLoss;
                found
            })
            .collect())
    }

    async fn create(&self, site: Site<'_>) -> Result<Attributes, Error> {
        self.run(site).await
    }

    async fn update(&self, _: &Found<LiveJob>, site: Site<'_>) -> Result<Attributes, Error> {
        self.run(site).await
    }

    /// What was done cannot be undone; its record goes with the database.
    async fn delete(_: &Found<LiveJob>, _: Site<'_>) -> Result<(), Error> {
        Ok(())
    }
}

impl Job {
    fn network(&self) -> TaskNetwork {
        TaskNetwork {
            tier: self.tier,
            group: GroupRole::Workers,
        }
    }

    /// Runs it to its end, unless a masto that went away left it running, or ended well.
    async fn run(&self, site: Site<'_>) -> Result<Attributes, Error> {
        let Site { account, scope, .. } = site;
        let id = self.id();
        let cluster = site.identity(&Id::Cluster)?;
        let database = site.input(&Id::Database)?;
        let started_by = self.started_by(&database.identity);
        let task = match self.left(account, cluster, &started_by).await? {
            Some(task) => task,
            None => self.start(&site, cluster, &started_by).await?,
        };
        let task = task::until_stopped(
            account,
            &id,
            cluster,
            &task,
            self.bound,
            Some(site.progress),
        )
        .await?;
        let stopped = Stopped::of(&task);
        if stopped.exit_code != Some(0) {
            let arn = task.task_arn().unwrap_or_default();
            let tail = tail::of_task(account, scope, ecs::ONE_OFF, arn).await;
            let known = stopped
                .hint
                .or_else(|| stopped::hint_of_output(&tail).map(str::to_owned));
            return Err(Error::Failed {
                id,
                tail,
                hint: known.or_else(|| {
                    Some(
                        "the processes were left as they are; mend the cause, and run the same command again"
                            .to_owned(),
                    )
                }),
                reason: stopped.reason,
            });
        }
        let text = self.record.to_string();
        record(account, scope, database, self.job, &text).await?;
        Ok(Attributes::of(text))
    }

    /// Finds the tasks of the same work for the same database, whoever started them.
    fn started_by(&self, database: &str) -> String {
        let work = (database, &self.command, self.record.to_string());
        format!("masto-{}-{}", self.job, engine::hash::config_hash(&work))
    }

    async fn left(
        &self,
        account: &Account,
        cluster: &str,
        started_by: &str,
    ) -> Result<Option<String>, Error> {
        for status in [DesiredStatus::Running, DesiredStatus::Stopped] {
            let found = task::started_by(account, cluster, started_by, status).await?;
            let left = found.into_iter().find(|task| {
                task.last_status() != Some("STOPPED") || Stopped::of(task).exit_code == Some(0)
            });
            if let Some(arn) = left.and_then(|task| task.task_arn) {
                return Ok(Some(arn));
            }
        }
        Ok(None)
    }

    async fn start(
        &self,
        site: &Site<'_>,
        cluster: &str,
        started_by: &str,
    ) -> Result<String, Error> {
        let id = self.id();
        let environment = self
            .environment
            .values(|id| site.input(id).ok())
            .map_err(|missing| Error::bug(format!("{id} starts before {missing}")))?;
        let definition = site.identity(&Id::TaskDefinition(TaskFamily::OneOff))?;
        task::Start {
            id: &id,
            cluster,
            definition,
            container: ecs::ONE_OFF,
            command: &self.command,
            environment: &environment,
            network: self.network().at(site)?.configuration()?,
            started_by,
            tags: ecs::tags(&id, site.scope, &[]),
        }
        .start(site.account)
        .await
    }
}

/// The tag that holds a job's record.
fn tag(job: JobId) -> String {
    format!("masto.job.{job}")
}

/// The jobs that have been done, with their records as text; none where there is no database.
async fn records(account: &Account, scope: &Scope) -> Result<BTreeMap<JobId, String>, Error> {
    let instance = database::find(account, scope).await?;
    let found: BTreeMap<String, String> = instance
        .and_then(|instance| instance.tag_list)
        .unwrap_or_default()
        .into_iter()
        .filter_map(|tag| Some((tag.key?, tag.value?)))
        .collect();
    if tags::owner(&found, scope) == Owner::Stranger {
        return Ok(BTreeMap::new());
    }
    let jobs = [JobId::Schema, JobId::PostMigrate, JobId::Owner];
    Ok(jobs
        .into_iter()
        .filter_map(|job| Some((job, found.get(&tag(job))?.clone())))
        .collect())
}

async fn record(
    account: &Account,
    scope: &Scope,
    database: &Attributes,
    job: JobId,
    text: &str,
) -> Result<(), Error> {
    let arn = database.get(Attribute::Arn).map_or_else(
        || {
            let (region, owner) = (&scope.region, &scope.account);
            let name = names::of(&Id::Database, scope);
            format!("arn:{}:rds:{region}:{owner}:db:{name}", scope.partition())
        },
        str::to_owned,
    );
    let tag = aws_sdk_rds::types::Tag::builder()
        .key(tag(job))
        .value(text)
        .build();
    let call = || async {
        account
            .rds
            .add_tags_to_resource()
            .resource_name(&arn)
            .tags(tag.clone())
            .send()
            .await
            .map(drop)
            .map_err(|error| Error::call("rds:AddTagsToResource", error))
    };
    insist(call, nothing_else).await
}

/// What is known of the database's schema, for whoever derives the deployment: what ran last on
/// it, as its records say.
#[must_use]
pub fn schema(observed: &engine::Observed<Resource>) -> Schema {
    match observed.get(&Id::Job(JobId::Schema)) {
        Some(Live::Job(found)) => found.live.record.as_ref().and_then(Record::schema),
        _ => None,
    }
    .unwrap_or(Schema::New)
}

#[cfg(test)]
#[path = "job_tests.rs"]
mod tests;
