//! What only AWS can tell, for the doctor.

use std::collections::BTreeMap;

use aws::{AlarmKind, AlarmStatus, Id, Live, LogQuery, Resource, TaskFamily, TaskStatus};
use doctor::{
    Answers, DiskAlarm, EvidenceError, Health, JobWay, Phase, ProcessState, RedisValue, Variable,
};
use engine::Observed;
use jiff::Timestamp;
use mastodon::Deployment;

use crate::aws::session::Session;
use crate::docker::visibility::Visibility;

/// A look behind the front of a deployment on AWS. The stores are reachable from the tasks alone:
/// what is told of them was found out by a task of its own, all at once.
pub(crate) struct AwsEvidence {
    account: aws::Account,
    scope: aws::Scope,
    processes: Vec<(String, u16)>,
    environments: BTreeMap<String, BTreeMap<String, Variable>>,
    inside: Result<Answers, EvidenceError>,
}

impl AwsEvidence {
    /// Of `deployment`, as it was `observed`, without a look from inside.
    pub(crate) fn new(
        session: &Session,
        deployment: &Deployment,
        observed: &Observed<Resource>,
    ) -> Self {
        let visibility = Visibility::new(deployment, &session.topology.mastodon.env);
        Self {
            environments: environments(deployment, observed, &visibility, session.image_env()),
            account: session.account.clone(),
            scope: session.scope.clone(),
            processes: deployment
                .processes
                .iter()
                .map(|process| (process.id.to_string(), process.replicas))
                .collect(),
            inside: Err(unavailable(
                "on AWS it can be seen from inside a task alone",
            )),
        }
    }

    /// The same with what a look from inside found.
    pub(crate) fn with(self, inside: Result<Answers, EvidenceError>) -> Self {
        Self { inside, ..self }
    }

    fn inside(&self) -> Result<&Answers, EvidenceError> {
        self.inside.as_ref().map_err(Clone::clone)
    }
}

fn unavailable(why: &str) -> EvidenceError {
    EvidenceError::Unavailable(why.to_owned())
}

impl doctor::Evidence for AwsEvidence {
    async fn redis(&self, command: &[&str]) -> Result<RedisValue, EvidenceError> {
        self.inside()?.redis(command)
    }

    async fn sql(&self, query: &str) -> Result<Vec<Vec<String>>, EvidenceError> {
        self.inside()?.sql(query)
    }

    async fn processes(&self) -> Result<Vec<ProcessState>, EvidenceError> {
        let tasks = aws::status(&self.account, &self.scope)
            .await
            .map_err(|error| failure("looking at the services", &error))?;
        let mut states = Vec::new();
        for (name, replicas) in &self.processes {
            let mut found = tasks.iter().filter(|task| task.process == *name);
            for _ in 0..*replicas {
                states.push(state(name, found.next()));
            }
        }
        Ok(states)
    }

    async fn logs(&self, process: &str, tail: usize) -> Result<Vec<String>, EvidenceError> {
        let query = LogQuery {
            processes: vec![process.to_owned()],
            tail: Some(tail),
            ..LogQuery::default()
        };
        let lines = aws::logs(&self.account, &self.scope, &query)
            .await
            .map_err(|error| failure(&format!("reading the logs of `{process}`"), &error))?;
        Ok(lines.into_iter().map(|line| line.text).collect())
    }

    async fn environment(
        &self,
        process: &str,
    ) -> Result<BTreeMap<String, Variable>, EvidenceError> {
        let known = self.environments.get(process).cloned();
        known.ok_or_else(|| unavailable(&format!("`{process}` is not defined")))
    }

    async fn exec(&self, process: &str, argv: &[&str]) -> Result<String, EvidenceError> {
        match process {
            // The task has web's image.
            "web" => self.inside()?.command(argv),
            _ => Err(unavailable("no task of it is entered")),
        }
    }

    async fn disk_alarm(&self) -> Option<Result<DiskAlarm, EvidenceError>> {
        let alarms = match aws::alarms(&self.account, &self.scope).await {
            Ok(alarms) => alarms,
            Err(error) => return Some(Err(failure("looking at the alarms", &error))),
        };
        Some(heard(&alarms))
    }

