//! One container as a service.

use std::collections::BTreeSet;

use engine::Graph;
use local::{Container, Id, Ready, Resource, Route, Template};
use mastodon::{Secret, SecretName, Secrets};

use super::yaml::Yaml;
use super::{NoSecret, Project, ProjectFile, site_files};

/// In place of the subnet of the processes' network, which Compose tells nobody: the ranges that
/// Docker takes its networks from.
const DOCKER_SUBNETS: &str = "172.16.0.0/12,192.168.0.0/16";

/// The service of `container`; files it needs are added to `project`.
pub(super) fn service(
    container: &Container,
    is_job: bool,
    route: Option<&Route>,
    graph: &Graph<Resource>,
    secrets: &Secrets,
    project: &mut Project,
) -> Result<Yaml, NoSecret> {
    let mut entries: Vec<(String, Yaml)> = Vec::new();
    let mut put = |key: &str, value: Yaml| entries.push((key.to_owned(), value));
    put("image", Yaml::text(&container.image.reference));
    put(
        "restart",
        Yaml::text(if is_job { "no" } else { "unless-stopped" }),
    );
    if let Some(entrypoint) = &container.entrypoint {
        put("entrypoint", words(entrypoint));
    }
    if !container.command.is_empty() {
        put("command", words(&container.command));
    }
    let mut environment = Vec::new();
    for (name, value) in &container.env {
        environment.push((name.clone(), Yaml::Text(placeholders(value)?)));
    }
    if !environment.is_empty() {
        put("environment", Yaml::Map(environment));
    }
    let depends_on = depends_on(container, graph);
    if !depends_on.is_empty() {
        put("depends_on", Yaml::Map(depends_on));
    }
    if let (false, Some(check)) = (is_job, healthcheck(container)) {
        put("healthcheck", check);
    }
    put("networks", networks(container, route));
    let volumes = volumes(container, route, secrets, project)?;
    if !volumes.is_empty() {
        put("volumes", Yaml::List(volumes));
    }
    let ports = container
        .ports
        .iter()
        .map(|(inside, outside)| format!("127.0.0.1:{outside}:{inside}"));
    let ports: Vec<Yaml> = ports.map(Yaml::Text).collect();
    if !ports.is_empty() {
        put("ports", Yaml::List(ports));
    }
    if let Some(memory) = container.memory {
        put("mem_limit", Yaml::Text(format!("{}m", memory >> 20)));
    }
    if let Some(millis) = container.cpu_millis {
        put("cpu_shares", Yaml::Number(u64::from(millis) * 1024 / 1000));
    }
    if let Some(shm) = container.shm {
        put("shm_size", Yaml::Text(format!("{}m", shm >> 20)));
    }
    if let Some(signal) = container.stop_signal {
        put("stop_signal", Yaml::text(signal));
    }
    put(
        "stop_grace_period",
        Yaml::Text(format!("{}s", container.stop_grace.as_secs())),
    );
    Ok(Yaml::Map(entries))
}

fn words(words: &[String]) -> Yaml {
    // A dollar is Compose's sign for a variable.
    Yaml::List(
        words
            .iter()
            .map(|word| Yaml::Text(word.replace('$', "$$")))
            .collect(),
    )
}

fn depends_on(container: &Container, graph: &Graph<Resource>) -> Vec<(String, Yaml)> {
    // `up --wait` takes a container that has ended for a failure unless another waits for its end:
    // the front door waits for the jobs that nobody else does.
    let unneeded = if container.id == Id::Ingress {
        jobs_nobody_needs(graph)
    } else {
        BTreeSet::new()
    };
    container
        .requires
        .union(&unneeded)
        .map(|id| {
            let condition = match (id, graph.get(id)) {
                (Id::Job(_), _) => "service_completed_successfully",
                (_, Some(Resource::Container(needed))) if healthcheck(needed).is_some() => {
                    "service_healthy"
                }
                _ => "service_started",
            };
            (
                id.short(),
                Yaml::Map(vec![("condition".to_owned(), Yaml::text(condition))]),
            )
        })
        .collect()
}

fn jobs_nobody_needs(graph: &Graph<Resource>) -> BTreeSet<Id> {
    let needed: BTreeSet<Id> = graph
        .iter()
        .flat_map(engine::Resource::depends_on)
        .collect();
    let ids = graph.iter().map(engine::Resource::id);
    ids.filter(|id| matches!(id, Id::Job(_)) && !needed.contains(id))
        .collect()
}

