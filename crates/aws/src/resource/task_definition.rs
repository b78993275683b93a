//! What tasks are started from.

use std::collections::{BTreeMap, BTreeSet};

use aws_sdk_ecs::types::{
    Compatibility, NetworkMode, TaskDefinitionFamilyStatus, TaskDefinitionField,
    TaskDefinitionStatus,
};
use engine::{Change, How, Impact, Known};
use futures_util::future::try_join_all;
use mastodon::ProcessId;
use topology::Architecture;

use crate::account::Account;
use crate::attributes::{Attribute, Attributes};
use crate::definition::Definition;
use crate::ecs;
use crate::ensure::{ensure, insist};
use crate::environment::Environment;
use crate::error::Error;
use crate::id::{Id, RoleKind, TaskFamily};
use crate::kind::{Found, Kind, Owner, Site};
use crate::names;
use crate::resource::Resource;
use crate::resource::role::secret_arn;
use crate::scope::Scope;
use crate::tags;

/// What a task definition should be. Revisions cannot change: whatever differs is registered as a
/// new one, and the service moves over to it. Older revisions stay, for the way back.
///
/// | Field | Change |
/// |---|---|
/// | any | a new revision |
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TaskDefinition {
    /// Which.
    pub family: TaskFamily,
    /// Of the processors, and so of the image.
    pub architecture: Architecture,
    /// Thousandths of a processor.
    pub cpu_millis: u32,
    /// MiB.
    pub memory: u64,
    /// What it is started from.
    pub image: String,
    /// What is started.
    pub command: Vec<String>,
    /// What it is given.
    pub environment: Environment,
    /// As [`Definition::secret_values`].
    pub secret_values: String,
    /// Where it listens.
    pub port: Option<u16>,
    /// What ECS runs in the container to see whether it works; empty for nothing.
    pub health: Vec<String>,
    /// Between SIGTERM and SIGKILL, at most 120.
    pub stop_seconds: i32,
    /// Names derive from it.
    pub scope: Scope,
}

/// What was found of it: the latest revision.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LiveTaskDefinition {
    /// What it says.
    pub definition: Definition,
    /// From 1.
    pub revision: i32,
}

impl Kind for TaskDefinition {
    type Live = LiveTaskDefinition;

    fn id(&self) -> Id {
        Id::TaskDefinition(self.family.clone())
    }

    fn needs(&self) -> BTreeSet<Id> {
        let mut needs = self.environment.sources();
        needs.extend([
            Id::Role(RoleKind::Task),
            Id::Role(RoleKind::Execution),
            Id::LogGroup,
        ]);
        needs
    }

    fn diff(&self, live: &LiveTaskDefinition, known: &Known<Resource>) -> Option<Change> {
        let LiveTaskDefinition {
            definition,
            revision: _,
        } = live;
        let (cause, attributes) = self.compare(definition, known)?;
        Some(Change {
            how: How::Update,
            cause,
            impact: Impact::None,
            attributes,
        })
    }

    async fn observe(
        account: &Account,
        scope: &Scope,
    ) -> Result<Vec<Found<LiveTaskDefinition>>, Error> {
        let looks = families(account, scope).await?.into_iter().map(|family| {
            let name = names::of(&Id::TaskDefinition(family.clone()), scope);
            async move { look(account, scope, family, &name).await }
        });
        Ok(try_join_all(looks).await?.into_iter().flatten().collect())
    }

    async fn create(&self, site: Site<'_>) -> Result<Attributes, Error> {
        self.register(site).await
    }

    async fn update(
        &self,
        _: &Found<LiveTaskDefinition>,
        site: Site<'_>,
    ) -> Result<Attributes, Error> {
        self.register(site).await
    }

    async fn delete(live: &Found<LiveTaskDefinition>, site: Site<'_>) -> Result<(), Error> {
        let ecs = &site.account.ecs;
        let family = names::of(&live.id, site.scope);
        let active = revisions(site.account, &family, TaskDefinitionStatus::Active).await?;
        for arn in active {
            let call = || async {
                ecs.deregister_task_definition()
                    .task_definition(&arn)
                    .send()
                    .await
                    .map(drop)
                    .map_err(|error| Error::call("ecs:DeregisterTaskDefinition", error))
            };
            insist(call, |_| false).await?;
        }
        // What is only deregistered stays listed for ever.
        let inactive = revisions(site.account, &family, TaskDefinitionStatus::Inactive).await?;
        for some in inactive.chunks(10) {
            let call = || async {
                ecs.delete_task_definitions()
                    .set_task_definitions(Some(some.to_vec()))
                    .send()
                    .await
                    .map(drop)
                    .map_err(|error| Error::call("ecs:DeleteTaskDefinitions", error))
            };
            insist(call, |_| false).await?;
        }
        Ok(())
    }
}

