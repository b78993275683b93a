use bollard::models::{
    ContainerSummaryNetworkSettings, ContainerSummaryStateEnum, EndpointSettings, Ipam, IpamConfig,
};
use engine::Live as _;
use expect_test::expect;

use std::collections::HashMap;

use super::*;
use crate::id::INGRESS;

fn summary(name: &str, labels: &[(&str, &str)], status: &str) -> ContainerSummary {
    let endpoint = EndpointSettings {
        network_id: Some("n1".to_owned()),
        ..EndpointSettings::default()
    };
    ContainerSummary {
        id: Some(format!("id of {name}")),
        names: Some(vec![format!("/{name}")]),
        image: Some("postgres:17".to_owned()),
        labels: Some(
            labels
                .iter()
                .map(|(key, value)| ((*key).to_owned(), (*value).to_owned()))
                .collect(),
        ),
        state: Some(if status.starts_with("Up") {
            ContainerSummaryStateEnum::RUNNING
        } else {
            ContainerSummaryStateEnum::EXITED
        }),
        status: Some(status.to_owned()),
        network_settings: Some(ContainerSummaryNetworkSettings {
            networks: Some(HashMap::from([("any".to_owned(), endpoint)])),
        }),
        ..ContainerSummary::default()
    }
}

fn network(name: &str, id: &str, owner: &str) -> Network {
    Network {
        name: Some(name.to_owned()),
        id: Some(id.to_owned()),
        labels: Some(HashMap::from([(
            labels::DEPLOYMENT.to_owned(),
            owner.to_owned(),
        )])),
        ipam: Some(Ipam {
            config: Some(vec![IpamConfig {
                subnet: Some("172.20.0.0/16".to_owned()),
                gateway: Some("172.20.0.1".to_owned()),
                ..IpamConfig::default()
            }]),
            ..Ipam::default()
        }),
        ..Network::default()
    }
}

fn told(containers: Vec<ContainerSummary>, networks: Vec<Network>, route: Option<&str>) -> String {
    let name = "social".parse().unwrap();
    let found = sort(&name, containers);
    let snapshot = assemble(&name, found, networks, Vec::new(), route.map(str::to_owned));
    let mut lines: Vec<String> = snapshot
        .things
        .iter()
        .map(|(id, live)| {
            let what = match live {
                Live::Container(live) => {
                    let others: Vec<&str> = live.others.iter().map(String::as_str).collect();
                    format!(
                        "{} is {}, others: {others:?}",
                        live.container_id, live.state
                    )
                }
                Live::Network(_) => format!("{:?}", live.attributes()),
                Live::Volume(live) => live.name.clone(),
                Live::Route(live) => format!("{live:?}"),
            };
            format!("{id} ({:?}): {what}", live.owner())
        })
        .collect();
    lines.push(format!("neighbours: {:?}", snapshot.neighbours));
    lines.join("\n")
}

const OURS: (&str, &str) = (labels::DEPLOYMENT, "social");

#[test]
fn ours_are_told_by_their_label_and_strangers_by_their_name() {
    let containers = vec![
        summary(
            "masto-social-postgres",
            &[OURS, (labels::RESOURCE, "store/postgres")],
            "Up 2 hours (healthy)",
        ),
        summary(
            "masto-social-schema",
            &[OURS, (labels::RESOURCE, "job/schema")],
            "Exited (0) 2 hours ago",
        ),
        summary("masto-social-redis", &[], "Up 3 minutes"),
        summary(
            "masto-social-web-1",
            &[
                (labels::DEPLOYMENT, "soc"),
                (labels::RESOURCE, "process/web-1"),
            ],
            "Up 1 second",
        ),
        summary("masto-social-grafana", &[], "Up 3 minutes"),
        summary(
            "masto-social-run-1",
            &[
                OURS,
                (labels::ONE_OFF, "true"),
                (labels::RESOURCE, "process/web-1"),
            ],
            "Up 1 second",
        ),
    ];
    expect![[r#"
        container `postgres` (Ours): id of masto-social-postgres is running, others: []
        container `redis` (Stranger): id of masto-social-redis is running, others: []
        container `web-1` (Deployment("soc")): id of masto-social-web-1 is running, others: []
        job `schema` (Ours): id of masto-social-schema is exited (0), others: []
        neighbours: {}"#]]
    .assert_eq(&told(containers, Vec::new(), None));
}

#[test]
fn a_copy_and_a_renamed_container_are_kept_with_the_one_of_the_right_name() {
    let web = [OURS, (labels::RESOURCE, "process/web-1")];
    let containers = vec![
        summary("copy", &web, "Up 1 second"),
        summary("masto-social-web-1", &web, "Exited (1) 1 second ago"),
        summary("another", &web, "Up 1 second"),
    ];
    expect![[r#"
        container `web-1` (Ours): id of masto-social-web-1 is exited (1), others: ["id of another", "id of copy"]
        neighbours: {}"#]].assert_eq(&told(containers, Vec::new(), None));
}

#[test]
fn the_ingress_is_connected_when_it_is_in_our_network_and_has_neighbours_by_theirs() {
    let ingress = [
        (labels::DEPLOYMENT, labels::SHARED),
        (labels::RESOURCE, "ingress"),
    ];
    let networks = || {
        vec![
            network("masto-social-processes", "n1", "social"),
            network("masto-social-stores", "n2", "social"),
            network("masto-other-processes", "n3", "other"),
            network("masto-other-stores", "n4", "other"),
        ]
    };
    let containers = || vec![summary(INGRESS, &ingress, "Up 1 second")];
    expect![[r#"
        network `stores` (Ours): Attributes { identity: "n2", subnet: Some("172.20.0.0/16"), gateway: Some("172.20.0.1") }
        network `processes` (Ours): Attributes { identity: "n1", subnet: Some("172.20.0.0/16"), gateway: Some("172.20.0.1") }
        container `ingress` (Ours): id of masto-ingress is running, others: []
        route (Ours): LiveRoute { hash: Some("0a1b"), connected: true }
        neighbours: {"other"}"#]].assert_eq(&told(containers(), networks(), Some("0a1b")));
    // A route that nobody serves and no connection: nothing is there of it.
    expect![[r#"
        network `stores` (Ours): Attributes { identity: "n2", subnet: Some("172.20.0.0/16"), gateway: Some("172.20.0.1") }
        network `processes` (Ours): Attributes { identity: "n1", subnet: Some("172.20.0.0/16"), gateway: Some("172.20.0.1") }
        neighbours: {"other"}"#]].assert_eq(&told(Vec::new(), networks(), None));
}