/// The container's own check, or one like masto's own probe. Looks each second from the start, as
/// masto does, and gives up when masto would.
fn healthcheck(container: &Container) -> Option<Yaml> {
    let test = match (&container.healthcheck, &container.ready) {
        (Some(test), _) => test.clone(),
        (None, Ready::Http { port, path }) => {
            let url = format!("http://127.0.0.1:{port}{path}");
            let probe = format!("curl -fsS -o /dev/null {url} || wget -q -O /dev/null {url}");
            vec!["CMD-SHELL".to_owned(), probe]
        }
        (
            None,
            Ready::Postgres { .. }
            | Ready::Redis { .. }
            | Ready::File { .. }
            | Ready::Tcp { .. }
            | Ready::Ended,
        ) => {
            return None;
        }
    };
    Some(Yaml::Map(vec![
        ("test".to_owned(), words(&test)),
        ("interval".to_owned(), Yaml::text("1s")),
        ("timeout".to_owned(), Yaml::text("10s")),
        (
            "retries".to_owned(),
            Yaml::Number(container.bound.as_secs()),
        ),
    ]))
}

/// Under the names it has with masto: the site file and the environment use them.
fn networks(container: &Container, route: Option<&Route>) -> Yaml {
    let mut networks: Vec<(String, Yaml)> = container
        .networks
        .iter()
        .map(|(role, aliases)| {
            let names = aliases.iter().chain(std::iter::once(&container.name));
            (
                Id::Network(*role).short(),
                aliased(names.cloned().collect()),
            )
        })
        .collect();
    if let Some(route) = route {
        let processes = Id::Network(local::NetworkRole::Processes).short();
        networks.push((processes, aliased(route.hosts.clone())));
    }
    Yaml::Map(networks)
}

fn aliased(names: BTreeSet<String>) -> Yaml {
    let names = names.into_iter().map(Yaml::Text).collect();
    Yaml::Map(vec![("aliases".to_owned(), Yaml::List(names))])
}

fn volumes(
    container: &Container,
    route: Option<&Route>,
    secrets: &Secrets,
    project: &mut Project,
) -> Result<Vec<Yaml>, NoSecret> {
    let mut volumes: Vec<Yaml> = container
        .mounts
        .iter()
        .map(|(role, path)| Yaml::Text(format!("{}:{path}", Id::Volume(*role).short())))
        .collect();
    let mut files = Vec::new();
    for (path, file) in &container.files {
        let content = file
            .content
            .render(secrets, Some(DOCKER_SUBNETS))
            .map_err(|_| NoSecret)?;
        files.push((path.clone(), content, file.mode));
    }
    files.extend(
        route
            .into_iter()
            .flat_map(|route| site_files(container, route)),
    );
    for (path, content, mode) in files {
        let source = format!("files/{}{path}", folder(container, &content));
        volumes.push(Yaml::Text(format!("./{source}:{path}:ro")));
        project.insert(source, ProjectFile { mode, content });
    }
    Ok(volumes)
}

/// Where a container's files are kept: what all processes have alike is kept once.
fn folder(container: &Container, content: &str) -> String {
    match container.id {
        Id::Process(..) | Id::Job(_) if content.starts_with("-----BEGIN CERTIFICATE") => {
            "shared".to_owned()
        }
        _ => container.id.short(),
    }
}

/// The text of `template` with `${NAME}` for each secret, and every other dollar doubled.
fn placeholders(template: &Template) -> Result<String, NoSecret> {
    // Signs that no text has, so that a secret's dollar is told from any other.
    const OPEN: char = '\u{1}';
    const CLOSE: char = '\u{2}';
    let marks: Secrets = template
        .secrets()
        .into_iter()
        .map(|name: SecretName| (name, Secret::new(format!("{OPEN}{}{CLOSE}", name.as_str()))))
        .collect();
    let text = template
        .render(&marks, Some(DOCKER_SUBNETS))
        .map_err(|_| NoSecret)?;
    Ok(text
        .replace('$', "$$")
        .replace(OPEN, "${")
        .replace(CLOSE, "}"))
}
