//! One-off containers that a person starts: the image, environment and networks of web, removed
//! when they end.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{SystemTime, UNIX_EPOCH};

use bollard::models::NetworkConnectRequest;
use bollard::query_parameters::{
    AttachContainerOptionsBuilder, CreateContainerOptionsBuilder, RemoveContainerOptionsBuilder,
    ResizeContainerTTYOptionsBuilder, WaitContainerOptionsBuilder,
};
use engine::Graph;
use futures_util::StreamExt as _;
use mastodon::{ProcessId, Secrets};
use tokio::io::{AsyncRead, AsyncWrite};
use topology::Name;

use crate::apply::render_error;
use crate::archive;
use crate::body::{self, Ground};
use crate::docker::Docker;
use crate::error::{Error, status};
use crate::exec::{Attached, Streams, TtySize, pump};
use crate::id::{Id, NetworkRole};
use crate::labels;
use crate::resource::{Container, Resource};

/// A command for a container of its own.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct OneOff {
    /// The program and its arguments; no shell.
    pub command: Vec<String>,
    /// Variables on top of web's.
    pub env: Vec<(String, String)>,
    /// A terminal of this size; `None` keeps stdout and stderr apart.
    pub tty: Option<TtySize>,
    /// stdin is passed on.
    pub stdin: bool,
}

/// Runs a command in a new container like web's of the deployment that `graph` describes, removes
/// the container, and gives the command's exit code.
///
/// # Errors
/// When the deployment has no networks (`masto up` makes them), or a container cannot be made. How
/// the command ends is no error.
pub async fn run_one_off<I, O, E>(
    docker: &Docker,
    graph: &Graph<Resource>,
    secrets: &Secrets,
    name: &Name,
    one_off: &OneOff,
    streams: Streams<I, O, E>,
) -> Result<i64, Error>
where
    I: AsyncRead + Unpin + Send,
    O: AsyncWrite + Unpin + Send,
    E: AsyncWrite + Unpin + Send,
{
    let Some(Resource::Container(web)) = graph.get(&Id::Process(ProcessId::Web, 1)) else {
        return Err(not_up(name));
    };
    let subnet = subnet(docker, name).await?;
    let container = like(web, name, one_off);
    let resource = format!("container `{}`", container.name);
    let ground = Ground {
        deployment: name,
        secrets,
        depends_on: BTreeSet::new(),
        holds: BTreeMap::new(),
        subnet: subnet.as_deref(),
        is_job: true,
    };
    let container_id = make(docker, &container, &ground, one_off, &resource).await?;
    let removal = Removal {
        docker: docker.clone(),
        container_id: Some(container_id.clone()),
    };
    let code = attend(docker, &container_id, one_off, streams, &resource).await;
    removal.now().await;
    code
}

fn not_up(name: &Name) -> Error {
    Error::NoSuchProcess {
        deployment: name.to_string(),
        wanted: "web".to_owned(),
        known: Vec::new(),
    }
}

async fn subnet(docker: &Docker, name: &Name) -> Result<Option<String>, Error> {
    let id = Id::Network(NetworkRole::Processes);
    let network = id.docker_name(name).unwrap_or_default();
    match docker.client.inspect_network(&network, None).await {
        Ok(network) => {
            let ipam = network
                .ipam
                .and_then(|ipam| ipam.config)
                .unwrap_or_default();
            Ok(ipam
                .into_iter()
                .find_map(|config| config.subnet.filter(|subnet| subnet.contains('.'))))
        }
        Err(error) if status(&error) == Some(404) => Err(not_up(name)),
        Err(error) => Err(Error::call("look at", id)(error)),
    }
}

/// Web's container with another command, no place among the others, and a name of its own.
fn like(web: &Container, name: &Name, one_off: &OneOff) -> Container {
    let now = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default();
    let suffix = engine::hash::config_hash(&(now.as_nanos().to_string(), std::process::id()));
    let mut container = body::with_variables(web, &one_off.env);
    container.name = format!("masto-{name}-run-{}", &suffix[..8]);
    container.command.clone_from(&one_off.command);
    container.networks.values_mut().for_each(BTreeSet::clear);
    container.healthcheck = Some(vec!["NONE".to_owned()]);
    container.memory = None;
    container.cpu_millis = None;
    container.config.clear();
    container.labels.insert(labels::ONE_OFF, "true".to_owned());
    container
}

