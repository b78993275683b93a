//! Secrets are where they must be, and nowhere else.

use std::fs;

use crate::support::Scenario;

#[test]
fn secrets_are_in_no_output_no_label_no_argument_and_no_container_that_does_not_need_them() {
    let scenario = Scenario::new("no secret leaves the secret file and the containers that use it");
    let plan = scenario.masto(&["plan", "--local"]).success();
    let up = scenario
        .masto(&["up", "--local", "--json", "-vv"])
        .success();
    let status = scenario.masto(&["status", "--local", "--json"]).success();
    let outputs = scenario.masto(&["outputs", "--json"]).success();
    let logs = scenario.masto(&["logs", "--local"]).success();
    let healthy = scenario.doctor();
    // Errors of those that lost what they connect to, and what masto makes of them.
    scenario.engine.stop(&scenario.container("redis"));
    let doctor = scenario.masto(&["doctor", "--local", "--json"]).exits(1);
    let why = scenario.masto(&["why", "--local"]);
    let failing = scenario
        .masto(&["psql", "--local", "--", "-c", "select from nowhere"])
        .exits(1);
    let broken_logs = scenario.masto(&["logs", "--local"]).success();
    scenario.write("web: { threads: 4 }\n");
    let changed = scenario.masto(&["plan", "--local", "--json"]).success();
    let down = scenario.masto(&["down", "--local", "-vv"]).success();
    scenario.up();

    let file = scenario.home().join(format!(
        ".local/share/masto/deployments/{}/secrets.json",
        scenario.name
    ));
    let stored: serde_json::Value =
        serde_json::from_str(&fs::read_to_string(file).unwrap()).unwrap();
    let canaries: Vec<(&str, &str)> = stored["secrets"]
        .as_object()
        .unwrap()
        .iter()
        // The public half of a key pair is no secret; it is in the page that Mastodon serves.
        .filter(|(name, _)| name.as_str() != "VAPID_PUBLIC_KEY")
        .map(|(name, value)| (name.as_str(), value.as_str().unwrap()))
        .collect();
    assert!(canaries.len() >= 10, "{} secrets", canaries.len());

    for (name, canary) in &canaries {
        for run in [
            &plan,
            &up,
            &status,
            &outputs,
            &logs,
            &healthy,
            &doctor,
            &why,
            &failing,
            &broken_logs,
            &changed,
            &down,
        ] {
            assert!(!run.stdout.contains(canary), "{name} is in stdout of {run}");
            assert!(!run.stderr.contains(canary), "{name} is in stderr of {run}");
        }
    }

    for container in scenario.engine.inspect_all(&scenario.name) {
        let config = container.config.unwrap();
        let name = container.name.unwrap();
        let arguments = format!(
            "{:?} {:?} {:?}",
            config.cmd, config.entrypoint, container.args
        );
        let labels = format!("{:?}", config.labels);
        let environment = config.env.unwrap_or_default().join("\n");
        let role = name
            .trim_start_matches(&format!("/masto-{}-", scenario.name))
            .to_owned();
        for (secret, canary) in &canaries {
            assert!(
                !arguments.contains(canary),
                "{secret} is in the arguments of {name}"
            );
            assert!(
                !labels.contains(canary),
                "{secret} is in the labels of {name}"
            );
            assert_eq!(
                environment.contains(canary),
                is_needed(&role, secret),
                "{secret} in the environment of {role}"
            );
        }
    }
}

/// Which container is given which secret: Rails processes have what Rails signs, encrypts and
/// connects with; everything else has its own password only.
fn is_needed(role: &str, secret: &str) -> bool {
    let rails = role.starts_with("web-")
        || role.starts_with("sidekiq-")
        || role == "schema"
        || role == "owner";
    match secret {
        "POSTGRES_PASSWORD" => rails || role.starts_with("streaming-") || role == "postgres",
        "REDIS_PASSWORD" => rails || role.starts_with("streaming-") || role == "redis",
        "MEDIA_ACCESS_KEY" | "MEDIA_SECRET_KEY" => rails || role == "minio" || role == "bucket",
        "OWNER_PASSWORD" => role == "owner",
        "VAPID_PRIVATE_KEY" => role.starts_with("web-") || role.starts_with("sidekiq-"),
        _ => rails,
    }
}
