//! What the engine itself says is there, and things done behind masto's back.

use std::collections::{BTreeMap, HashMap};
use std::future::Future;
use std::time::SystemTime;

use bollard::Docker;
use bollard::query_parameters::{
    CreateContainerOptionsBuilder, InspectContainerOptions, KillContainerOptionsBuilder,
    ListContainersOptionsBuilder, ListNetworksOptionsBuilder, ListVolumesOptionsBuilder,
    LogsOptionsBuilder, RemoveContainerOptionsBuilder, RemoveVolumeOptions,
    StopContainerOptionsBuilder,
};
use futures_util::StreamExt as _;

/// The engine.
pub(crate) struct EngineState {
    runtime: tokio::runtime::Runtime,
    docker: Docker,
    /// Seconds since 1970 when this scenario began.
    pub(super) began: String,
}

/// A container as the engine lists it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct FoundContainer {
    /// Without the slash.
    pub(crate) name: String,
    /// Changes when it is made again.
    pub(crate) id: String,
    /// `running`, `exited`.
    pub(crate) state: String,
    /// Changes when it is started again.
    pub(crate) started_at: String,
}

/// Everything that carries a deployment's label.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Found {
    /// Sorted by name.
    pub(crate) containers: Vec<FoundContainer>,
    /// Sorted names.
    pub(crate) networks: Vec<String>,
    /// Sorted names.
    pub(crate) volumes: Vec<String>,
}

impl Found {
    /// Nothing at all.
    pub(crate) fn is_empty(&self) -> bool {
        self.containers.is_empty() && self.networks.is_empty() && self.volumes.is_empty()
    }

    /// Container ids by name.
    pub(crate) fn ids(&self) -> BTreeMap<&str, &str> {
        self.containers
            .iter()
            .map(|found| (found.name.as_str(), found.id.as_str()))
            .collect()
    }

    /// Names of the containers that run.
    pub(crate) fn running(&self) -> Vec<&str> {
        self.containers
            .iter()
            .filter(|found| found.state == "running")
            .map(|found| found.name.as_str())
            .collect()
    }
}

impl EngineState {
    /// The engine that masto would find as well. Panics without one: a missing daemon is a failure.
    pub(crate) fn connect() -> Self {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .unwrap();
        let docker = runtime.block_on(async {
            let docker = Docker::connect_with_defaults().expect("a Docker engine for the tests");
            docker
                .negotiate_version()
                .await
                .expect("a Docker engine that answers")
        });
        let began = SystemTime::now()
            .duration_since(SystemTime::UNIX_EPOCH)
            .unwrap();
        Self {
            runtime,
            docker,
            began: began.as_secs().to_string(),
        }
    }

    /// Runs `work` against the engine.
    pub(crate) fn run<T>(&self, work: impl AsyncFnOnce(&Docker) -> T) -> T {
        self.block_on(work(&self.docker))
    }

    fn block_on<T>(&self, work: impl Future<Output = T>) -> T {
        self.runtime.block_on(work)
    }

    /// What carries the label of `deployment`.
    pub(crate) fn found(&self, deployment: &str) -> Found {
        self.run(async |docker| {
            let filter = filter(deployment);
            let listed = docker
                .list_containers(Some(
                    ListContainersOptionsBuilder::new()
                        .all(true)
                        .filters(&filter)
                        .build(),
                ))
                .await
                .unwrap();
            let mut containers = Vec::new();
            for container in listed {
                let id = container.id.unwrap();
                // It may go between the two calls: then it is not there.
                let Ok(inspected) = docker
                    .inspect_container(&id, None::<InspectContainerOptions>)
                    .await
                else {
                    continue;
                };
                let state = inspected.state.unwrap();
                containers.push(FoundContainer {
                    name: inspected.name.unwrap().trim_start_matches('/').to_owned(),
                    id,
                    state: state
                        .status
                        .map(|status| status.to_string())
                        .unwrap_or_default(),
                    started_at: state.started_at.unwrap_or_default(),
                });
            }
            containers.sort();
            let networks = docker
                .list_networks(Some(
                    ListNetworksOptionsBuilder::new().filters(&filter).build(),
                ))
                .await
                .unwrap();
            let volumes = docker
                .list_volumes(Some(
                    ListVolumesOptionsBuilder::new().filters(&filter).build(),
                ))
                .await
                .unwrap();
            let sorted = |mut names: Vec<String>| {
                names.sort();
                names
            };
            Found {
                containers,
                networks: sorted(
                    networks
                        .into_iter()
                        .filter_map(|network| network.name)
                        .collect(),
                ),
                volumes: sorted(
                    volumes
                        .volumes
                        .unwrap_or_default()
                        .into_iter()
                        .map(|volume| volume.name)
                        .collect(),
                ),
            }
        })
    }