async fn make(
    docker: &Docker,
    container: &Container,
    ground: &Ground<'_>,
    one_off: &OneOff,
    resource: &str,
) -> Result<String, Error> {
    let missing = |missing| render_error(resource, missing);
    let mut body = body::body(container, ground).map_err(missing)?;
    body.hostname = Some("run".to_owned());
    body.tty = Some(one_off.tty.is_some());
    body.attach_stdin = Some(one_off.stdin);
    body.open_stdin = Some(one_off.stdin);
    body.stdin_once = Some(one_off.stdin);
    body.attach_stdout = Some(true);
    body.attach_stderr = Some(true);
    let options = CreateContainerOptionsBuilder::default()
        .name(&container.name)
        .build();
    let made = docker.client.create_container(Some(options), body).await;
    let container_id = made.map_err(Error::call("create", resource))?.id;
    for (network, endpoint) in body::networks(container, ground.deployment)
        .into_iter()
        .skip(1)
    {
        let request = NetworkConnectRequest {
            container: container_id.clone(),
            endpoint_config: Some(endpoint),
        };
        let connected = docker.client.connect_network(&network, request).await;
        connected.map_err(Error::call("connect", resource))?;
    }
    let files = body::files(container, ground).map_err(missing)?;
    archive::write(docker, &container_id, resource, &files).await?;
    Ok(container_id)
}

async fn attend<I, O, E>(
    docker: &Docker,
    container_id: &str,
    one_off: &OneOff,
    streams: Streams<I, O, E>,
    resource: &str,
) -> Result<i64, Error>
where
    I: AsyncRead + Unpin + Send,
    O: AsyncWrite + Unpin + Send,
    E: AsyncWrite + Unpin + Send,
{
    // Attached before the start: nothing that it prints is missed.
    let options = AttachContainerOptionsBuilder::default()
        .stream(true)
        .stdin(one_off.stdin)
        .stdout(true)
        .stderr(true)
        .build();
    let attached = docker
        .client
        .attach_container(container_id, Some(options))
        .await;
    let attached = attached.map_err(Error::call("attach to", resource))?;
    let attached = Attached {
        output: attached.output,
        input: attached.input,
    };
    let started = docker.client.start_container(container_id, None).await;
    started.map_err(Error::call("start", resource))?;
    let resize = |size: TtySize| {
        let options = ResizeContainerTTYOptionsBuilder::default()
            .h(i32::from(size.rows))
            .w(i32::from(size.columns))
            .build();
        async move {
            // It may have ended meanwhile; a wrong size is no harm.
            let _ = docker
                .client
                .resize_container_tty(container_id, options)
                .await;
        }
    };
    if let Some(size) = one_off.tty {
        resize(size).await;
    }
    let call = Error::call("attach to", resource);
    pump(attached, streams, one_off.stdin, call, resize).await?;
    let options = WaitContainerOptionsBuilder::default()
        .condition("not-running")
        .build();
    match docker
        .client
        .wait_container(container_id, Some(options))
        .next()
        .await
    {
        Some(Ok(ended)) => Ok(ended.status_code),
        Some(Err(bollard::errors::Error::DockerContainerWaitError { code, .. })) => Ok(code),
        Some(Err(error)) => Err(Error::call("wait for", resource)(error)),
        None => Ok(-1),
    }
}

/// Removes the container in any case: also when the caller loses interest half way.
struct Removal {
    docker: Docker,
    container_id: Option<String>,
}

impl Removal {
    async fn now(mut self) {
        if let Some(container_id) = self.container_id.take() {
            remove(self.docker.clone(), container_id).await;
        }
    }
}

impl Drop for Removal {
    fn drop(&mut self) {
        if let (Some(container_id), Ok(runtime)) = (
            self.container_id.take(),
            tokio::runtime::Handle::try_current(),
        ) {
            runtime.spawn(remove(self.docker.clone(), container_id));
        }
    }
}

async fn remove(docker: Docker, container_id: String) {
    let options = RemoveContainerOptionsBuilder::default()
        .force(true)
        .v(true)
        .build();
    // Whatever stays has our label, and `masto down` takes it away.
    let _ = docker
        .client
        .remove_container(&container_id, Some(options))
        .await;
}
