//! Commands in containers: what `exec`, `run`, `tootctl`, `psql` and `console` have in common.

use clap::Args;
use local::{Docker, Exec, OneOff};
use topology::{Name, Topology};

use crate::docker::session::{self, LocalArgs, Session, failed};
use crate::docker::terminal::{self, Raw};
use crate::error::{Error, ExitStatus};
use crate::settings::Settings;

/// How a command is attached.
#[derive(Clone, Debug, Args)]
pub(crate) struct Attach {
    /// No terminal for the command, although stdin and stdout are one
    #[arg(short = 'T', long = "no-tty")]
    no_tty: bool,

    // What people of Docker type: a terminal is given where there is one, and stdin always.
    #[arg(short, long, hide = true)]
    interactive: bool,
    #[arg(short, long, hide = true)]
    tty: bool,

    /// A variable for the command
    #[arg(short, long, value_name = "NAME=VALUE", value_parser = variable)]
    env: Vec<(String, String)>,
}

impl Attach {
    /// As a program is attached that was typed like one of this machine.
    pub(crate) fn plain() -> Self {
        Self {
            no_tty: false,
            interactive: true,
            tty: true,
            env: Vec::new(),
        }
    }

    /// The variables.
    #[cfg(feature = "aws")]
    pub(crate) fn env(self) -> Vec<(String, String)> {
        self.env
    }

    fn is_tty(&self, settings: &Settings) -> bool {
        settings.terminal && !self.no_tty
    }
}

/// Runs `command` in the container of `process`, and ends as it does.
pub(crate) async fn exec(
    docker: &Docker,
    name: &Name,
    process: &str,
    command: Vec<String>,
    attach: &Attach,
    user: Option<String>,
    settings: &Settings,
) -> Result<ExitStatus, Error> {
    let tty = attach.is_tty(settings);
    let exec = Exec {
        process: process.to_owned(),
        command,
        env: attach.env.clone(),
        tty: tty.then(terminal::size).flatten(),
        stdin: true,
        user,
    };
    let raw = enter(exec.tty.is_some())?;
    let code = terminal::or_terminated(local::exec(docker, name, &exec, terminal::streams())).await;
    drop(raw);
    finished(code)
}

/// Runs `command` in a container of its own, with the environment of web, and removes it.
pub(crate) async fn one_off(
    topology: Topology,
    args: &LocalArgs,
    command: Vec<String>,
    attach: &Attach,
    settings: &Settings,
) -> Result<ExitStatus, Error> {
    let docker = session::connect(settings).await?;
    let world = local::observe_world(&docker, &topology.name)
        .await
        .map_err(failed)?;
    if !world.exists() {
        return Err(not_up(&topology.name));
    }
    let local = args.settings_of(settings, &world.containers())?;
    let session = Session::new(docker, topology, local, settings);
    let images = session.find_images().await?;
    let prepared = session.prepare(world, images)?;
    let one_off = OneOff {
        command,
        env: attach.env.clone(),
        tty: attach.is_tty(settings).then(terminal::size).flatten(),
        stdin: true,
    };
    let raw = enter(one_off.tty.is_some())?;
    let secrets = &prepared.secrets.secrets;
    let streams = terminal::streams();
    let (docker, name) = (&session.docker, session.name());
    let command = local::run_one_off(docker, &prepared.graph, secrets, name, &one_off, streams);
    let code = terminal::or_terminated(command).await;
    drop(raw);
    finished(code)
}

/// Runs `command` where Mastodon's code is: in a running web container, or in one of its own when
/// there is none.
pub(crate) async fn in_mastodon(
    topology: Topology,
    args: &LocalArgs,
    command: Vec<String>,
    settings: &Settings,
) -> Result<ExitStatus, Error> {
    let docker = session::connect(settings).await?;
    let name = &topology.name;
    let containers = local::status(&docker, name).await.map_err(failed)?;
    let attach = Attach::plain();
    let runs = containers
        .iter()
        .any(|container| container.process == "web" && container.state == local::State::Running);
    if runs {
        exec(&docker, name, "web", command, &attach, None, settings).await
    } else {
        one_off(topology, args, command, &attach, settings).await
    }
}

/// Nothing of the deployment is there.
pub(crate) fn not_up(name: &Name) -> Error {
    Error::Usage {
        message: format!("`{name}` is not up"),
        hint: Some("bring it up: `masto up --local`".to_owned()),
    }
}

fn enter(tty: bool) -> Result<Option<Raw>, Error> {
    tty.then(Raw::enter).transpose().map_err(Error::Stdin)
}

/// `None` is SIGTERM.
fn finished(code: Option<Result<i64, local::Error>>) -> Result<ExitStatus, Error> {
    match code {
        Some(code) => code.map(ended).map_err(failed),
        None => Ok(ExitStatus::Terminated),
    }
}

/// A code beyond a byte is one that no program can end with.
fn ended(code: i64) -> ExitStatus {
    ExitStatus::Child(u8::try_from(code).unwrap_or(u8::MAX))
}

fn variable(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((name, value)) if !name.is_empty() => Ok((name.to_owned(), value.to_owned())),
        _ => Err("a variable is written NAME=VALUE".to_owned()),
    }
}
