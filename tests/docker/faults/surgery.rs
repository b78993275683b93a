//! Containers made again with something different, behind masto's back.

use std::collections::HashMap;
use std::time::Duration;

use bollard::body_full;
use bollard::exec::StartExecResults;
use bollard::models::{
    ContainerCreateBody, EndpointSettings, ExecConfig, NetworkConnectRequest, NetworkingConfig,
};
use bollard::query_parameters::{
    CreateContainerOptionsBuilder, DownloadFromContainerOptionsBuilder, LogsOptionsBuilder,
    RemoveContainerOptionsBuilder, RenameContainerOptionsBuilder, StopContainerOptionsBuilder,
    UploadToContainerOptionsBuilder,
};
use futures_util::{StreamExt as _, TryStreamExt as _};

use super::Undo;
use crate::support::Scenario;

/// Where masto puts files into containers.
const FILES: &str = "/etc/masto";

/// Makes the container of `process` again with another body; undone, the old one is back, and
/// `masto up` starts it.
pub(super) fn remake(
    scenario: &Scenario,
    process: &str,
    change: impl FnOnce(&mut ContainerCreateBody),
) -> Undo {
    let name = scenario.container(process);
    let aside = format!("{name}-aside");
    scenario.engine.run(async |docker| {
        let found = docker.inspect_container(&name, None).await.unwrap();
        let files = DownloadFromContainerOptionsBuilder::new()
            .path(FILES)
            .build();
        let files = docker.download_from_container(&name, Some(files));
        let files: Result<Vec<_>, _> = files.try_collect().await;
        let config = serde_json::to_value(found.config.unwrap()).unwrap();
        let mut body: ContainerCreateBody = serde_json::from_value(config).unwrap();
        body.host_config = found.host_config;
        let networks = found.network_settings.unwrap().networks.unwrap();
        let mut endpoints: Vec<(String, EndpointSettings)> = networks
            .into_iter()
            .map(|(network, endpoint)| {
                let aliases = endpoint.aliases;
                (
                    network,
                    EndpointSettings {
                        aliases,
                        ..EndpointSettings::default()
                    },
                )
            })
            .collect();
        endpoints.sort_by(|one, other| one.0.cmp(&other.0));
        let first = endpoints.remove(0);
        body.networking_config = Some(NetworkingConfig {
            endpoints_config: Some(HashMap::from([first])),
        });
        change(&mut body);
        let stop = StopContainerOptionsBuilder::new().t(10).build();
        docker.stop_container(&name, Some(stop)).await.unwrap();
        let rename = RenameContainerOptionsBuilder::new().name(&aside).build();
        docker.rename_container(&name, rename).await.unwrap();
        let options = CreateContainerOptionsBuilder::new().name(&name).build();
        docker.create_container(Some(options), body).await.unwrap();
        for (network, endpoint) in endpoints {
            let request = NetworkConnectRequest {
                container: name.clone(),
                endpoint_config: Some(endpoint),
            };
            docker.connect_network(&network, request).await.unwrap();
        }
        if let Ok(files) = files {
            let options = UploadToContainerOptionsBuilder::new().path("/etc").build();
            docker
                .upload_to_container(&name, Some(options), body_full(files.concat().into()))
                .await
                .unwrap();
        }
        docker.start_container(&name, None).await.unwrap();
    });
    until_settled(scenario, &name);
    Box::new(move |scenario| {
        scenario.engine.run(async |docker| {
            let force = RemoveContainerOptionsBuilder::new().force(true).build();
            docker.remove_container(&name, Some(force)).await.unwrap();
            let rename = RenameContainerOptionsBuilder::new().name(&name).build();
            docker.rename_container(&aside, rename).await.unwrap();
        });
    })
}

/// With these variables set; `None` leaves one out.
pub(super) fn with_variables(
    scenario: &Scenario,
    process: &str,
    variables: &[(&str, Option<&str>)],
) -> Undo {
    remake(scenario, process, |body| {
        let env = body.env.get_or_insert_default();
        for (name, value) in variables {
            let start = format!("{name}=");
            env.retain(|variable| !variable.starts_with(&start));
            env.extend(value.map(|value| format!("{start}{value}")));
        }
    })
}

/// Runs a line of shell in the container of `process`.
pub(super) fn shell(scenario: &Scenario, process: &str, line: &str) {
    scenario
        .engine
        .execute(&scenario.container(process), &["sh", "-c", line]);
}

/// What a process prints when it is ready, or when it gives up.
const SIGNS: [&str; 4] = [
    "Listening on http",
    "Schedules Loaded",
    "now listening",
    "Unable to load application",
];

/// Waits until the process in a container is ready, or has said why it is not.
fn until_settled(scenario: &Scenario, container: &str) {
    scenario.engine.run(async |docker| {
        let options = LogsOptionsBuilder::new()
            .follow(true)
            .stdout(true)
            .stderr(true)
            .build();
        let mut lines = docker.logs(container, Some(options));
        let settled = async {
            while let Some(Ok(line)) = lines.next().await {
                let line = line.to_string();
                if SIGNS.iter().any(|sign| line.contains(sign)) {
                    return;
                }
            }
        };
        let bound = Duration::from_secs(30);
        let settled = tokio::time::timeout(bound, settled).await;
        assert!(settled.is_ok(), "{container} says nothing within {bound:?}");
    });
}

/// What a command prints in the container `container`.
pub(super) fn printed(scenario: &Scenario, container: &str, command: &[&str]) -> String {
    scenario.engine.run(async |docker| {
        let exec = ExecConfig {
            cmd: Some(command.iter().map(|&word| word.to_owned()).collect()),
            attach_stdout: Some(true),
            ..ExecConfig::default()
        };
        let exec = docker.create_exec(container, exec).await.unwrap().id;
        let StartExecResults::Attached { mut output, .. } =
            docker.start_exec(&exec, None).await.unwrap()
        else {
            panic!("the engine does not attach to {command:?}");
        };
        let mut text = String::new();
        while let Some(Ok(part)) = output.next().await {
            text.push_str(&part.to_string());
        }
        text
    })
}
