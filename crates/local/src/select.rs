//! Which container a person means by `web`, `web-2`, `sidekiq` or `postgres`.

use topology::Name;

use crate::docker::Docker;
use crate::error::Error;
use crate::state::State;
use crate::status::{ContainerStatus, status};

/// Whether `wanted` means this container: its process, one replica of it, or with `sidekiq` any
/// Sidekiq process.
pub(crate) fn means(wanted: &str, container: &ContainerStatus) -> bool {
    let ContainerStatus {
        process, replica, ..
    } = container;
    wanted == process
        || wanted == format!("{process}-{replica}")
        || wanted == container.name
        || (wanted == "sidekiq" && process.starts_with("sidekiq-"))
}

/// The containers that any of `wanted` means, or all for none.
pub(crate) fn select(
    deployment: &Name,
    containers: Vec<ContainerStatus>,
    wanted: &[String],
) -> Result<Vec<ContainerStatus>, Error> {
    if let Some(unknown) = wanted
        .iter()
        .find(|wanted| !containers.iter().any(|container| means(wanted, container)))
    {
        let mut known: Vec<String> = containers
            .iter()
            .map(|container| container.process.clone())
            .collect();
        known.dedup();
        return Err(Error::NoSuchProcess {
            deployment: deployment.to_string(),
            wanted: unknown.clone(),
            known,
        });
    }
    Ok(containers
        .into_iter()
        .filter(|container| {
            wanted.is_empty() || wanted.iter().any(|wanted| means(wanted, container))
        })
        .collect())
}

/// The first running container that `wanted` means.
pub(crate) async fn running(
    docker: &Docker,
    name: &Name,
    wanted: &str,
) -> Result<ContainerStatus, Error> {
    let found = select(name, status(docker, name).await?, &[wanted.to_owned()])?;
    let state = found
        .first()
        .map(|container| container.state.to_string())
        .unwrap_or_default();
    found
        .into_iter()
        .find(|container| container.state == State::Running)
        .ok_or_else(|| Error::NotRunning {
            process: wanted.to_owned(),
            state,
        })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::status::Kind;

    fn container(process: &str, replica: u16) -> ContainerStatus {
        ContainerStatus {
            name: format!("masto-social-{process}-{replica}"),
            process: process.to_owned(),
            replica,
            kind: Kind::Process,
            state: State::Running,
            health: None,
            well: true,
            image: String::new(),
            status: String::new(),
            created: None,
            ports: Vec::new(),
        }
    }

    fn check(wanted: &[&str], expected: &[&str]) {
        let all = vec![
            container("web", 1),
            container("web", 2),
            container("sidekiq-all", 1),
        ];
        let wanted: Vec<String> = wanted.iter().map(|&wanted| wanted.to_owned()).collect();
        let found = select(&"social".parse().unwrap(), all, &wanted).unwrap();
        let found: Vec<String> = found
            .iter()
            .map(|found| format!("{}-{}", found.process, found.replica))
            .collect();
        assert_eq!(found, expected);
    }

    #[test]
    fn a_process_means_all_its_replicas_and_a_number_means_one() {
        check(&[], &["web-1", "web-2", "sidekiq-all-1"]);
        check(&["web"], &["web-1", "web-2"]);
        check(&["web-2", "sidekiq"], &["web-2", "sidekiq-all-1"]);
        check(&["masto-social-web-1"], &["web-1"]);
    }

    #[test]
    fn an_unknown_process_is_answered_with_those_there_are() {
        let all = vec![container("web", 1), container("web", 2)];
        let error = select(&"social".parse().unwrap(), all, &["wbe".to_owned()]).unwrap_err();
        assert_eq!(error.to_string(), "`social` has no `wbe`");
        assert_eq!(
            engine::Failure::hint(&error).as_deref(),
            Some("there are web")
        );
    }
}
