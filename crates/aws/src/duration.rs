//! How long AWS usually takes, and so when a plan will have been carried out.

use std::collections::BTreeMap;
use std::time::Duration;

use engine::{Action, Plan, Verb};
use mastodon::JobId;
use serde::Serialize;

use crate::id::{Id, ListenerRole};
use crate::resource::Resource;

/// When a plan will have been carried out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Forecast {
    /// Seconds in all.
    pub seconds: u64,
    /// The steps that wait for one another for all that time, in their order.
    pub critical_path: Vec<Leg>,
    /// How long each resource's step usually takes, by the resource's name; for what is said while
    /// it goes on.
    #[serde(skip)]
    pub steps: BTreeMap<String, Duration>,
}

/// A step of the critical path.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Leg {
    /// The resource.
    pub resource: String,
    /// What is done to it.
    pub verb: Verb,
    /// Seconds.
    pub seconds: u64,
}

/// Adds up the usual durations along the plan's longest chain.
#[must_use]
pub fn forecast(plan: &Plan<Resource>) -> Forecast {
    let mut ends: Vec<(Duration, Option<usize>)> = Vec::with_capacity(plan.steps.len());
    let mut steps = BTreeMap::new();
    for step in &plan.steps {
        let doubled = match &step.action {
            Action::Create { desired, .. } | Action::Update { desired, .. } => is_doubled(desired),
            Action::Delete { .. } => false,
        };
        let took = expected(&step.id, step.verb(), doubled);
        let latest = step
            .after
            .iter()
            .copied()
            .max_by_key(|earlier| ends[*earlier].0);
        let begins = latest.map_or(Duration::ZERO, |earlier| ends[earlier].0);
        ends.push((begins + took, latest));
        let all = steps.entry(step.id.to_string()).or_insert(Duration::ZERO);
        *all += took;
    }
    let mut critical_path = Vec::new();
    let last = (0..ends.len()).max_by_key(|index| ends[*index].0);
    let mut at = last;
    while let Some(index) = at {
        let (end, earlier) = ends[index];
        let begins = earlier.map_or(Duration::ZERO, |earlier| ends[earlier].0);
        critical_path.push(Leg {
            resource: plan.steps[index].id.to_string(),
            verb: plan.steps[index].verb(),
            seconds: (end - begins).as_secs(),
        });
        at = earlier;
    }
    critical_path.reverse();
    Forecast {
        seconds: last.map_or(0, |index| ends[index].0.as_secs()),
        critical_path,
        steps,
    }
}

/// Whether a store has a copy in the other zone, which takes longer to make.
pub(crate) fn is_doubled(resource: &Resource) -> bool {
    match resource {
        Resource::Database(wanted) => wanted.multi_az,
        Resource::Cache(wanted) => wanted.nodes > 1,
        _ => false,
    }
}

/// How long AWS usually takes for one step; `doubled` is a store with a copy in the other zone.
///
/// From deployments of others whose logs are public: typical values, not bounds.
#[must_use]
pub fn expected(id: &Id, verb: Verb, doubled: bool) -> Duration {
    Duration::from_secs(match verb {
        Verb::Create => creation(id, doubled),
        Verb::Update => change(id),
        Verb::Delete => removal(id, doubled),
    })
}

fn creation(id: &Id, doubled: bool) -> u64 {
    match id {
        Id::Vpc => 12,
        Id::Subnet(..) => 3,
        Id::S3Endpoint => 8,
        Id::NatGateway(_) => 105,
        Id::SecurityGroup(_) => 4,
        // The call returns at once; the HTTP listener waits until it is active.
        Id::LoadBalancer => 3,
        Id::Listener(ListenerRole::Http) => 165,
        Id::Role(_) => 10,
        Id::Database if doubled => 780,
        Id::Database => 420,
        Id::Cache if doubled => 540,
        Id::Cache => 400,
        Id::Validation(_) => 60,
        Id::Dns(_) => 30,
        // Edges learn of it later, and nobody waits for them.
        Id::Distribution => 6,
        Id::Bucket => 7,
        Id::MailUser => 10,
        Id::Cluster => 10,
        Id::Job(JobId::Schema) => 90,
        Id::Job(_) => 70,
        // The start of a task, two health checks, and what drains.
        Id::Service(_) => 90,
        Id::InternetGateway
        | Id::Address(_)
        | Id::RouteTable(..)
        | Id::Secret
        | Id::LogGroup
        | Id::OriginAccessControl
        | Id::Certificate(_)
        | Id::TargetGroup(_)
        | Id::Listener(ListenerRole::Https)
        | Id::Rule(_)
        | Id::DatabaseSubnets
        | Id::DatabaseParameters
        | Id::CacheSubnets
        | Id::CacheParameters
        | Id::MailIdentity
        | Id::TaskDefinition(_)
        | Id::Scaling(_) => 2,
        _ => 1,
    }
}

fn change(id: &Id) -> u64 {
    match id {
        Id::Database => 480,
        Id::Cache => 420,
        Id::Service(_) => 120,
        Id::Dns(_) => 30,
        Id::Job(_) => 90,
        _ => 3,
    }
}

fn removal(id: &Id, doubled: bool) -> u64 {
    match id {
        // With its final snapshot.
        Id::Database if doubled => 480,
        Id::Database => 360,
        Id::Cache => 240,
        Id::Distribution => 420,
        Id::NatGateway(_) => 60,
        Id::LoadBalancer => 10,
        Id::Service(_) => 90,
        Id::Cluster => 10,
        Id::Dns(_) => 30,
        // Interfaces go late.
        Id::SecurityGroup(_) => 30,
        Id::Bucket => 20,
        _ => 3,
    }
}
