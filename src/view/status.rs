//! What runs, as a table and for machines.

use std::fmt::Write as _;
use std::time::Duration;

use anstyle::Style;
use jiff::Timestamp;
use local::{ContainerStatus, DeploymentSummary, Health, Kind, State};
use serde_json::{Value, json};

use crate::view::SCHEMA_VERSION;
use crate::view::style::{BOLD, DIM, ERROR, GOOD, Signs, WARNING, paint};
use crate::view::table::{Cell, table};
use crate::view::text;

const PLAIN: Style = Style::new();

/// One line a container, and a verdict.
pub(crate) fn render(
    name: &str,
    containers: &[ContainerStatus],
    now: Timestamp,
    signs: Signs,
) -> String {
    let rows: Vec<[Cell; 6]> = containers
        .iter()
        .map(|container| row(container, now))
        .collect();
    let mut text = table(
        ["PROCESS", "STATE", "HEALTH", "SINCE", "PORTS", "IMAGE"],
        &rows,
    );
    let ill: Vec<String> = containers
        .iter()
        .filter(|container| !container.well)
        .map(label)
        .collect();
    let _ = if ill.is_empty() {
        writeln!(text, "\n{} {name}: all is well", paint(GOOD, signs.good))
    } else {
        let logs: Vec<&str> = containers
            .iter()
            .filter(|container| !container.well)
            .map(|container| container.process.as_str())
            .collect();
        writeln!(
            text,
            "\n{} {name}: {} not well. Look: `masto logs --tail 50 {}`; repair: `masto up`",
            paint(ERROR, signs.bad),
            ill.join(", "),
            logs.join(" ")
        )
    };
    text
}

/// One JSON document.
pub(crate) fn json(name: &str, containers: &[ContainerStatus]) -> Value {
    json!({
        "schema_version": SCHEMA_VERSION,
        "deployment": name,
        "target": "local",
        "well": !containers.is_empty() && containers.iter().all(|container| container.well),
        "containers": containers,
    })
}

/// One line a deployment.
pub(crate) fn all_text(deployments: &[DeploymentSummary]) -> String {
    if deployments.is_empty() {
        return "no deployment on this Docker host\n".to_owned();
    }
    let rows: Vec<[Cell; 4]> = deployments
        .iter()
        .map(|found| {
            let style = if found.running == found.containers {
                PLAIN
            } else {
                WARNING
            };
            [
                (found.name.clone(), BOLD),
                (
                    found.domain.clone().unwrap_or_else(|| "-".to_owned()),
                    PLAIN,
                ),
                (format!("{} of {}", found.running, found.containers), style),
                (if found.has_data { "kept" } else { "none" }.to_owned(), DIM),
            ]
        })
        .collect();
    table(["NAME", "DOMAIN", "RUNNING", "DATA"], &rows)
}

/// As one JSON document.
pub(crate) fn all_json(deployments: &[DeploymentSummary]) -> Value {
    json!({ "schema_version": SCHEMA_VERSION, "target": "local", "deployments": deployments })
}

fn row(container: &ContainerStatus, now: Timestamp) -> [Cell; 6] {
    let state_style = match (container.well, container.state) {
        (true, State::Running) => GOOD,
        (true, _) => DIM,
        (false, _) => ERROR,
    };
    let health = match container.health {
        None => ("-".to_owned(), DIM),
        Some(Health::Starting) => ("starting".to_owned(), WARNING),
        Some(Health::Healthy) => ("healthy".to_owned(), GOOD),
        Some(Health::Unhealthy) => ("unhealthy".to_owned(), ERROR),
    };
    [
        (label(container), BOLD),
        (container.state.to_string(), state_style),
        health,
        (since(container, now), PLAIN),
        (container.ports.join(", "), PLAIN),
        (container.image.clone(), DIM),
    ]
}

/// `web-1`, `postgres`, `job schema`.
fn label(container: &ContainerStatus) -> String {
    match container.kind {
        Kind::Process => format!("{}-{}", container.process, container.replica),
        Kind::Job => format!("job {}", container.process),
        Kind::Store | Kind::Ingress => container.process.clone(),
    }
}

fn since(container: &ContainerStatus, now: Timestamp) -> String {
    let Some(created) = container.created else {
        return "-".to_owned();
    };
    let seconds = now.duration_since(created).as_secs();
    text::age(Duration::from_secs(u64::try_from(seconds).unwrap_or(0)))
}

#[cfg(test)]
mod tests {
    use expect_test::{Expect, expect};

    use super::*;

    fn container(
        process: &str,
        kind: Kind,
        state: State,
        health: Option<Health>,
    ) -> ContainerStatus {
        ContainerStatus {
            name: format!("masto-social-{process}"),
            process: process.to_owned(),
            replica: 1,
            kind,
            state,
            health,
            well: state == State::Running && health != Some(Health::Unhealthy)
                || kind == Kind::Job && state == State::Exited(0),
            image: format!("registry.example/{process}:1"),
            status: "Up 3 minutes".to_owned(),
            created: "2026-11-22T09:57:00Z".parse().ok(),
            ports: if kind == Kind::Ingress {
                vec!["127.0.0.1:443->443".to_owned()]
            } else {
                Vec::new()
            },
        }
    }

    #[track_caller]
    fn check(containers: &[ContainerStatus], expected: &Expect) {
        let now = "2026-11-22T10:00:00Z".parse().unwrap();
        let text = render("social", containers, now, Signs::UNICODE);
        expected.assert_eq(&anstream::adapter::strip_str(&text).to_string());
    }

    #[test]
    fn a_well_server_is_said_to_be_well() {
        check(
            &[
                container(
                    "postgres",
                    Kind::Store,
                    State::Running,
                    Some(Health::Healthy),
                ),
                container("web", Kind::Process, State::Running, Some(Health::Starting)),
                container("schema", Kind::Job, State::Exited(0), None),
                container("ingress", Kind::Ingress, State::Running, None),
            ],
            &expect![[r#"
                PROCESS     STATE       HEALTH    SINCE  PORTS               IMAGE
                postgres    running     healthy   3m                         registry.example/postgres:1
                web-1       running     starting  3m                         registry.example/web:1
                job schema  exited (0)  -         3m                         registry.example/schema:1
                ingress     running     -         3m     127.0.0.1:443->443  registry.example/ingress:1

                ✔ social: all is well
            "#]],
        );
    }

    #[test]
    fn what_is_not_well_is_named_with_what_to_type() {
        check(
            &[
                container("web", Kind::Process, State::Exited(137), None),
                container(
                    "sidekiq-all",
                    Kind::Process,
                    State::Running,
                    Some(Health::Unhealthy),
                ),
            ],
            &expect![[r#"
                PROCESS        STATE         HEALTH     SINCE  PORTS  IMAGE
                web-1          exited (137)  -          3m            registry.example/web:1
                sidekiq-all-1  running       unhealthy  3m            registry.example/sidekiq-all:1

                ✘ social: web-1, sidekiq-all-1 not well. Look: `masto logs --tail 50 web sidekiq-all`; repair: `masto up`
            "#]],
        );
    }

    #[test]
    fn the_document_says_whether_all_is_well() {
        let well = [container("web", Kind::Process, State::Running, None)];
        let ill = [container("web", Kind::Process, State::Exited(1), None)];
        assert_eq!(json("social", &well)["well"], true);
        assert_eq!(json("social", &ill)["well"], false);
        assert_eq!(json("social", &[])["well"], false);
        assert_eq!(json("social", &ill)["containers"][0]["process"], "web");
    }
}
