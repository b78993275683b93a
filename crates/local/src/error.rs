//! What can go wrong with Docker, and what a person does about it.

use std::io;
use std::path::PathBuf;
use std::time::Duration;

use mastodon::SecretName;

use crate::hint;
use crate::lock::LockError;

/// What the client library reports. Boxed, because it is large.
pub(crate) type Source = Box<bollard::errors::Error>;

/// One variant a failed operation; `engine::Failure` says what to do about it.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// An address that masto cannot use.
    #[error("the Docker address `{address}` cannot be used: {reason}")]
    Address {
        /// As it was given.
        address: String,
        /// Why not.
        reason: String,
    },
    /// A context that cannot be read.
    #[error("failed to read the Docker context `{context}`")]
    Context {
        /// Its name.
        context: String,
        /// The file.
        path: PathBuf,
        /// The reason.
        source: io::Error,
    },
    /// Nothing answers.
    #[error("no Docker engine answers at `{address}`")]
    NoEngine {
        /// Where it was looked for.
        address: String,
        /// The reason; `None` when nothing came in time.
        source: Option<io::Error>,
    },
    /// The socket belongs to others.
    #[error("no permission to use the Docker engine at `{address}`")]
    NoPermission {
        /// The socket.
        address: String,
        /// The reason.
        source: io::Error,
    },
    /// Older than Docker 20.10.
    #[error(
        "the Docker engine {version} at `{address}` is too old: it speaks API {api}, and masto needs 1.41"
    )]
    OldEngine {
        /// Where it is.
        address: String,
        /// Its version.
        version: String,
        /// Its API version.
        api: String,
    },
    /// A call that the engine refused or did not answer.
    #[error("failed to {operation} {resource}")]
    Call {
        /// `create`, `start`.
        operation: &'static str,
        /// Of what.
        resource: String,
        /// The reason.
        source: Source,
    },
    /// A container that ended while it was waited for.
    #[error("{resource} ended while it was starting: {exit}")]
    Ended {
        /// Which.
        resource: String,
        /// How.
        exit: Exit,
        /// What it printed last, oldest first.
        tail: Vec<String>,
    },
    /// A container that did not become ready.
    #[error("{resource} was not ready after {} s: waited until {condition}; last seen: {state}", bound.as_secs())]
    NotReady {
        /// Which.
        resource: String,
        /// What was waited for.
        condition: String,
        /// What was seen last.
        state: String,
        /// For how long.
        bound: Duration,
        /// What it printed last, oldest first.
        tail: Vec<String>,
    },
    /// A job that ended badly.
    #[error("{resource} failed: {exit}")]
    JobFailed {
        /// Which.
        resource: String,
        /// How.
        exit: Exit,
        /// What it printed last, oldest first.
        tail: Vec<String>,
    },
    /// A job that did not end.
    #[error("{resource} still runs after {} s", bound.as_secs())]
    JobTooLong {
        /// Which.
        resource: String,
        /// For how long it was waited.
        bound: Duration,
        /// What it printed last, oldest first.
        tail: Vec<String>,
    },
    /// Something of somebody else's has one of our names.
    #[error("{cause}")]
    Stranger {
        /// What and whose.
        cause: String,
        /// What to type.
        hint: String,
    },
    /// A port on loopback that is not free.
    #[error("port {port} is taken by {by}")]
    PortTaken {
        /// The port.
        port: u16,
        /// By whom, as far as this user can see.
        by: String,
        /// The flag that chooses another, with a free port.
        flag: &'static str,
    },
    /// An image that is not on this host and could not be brought there.
    #[error("failed to pull the image `{image}`")]
    Pull {
        /// The reference.
        image: String,
        /// The images came from registries; otherwise `scripts/kit` makes them.
        official: bool,
        /// The reason.
        source: Source,
    },
    /// Images of the kit that were never built.
    #[error("the kit's images are not built: {} missing", .images.join(", "))]
    NoKit {
        /// Which.
        images: Vec<String>,
    },
    /// An image for another processor.
    #[error("the image `{image}` is for {image_arch}, and this engine runs {engine_arch}")]
    Architecture {
        /// The reference.
        image: String,
        /// What it was built for.
        image_arch: String,
        /// What the engine runs.
        engine_arch: String,
    },
    /// A secret that a container needs and nobody has.
    #[error("{resource} needs the secret `{}`, which is not there", secret.as_str())]
    NoSecret {
        /// Who needs it.
        resource: String,
        /// Which.
        secret: SecretName,
    },
    /// The volumes are there, and the secrets their data was written with are not.
    #[error("the data of `{deployment}` is there, but its secrets are not in `{}`", path.display())]
    SecretsLost {
        /// The deployment.
        deployment: String,
        /// Where they should be.
        path: PathBuf,
    },
    /// The ingress took the site file and did not like it.
    #[error("the ingress refused its new configuration")]
    Reload {
        /// What it printed last, oldest first.
        tail: Vec<String>,
    },
    /// The ingress is being changed by another masto.
    #[error("failed to get hold of the ingress")]
    IngressLock(#[source] LockError),
    /// A process, store or job that the deployment does not have.
    #[error("`{deployment}` has no `{wanted}`")]
    NoSuchProcess {
        /// The deployment.
        deployment: String,
        /// What was asked for.
        wanted: String,
        /// What there is.
        known: Vec<String>,
    },
    /// A process that does not run.
    #[error("`{process}` does not run ({state})")]
    NotRunning {
        /// Which.
        process: String,
        /// What it does instead.
        state: String,
    },
    /// A command in a container that ended badly.
    #[error("`{command}` in `{container}` ended with exit code {code}: {stderr}")]
    Command {
        /// Where.
        container: String,
        /// What.
        command: String,
        /// How.
        code: i64,
        /// What it said.
        stderr: String,
    },
    /// A command in a container that did not end.
    #[error("`{command}` in {resource} did not end within {} s", bound.as_secs())]
    CommandHangs {
        /// Where.
        resource: String,
        /// The program.
        command: String,
        /// How long it was waited for.
        bound: Duration,
    },
    /// The terminal or a pipe on our side.
    #[error("failed to pass on input or output")]
    Stream(#[source] io::Error),
}

/// How a container ended.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Exit {
    /// Its exit code; 128 and a signal's number when a signal ended it.
    pub code: i64,
    /// The kernel killed it for want of memory.
    pub out_of_memory: bool,
    /// What the engine has to say, empty for nothing.
    pub message: String,
}

