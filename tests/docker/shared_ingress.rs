//! The ingress that all deployments of a Docker host share: what one does with it, the others do
//! not notice.

use std::time::Duration;

use bollard::query_parameters::RemoveVolumeOptions;

use crate::support::{EngineState, Run, Scenario, SocketProxy, WebSocket};

const INGRESS: &str = "masto-ingress";
const NETWORK: &str = "masto-0-ingress";

/// What the `down` of the last deployment does.
fn take_away(engine: &EngineState) {
    engine.remove(INGRESS);
    engine.run(async |docker| {
        docker.remove_network(NETWORK).await.unwrap();
        docker
            .remove_volume(INGRESS, None::<RemoveVolumeOptions>)
            .await
            .unwrap();
    });
}

#[test]
fn an_ingress_taken_away_while_up_runs_is_made_again() {
    let scenario =
        Scenario::new("a neighbour's `down` between the look and the route is no failure of `up`");
    let neighbour = scenario.neighbour();
    neighbour.masto(&["up", "--local"]).success();
    let socket = scenario.home().join("proxy.sock");
    let proxy = SocketProxy::start(&socket);
    // The route step's first question. The plan was made with the ingress in place.
    proxy.before("/containers/masto-ingress/json", || {
        take_away(&EngineState::connect());
    });
    let mut command = scenario.command(&["up", "--local"]);
    command.env("DOCKER_HOST", format!("unix://{}", socket.display()));
    Run::of(command).success();
    assert!(proxy.has_run(), "the ingress was not taken away");
    scenario.doctor();
    // Its site file went with the volume.
    neighbour.masto(&["up", "--local"]).success();
    neighbour.masto(&["doctor", "--local"]).success();
    scenario.doctor();
}

#[test]
fn the_last_to_go_takes_the_ingress_and_its_network_along() {
    let scenario = Scenario::new("nothing shared is left when nobody shares it any more");
    let neighbour = scenario.neighbour();
    // Somebody's own deployments keep what they share.
    let kept = scenario.engine.exists(INGRESS);
    scenario.up();
    neighbour.masto(&["up", "--local"]).success();
    let shared = || {
        let found = scenario.engine.found("*");
        (found.containers.len(), found.networks, found.volumes)
    };
    let all = (1, vec![NETWORK.to_owned()], vec![INGRESS.to_owned()]);
    scenario.masto(&["down", "--local"]).success();
    assert_eq!(shared(), all);
    neighbour.masto(&["down", "--local"]).success();
    if !kept {
        assert_eq!(shared(), (0, vec![], vec![]));
    }
}

#[test]
fn an_ingress_of_an_older_masto_gets_a_network_of_its_own() {
    let scenario = Scenario::new("an ingress on the engine's default bridge moves by itself");
    scenario.up();
    // As it was made before it had a network: on the bridge, and recorded as such.
    let old = scenario.engine.recreate_on_bridge(INGRESS);
    assert!(!old.contains("network.ingress"), "{old}");
    scenario
        .masto(&["plan", "--local", "--detailed-exitcode"])
        .exits(2);
    scenario.up();
    let networks = scenario.engine.networks_of(INGRESS);
    assert!(networks.contains(&NETWORK.to_owned()), "{networks:?}");
    assert!(!networks.contains(&"bridge".to_owned()), "{networks:?}");
    scenario.doctor();
}

#[test]
fn a_websocket_outlives_the_return_and_the_going_of_another_deployment() {
    let scenario = Scenario::new("a known neighbour's up and down cut nobody's stream");
    scenario.up();
    let token = scenario.access_token();
    // Its names become known to the others when it comes for the first time, and the engine gives
    // a container no further name without taking it out of the network for a moment.
    let neighbour = scenario.neighbour();
    neighbour.masto(&["up", "--local"]).success();
    neighbour.masto(&["down", "--local", "--yes"]).success();
    let mut socket = WebSocket::open(&scenario, &token);
    socket.ping(Duration::from_secs(10));
    neighbour.masto(&["up", "--local"]).success();
    socket.ping(Duration::from_secs(10));
    neighbour
        .masto(&["down", "--local", "--data", "--yes"])
        .success();
    socket.ping(Duration::from_secs(10));
}

#[test]
fn two_that_come_at_the_same_time_share_one_ingress() {
    let scenario = Scenario::new("two first `up` at once make one ingress, and both are served");
    let neighbour = scenario.neighbour();
    let file = neighbour.file();
    let other = scenario.command(&["up", "--local", "-f", file.to_str().unwrap()]);
    let other = std::thread::spawn(move || Run::of(other));
    scenario.up();
    other.join().unwrap().success();
    let shared = scenario.engine.found("*");
    assert_eq!(shared.containers.len(), 1, "{shared:?}");
    assert_eq!(shared.networks, [NETWORK]);
    for file in [scenario.file(), file] {
        let file = file.to_str().unwrap();
        // A plan asks the ingress itself what it serves.
        scenario
            .masto(&["plan", "--local", "--detailed-exitcode", "-f", file])
            .success();
    }
}

#[test]
fn two_that_go_at_the_same_time_leave_nothing() {
    let scenario =
        Scenario::new("each `down` leaves the ingress to the other, and the last clears up");
    let neighbour = scenario.neighbour();
    // Somebody's own deployments keep what they share.
    let kept = scenario.engine.exists(INGRESS);
    scenario.up();
    neighbour.masto(&["up", "--local"]).success();
    let file = neighbour.file();
    let down = |file: &str| scenario.command(&["down", "--local", "--data", "--yes", "-f", file]);
    let other = down(file.to_str().unwrap());
    let other = std::thread::spawn(move || Run::of(other));
    Run::of(down(scenario.file().to_str().unwrap())).success();
    other.join().unwrap().success();
    let shared = scenario.engine.found("*");
    assert_eq!(shared.is_empty(), !kept, "{shared:?}");
}
