//! From a topology to a plan on Docker: what `plan`, `up` and their like have in common.

use std::fmt::Write as _;
use std::future::Future;
use std::path::PathBuf;
use std::time::Duration;

use clap::Args;
use jiff::Timestamp;
pub(crate) use local::Prepared;
use local::{
    Connection, ContainerStatus, Docker, ErrorKind, ImageRefs, ImageSet, Images, Kind, Lock,
    LockError, Paths, PrepareError, World,
};
use topology::{Name, Topology};

use crate::cli::Selection;
use crate::docker::bound::Bound;
use crate::env_vars;
use crate::error::{Error, ExitStatus};
use crate::printer::Printer;
use crate::settings::{Settings, SmtpPassword};
use crate::source::Source;
use crate::view::text;

/// How the local backend is set, as far as it is not in the file.
#[derive(Clone, Debug, Args)]
#[command(next_help_heading = "Docker")]
pub(crate) struct LocalArgs {
    /// Where images come from: `official` from their registries, `kit` from `scripts/kit`
    /// [default: official]
    #[arg(long, value_name = "SET", env = env_vars::MASTO_IMAGES, hide_env_values = true)]
    images: Option<ImageSet>,

    /// Port of the HTTPS ingress on this machine [default: the file's, or 443]
    #[arg(long, value_name = "PORT", env = env_vars::MASTO_HTTPS_PORT, hide_env_values = true)]
    https_port: Option<u16>,

    /// Port that redirects to HTTPS [default: the file's, or 80]
    #[arg(long, value_name = "PORT", env = env_vars::MASTO_HTTP_PORT, hide_env_values = true)]
    http_port: Option<u16>,
}

/// How long to wait for another masto.
#[derive(Clone, Copy, Debug, Args)]
pub(crate) struct LockArgs {
    /// How long to wait for another masto at work on the same deployment; 0 does not wait
    #[arg(long, visible_alias = "lock-wait", value_name = "TIME", default_value = "15m", env = env_vars::MASTO_LOCK_TIMEOUT, hide_env_values = true)]
    lock_timeout: Bound,
}

#[cfg(feature = "aws")]
impl LockArgs {
    /// How long to wait.
    pub(crate) fn patience(self) -> Duration {
        let Bound(patience) = self.lock_timeout;
        patience
    }
}

impl LocalArgs {
    /// With what is not typed.
    pub(crate) fn settings(&self, settings: &Settings) -> Result<local::Settings, Error> {
        Ok(local::Settings {
            data_dir: data_dir(settings)?,
            images: self.images.unwrap_or_default(),
            https_port: self.https_port,
            http_port: self.http_port,
        })
    }

    /// Which images.
    #[cfg(feature = "aws")]
    pub(crate) fn images(&self) -> ImageSet {
        self.images.unwrap_or_default()
    }

    /// With what is not typed taken from what runs, for commands that look at it or work in it.
    pub(crate) fn settings_of(
        &self,
        settings: &Settings,
        containers: &[ContainerStatus],
    ) -> Result<local::Settings, Error> {
        let as_typed = self.settings(settings)?;
        let runs_kit = containers
            .iter()
            .any(|container| container.image.starts_with("masto-kit/"));
        let ingress = containers
            .iter()
            .find(|container| container.kind == Kind::Ingress);
        let port = |inside: u16| {
            // `127.0.0.1:8443->443`
            ingress?.ports.iter().find_map(|binding| {
                let (outside, found) = binding.split_once("->")?;
                (found == inside.to_string()).then(|| outside.rsplit(':').next()?.parse().ok())?
            })
        };
        Ok(local::Settings {
            images: self.images.unwrap_or(if runs_kit {
                ImageSet::Kit
            } else {
                ImageSet::Official
            }),
            https_port: self.https_port.or_else(|| port(443)),
            http_port: self.http_port.or_else(|| port(80)),
            ..as_typed
        })
    }

    /// The flags that say the same again, each with a space before it.
    pub(crate) fn retyped(&self) -> String {
        let mut text = String::new();
        if let Some(images) = self.images {
            let _ = write!(text, " --images {images}");
        }
        if let Some(port) = self.https_port {
            let _ = write!(text, " --https-port {port}");
        }
        if let Some(port) = self.http_port {
            let _ = write!(text, " --http-port {port}");
        }
        text
    }
}

