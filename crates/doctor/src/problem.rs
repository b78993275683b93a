//! What a probe found wrong, before anybody asks why.

use std::fmt;

use crate::diagnosis::{Diagnosis, shorten};
use crate::evidence::EvidenceError;

/// The answer of a probe that is not a plain "yes".
#[derive(Clone, Debug)]
pub(crate) struct Problem {
    /// How bad it is.
    pub(crate) severity: Severity,
    /// What was seen, in one line.
    pub(crate) detail: String,
    /// What the rules start from.
    pub(crate) symptom: Box<Symptom>,
    /// The cause, where the probe itself sees it and no rule has to look for it.
    pub(crate) diagnosis: Option<Box<Diagnosis>>,
}

/// How bad a problem is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Severity {
    /// The question could not be asked.
    NotRun,
    /// It works, and will not always.
    Warn,
    /// It does not work.
    Fail,
}

impl Problem {
    /// A failure whose cause the rules have to find.
    pub(crate) fn new(detail: impl Into<String>, symptom: Symptom) -> Self {
        Self {
            severity: Severity::Fail,
            detail: detail.into(),
            symptom: Box::new(symptom),
            diagnosis: None,
        }
    }

    /// A failure that is its own cause.
    pub(crate) fn known(detail: impl Into<String>, diagnosis: Diagnosis) -> Self {
        Self {
            severity: Severity::Fail,
            detail: detail.into(),
            symptom: Box::new(Symptom::Known),
            diagnosis: Some(Box::new(diagnosis)),
        }
    }

    /// The question could not be asked, for want of this.
    pub(crate) fn not_run(why: impl Into<String>) -> Self {
        Self {
            severity: Severity::NotRun,
            detail: why.into(),
            symptom: Box::new(Symptom::Known),
            diagnosis: None,
        }
    }

    /// The same, as a warning.
    pub(crate) fn into_warning(mut self) -> Self {
        self.severity = Severity::Warn;
        self
    }
}

impl From<EvidenceError> for Problem {
    /// Missing evidence is no finding about the server.
    fn from(error: EvidenceError) -> Self {
        Self::not_run(shorten(&error.to_string()))
    }
}

/// What went wrong, as far as a rule can use it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Symptom {
    /// The probe named the cause itself.
    Known,
    /// No connection.
    Unreachable(Unreachable),
    /// A connection, but no trustworthy TLS.
    Certificate(Certificate),
    /// A connection, and no answer in time.
    Silent(Asked),
    /// An answer, and not the one that should come.
    Answer(Answered),
    /// A process or a store is not up.
    ProcessDown(String),
    /// Queues that no live Sidekiq process consumes.
    QueuesUnconsumed(Vec<String>),
    /// Jobs wait too long in this queue.
    QueueSlow(String),
    /// The test job stayed in its queue.
    JobNotTaken(String),
    /// The test job was taken and failed with this error.
    JobFailed(String),
    /// The login form came back.
    LoginRefused,
    /// The image never left "being processed", or its processing failed.
    NotProcessed,
    /// A post was accepted, and no event came; whether streaming had announced in Redis that
    /// somebody listens, where that is known.
    NoEvent(Option<bool>),
    /// The WebSocket was opened, and cut, and opened again, and cut again.
    SocketClosed,
    /// A mail was asked for, and none came.
    NoMail,
    /// A mail came, and its links lead elsewhere.
    MailElsewhere,
}

/// No connection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Unreachable {
    /// The host name asked for.
    pub(crate) host: String,
    /// Its port.
    pub(crate) port: u16,
    /// What happened.
    pub(crate) how: ConnectFailure,
}

/// Why there is no connection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum ConnectFailure {
    /// Nobody listens.
    Refused,
    /// Nobody answers.
    TimedOut,
    /// The name has no address.
    NoName,
    /// The other side hung up.
    Reset,
    /// Something else, in the words of the system.
    Other(String),
}

impl fmt::Display for ConnectFailure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Refused => f.write_str("connection refused"),
            Self::TimedOut => f.write_str("no answer to the connection"),
            Self::NoName => f.write_str("the name has no address"),
            Self::Reset => f.write_str("the connection was closed without an answer"),
            Self::Other(words) => f.write_str(words),
        }
    }
}

/// A certificate that does not verify.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Certificate {
    /// The host name asked for.
    pub(crate) host: String,
    /// Why.
    pub(crate) fault: CertificateFault,
}

/// Why a certificate does not verify.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum CertificateFault {
    /// Signed by somebody else.
    UnknownIssuer,
    /// Its time is over.
    Expired,
    /// Its time has not begun.
    NotYetValid,
    /// It is for other names.
    OtherName,
    /// The server has none for this name, or speaks no TLS.
    NoHandshake(String),
    /// Something else, in the words of the TLS library.
    Other(String),
}

impl fmt::Display for CertificateFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::UnknownIssuer => f.write_str("the certificate is signed by an unknown CA"),
            Self::Expired => f.write_str("the certificate has expired"),
            Self::NotYetValid => f.write_str("the certificate is not valid yet"),
            Self::OtherName => f.write_str("the certificate is for other names"),
            Self::NoHandshake(words) => write!(f, "TLS handshake refused: {words}"),
            Self::Other(words) => write!(f, "TLS: {words}"),
        }
    }
}

/// What was asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Asked {
    /// Who should have answered.
    pub(crate) target: Target,
    /// `GET https://social.localhost/health`.
    pub(crate) request: String,
}

/// An answer that should have been another one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Answered {
    /// Who should have answered.
    pub(crate) target: Target,
    /// `GET https://social.localhost/health`.
    pub(crate) request: String,
    /// Its status.
    pub(crate) status: u16,
    /// The `Server` header.
    pub(crate) server: Option<String>,
    /// The `Location` header is the address that was asked for.
    pub(crate) to_itself: bool,
    /// The first characters of the body, on one line.
    pub(crate) body: String,
}

/// Who answers behind the ingress.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Target {
    /// Puma.
    Web,
    /// Node.
    Streaming,
    /// The bucket.
    Media,
    /// The mail catcher.
    Mail,
}

impl Target {
    /// The process's name, as [`crate::ProcessState::name`] has it.
    pub(crate) const fn process(self) -> &'static str {
        match self {
            Self::Web => "web",
            Self::Streaming => "streaming",
            Self::Media => "media",
            Self::Mail => "mail",
        }
    }
}