    fn job_sent(&self) -> Option<Result<JobWay, EvidenceError>> {
        Some(self.inside().and_then(Answers::job))
    }
}

/// What the alarm for the database's disk says.
fn heard(alarms: &[AlarmStatus]) -> Result<DiskAlarm, EvidenceError> {
    let name = AlarmKind::DatabaseStorage.to_string();
    let Some(AlarmStatus {
        alarm: _,
        state,
        reason,
    }) = alarms.iter().find(|alarm| alarm.alarm == name)
    else {
        return Err(unavailable(&format!("there is no alarm `{name}`")));
    };
    match state.as_str() {
        "OK" => Ok(DiskAlarm::Quiet(reason.clone())),
        "ALARM" => Ok(DiskAlarm::Rings(reason.clone())),
        _ => Err(unavailable(&format!(
            "CloudWatch has no figure for the alarm `{name}` yet"
        ))),
    }
}

/// What the task definitions say: tasks are started with that and with what the image brings along.
fn environments(
    deployment: &Deployment,
    observed: &Observed<Resource>,
    visibility: &Visibility,
    image_env: &[(&str, &str)],
) -> BTreeMap<String, BTreeMap<String, Variable>> {
    let processes = deployment.processes.iter();
    let known = processes.filter_map(|process| {
        let id = Id::TaskDefinition(TaskFamily::Process(process.id.clone()));
        let Live::TaskDefinition(found) = observed.get(&id)? else {
            return None;
        };
        let definition = &found.live.definition;
        let name = process.id.to_string();
        let shown = definition
            .environment
            .iter()
            .map(|(variable, value)| (variable.clone(), visibility.see(&name, variable, value)));
        let secret = definition.secrets.keys();
        let secret = secret.map(|variable| (variable.clone(), Variable::Secret));
        let of_image = image_env.iter().map(|(variable, value)| {
            ((*variable).to_owned(), Variable::Shown((*value).to_owned()))
        });
        Some((name.clone(), of_image.chain(shown).chain(secret).collect()))
    });
    known.collect()
}

fn failure(what: &str, error: &aws::Error) -> EvidenceError {
    EvidenceError::Failed {
        what: what.to_owned(),
        why: error.to_string(),
    }
}

fn state(name: &str, task: Option<&TaskStatus>) -> ProcessState {
    let phase = match task.map(|task| task.state.as_str()) {
        None | Some("absent") => Phase::Absent,
        Some("stopped") => Phase::Exited,
        Some("provisioning" | "pending" | "activating") => Phase::Created,
        Some(_) => Phase::Running,
    };
    let health = match task.and_then(|task| task.health.as_deref()) {
        Some("healthy") => Health::Healthy,
        Some("unhealthy") => Health::Unhealthy,
        _ => Health::Unknown,
    };
    let reason = task.and_then(|task| task.reason.as_deref());
    let age = task
        .and_then(|task| task.created)
        .map(|created| Timestamp::now().duration_since(created).as_secs());
    ProcessState {
        name: name.to_owned(),
        phase,
        health,
        exit_code: task.and_then(|task| task.exit_code).map(i64::from),
        oom_killed: reason.is_some_and(|reason| reason.contains("OutOfMemory")),
        restarts: 0,
        for_seconds: age.and_then(|seconds| u64::try_from(seconds).ok()),
        memory_limit: task
            .and_then(|task| task.memory)
            .map(|mebibytes| mebibytes * 1024 * 1024),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_alarm_for_the_disk_is_heard_alone() {
        let alarm = |alarm: &str, state: &str| AlarmStatus {
            alarm: alarm.to_owned(),
            state: state.to_owned(),
            reason: "because".to_owned(),
        };
        let heard = |state| heard(&[alarm("web-down", "ALARM"), alarm("database-storage", state)]);
        assert_eq!(heard("OK"), Ok(DiskAlarm::Quiet("because".to_owned())));
        assert_eq!(heard("ALARM"), Ok(DiskAlarm::Rings("because".to_owned())));
        assert!(heard("INSUFFICIENT_DATA").is_err());
        assert!(super::heard(&[]).is_err());
    }
}
