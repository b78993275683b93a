//! The server of a deployment as a Docker Compose project: the same containers, started by
//! another tool.
//!
//! Pure: [`export`] gives files, and the command writes them.

mod dotenv;
mod service;
mod yaml;

use std::collections::BTreeMap;

use engine::{Graph, Resource as _};
use local::{Container, Id, Resource, Route};
use mastodon::Secrets;
use topology::Name;

use yaml::Yaml;

/// A file of the project.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct ProjectFile {
    /// Permission bits.
    pub(crate) mode: u32,
    /// What is in it.
    pub(crate) content: String,
}

/// The files of a project by their path in it.
pub(crate) type Project = BTreeMap<String, ProjectFile>;

/// What a secret is that a container needs and nobody has.
#[derive(Debug, thiserror::Error)]
#[error("a container needs a secret that is not there")]
pub(crate) struct NoSecret;

/// The Compose project that runs `graph`. Secrets stand in `.env` and in files that only the
/// directory's owner can reach, never in `compose.yaml`.
pub(crate) fn export(
    graph: &Graph<Resource>,
    name: &Name,
    secrets: &Secrets,
) -> Result<Project, NoSecret> {
    let mut project = Project::new();
    let mut services = Vec::new();
    let route = graph.iter().find_map(|resource| match resource {
        Resource::Route(route) => Some(route.as_ref()),
        _ => None,
    });
    for resource in graph.iter() {
        let (container, is_job): (&Container, bool) = match resource {
            Resource::Container(container) => (container, false),
            Resource::Job(job) => (&job.container, true),
            Resource::Network(_) | Resource::Volume(_) | Resource::Route(_) => continue,
        };
        let of_ingress = if container.id == Id::Ingress {
            route
        } else {
            None
        };
        let service =
            service::service(container, is_job, of_ingress, graph, secrets, &mut project)?;
        services.push((container.id.short(), service));
    }
    let compose = Yaml::Map(vec![
        ("name".to_owned(), Yaml::text(name.as_str())),
        ("services".to_owned(), Yaml::Map(services)),
        ("networks".to_owned(), networks(graph)),
        ("volumes".to_owned(), volumes(graph)),
    ]);
    let introduction = format!(
        "# The server `{name}` for Docker Compose 2.20 or newer, written by `masto export compose`.\n\
         #   docker compose up --wait\n\
         # Secrets are in .env and in files/; keep this directory to yourself.\n\n"
    );
    let content = format!("{introduction}{}", compose.render());
    project.insert(
        "compose.yaml".to_owned(),
        ProjectFile {
            mode: 0o644,
            content,
        },
    );
    project.insert(
        ".env".to_owned(),
        ProjectFile {
            mode: 0o600,
            content: dotenv::render(secrets),
        },
    );
    Ok(project)
}

fn networks(graph: &Graph<Resource>) -> Yaml {
    let networks = graph.iter().filter_map(|resource| match resource {
        Resource::Network(network) => {
            let internal = network
                .internal
                .then(|| ("internal".to_owned(), Yaml::Bool(true)));
            Some((
                resource.id().short(),
                Yaml::Map(internal.into_iter().collect()),
            ))
        }
        _ => None,
    });
    Yaml::Map(networks.collect())
}

fn volumes(graph: &Graph<Resource>) -> Yaml {
    let volumes = graph.iter().filter_map(|resource| match resource {
        Resource::Volume(_) => Some((resource.id().short(), Yaml::Map(Vec::new()))),
        _ => None,
    });
    Yaml::Map(volumes.collect())
}

/// What the route says, where the ingress looks for it: beside its own certificate.
fn site_files(ingress: &Container, route: &Route) -> Vec<(String, String, u32)> {
    let folder = ingress
        .files
        .keys()
        .find_map(|path| path.strip_suffix("/_default/certificate.pem"));
    let Some(sites) = folder else {
        return Vec::new();
    };
    let name = &route.deployment;
    vec![
        (
            format!("{sites}/sites/{name}.caddyfile"),
            route.site.clone(),
            0o444,
        ),
        (
            format!("{sites}/{name}/certificate.pem"),
            route.leaf.certificate_pem.clone(),
            0o444,
        ),
        (
            format!("{sites}/{name}/key.pem"),
            route.leaf.key_pem.clone(),
            0o400,
        ),
    ]
}
