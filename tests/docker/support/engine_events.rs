//! What the engine tells of what happens, and waiting for it.

use std::collections::{BTreeSet, HashMap};
use std::time::{Duration, SystemTime};

use bollard::Docker;
use bollard::query_parameters::{
    EventsOptionsBuilder, ListContainersOptionsBuilder, ListNetworksOptionsBuilder,
    ListVolumesOptionsBuilder, LogsOptionsBuilder,
};
use futures_util::{Stream, StreamExt as _};

use super::EngineState;

impl EngineState {
    /// Waits until the container called `name` has been started, at most `bound`.
    pub(crate) fn until_started(&self, name: &str, bound: Duration) {
        let filters = HashMap::from([
            ("container".to_owned(), vec![name.to_owned()]),
            ("event".to_owned(), vec!["start".to_owned()]),
        ]);
        self.until_event(&filters, name, bound);
    }

    fn until_event(&self, filters: &HashMap<String, Vec<String>>, what: &str, bound: Duration) {
        self.run(async |docker| {
            // The engine tells again what happened since, so nothing is missed before the call.
            let options = EventsOptionsBuilder::new()
                .filters(filters)
                .since(&self.began)
                .build();
            let mut events = docker.events(Some(options));
            let started = tokio::time::timeout(bound, events.next()).await;
            assert!(
                matches!(started, Ok(Some(Ok(_)))),
                "{what} was not started within {bound:?}: {started:?}"
            );
        });
    }

    /// Everything masto has on this engine, by kind and name: servers of people included.
    pub(crate) fn everything(&self) -> BTreeSet<String> {
        self.run(everything)
    }

    /// Waits until nothing but what is in `kept` is there, at most `bound`.
    pub(crate) fn until_only(&self, kept: &BTreeSet<String>, bound: Duration) {
        self.until_all(|all| all.is_subset(kept), bound);
    }

    /// Waits until everything that is there is as `holds` wants it, at most `bound`.
    fn until_all(&self, holds: impl Fn(&BTreeSet<String>) -> bool, bound: Duration) {
        self.run(async |docker| {
            let mut events = self.events(docker, "destroy");
            let waiting = async {
                while !holds(&everything(docker).await) {
                    events.next().await;
                }
            };
            if tokio::time::timeout(bound, waiting).await.is_err() {
                panic!(
                    "still there after {bound:?}: {:#?}",
                    everything(docker).await
                );
            }
        });
    }

    /// Waits until a container of any deployment has been started, at most `bound`.
    pub(crate) fn until_any_started(&self, bound: Duration) {
        let filters = HashMap::from([
            ("label".to_owned(), vec!["masto.deployment".to_owned()]),
            ("event".to_owned(), vec!["start".to_owned()]),
        ]);
        self.until_event(&filters, "a container", bound);
    }

    /// Waits until a container whose name gives something was started, at most `bound`, and gives
    /// that.
    pub(crate) fn until_one_started<T>(
        &self,
        of: impl Fn(&str) -> Option<T>,
        bound: Duration,
    ) -> T {
        let found = self.run(async |docker| {
            let mut events = self.events(docker, "start");
            let found = async {
                while let Some(Ok(event)) = events.next().await {
                    let attributes = event.actor.and_then(|actor| actor.attributes);
                    let name = attributes.and_then(|all| all.get("name").cloned());
                    if let Some(found) = name.as_deref().and_then(&of) {
                        return Some(found);
                    }
                }
                None
            };
            tokio::time::timeout(bound, found).await
        });
        found
            .ok()
            .flatten()
            .unwrap_or_else(|| panic!("none of them was started within {bound:?}"))
    }

    /// Waits until nothing of `deployment` is there, at most `bound`.
    pub(crate) fn until_nothing_of(&self, deployment: &str, bound: Duration) {
        let start = format!("masto-{deployment}-");
        self.until_all(|all| !all.iter().any(|thing| thing.contains(&start)), bound);
    }

    /// Events of this kind, of everything, since the scenario began: the engine tells again what
    /// happened by now, so that nothing is missed before the call.
    fn events<'d>(
        &self,
        docker: &'d Docker,
        kind: &str,
    ) -> impl Stream<Item = Result<bollard::models::EventMessage, bollard::errors::Error>> + use<'d>
    {
        let filters = HashMap::from([("event".to_owned(), vec![kind.to_owned()])]);
        let options = EventsOptionsBuilder::new()
            .filters(&filters)
            .since(&self.began)
            .build();
        docker.events(Some(options))
    }

    /// Waits until a container has printed a line with `needle`, at most `bound`, and gives the
    /// line.
    pub(crate) fn until_printed(&self, container: &str, needle: &str, bound: Duration) -> String {
        self.run(async |docker| {
            // The engine tells again what was printed, so nothing is missed before the call.
            let options = LogsOptionsBuilder::new()
                .stdout(true)
                .stderr(true)
                .follow(true)
                .build();
            let mut lines = docker.logs(container, Some(options));
            let found = async {
                while let Some(Ok(line)) = lines.next().await {
                    let line = line.to_string();
                    if line.contains(needle) {
                        return Some(line);
                    }
                }
                None
            };
            let found = tokio::time::timeout(bound, found).await;
            found.ok().flatten()
        })
        .unwrap_or_else(|| {
            panic!(
                "{container} did not print {needle:?} within {bound:?}:\n{}",
                self.logs(container)
            )
        })
    }

    /// How many containers of `deployment` with this label ran at the same time since the scenario
    /// began.
    pub(crate) fn most_at_once(&self, deployment: &str, label: &str) -> usize {
        let filters = HashMap::from([
            (
                "label".to_owned(),
                vec![format!("masto.deployment={deployment}"), label.to_owned()],
            ),
            (
                "event".to_owned(),
                vec!["start".to_owned(), "die".to_owned()],
            ),
        ]);
        let now = SystemTime::now()
            .duration_since(SystemTime::UNIX_EPOCH)
            .unwrap();
        self.run(async |docker| {
            let options = EventsOptionsBuilder::new()
                .filters(&filters)
                .since(&self.began)
                .until(&now.as_secs().to_string())
                .build();
            let mut events = docker.events(Some(options));
            let (mut running, mut most) = (0_usize, 0);
            while let Some(Ok(event)) = events.next().await {
                match event.action.as_deref() {
                    Some("start") => running += 1,
                    _ => running = running.saturating_sub(1),
                }
                most = most.max(running);
            }
            most
        })
    }
}

/// By kind and name.
async fn everything(docker: &Docker) -> BTreeSet<String> {
    let filter = HashMap::from([("label".to_owned(), vec!["masto.deployment".to_owned()])]);
    let containers = ListContainersOptionsBuilder::new()
        .all(true)
        .filters(&filter)
        .build();
    let networks = ListNetworksOptionsBuilder::new().filters(&filter).build();
    let volumes = ListVolumesOptionsBuilder::new().filters(&filter).build();
    let containers = docker.list_containers(Some(containers)).await.unwrap();
    let networks = docker.list_networks(Some(networks)).await.unwrap();
    let volumes = docker.list_volumes(Some(volumes)).await.unwrap();
    let containers = containers
        .into_iter()
        .map(|container| format!("container {}", container.names.unwrap().join(" ")));
    let networks = networks
        .into_iter()
        .map(|network| format!("network {}", network.name.unwrap()));
    let volumes = volumes
        .volumes
        .unwrap_or_default()
        .into_iter()
        .map(|volume| format!("volume {}", volume.name));
    containers.chain(networks).chain(volumes).collect()
}
