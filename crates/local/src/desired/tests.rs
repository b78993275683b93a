use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use engine::Resource as _;
use mastodon::Schema;

use super::*;
use crate::fixture;

/// The graph of a topology as a reviewer wants to read it: secrets by name, files by length.
fn told(graph: &Graph<Resource>) -> String {
    let mut text = String::new();
    for resource in graph.iter() {
        writeln!(text, "## {}", resource.id()).unwrap();
        match resource {
            Resource::Network(network) => {
                writeln!(
                    text,
                    "{}{}",
                    network.name,
                    if network.internal { ", no way out" } else { "" }
                )
                .unwrap();
            }
            Resource::Volume(volume) => writeln!(text, "{}", volume.name).unwrap(),
            Resource::Container(container) => text.push_str(&told_container(container)),
            Resource::Job(job) => text.push_str(&told_container(&job.container)),
            Resource::Route(route) => {
                let hosts = route.hosts.iter().map(String::as_str).collect::<Vec<_>>();
                writeln!(text, "hosts: {}", hosts.join(" ")).unwrap();
            }
        }
        let needs: Vec<String> = resource.depends_on().iter().map(Id::short).collect();
        if !needs.is_empty() {
            writeln!(text, "needs: {}", needs.join(" ")).unwrap();
        }
        text.push('\n');
    }
    text
}

fn told_container(container: &Container) -> String {
    let mut text = format!("{} from {}\n", container.name, container.image.reference);
    let first_lines = |words: &[String]| {
        let line = |word: &String| word.lines().next().unwrap_or_default().to_owned();
        words.iter().map(line).collect::<Vec<_>>().join(" ")
    };
    if let Some(entrypoint) = &container.entrypoint {
        writeln!(text, "entrypoint: {}", first_lines(entrypoint)).unwrap();
    }
    if !container.command.is_empty() {
        writeln!(text, "$ {}", first_lines(&container.command)).unwrap();
    }
    for (name, value) in &container.env {
        writeln!(text, "{name}={}", placeholders(value)).unwrap();
    }
    for (path, file) in &container.files {
        writeln!(text, "file {path} {:o}", file.mode).unwrap();
    }
    for (role, aliases) in &container.networks {
        let aliases: Vec<&str> = aliases.iter().map(String::as_str).collect();
        writeln!(text, "network {} {}", role.as_str(), aliases.join(" ")).unwrap();
    }
    for (role, path) in &container.mounts {
        writeln!(text, "volume {} at {path}", role.as_str()).unwrap();
    }
    for (inside, outside) in &container.ports {
        writeln!(text, "port 127.0.0.1:{outside} to {inside}").unwrap();
    }
    let mib = |bytes: Option<u64>| bytes.map(|bytes| bytes >> 20);
    if let Some(memory) = mib(container.memory) {
        writeln!(
            text,
            "memory {memory} MiB, shm {:?}, cpu {:?}",
            mib(container.shm),
            container.cpu_millis
        )
        .unwrap();
    }
    writeln!(
        text,
        "ready: {:?} within {:?}",
        container.ready, container.bound
    )
    .unwrap();
    writeln!(
        text,
        "stop: {:?} {:?}",
        container.stop_signal, container.stop_grace
    )
    .unwrap();
    if let Some(check) = &container.healthcheck {
        writeln!(text, "check: {}", check.join(" ")).unwrap();
    }
    text
}

fn placeholders(template: &crate::template::Template) -> String {
    let names = template.secrets().into_iter();
    let marks = names
        .map(|name| (name, mastodon::Secret::new(format!("<{}>", name.as_str()))))
        .collect();
    template.render(&marks, Some("<subnet>")).unwrap()
}

#[test]
fn what_runs_for_each_shipped_topology_is_committed() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../topologies");
    for name in ["dev", "peer", "small", "medium", "large"] {
        let text = fs::read_to_string(folder.join(format!("{name}.yaml"))).unwrap();
        let graph = fixture::graph(&text);
        let mut settings = insta::Settings::clone_current();
        settings.set_prepend_module_to_snapshot(false);
        settings.set_omit_expression(true);
        settings.set_snapshot_path("../../tests/snapshots");
        settings.bind(|| insta::assert_snapshot!(name, told(&graph)));
    }
}

#[test]
fn the_same_deployment_gives_the_same_graph() {
    let deployment = fixture::deployment(fixture::SOCIAL, &Schema::New);
    let spec = fixture::spec(fixture::SOCIAL, &deployment);
    let [one, other] = [(); 2].map(|()| format!("{:?}", desired(&deployment, &spec).unwrap()));
    assert_eq!(one, other);
}

#[test]
fn no_secret_is_in_anything_but_a_template() {
    let graph = fixture::graph(fixture::SOCIAL);
    let text = format!("{graph:?}");
    assert!(text.contains("RedisPassword"), "the graph names the secret");
    assert!(!text.contains("canary"), "and does not hold it");
    assert!(!text.contains("PRIVATE KEY"), "nor a key of the ingress");
}

#[test]
fn stores_are_out_of_reach_from_outside_and_only_the_ingress_has_ports() {
    let graph = fixture::graph(fixture::SOCIAL);
    for resource in graph.iter() {
        let Resource::Container(container) = resource else {
            continue;
        };
        assert_eq!(
            !container.ports.is_empty(),
            container.id == Id::Ingress,
            "{}",
            container.id
        );
        if matches!(
            container.id,
            Id::Store(StoreRole::Postgres | StoreRole::Redis)
        ) {
            assert_eq!(
                container.networks.keys().collect::<Vec<_>>(),
                [&NetworkRole::Stores]
            );
        }
    }
}
