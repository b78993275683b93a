//! What ends badly on AWS's side. The emulator runs nothing and lets everything succeed, so its
//! answers are retold as AWS would tell a failure.

use serde_json::{Value, json};

use crate::support::{Ask, Call, Fault, Scenario};

/// Changes every element of `list` in the answers to `action`.
fn in_each(
    action: &'static str,
    list: &'static str,
    change: impl Fn(&mut Value) + Send + 'static,
) -> impl FnMut(&Call, String) -> String + Send + 'static {
    move |call, answer| {
        if call.action != action {
            return answer;
        }
        let mut told: Value = serde_json::from_str(&answer).unwrap();
        for element in told[list].as_array_mut().into_iter().flatten() {
            change(element);
        }
        told.to_string()
    }
}

/// A task that has ended with `code`.
fn ends_with(code: i32) -> impl FnMut(&Call, String) -> String + Send + 'static {
    in_each("DescribeTasks", "tasks", move |task| {
        task["stopCode"] = "EssentialContainerExited".into();
        task["stoppedReason"] = "Essential container in task exited".into();
        for container in task["containers"].as_array_mut().into_iter().flatten() {
            container["exitCode"] = code.into();
        }
    })
}

/// The revisions that the services run.
fn revisions(scenario: &Scenario) -> Vec<String> {
    let described = scenario.emulator.ask(
        "ecs",
        &Ask::Json(
            "AmazonEC2ContainerServiceV20141113.DescribeServices",
            r#"{"cluster":"masto-social","services":["web","streaming","sidekiq-all"]}"#,
        ),
    );
    let described: Value = serde_json::from_str(&described).unwrap();
    let services = described["services"].as_array().unwrap();
    let definitions = services.iter().map(|service| &service["taskDefinition"]);
    definitions.map(ToString::to_string).collect()
}

#[test]
fn a_migration_that_fails_leaves_the_services_as_they_are() {
    let scenario = Scenario::new();
    scenario.edit("version: v4.7.5", "version: v4.6.9");
    scenario.up();
    let before = revisions(&scenario);
    assert_eq!(before.len(), 3, "{before:?}");

    scenario.edit("version: v4.6.9", "version: v4.7.5");
    scenario.proxy.retell(ends_with(1));
    scenario.masto(&["up", "--aws", "--yes"]).exits(5).says(&[
        "job `schema`",
        "exit code 1",
        "skipped: ",
        "service `web`",
    ]);
    assert_eq!(revisions(&scenario), before);

    scenario.proxy.calm();
    scenario.up();
    assert_ne!(revisions(&scenario), before);
    scenario.plan_is_empty();
}

#[test]
fn an_image_that_cannot_be_pulled_is_said_and_nothing_waits_for_it() {
    let scenario = Scenario::new();
    scenario
        .proxy
        .retell(in_each("DescribeTasks", "tasks", |task| {
            task["stopCode"] = "TaskFailedToStart".into();
            task["stoppedReason"] = "CannotPullContainerError: pull image manifest has been retried 1 time(s): failed to resolve ref ghcr.io/mastodon/mastodon:v4.7.5: ghcr.io/mastodon/mastodon:v4.7.5: not found".into();
            for container in task["containers"].as_array_mut().into_iter().flatten() {
                container.as_object_mut().unwrap().remove("exitCode");
            }
        }));
    scenario
        .masto(&["up", "--aws", "--yes"])
        .exits(5)
        .says(&["CannotPullContainerError", "mastodon.version"]);
}

#[test]
fn a_task_that_cannot_reach_the_database_says_so_in_its_own_words_and_what_to_look_at() {
    let scenario = Scenario::new();
    scenario.proxy.retell(ends_with(1));
    scenario.proxy.plan(|call| match call.action.as_str() {
        "GetLogEvents" => Fault::Told(
            r#"{"events":[{"timestamp":0,"message":"ActiveRecord::ConnectionNotEstablished: connection to server at \"10.0.1.7\", port 5432 failed: Connection timed out"}]}"#,
        ),
        _ => Fault::None,
    });
    scenario.masto(&["up", "--aws", "--yes"]).exits(5).says(&[
        "job `schema`",
        "Connection timed out",
        "cannot reach the database",
        "masto plan --aws",
        "skipped: ",
    ]);
    scenario.proxy.calm();
    scenario.up();
    scenario.plan_is_empty();
}

#[test]
fn a_service_that_never_turns_healthy_ends_the_run_with_awss_reason() {
    let scenario = Scenario::new();
    scenario
        .proxy
        .retell(in_each("DescribeServices", "services", |service| {
            if service["serviceName"] != "web" {
                return;
            }
            service["runningCount"] = 0.into();
            let deployment = json!({
                "rolloutState": "FAILED",
                "rolloutStateReason": "ECS deployment circuit breaker: tasks failed to start.",
                "runningCount": 0,
                "failedTasks": 3,
            });
            let deployments = service["deployments"].as_array_mut();
            for known in deployments.into_iter().flatten() {
                for (key, value) in deployment.as_object().unwrap() {
                    known[key] = value.clone();
                }
            }
        }));
    scenario
        .masto(&["up", "--aws", "--yes"])
        .exits(5)
        .says(&["service `web`", "circuit breaker"]);
    scenario.proxy.calm();
    scenario.up();
    scenario.plan_is_empty();
}

#[test]
fn a_certificate_that_was_refused_is_said_with_the_records_to_look_at() {
    let scenario = Scenario::new();
    scenario.proxy.retell(|call, answer| {
        if call.action != "DescribeCertificate" {
            return answer;
        }
        let mut told: Value = serde_json::from_str(&answer).unwrap();
        told["Certificate"]["Status"] = "FAILED".into();
        told["Certificate"]["FailureReason"] = "CAA_ERROR".into();
        told.to_string()
    });
    scenario
        .masto(&["up", "--aws", "--yes"])
        .exits(5)
        .says(&["certificate", "CAA"]);
}