    /// Kills a container.
    pub(crate) fn kill(&self, container: &str) {
        self.run(async |docker| {
            docker
                .kill_container(
                    container,
                    Some(KillContainerOptionsBuilder::new().signal("KILL").build()),
                )
                .await
                .unwrap();
        });
    }

    /// Stops a container as a person would.
    pub(crate) fn stop(&self, container: &str) {
        self.run(async |docker| {
            docker
                .stop_container(
                    container,
                    Some(StopContainerOptionsBuilder::new().t(5).build()),
                )
                .await
                .unwrap();
        });
    }

    /// Removes a container, running or not.
    pub(crate) fn remove(&self, container: &str) {
        self.run(async |docker| {
            docker
                .remove_container(
                    container,
                    Some(
                        RemoveContainerOptionsBuilder::new()
                            .force(true)
                            .v(true)
                            .build(),
                    ),
                )
                .await
                .unwrap();
        });
    }

    /// Makes a container that is not masto's, under `name`; it is not started.
    pub(crate) fn create_foreign(&self, name: &str) {
        self.run(async |docker| {
            let body = bollard::models::ContainerCreateBody {
                image: Some("masto-kit/redis:8".to_owned()),
                labels: Some(HashMap::from([(
                    "masto.test".to_owned(),
                    "foreign".to_owned(),
                )])),
                ..Default::default()
            };
            docker
                .create_container(
                    Some(CreateContainerOptionsBuilder::new().name(name).build()),
                    body,
                )
                .await
                .unwrap();
        });
    }

    /// What tells each of `volumes` from another that had its name.
    pub(crate) fn incarnations(&self, volumes: &[String]) -> BTreeMap<String, String> {
        self.run(async |docker| {
            let mut all = BTreeMap::new();
            for name in volumes {
                let volume = docker.inspect_volume(name).await.unwrap();
                all.insert(name.clone(), volume.labels["masto.incarnation"].clone());
            }
            all
        })
    }

    /// Names of the networks that a container is in.
    pub(crate) fn networks_of(&self, container: &str) -> Vec<String> {
        self.run(async |docker| {
            let inspected = docker
                .inspect_container(container, None::<InspectContainerOptions>)
                .await
                .unwrap();
            let networks = inspected.network_settings.unwrap().networks.unwrap();
            networks.into_keys().collect()
        })
    }

    /// Makes a container again on the engine's default bridge, and in its other networks but the
    /// one for itself; gives what it then has on record.
    pub(crate) fn recreate_on_bridge(&self, container: &str) -> String {
        self.run(async |docker| {
            let inspected = docker
                .inspect_container(container, None::<InspectContainerOptions>)
                .await
                .unwrap();
            let (config, mut host) = (inspected.config.unwrap(), inspected.host_config.unwrap());
            host.network_mode = None;
            let mut labels = config.labels.unwrap();
            let mut record: BTreeMap<String, String> =
                serde_json::from_str(&labels["masto.config"]).unwrap();
            record.remove("network.ingress");
            let record = serde_json::to_string(&record).unwrap();
            labels.insert("masto.config".to_owned(), record.clone());
            labels.insert(
                "masto.config-hash".to_owned(),
                "of an older masto".to_owned(),
            );
            let options = RemoveContainerOptionsBuilder::new().force(true).build();
            docker
                .remove_container(container, Some(options))
                .await
                .unwrap();
            let body = bollard::models::ContainerCreateBody {
                image: config.image,
                cmd: config.cmd,
                labels: Some(labels),
                exposed_ports: config.exposed_ports,
                host_config: Some(host),
                ..Default::default()
            };
            let options = CreateContainerOptionsBuilder::new().name(container).build();
            let made = docker.create_container(Some(options), body).await.unwrap();
            docker.start_container(&made.id, None).await.unwrap();
            let networks = inspected.network_settings.unwrap().networks.unwrap();
            for network in networks.keys().filter(|name| name.ends_with("-processes")) {
                let request = bollard::models::NetworkConnectRequest {
                    container: made.id.clone(),
                    endpoint_config: None,
                };
                docker.connect_network(network, request).await.unwrap();
            }
            record
        })
    }

    /// Whether there is a container called `name`.
    pub(crate) fn exists(&self, name: &str) -> bool {
        self.run(async |docker| {
            docker
                .inspect_container(name, None::<InspectContainerOptions>)
                .await
                .is_ok()
        })
    }

    /// Runs `command` in a container, to its end, which must be good.
    pub(crate) fn execute(&self, container: &str, command: &[&str]) {
        self.execute_as(container, None, command);
    }