/// One deployment on one engine.
pub(crate) struct Session {
    /// The engine.
    pub(crate) docker: Docker,
    /// What shall run.
    pub(crate) topology: Topology,
    /// Where things are kept on this machine.
    pub(crate) paths: Paths,
    /// How the backend is set.
    pub(crate) local: local::Settings,
    settings: Settings,
}

/// Runs `work` to its end on this thread.
pub(crate) fn block_on<T>(work: impl Future<Output = Result<T, Error>>) -> Result<T, Error> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(Error::Runtime)?;
    let done = runtime.block_on(work);
    // A thread that still reads from a terminal must not keep the process from ending.
    runtime.shutdown_background();
    done
}

/// The engine that the settings lead to.
pub(crate) async fn connect(settings: &Settings) -> Result<Docker, Error> {
    let connection = Connection {
        host: settings.engine.host.clone(),
        context: settings.engine.context.clone(),
        config_dir: settings.engine.config_dir.clone(),
        runtime_dir: settings.engine.runtime_dir.clone(),
    };
    Docker::connect(&connection).await.map_err(failed)
}

/// The name of the selected deployment. The file is read only where no name was typed.
pub(crate) fn name_of(selection: &Selection, settings: &Settings) -> Result<Name, Error> {
    selection.only_local()?;
    match &selection.name {
        Some(name) => Ok(name.clone()),
        None => Ok(Source::load(selection, settings)?.name),
    }
}

/// masto's own directory on this machine.
pub(crate) fn paths(settings: &Settings) -> Result<Paths, Error> {
    data_dir(settings).map(Paths::new)
}

/// The same, before anything is looked for in it.
pub(crate) fn data_dir(settings: &Settings) -> Result<PathBuf, Error> {
    settings.data_dir.clone().ok_or_else(|| Error::Usage {
        message: "there is no home directory to keep secrets and certificates in".to_owned(),
        hint: Some("set HOME, or XDG_DATA_HOME to a directory of your own".to_owned()),
    })
}

/// An error of the local backend, with the status it stands for.
pub(crate) fn failed(error: local::Error) -> Error {
    let status = match error.kind() {
        ErrorKind::Permission => ExitStatus::Permission,
        ErrorKind::Refused | ErrorKind::Resource => ExitStatus::ResourceFailed,
        ErrorKind::Locked => ExitStatus::Locked,
        ErrorKind::Usage => ExitStatus::Usage,
        ErrorKind::Engine | ErrorKind::Image => ExitStatus::Failure,
    };
    Error::backend(&error, status)
}

/// Takes the lock of the deployment `name`, and says for whom it waits.
pub(crate) async fn lock(
    paths: &Paths,
    name: &Name,
    operation: &str,
    args: LockArgs,
    printer: Printer,
) -> Result<Lock, Error> {
    let Bound(patience) = args.lock_timeout;
    let path = paths.deployment_lock(name);
    Lock::acquire(&path, operation, patience, |holder| {
        let who = holder.map_or_else(String::new, |holder| {
            format!(" (`masto {}`, process {}, since {})", holder.operation, holder.pid, holder.since)
        });
        printer.say(&format!("Another masto is at work on `{name}`{who}; waiting for it …\n"));
    })
    .await
    .map_err(|error| {
        let (status, hint) = match &error {
            LockError::Held { .. } => (
                ExitStatus::Locked,
                Some("wait for it, or give it more time: `--lock-timeout 30m`; the lock goes when that process ends".to_owned()),
            ),
            LockError::File { .. } => (ExitStatus::Failure, None),
        };
        Error::plain(&error, hint, status)
    })
}

/// How long ago `then` was.
pub(crate) fn age(then: Timestamp) -> String {
    let seconds = Timestamp::now().duration_since(then).as_secs();
    text::age(Duration::from_secs(u64::try_from(seconds).unwrap_or(0)))
}

impl Session {
    /// Connects to the engine for `topology`.
    pub(crate) async fn open(
        topology: Topology,
        args: &LocalArgs,
        settings: &Settings,
    ) -> Result<Self, Error> {
        let local = args.settings(settings)?;
        Ok(Self::new(
            connect(settings).await?,
            topology,
            local,
            settings,
        ))
    }

