//! Rules for processes and stores that are not up.

use super::facts::works;
use super::{Diagnosis, Facts, involved, log};
use crate::evidence::{Health, Phase, ProcessState};
use crate::problem::Symptom;

/// What everything else stands on, the deepest first.
const STORES: &[&str] = &["postgres", "redis", "media"];

/// The process that the symptom is about.
pub(super) fn named(symptom: &Symptom, facts: &Facts) -> Option<Diagnosis> {
    let Symptom::ProcessDown(name) = symptom else {
        return None;
    };
    // A process falls with the store it stands on, and the store is the cause.
    if !STORES.contains(&name.as_str())
        && let Some(diagnosis) = store_down(symptom, facts)
    {
        return Some(diagnosis);
    }
    down(name, facts)
}

/// A store on the symptom's way is down.
pub(super) fn store_down(symptom: &Symptom, facts: &Facts) -> Option<Diagnosis> {
    let needs_media = matches!(symptom, Symptom::NotProcessed)
        || involved(symptom, facts).iter().any(|name| name == "media");
    let involves_any = !involved(symptom, facts).is_empty();
    STORES
        .iter()
        .filter(|store| involves_any && (**store != "media" || needs_media))
        .find_map(|store| down(store, facts))
}

/// A process on the symptom's way is down.
pub(super) fn involved_down(symptom: &Symptom, facts: &Facts) -> Option<Diagnosis> {
    involved(symptom, facts)
        .iter()
        .find_map(|name| down(name, facts))
}

/// A process on the symptom's way has not answered its health check yet, and nothing else is
/// known against it.
pub(super) fn still_starting(symptom: &Symptom, facts: &Facts) -> Option<Diagnosis> {
    let names = involved(symptom, facts);
    let starting = names.iter().find_map(|name| {
        facts
            .replicas(name)
            .find(|replica| replica.phase == Phase::Running && replica.health == Health::Starting)
    })?;
    let name = &starting.name;
    Some(with_last_lines(
        Diagnosis::new(
            format!("`{name}` is still starting"),
            format!("run `masto doctor` again in a minute; what it does is in `masto logs {name}`"),
        )
        .because(state(starting)),
        name,
        facts,
    ))
}

/// Why a process is down; `None` when a replica of it works, or nothing is known of it.
pub(super) fn down(name: &str, facts: &Facts) -> Option<Diagnosis> {
    if !facts.is_down(name)? {
        return None;
    }
    let replica = facts.replicas(name).find(|replica| !works(replica))?;
    let diagnosis = why(name, replica, facts);
    Some(diagnosis.because(state(replica)))
}

fn why(name: &str, replica: &ProcessState, facts: &Facts) -> Diagnosis {
    if replica.oom_killed {
        let limit = match replica.memory_limit {
            Some(bytes) => format!("it may take {} MiB", bytes >> 20),
            None => "it has no limit of its own: the machine is out of memory".to_owned(),
        };
        return Diagnosis::new(
            format!("`{name}` ran out of memory"),
            format!(
                "raise `memory` of {} in the topology, then `masto up`",
                place(name)
            ),
        )
        .because(limit);
    }
    match replica.phase {
        Phase::Absent => Diagnosis::new(format!("`{name}` does not exist"), "`masto up` makes it"),
        Phase::Created => Diagnosis::new(
            format!("`{name}` was made and never started"),
            "`masto up` starts it",
        ),
        Phase::Paused => Diagnosis::new(
            format!("`{name}` is paused"),
            "resume it (`docker unpause`), or `masto up`",
        ),
        Phase::Running => log::sign(name, facts).unwrap_or_else(|| {
            with_last_lines(
                Diagnosis::new(
                    format!("`{name}` runs and does not answer its health check"),
                    format!("look at `masto logs {name}`"),
                ),
                name,
                facts,
            )
        }),
        Phase::Restarting | Phase::Exited => ended(name, replica, facts),
    }
}

fn ended(name: &str, replica: &ProcessState, facts: &Facts) -> Diagnosis {
    // Ended from outside: what it printed before has nothing to do with it.
    match replica.exit_code {
        Some(0) => {
            return Diagnosis::new(format!("`{name}` was stopped"), "`masto up` starts it");
        }
        Some(137 | 143) => {
            return Diagnosis::new(
                format!("`{name}` was stopped or killed from outside"),
                "`masto up` starts it",
            );
        }
        _ => {}
    }
    let again = if replica.phase == Phase::Restarting || replica.restarts > 0 {
        " again and again"
    } else {
        ""
    };
    match log::sign(name, facts) {
        Some(mut diagnosis) => {
            let named = diagnosis.cause.starts_with(&format!("`{name}` "));
            diagnosis.cause = if named {
                format!("{}, and ends{again}", diagnosis.cause)
            } else {
                format!("`{name}` ends{again}: {}", diagnosis.cause)
            };
            diagnosis
        }
        None => with_last_lines(
            Diagnosis::new(
                match replica.exit_code {
                    Some(code) => format!("`{name}` ends{again} with exit status {code}"),
                    None => format!("`{name}` ends{again}"),
                },
                format!("look at `masto logs {name}`, then `masto up`"),
            ),
            name,
            facts,
        ),
    }
}

fn with_last_lines(mut diagnosis: Diagnosis, name: &str, facts: &Facts) -> Diagnosis {
    for line in facts.last_lines(name, 3) {
        diagnosis = diagnosis.because(format!("{name}: {}", log::shorten(line)));
    }
    diagnosis
}

/// A replica's state in words.
pub(crate) fn state(replica: &ProcessState) -> String {
    let phase = match (replica.phase, replica.health) {
        (Phase::Absent, _) => "absent".to_owned(),
        (Phase::Created, _) => "created, not started".to_owned(),
        (Phase::Running, Health::Unknown) => "running".to_owned(),
        (Phase::Running, Health::Starting) => "running, not healthy yet".to_owned(),
        (Phase::Running, Health::Healthy) => "running, healthy".to_owned(),
        (Phase::Running, Health::Unhealthy) => "running, unhealthy".to_owned(),
        (Phase::Paused, _) => "paused".to_owned(),
        (Phase::Restarting, _) => "being restarted".to_owned(),
        (Phase::Exited, _) => "ended".to_owned(),
    };
    let mut words = vec![format!("{} is {phase}", replica.name)];
    if let Some(seconds) = replica.for_seconds {
        words.push(format!("for {seconds} s"));
    }
    if let Some(code) = replica.exit_code
        && replica.phase != Phase::Running
    {
        words.push(format!("exit status {code}"));
    }
    if replica.oom_killed {
        words.push("killed for want of memory".to_owned());
    }
    if replica.restarts > 0 {
        words.push(format!("restarted {} times", replica.restarts));
    }
    words.join(", ")
}

/// Where a process's size stands in the topology file.
fn place(name: &str) -> String {
    match name.strip_prefix("sidekiq-") {
        Some(part) => format!("the Sidekiq process `{part}`"),
        None => format!("`{name}`"),
    }
}