impl std::fmt::Display for Exit {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "exit code {}", self.code)?;
        if self.out_of_memory {
            f.write_str(", out of memory")?;
        }
        if !self.message.is_empty() {
            write!(f, ", {}", self.message)?;
        }
        Ok(())
    }
}

/// Whose fault an [`Error`] is, for exit codes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ErrorKind {
    /// The engine is missing, too old or cannot be reached.
    Engine,
    /// The engine may not be used by this user.
    Permission,
    /// An image cannot be had.
    Image,
    /// Something is in the way that masto must not touch.
    Refused,
    /// Another masto is at work.
    Locked,
    /// What was asked for does not exist.
    Usage,
    /// A resource failed.
    Resource,
}

impl Error {
    /// Whose fault it is.
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::Address { .. }
            | Self::Context { .. }
            | Self::NoEngine { .. }
            | Self::OldEngine { .. } => ErrorKind::Engine,
            Self::NoPermission { .. } => ErrorKind::Permission,
            Self::Pull { .. } | Self::NoKit { .. } | Self::Architecture { .. } => ErrorKind::Image,
            Self::Stranger { .. } | Self::SecretsLost { .. } => ErrorKind::Refused,
            Self::IngressLock(LockError::Held { .. }) => ErrorKind::Locked,
            Self::NoSuchProcess { .. } | Self::NotRunning { .. } => ErrorKind::Usage,
            Self::Call { .. }
            | Self::Ended { .. }
            | Self::NotReady { .. }
            | Self::JobFailed { .. }
            | Self::JobTooLong { .. }
            | Self::PortTaken { .. }
            | Self::NoSecret { .. }
            | Self::Reload { .. }
            | Self::IngressLock(LockError::File { .. })
            | Self::Command { .. }
            | Self::CommandHangs { .. }
            | Self::Stream(_) => ErrorKind::Resource,
        }
    }

    /// A call that failed.
    pub(crate) fn call(
        operation: &'static str,
        resource: impl std::fmt::Display,
    ) -> impl FnOnce(bollard::errors::Error) -> Self {
        let resource = resource.to_string();
        move |source| Self::Call {
            operation,
            resource,
            source: Box::new(source),
        }
    }

    /// The engine went away, and the same call may go well when it is back.
    pub(crate) fn is_engine_lost(&self) -> bool {
        use bollard::errors::Error as Client;
        let Self::Call { source, .. } = self else {
            return false;
        };
        match source.as_ref() {
            Client::HyperLegacyError { .. }
            | Client::HyperResponseError { .. }
            | Client::SocketNotFoundError(_)
            | Client::IOError { .. } => true,
            // What a stopping engine says.
            Client::DockerResponseServerError {
                status_code: 503, ..
            } => true,
            _ => false,
        }
    }

    /// The status that the engine answered with.
    pub(crate) fn status(&self) -> Option<u16> {
        let Self::Call { source, .. } = self else {
            return None;
        };
        status(source)
    }
}

/// The status that the engine answered with.
pub(crate) fn status(source: &bollard::errors::Error) -> Option<u16> {
    match source {
        bollard::errors::Error::DockerResponseServerError { status_code, .. } => Some(*status_code),
        _ => None,
    }
}

impl engine::Failure for Error {
    fn hint(&self) -> Option<String> {
        hint::of(self)
    }

    fn log_tail(&self) -> Vec<String> {
        match self {
            Self::Ended { tail, .. }
            | Self::NotReady { tail, .. }
            | Self::JobFailed { tail, .. }
            | Self::JobTooLong { tail, .. }
            | Self::Reload { tail } => tail.clone(),
            _ => Vec::new(),
        }
    }
}