    /// With an engine that is connected to.
    pub(crate) fn new(
        docker: Docker,
        topology: Topology,
        local: local::Settings,
        settings: &Settings,
    ) -> Self {
        Self {
            docker,
            topology,
            paths: local.paths(),
            local,
            settings: settings.clone(),
        }
    }

    /// The deployment's name.
    pub(crate) fn name(&self) -> &Name {
        &self.topology.name
    }

    /// Looks at what is there, once.
    pub(crate) async fn look(&self) -> Result<World, Error> {
        local::observe_world(&self.docker, self.name())
            .await
            .map_err(failed)
    }

    /// The images, as far as the engine has them.
    pub(crate) async fn find_images(&self) -> Result<Images, Error> {
        let refs = ImageRefs::new(&self.topology, self.local.images);
        local::find_images(&self.docker, &refs)
            .await
            .map_err(failed)
    }

    /// The images, with those that were missing.
    pub(crate) async fn pull(
        &self,
        images: Images,
        sink: engine::EventSink,
    ) -> Result<Images, Error> {
        local::pull(&self.docker, images, self.local.images, sink)
            .await
            .map_err(failed)
    }

    /// What shall be, next to `world`. Makes the secrets and certificates that are missing: they
    /// have to be there before anything can be compared.
    pub(crate) fn prepare(&self, world: World, images: Images) -> Result<Prepared, Error> {
        let password = self.settings.smtp_password.as_ref();
        local::prepare(
            &self.topology,
            &self.local,
            world,
            images,
            password.map(SmtpPassword::expose),
        )
        .map_err(unprepared)
    }
}

/// As the CLI tells it.
pub(crate) fn unprepared(error: PrepareError) -> Error {
    match error {
        PrepareError::Local(error) => failed(error),
        PrepareError::Secret(error) => {
            Error::plain(&error, Some(error.hint().to_owned()), ExitStatus::Failure)
        }
        PrepareError::Store(error) => Error::plain(&error, None, ExitStatus::Failure),
        PrepareError::Ca(error) => Error::plain(&error, None, ExitStatus::Failure),
        PrepareError::Graph(error) => Error::Bug {
            message: error.to_string(),
        },
    }
}

/// As [`Duration`], for messages.
pub(crate) fn shown(duration: Duration) -> String {
    text::duration(duration)
}

/// Names in backticks, with commas.
pub(crate) fn list<'a>(names: impl Iterator<Item = &'a str>) -> String {
    names
        .map(|name| format!("`{name}`"))
        .collect::<Vec<_>>()
        .join(", ")
}

#[cfg(test)]
mod tests {
    use local::State;

    use super::*;
    use crate::settings::{Terminals, Typed};

    fn container(kind: Kind, image: &str, ports: &[&str]) -> ContainerStatus {
        ContainerStatus {
            name: String::new(),
            process: String::new(),
            replica: 1,
            kind,
            state: State::Running,
            health: None,
            well: true,
            image: image.to_owned(),
            status: String::new(),
            created: None,
            ports: ports.iter().map(|port| (*port).to_owned()).collect(),
        }
    }

    fn args(https_port: Option<u16>) -> LocalArgs {
        LocalArgs {
            images: None,
            https_port,
            http_port: None,
        }
    }

    #[test]
    fn what_runs_stands_for_what_is_not_typed() {
        let settings = Settings::new(Typed::default(), Terminals::default(), |name| {
            (name == "HOME").then(|| "/home/ada".into())
        });
        let running = [
            container(Kind::Store, "masto-kit/postgres:17", &[]),
            container(
                Kind::Ingress,
                "masto-kit/caddy:2",
                &["127.0.0.1:8443->443", "127.0.0.1:8080->80"],
            ),
        ];
        let found = args(None).settings_of(&settings, &running).unwrap();
        assert_eq!(
            (found.images, found.https_port, found.http_port),
            (ImageSet::Kit, Some(8443), Some(8080))
        );
        let typed = args(Some(9443)).settings_of(&settings, &running).unwrap();
        assert_eq!(
            (typed.https_port, typed.http_port),
            (Some(9443), Some(8080))
        );
        let nothing = args(None).settings_of(&settings, &[]).unwrap();
        assert_eq!(
            (nothing.images, nothing.https_port),
            (ImageSet::Official, None)
        );
    }
}
