use expect_test::expect_file;

use crate::environment::{TestEnvironment, topologies};

#[test]
fn every_topology_is_drawn_in_every_format() {
    for (name, text) in topologies() {
        let environment = TestEnvironment::with_topology(&text);
        for (format, extension) in [("mermaid", "mmd"), ("dot", "dot"), ("svg", "svg")] {
            let drawn = environment
                .masto(["-q", "graph", "--format", format])
                .answer();
            expect_file![format!("snapshots/graph/{name}.{extension}")].assert_eq(&drawn);
        }
    }
}

#[test]
fn the_resources_on_docker_are_drawn_without_an_engine() {
    let (_, text) = topologies()
        .into_iter()
        .find(|(name, _)| name == "dev")
        .unwrap();
    let environment = TestEnvironment::with_topology(&text);
    for (format, extension) in [("mermaid", "mmd"), ("svg", "svg")] {
        let drawn = environment
            .masto(["-q", "graph", "--of", "resources", "--format", format])
            .answer();
        expect_file![format!("snapshots/graph/dev-resources.{extension}")].assert_eq(&drawn);
    }
    let left = std::fs::read_dir(environment.home()).unwrap().count();
    assert_eq!(left, 0, "a drawing leaves nothing behind");
}

#[test]
fn a_drawing_goes_to_a_file_on_demand() {
    let environment = TestEnvironment::with_topology(crate::environment::VALID);
    let run = environment.masto(["graph", "--format", "svg", "-o", "server.svg"]);
    assert_eq!((run.status, run.stdout.as_str()), (0, ""));
    assert!(
        run.stderr.ends_with("wrote server.svg\n"),
        "{}",
        run.transcript()
    );
    assert!(environment.read("server.svg").starts_with("<svg "));
}

#[test]
fn boxes_and_arrows_come_as_json_too() {
    let environment = TestEnvironment::with_topology(crate::environment::VALID);
    let document = environment.masto(["graph", "--format", "json"]).json();
    let ids: Vec<&str> = document["nodes"]
        .as_array()
        .unwrap()
        .iter()
        .filter_map(|node| node["id"].as_str())
        .collect();
    for edge in document["edges"].as_array().unwrap() {
        assert!(ids.contains(&edge["from"].as_str().unwrap()), "{edge}");
        assert!(ids.contains(&edge["to"].as_str().unwrap()), "{edge}");
    }
}
