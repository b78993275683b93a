//! From nothing to a server and back, on emulated AWS.

use std::time::Duration;

use crate::support::{Cloud, Run};

/// Values that only the secret may hold.
fn canaries(cloud: &Cloud) -> Vec<String> {
    let outputs = cloud
        .masto(&["outputs", "--aws", "--json", "--reveal"])
        .success()
        .json();
    vec![outputs["owner_password"].as_str().unwrap().to_owned()]
}

#[track_caller]
fn holds_none(run: &Run, secrets: &[String]) {
    for secret in secrets {
        assert!(
            !run.stdout.contains(secret),
            "a secret is in stdout of\n{run}"
        );
        assert!(
            !run.stderr.contains(secret),
            "a secret is in stderr of\n{run}"
        );
    }
}

#[test]
fn a_server_comes_up_stays_as_it_is_and_goes_without_a_trace() {
    let cloud = Cloud::new();
    let planned = cloud
        .masto(&["plan", "--aws", "--json", "--detailed-exitcode"])
        .exits(2);
    let plan = planned.json();
    assert_eq!(plan["target"], "aws");
    assert!(plan["time"]["seconds"].as_u64().unwrap() > 60, "{planned}");
    assert!(
        plan["cost"]["lines"].as_array().unwrap().len() > 3,
        "{planned}"
    );

    let up = cloud.masto(&["up", "--aws", "--yes"]).success();

    cloud.proxy.take_calls();
    let again = cloud
        .masto(&["plan", "--aws", "--detailed-exitcode"])
        .exits(0);
    let calls = cloud.proxy.take_calls();
    assert!(calls.len() <= 40, "{} calls: {calls:#?}", calls.len());
    assert!(again.took <= Duration::from_secs(2), "{again}");

    let unchanged = cloud.masto(&["up", "--aws", "--yes"]).success();
    assert!(unchanged.stdout.contains("Nothing to do"), "{unchanged}");
    let writes: Vec<_> = cloud
        .proxy
        .take_calls()
        .into_iter()
        // The lock is taken and given back.
        .filter(|call| call.is_write && !call.action.contains("/masto-123456789012-"))
        .collect();
    assert!(writes.is_empty(), "{writes:#?}");

    let secrets = canaries(&cloud);
    for run in [&planned, &up, &again, &unchanged] {
        holds_none(run, &secrets);
    }
    let status = cloud.masto(&["status", "--aws", "--json"]).success();
    assert!(status.stdout.contains("web"), "{status}");

    let down = cloud
        .masto(&["down", "--aws", "--data", "--yes", "--json"])
        .success();
    holds_none(&down, &secrets);
    let rest = cloud.masto(&["plan", "--aws", "--json"]).success().json();
    assert_eq!(rest["unchanged"], 0, "{rest}");
}
