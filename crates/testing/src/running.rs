//! What runs on Docker, from the first container to the last.

use std::sync::Arc;
use std::time::Duration;

use engine::{Cancel, Graph, PlanOptions, Summary};
use local::{
    Docker, ImageRefs, LocalBackend, Lock, OneOff, Outputs, Prepared, Reaper, Resource,
    SecretStore, Streams,
};
use mastodon::{Deployment, Secrets};
use tokio::sync::mpsc;
use topology::{Name, Topology};

use crate::environment;
use crate::error::{Error, failed};

/// How long a server may take to come up; images that have to be pulled do not count.
const BOUND: Duration = Duration::from_secs(300);

/// A server on Docker, and what takes it away.
pub(crate) struct Running {
    pub(crate) name: Name,
    pub(crate) deployment: Deployment,
    pub(crate) outputs: Outputs,
    pub(crate) https_port: u16,
    pub(crate) http_port: u16,
    settings: local::Settings,
    graph: Graph<Resource>,
    secrets: Secrets,
    /// `None` once nothing is left.
    reaper: Option<Reaper>,
}

/// How a command ended.
pub(crate) struct Output {
    pub(crate) code: i64,
    /// Both streams.
    pub(crate) said: String,
}

impl Running {
    /// Brings up what `topology` describes. What is there when that fails is taken away again.
    pub(crate) async fn start(
        topology: &Topology,
        settings: local::Settings,
    ) -> Result<Self, Error> {
        let name = &topology.name;
        let docker = connect().await?;
        let paths = settings.paths();
        let reaper = Reaper::start(local::reaping_shell(&docker, &paths, name))?;
        let lock = hold(&settings, name).await?;
        let world = local::observe_world(&docker, name)
            .await
            .map_err(Error::docker)?;
        let refs = ImageRefs::new(topology, settings.images);
        let images = local::find_images(&docker, &refs)
            .await
            .map_err(Error::docker)?;
        let images = local::pull(&docker, images, settings.images, Arc::new(|_| {}))
            .await
            .map_err(Error::docker)?;
        let prepared = local::prepare(topology, &settings, world, images, None)
            .map_err(|error| Error::Prepare(Box::new(error)))?;
        let summary = bring_up(&docker, name, &settings, &prepared).await;
        let Prepared {
            deployment,
            graph,
            secrets,
            ports,
            ..
        } = prepared;
        let running = Self {
            name: name.clone(),
            outputs: local::outputs(&deployment, ports, &secrets.secrets, &paths),
            deployment,
            https_port: ports.https,
            http_port: ports.http,
            settings,
            graph,
            secrets: secrets.secrets,
            reaper: Some(reaper),
        };
        if summary.is_success() {
            return Ok(running);
        }
        drop(lock);
        // The first failure is the one to tell; what cannot be removed now is left to the reaper.
        let _ = running.remove().await;
        let unfinished = summary.unfinished.clone();
        Err(Error::NotUp {
            failed: failed(summary),
            unfinished,
        })
    }

    /// Runs `command` in a container of its own, with the environment of web and `env` on top.
    pub(crate) async fn run(
        &self,
        command: Vec<String>,
        env: Vec<(String, String)>,
    ) -> Result<Output, Error> {
        let docker = connect().await?;
        let one_off = OneOff {
            command,
            env,
            tty: None,
            stdin: false,
        };
        let (mut stdout, mut stderr) = (Vec::new(), Vec::new());
        let (_never, resize) = mpsc::channel(1);
        let streams = Streams {
            stdin: tokio::io::empty(),
            stdout: &mut stdout,
            stderr: &mut stderr,
            resize,
        };
        let code = local::run_one_off(
            &docker,
            &self.graph,
            &self.secrets,
            &self.name,
            &one_off,
            streams,
        )
        .await
        .map_err(Error::docker)?;
        stdout.extend(stderr);
        Ok(Output {
            code,
            said: String::from_utf8_lossy(&stdout).into_owned(),
        })
    }

    /// Takes everything away. Where that fails, the reaper goes on with it.
    pub(crate) async fn remove(mut self) -> Result<(), Error> {
        let reaper = self.reaper.take();
        self.clear().await?;
        if let Some(reaper) = reaper {
            reaper.dismiss();
        }
        Ok(())
    }

    /// Leaves everything as it is, for somebody to look at.
    pub(crate) fn keep(mut self) {
        if let Some(reaper) = self.reaper.take() {
            reaper.dismiss();
        }
    }

    async fn clear(&self) -> Result<(), Error> {
        let (name, paths) = (&self.name, self.settings.paths());
        let docker = connect().await?;
        let _lock = hold(&self.settings, name).await?;
        // Its data goes as well: nothing has to be written before it ends.
        local::kill(&docker, name).await.map_err(Error::docker)?;
        let world = local::observe_world(&docker, name)
            .await
            .map_err(Error::docker)?;
        let plan = world.removal(true);
        let backend = LocalBackend::for_removal(&docker, name, &paths, &plan);
        let summary = engine::execute(&backend, &plan, Arc::new(|_| {}), &Cancel::new()).await;
        if !summary.is_success() {
            return Err(Error::NotRemoved {
                name: name.to_string(),
                failed: failed(summary),
            });
        }
        SecretStore::new(&paths, name)
            .remove()
            .map_err(|error| Error::Prepare(Box::new(error.into())))
    }
}

async fn connect() -> Result<Docker, Error> {
    Docker::connect(&environment::connection())
        .await
        .map_err(Error::docker)
}

async fn hold(settings: &local::Settings, name: &Name) -> Result<Lock, Error> {
    let path = settings.paths().deployment_lock(name);
    Lock::acquire(&path, "test", Duration::ZERO, |_| {})
        .await
        .map_err(Error::Lock)
}

async fn bring_up(
    docker: &Docker,
    name: &Name,
    settings: &local::Settings,
    prepared: &Prepared,
) -> Summary {
    let plan = prepared.plan(&PlanOptions::default());
    let backend = LocalBackend::new(
        docker.clone(),
        name.clone(),
        prepared.secrets.secrets.clone(),
        settings.paths(),
        &plan,
    );
    let cancel = Cancel::new();
    let mut execution = std::pin::pin!(engine::execute(&backend, &plan, Arc::new(|_| {}), &cancel));
    match tokio::time::timeout(BOUND, &mut execution).await {
        Ok(summary) => summary,
        Err(_) => {
            cancel.abort();
            execution.await
        }
    }
}
