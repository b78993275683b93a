//! What a person changes by hand is found by `plan` and repaired by `up`.

use bollard::models::NetworkDisconnectRequest;

use crate::support::{EngineState, Scenario};

/// Brings a server up, does something to it behind masto's back, and lets masto find and mend it.
fn check(intent: &'static str, resource: &str, drift: impl FnOnce(&EngineState, &Scenario)) {
    let scenario = Scenario::new(intent);
    scenario.up();
    drift(&scenario.engine, &scenario);
    let plan = scenario
        .masto(&["plan", "--local", "--detailed-exitcode"])
        .exits(2);
    assert!(
        plan.stdout.contains(resource),
        "{resource} is not in\n{plan}"
    );
    scenario.up();
    scenario
        .masto(&["plan", "--local", "--detailed-exitcode"])
        .success();
    scenario.doctor();
}

#[test]
fn a_removed_container_is_made_again() {
    check(
        "a removed container comes back",
        "streaming-1",
        |engine, scenario| {
            engine.remove(&scenario.container("streaming-1"));
        },
    );
}

#[test]
fn a_stopped_container_is_started_again() {
    check(
        "a stopped container runs again",
        "sidekiq-all-1",
        |engine, scenario| {
            engine.stop(&scenario.container("sidekiq-all-1"));
        },
    );
}

#[test]
fn a_killed_database_is_started_again() {
    check(
        "a killed database runs again with its data",
        "postgres",
        |engine, scenario| {
            engine.stop(&scenario.container("postgres"));
        },
    );
}

#[test]
fn a_container_taken_off_a_network_is_mended() {
    check(
        "a container that lost its network is mended",
        "web-1",
        |engine, scenario| {
            let network = format!("masto-{}-stores", scenario.name);
            let container = scenario.container("web-1");
            engine.run(async |docker| {
                let request = NetworkDisconnectRequest {
                    container,
                    force: Some(true),
                };
                docker.disconnect_network(&network, request).await.unwrap();
            });
        },
    );
}

#[test]
fn a_removed_ingress_serves_every_deployment_again() {
    let scenario = Scenario::new("the shared ingress comes back with the sites of all deployments");
    let neighbour = scenario.neighbour();
    scenario.up();
    neighbour.masto(&["up", "--local"]).success();
    scenario.engine.remove("masto-ingress");
    scenario
        .masto(&["plan", "--local", "--detailed-exitcode"])
        .exits(2);
    scenario.up();
    scenario.doctor();
    neighbour.masto(&["doctor", "--local"]).success();
    neighbour
        .masto(&["plan", "--local", "--detailed-exitcode"])
        .success();
}

#[test]
fn a_site_taken_out_of_the_ingress_by_hand_is_served_again() {
    check(
        "a hand-made change of what the ingress serves is undone",
        "route",
        |engine, scenario| {
            let file = format!("/data/masto/sites/{}.caddyfile", scenario.name);
            let by_hand = format!(
                "echo '# by hand' > {file} && caddy reload --config /etc/caddy/Caddyfile --adapter caddyfile --address unix//run/masto-caddy.sock"
            );
            engine.execute("masto-ingress", &["sh", "-c", &by_hand]);
        },
    );
}
