//! Every process and store runs.

use std::collections::BTreeMap;

use super::Finding;
use crate::diagnosis::{Diagnosis, state, works};
use crate::evidence::{Evidence, ProcessState};
use crate::examination::Examination;
use crate::problem::{Problem, Symptom};

/// The order in which one falls with another: what stands deepest is the cause.
const DEPTH: &[&str] = &["postgres", "redis", "media", "mail", "ingress"];
/// More restarts than this are a pattern and not an accident.
const RESTARTS: u32 = 3;

pub(crate) async fn probe<E: Evidence>(examination: &Examination<'_, E>) -> Finding {
    judge(examination.processes().await?)
}

fn judge(processes: &[ProcessState]) -> Finding {
    let mut replicas: BTreeMap<(usize, &str), Vec<&ProcessState>> = BTreeMap::new();
    for process in processes {
        let depth = DEPTH
            .iter()
            .position(|name| *name == process.name)
            .unwrap_or(DEPTH.len());
        replicas
            .entry((depth, &process.name))
            .or_default()
            .push(process);
    }
    let broken: Vec<&ProcessState> = replicas
        .values()
        .flatten()
        .copied()
        .filter(|process| !works(process))
        .collect();
    let down = replicas
        .iter()
        .find(|(_, replicas)| !replicas.iter().any(|process| works(process)));
    if let Some(((_, name), _)) = down {
        return Err(Problem::new(
            sentence(&broken),
            Symptom::ProcessDown((*name).to_owned()),
        ));
    }
    if let Some(first) = broken.first() {
        return Err(Problem::known(
            sentence(&broken),
            Diagnosis::new(
                format!("not every replica of `{}` works", first.name),
                format!("look at `masto logs {}`, then `masto up`", first.name),
            )
            .because(sentence(&broken)),
        )
        .into_warning());
    }
    if let Some(restless) = processes
        .iter()
        .find(|process| process.restarts > RESTARTS || process.oom_killed)
    {
        return Err(Problem::known(
            state(restless),
            Diagnosis::new(
                format!("`{}` does not stay up", restless.name),
                format!("look at `masto logs {}`", restless.name),
            )
            .because(state(restless)),
        )
        .into_warning());
    }
    Ok(format!("{} processes and stores run", processes.len()))
}

fn sentence(processes: &[&ProcessState]) -> String {
    let states: Vec<String> = processes.iter().map(|process| state(process)).collect();
    states.join("; ")
}