impl TaskDefinition {
    /// The name of its container, and of its log streams.
    #[must_use]
    pub fn container(&self) -> String {
        self.family.to_string()
    }

    /// As it would be registered; the error is a dependency that is not there yet.
    pub(crate) fn render<'a>(
        &self,
        attributes: impl Fn(&Id) -> Option<&'a Attributes> + Copy,
    ) -> Result<Definition, Id> {
        let identity = |id: Id| {
            attributes(&id)
                .map(|found| found.identity.clone())
                .ok_or(id)
        };
        let secrets = match self.environment.secrets.is_empty() {
            true => BTreeMap::new(),
            false => {
                let secret = attributes(&Id::Secret).ok_or(Id::Secret)?;
                self.environment.references(secret_arn(secret))
            }
        };
        Ok(Definition {
            cpu: (self.cpu_millis * 1024 / 1000).to_string(),
            memory: self.memory.to_string(),
            architecture: match self.architecture {
                Architecture::Arm64 => "ARM64",
                Architecture::Amd64 => "X86_64",
            }
            .to_owned(),
            task_role: identity(Id::Role(RoleKind::Task))?,
            execution_role: identity(Id::Role(RoleKind::Execution))?,
            container: self.container(),
            image: self.image.clone(),
            command: self.command.clone(),
            environment: self.environment.values(attributes)?,
            secrets,
            secret_values: self.secret_values.clone(),
            port: self.port.map(i32::from),
            health: self.health.clone(),
            stop_timeout: self.stop_seconds,
            log_group: names::of(&Id::LogGroup, &self.scope),
            log_region: self.scope.region.clone(),
        })
    }

    /// Why a new revision is needed, where one is.
    fn compare(
        &self,
        live: &Definition,
        known: &Known<Resource>,
    ) -> Option<(String, Vec<engine::AttributeChange>)> {
        let wanted = match self.render(|id| known.get(id)) {
            Ok(wanted) => wanted,
            Err(anew) => return Some((format!("{anew} is made anew"), Vec::new())),
        };
        let changes = live.changes(&wanted);
        let names: Vec<&str> = changes.iter().map(|change| change.name.as_str()).collect();
        match names.is_empty() {
            true => None,
            false => Some((format!("{} changed", names.join(", ")), changes)),
        }
    }

    /// Why a service has to move to another revision than the latest one, where it has to: the
    /// same judgement as of the definition itself, by what it tells of itself.
    pub(crate) fn new_revision(&self, known: &Known<Resource>) -> bool {
        let latest = known.get(&self.id());
        let registered = latest.and_then(|found| found.get(Attribute::Fingerprint));
        let wanted = self.render(|id| known.get(id)).ok();
        match (registered, wanted) {
            (Some(registered), Some(wanted)) => registered != wanted.fingerprint(),
            _ => true,
        }
    }

    /// Registers it, unless the latest revision says the same.
    async fn register(&self, site: Site<'_>) -> Result<Attributes, Error> {
        let Site { account, scope, .. } = site;
        let id = self.id();
        let family = names::of(&id, scope);
        let wanted = self
            .render(|id| site.input(id).ok())
            .map_err(|missing| Error::bug(format!("{id} is made before {missing}")))?;
        let latest = || async {
            let latest = latest(account, &family).await?;
            Ok(latest
                .map(|(latest, _)| latest)
                .filter(|latest| Definition::read(latest) == wanted))
        };
        let registered = ensure(
            latest,
            || async {
                let made = account
                    .ecs
                    .register_task_definition()
                    .family(&family)
                    .network_mode(NetworkMode::Awsvpc)
                    .requires_compatibilities(Compatibility::Fargate)
                    .cpu(&wanted.cpu)
                    .memory(&wanted.memory)
                    .runtime_platform(wanted.platform())
                    .task_role_arn(&wanted.task_role)
                    .execution_role_arn(&wanted.execution_role)
                    .set_container_definitions(Some(wanted.containers()?))
                    .set_tags(Some(ecs::tags(&id, scope, &[])))
                    .customize()
                    .config_override(
                        aws_sdk_ecs::config::Builder::new().retry_config(Account::once()),
                    )
                    .send()
                    .await
                    .map_err(|error| Error::call("ecs:RegisterTaskDefinition", error))?;
                made.task_definition
                    .ok_or_else(|| Error::bug("ECS registered a definition and told nothing of it"))
            },
            ecs::is_role_missing,
        )
        .await?;
        Ok(attributes(&registered))
    }
}

fn attributes(registered: &aws_sdk_ecs::types::TaskDefinition) -> Attributes {
    let arn = registered.task_definition_arn().unwrap_or_default();
    Attributes::of(arn)
        .with(Attribute::Revision, registered.revision().to_string())
        .with(
            Attribute::Fingerprint,
            Definition::read(registered).fingerprint(),
        )
}