    /// The same as `user`, and gives what it printed.
    pub(crate) fn execute_as(
        &self,
        container: &str,
        user: Option<&str>,
        command: &[&str],
    ) -> String {
        self.run(async |docker| {
            let exec = bollard::models::ExecConfig {
                user: user.map(str::to_owned),
                cmd: Some(command.iter().map(|&word| word.to_owned()).collect()),
                attach_stdout: Some(true),
                attach_stderr: Some(true),
                ..Default::default()
            };
            let exec = docker.create_exec(container, exec).await.unwrap().id;
            let mut printed = String::new();
            if let bollard::exec::StartExecResults::Attached { mut output, .. } =
                docker.start_exec(&exec, None).await.unwrap()
            {
                while let Some(Ok(part)) = output.next().await {
                    printed.push_str(&part.to_string());
                }
            }
            assert_eq!(
                docker.inspect_exec(&exec).await.unwrap().exit_code,
                Some(0),
                "{command:?}: {printed}"
            );
            printed
        })
    }

    /// Starts `image` as a container called `name` that is not masto's, found in `network` under
    /// `alias`. It runs `script`, which has `variables`.
    pub(crate) fn start_foreign(
        &self,
        name: &str,
        image: &str,
        (network, alias): (&str, &str),
        variables: &[(&str, &str)],
        script: &str,
    ) {
        self.run(async |docker| {
            let endpoint = bollard::models::EndpointSettings {
                aliases: Some(vec![alias.to_owned()]),
                ..Default::default()
            };
            let body = bollard::models::ContainerCreateBody {
                image: Some(image.to_owned()),
                labels: Some(HashMap::from([(
                    "masto.test".to_owned(),
                    "foreign".to_owned(),
                )])),
                env: Some(
                    variables
                        .iter()
                        .map(|(name, value)| format!("{name}={value}"))
                        .collect(),
                ),
                entrypoint: Some(["sh", "-euc"].map(str::to_owned).to_vec()),
                cmd: Some(vec![script.to_owned()]),
                host_config: Some(bollard::models::HostConfig {
                    network_mode: Some(network.to_owned()),
                    ..Default::default()
                }),
                networking_config: Some(bollard::models::NetworkingConfig {
                    endpoints_config: Some(HashMap::from([(network.to_owned(), endpoint)])),
                }),
                ..Default::default()
            };
            let options = CreateContainerOptionsBuilder::new().name(name).build();
            docker.create_container(Some(options), body).await.unwrap();
            docker.start_container(name, None).await.unwrap();
        });
    }

    /// Everything a container printed.
    pub(crate) fn logs(&self, container: &str) -> String {
        self.run(async |docker| {
            let options = LogsOptionsBuilder::new()
                .stdout(true)
                .stderr(true)
                .tail("200")
                .build();
            let mut lines = docker.logs(container, Some(options));
            let mut text = String::new();
            while let Some(Ok(line)) = lines.next().await {
                text.push_str(&line.to_string());
            }
            text
        })
    }

    /// Labels, environment and arguments of every container of `deployment`: what anyone with the
    /// engine's socket can read.
    pub(crate) fn inspect_all(
        &self,
        deployment: &str,
    ) -> Vec<bollard::models::ContainerInspectResponse> {
        self.run(async |docker| {
            let options = ListContainersOptionsBuilder::new()
                .all(true)
                .filters(&filter(deployment))
                .build();
            let mut all = Vec::new();
            for container in docker.list_containers(Some(options)).await.unwrap() {
                all.push(
                    docker
                        .inspect_container(&container.id.unwrap(), None::<InspectContainerOptions>)
                        .await
                        .unwrap(),
                );
            }
            all
        })
    }

    /// Removes whatever carries the label of `deployment`.
    pub(crate) fn remove_all(&self, deployment: &str) {
        let found = self.found(deployment);
        self.run(async |docker| {
            for container in found.containers {
                let options = RemoveContainerOptionsBuilder::new()
                    .force(true)
                    .v(true)
                    .build();
                let _ = docker.remove_container(&container.id, Some(options)).await;
            }
            for network in found.networks {
                // The shared ingress is in it, and stays for its other deployments.
                let request = bollard::models::NetworkDisconnectRequest {
                    container: "masto-ingress".to_owned(),
                    force: Some(true),
                };
                let _ = docker.disconnect_network(&network, request).await;
                let _ = docker.remove_network(&network).await;
            }
            for volume in found.volumes {
                let _ = docker
                    .remove_volume(&volume, None::<RemoveVolumeOptions>)
                    .await;
            }
        });
    }
}

fn filter(deployment: &str) -> HashMap<String, Vec<String>> {
    HashMap::from([(
        "label".to_owned(),
        vec![format!("masto.deployment={deployment}")],
    )])
}
