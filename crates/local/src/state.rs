//! What a container does, from the words of Docker's list.

use serde::Serialize;

/// What a container does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// Made, never started.
    Created,
    /// Runs.
    Running,
    /// Frozen.
    Paused,
    /// Ended, and the engine is about to start it again.
    Restarting,
    /// Ended with this code.
    Exited(i64),
    /// About to go.
    Removing,
    /// Could not be removed.
    Dead,
}

/// What Docker's own check says of a container.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Health {
    /// Not checked yet, or not for long enough.
    Starting,
    /// Well.
    Healthy,
    /// Failed several checks in a row.
    Unhealthy,
}

/// Reads the `State` and `Status` of a container list. The exit code stands only in the second:
/// `Exited (137) 3 minutes ago`.
pub(crate) fn read(state: &str, status: &str) -> (State, Option<Health>) {
    let exit_code = status
        .split_once('(')
        .and_then(|(_, rest)| rest.split_once(')'))
        .and_then(|(code, _)| code.parse().ok());
    let health = if status.ends_with("(healthy)") {
        Some(Health::Healthy)
    } else if status.ends_with("(unhealthy)") {
        Some(Health::Unhealthy)
    } else if status.ends_with("(health: starting)") {
        Some(Health::Starting)
    } else {
        None
    };
    let state = match state {
        "created" => State::Created,
        "running" => State::Running,
        "paused" => State::Paused,
        "restarting" => State::Restarting,
        "removing" => State::Removing,
        "dead" => State::Dead,
        // Podman says `stopped` and `configured` as well.
        "configured" | "initialized" => State::Created,
        _ => State::Exited(exit_code.unwrap_or(-1)),
    };
    (state, health)
}

impl std::fmt::Display for State {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Created => f.write_str("created"),
            Self::Running => f.write_str("running"),
            Self::Paused => f.write_str("paused"),
            Self::Restarting => f.write_str("restarting"),
            Self::Exited(code) => write!(f, "exited ({code})"),
            Self::Removing => f.write_str("removing"),
            Self::Dead => f.write_str("dead"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn state_health_and_exit_code_are_read_from_dockers_words() {
        for (state, status, expected) in [
            ("created", "Created", (State::Created, None)),
            ("running", "Up 3 minutes", (State::Running, None)),
            (
                "running",
                "Up 3 minutes (healthy)",
                (State::Running, Some(Health::Healthy)),
            ),
            (
                "running",
                "Up 1 second (health: starting)",
                (State::Running, Some(Health::Starting)),
            ),
            (
                "running",
                "Up 2 hours (unhealthy)",
                (State::Running, Some(Health::Unhealthy)),
            ),
            ("paused", "Up 2 hours (Paused)", (State::Paused, None)),
            (
                "exited",
                "Exited (137) 4 weeks ago",
                (State::Exited(137), None),
            ),
            (
                "exited",
                "Exited (0) Less than a second ago",
                (State::Exited(0), None),
            ),
            (
                "restarting",
                "Restarting (1) 2 seconds ago",
                (State::Restarting, None),
            ),
            ("dead", "Dead", (State::Dead, None)),
            ("removing", "Removal In Progress", (State::Removing, None)),
        ] {
            assert_eq!(read(state, status), expected, "{state} {status}");
        }
    }
}