/// Families that can be the deployment's, by name. Those of another one whose name begins with
/// ours and a hyphen are told from ours by their tags.
async fn families(account: &Account, scope: &Scope) -> Result<Vec<TaskFamily>, Error> {
    let prefix = format!("masto-{}-", scope.name);
    let mut pages = account
        .ecs
        .list_task_definition_families()
        .family_prefix(&prefix)
        .status(TaskDefinitionFamilyStatus::Active)
        .into_paginator()
        .items()
        .send();
    let mut families = Vec::new();
    while let Some(family) = pages.next().await {
        let family =
            family.map_err(|error| Error::call("ecs:ListTaskDefinitionFamilies", error))?;
        families.extend(family.strip_prefix(&prefix).and_then(parse));
    }
    Ok(families)
}

/// `web`, `streaming`, `sidekiq-<name>`, `one-off`.
fn parse(name: &str) -> Option<TaskFamily> {
    match name {
        ecs::ONE_OFF => Some(TaskFamily::OneOff),
        name => process(name).map(TaskFamily::Process),
    }
}

/// The process of that name.
pub(crate) fn process(name: &str) -> Option<ProcessId> {
    match name {
        "web" => Some(ProcessId::Web),
        "streaming" => Some(ProcessId::Streaming),
        name => {
            let name = name.strip_prefix("sidekiq-")?.parse().ok()?;
            Some(ProcessId::Sidekiq(name))
        }
    }
}

async fn look(
    account: &Account,
    scope: &Scope,
    family: TaskFamily,
    name: &str,
) -> Result<Option<Found<LiveTaskDefinition>>, Error> {
    let Some((latest, tags)) = latest(account, name).await? else {
        return Ok(None);
    };
    let live = LiveTaskDefinition {
        definition: Definition::read(&latest),
        revision: latest.revision(),
    };
    let mut found = Found::ours(Id::TaskDefinition(family), attributes(&latest), live);
    found.owner = match tags::owner(&tags, scope) {
        Owner::Ours => Owner::Ours,
        Owner::Stranger => owner_before(account, scope, name).await?,
    };
    Ok(Some(found))
}

/// Whose the family is by its earlier revisions: the latest one, without our tags, may be what a
/// person registered over ours in a hurry.
async fn owner_before(account: &Account, scope: &Scope, family: &str) -> Result<Owner, Error> {
    let arns = revisions(account, family, TaskDefinitionStatus::Active).await?;
    for arn in arns.iter().rev().skip(1) {
        let Some((_, tags)) = latest(account, arn).await? else {
            continue;
        };
        if tags::owner(&tags, scope) == Owner::Ours {
            return Ok(Owner::Ours);
        }
    }
    Ok(Owner::Stranger)
}

type Tagged = (aws_sdk_ecs::types::TaskDefinition, BTreeMap<String, String>);

/// The latest active revision of a family, or one that is named by its ARN, and its tags.
async fn latest(account: &Account, family: &str) -> Result<Option<Tagged>, Error> {
    let answer = account
        .ecs
        .describe_task_definition()
        .task_definition(family)
        .include(TaskDefinitionField::Tags)
        .send()
        .await
        .map_err(|error| Error::call("ecs:DescribeTaskDefinition", error));
    match answer {
        Ok(answer) => {
            let tags = ecs::read(answer.tags.as_deref());
            let active = answer.task_definition.filter(|latest| {
                latest
                    .status()
                    .is_none_or(|status| *status == TaskDefinitionStatus::Active)
            });
            Ok(active.map(|latest| (latest, tags)))
        }
        // "Unable to describe task definition."
        Err(error) if error.is(&["ClientException"]) => Ok(None),
        Err(error) => Err(error),
    }
}

async fn revisions(
    account: &Account,
    family: &str,
    status: TaskDefinitionStatus,
) -> Result<Vec<String>, Error> {
    let mut pages = account
        .ecs
        .list_task_definitions()
        .family_prefix(family)
        .status(status)
        .into_paginator()
        .items()
        .send();
    let mut arns = Vec::new();
    while let Some(arn) = pages.next().await {
        let arn = arn.map_err(|error| Error::call("ecs:ListTaskDefinitions", error))?;
        // The prefix is the whole family for AWS, and a beginning of it for others.
        let is_of_family = arn
            .rsplit('/')
            .next()
            .and_then(|last| last.split(':').next())
            .is_some_and(|name| name == family);
        if is_of_family {
            arns.push(arn);
        }
    }
    Ok(arns)
}

#[cfg(test)]
#[path = "task_definition_tests.rs"]
mod tests;
