//! Where values of secrets go, and where they do not.

use crate::support::{Call, Scenario};

#[test]
fn secrets_are_sent_where_they_belong_and_shown_nowhere() {
    let scenario = Scenario::new();
    let up = scenario.masto(&["up", "--aws", "--yes", "-v"]).success();
    let calls = scenario.proxy.calls();
    let stored = calls
        .iter()
        .find(|call| call.action == "CreateSecret")
        .unwrap();
    let request: serde_json::Value = serde_json::from_str(&stored.body).unwrap();
    let document: serde_json::Value =
        serde_json::from_str(request["SecretString"].as_str().unwrap()).unwrap();
    let values: Vec<&str> = document
        .as_object()
        .unwrap()
        .values()
        .filter_map(serde_json::Value::as_str)
        // Shorter ones may stand anywhere by chance.
        .filter(|value| value.len() >= 16)
        .collect();
    assert!(values.len() >= 5, "{} values", values.len());

    let plan = scenario.masto(&["plan", "--aws", "--json"]).success();
    let status = scenario.masto(&["status", "--aws", "--json"]).success();
    let lock = scenario.masto(&["lock", "--aws", "--json"]).success();
    let down = scenario.down();
    assert_eq!(plan.json()["deployment"], "social");
    let said: String = [&up, &plan, &status, &lock, &down]
        .map(|run| format!("{}{}", run.stdout, run.stderr))
        .concat();
    let calls: Vec<Call> = calls.into_iter().chain(scenario.proxy.calls()).collect();
    for value in values {
        assert!(!said.contains(value), "a secret was shown");
        let told: Vec<String> = calls
            .iter()
            .filter(|call| call.body.contains(value))
            .filter(|call| !may_know(call))
            .map(Call::to_string)
            .collect();
        assert_eq!(told, Vec::<String>::new(), "they were told a secret");
    }
}

/// Who has to be told a password to set it.
fn may_know(call: &Call) -> bool {
    let makes_store = [
        "CreateDBInstance",
        "ModifyDBInstance",
        "CreateReplicationGroup",
        "ModifyReplicationGroup",
    ];
    call.service == "secretsmanager" || makes_store.contains(&call.action.as_str())
}
