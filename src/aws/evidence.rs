//! What only AWS can tell, for the doctor.

use std::collections::BTreeMap;

use doctor::{EvidenceError, Health, Phase, ProcessState, RedisValue, Variable};
use mastodon::Deployment;

use crate::aws::session::Session;

/// A look behind the front of a deployment on AWS. The stores are reachable from the tasks alone,
/// and no task is entered for an examination.
pub(crate) struct AwsEvidence {
    account: aws::Account,
    scope: aws::Scope,
    processes: Vec<(String, u16)>,
}

impl AwsEvidence {
    pub(crate) fn new(session: &Session, deployment: &Deployment) -> Self {
        Self {
            account: session.account.clone(),
            scope: session.scope.clone(),
            processes: deployment
                .processes
                .iter()
                .map(|process| (process.id.to_string(), process.replicas))
                .collect(),
        }
    }
}

fn inside<T>() -> Result<T, EvidenceError> {
    Err(EvidenceError::Unavailable(
        "on AWS it can be seen from inside a task alone".to_owned(),
    ))
}

impl doctor::Evidence for AwsEvidence {
    async fn redis(&self, _: &[&str]) -> Result<RedisValue, EvidenceError> {
        inside()
    }

    async fn sql(&self, _: &str) -> Result<Vec<Vec<String>>, EvidenceError> {
        inside()
    }

    async fn processes(&self) -> Result<Vec<ProcessState>, EvidenceError> {
        let services = aws::services(&self.account, &self.scope)
            .await
            .map_err(|error| EvidenceError::Failed {
                what: "looking at the services".to_owned(),
                why: error.to_string(),
            })?;
        let mut states = Vec::new();
        for (name, replicas) in &self.processes {
            let running = services
                .iter()
                .find(|service| service.name == *name)
                .map_or(0, |service| service.running);
            for replica in 0..*replicas {
                let phase = if u32::from(replica) < running {
                    Phase::Running
                } else {
                    Phase::Absent
                };
                states.push(ProcessState {
                    name: name.clone(),
                    phase,
                    health: Health::Unknown,
                    exit_code: None,
                    oom_killed: false,
                    restarts: 0,
                    for_seconds: None,
                    memory_limit: None,
                });
            }
        }
        Ok(states)
    }

    async fn logs(&self, process: &str, tail: usize) -> Result<Vec<String>, EvidenceError> {
        aws::last_lines(&self.account, &self.scope, process, tail)
            .await
            .map_err(|error| EvidenceError::Failed {
                what: format!("reading the logs of `{process}`"),
                why: error.to_string(),
            })
    }

    async fn environment(&self, _: &str) -> Result<BTreeMap<String, Variable>, EvidenceError> {
        inside()
    }

    async fn exec(&self, _: &str, _: &[&str]) -> Result<String, EvidenceError> {
        inside()
    }
}
