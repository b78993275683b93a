//! `masto doctor --federation`: with whom, and what is told of it.

use std::net::{Ipv4Addr, SocketAddr};
use std::str::FromStr;

use doctor::{
    Evidence, FederationReport, Hop, NoEvidence, Options, Peer, Remote, RemoteAccount, Subject,
};
use local::{Docker, LocalCa};
use topology::{Name, Topology};

use crate::docker::child::not_up;
use crate::docker::evidence::DockerEvidence;
use crate::docker::interrupt::Interrupts;
use crate::docker::patient::Patient;
use crate::docker::session::failed;
use crate::docker::throw_away::ThrowAway;
use crate::error::{Error, ExitStatus};
use crate::settings::Settings;

/// The second server, as it is typed.
#[derive(Clone, Debug)]
pub(crate) enum PeerName {
    /// A deployment of this machine.
    Deployment(Name),
    /// An account of a server elsewhere.
    Account(RemoteAccount),
}

impl FromStr for PeerName {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        // None of these stands in the name of a deployment.
        if text.contains(['@', ':', '/', '.']) {
            return text
                .parse()
                .map(Self::Account)
                .map_err(|error: doctor::AccountError| error.to_string());
        }
        text.parse()
            .map(Self::Deployment)
            .map_err(|error: <Name as FromStr>::Err| error.to_string())
    }
}

/// A server that this machine has no deployment of.
pub(crate) struct Elsewhere {
    remote: Remote,
    /// The account behind `MASTO_PEER_TOKEN` and the token, where there is one.
    login: Option<(Subject, mastodon::Secret)>,
}

impl Elsewhere {
    /// The server of `account`. Its names end on this machine where they end in `localhost`, as
    /// browsers have it; then it has a certificate of `ca`.
    pub(crate) async fn new(
        account: RemoteAccount,
        ca: Option<&LocalCa>,
        settings: &Settings,
    ) -> Result<Self, Error> {
        let is_here = account.host.ends_with(".localhost");
        let remote = Remote {
            account,
            connect: is_here.then_some(SocketAddr::from((Ipv4Addr::LOCALHOST, 443))),
            ca_pem: ca
                .filter(|_| is_here)
                .map(|ca| ca.certificate_pem().to_owned()),
        };
        let login = match &settings.peer_token {
            None => None,
            Some(token) => {
                let subject = doctor::account_of(&remote, token.expose())
                    .await
                    .map_err(|why| Error::Backend {
                        message: format!("MASTO_PEER_TOKEN opens nothing on {}", remote.account.host),
                        causes: vec![why],
                        hint: Some(
                            "make one there under Preferences, Development, with `read`, `write` and `follow`; without it what needs no account is tried".to_owned(),
                        ),
                        log_tail: Vec::new(),
                        status: ExitStatus::Failure,
                    })?;
                Some((subject, token.clone()))
            }
        };
        Ok(Self { remote, login })
    }

    /// Tries the server `here` out on it: both ways with a login over there, else as far as one
    /// gets without.
    pub(crate) async fn federate<E: Evidence>(
        &self,
        here: Peer<'_, E>,
        options: &Options,
        interrupts: &Interrupts,
    ) -> FederationReport {
        let cancel = interrupts.cancel.clone();
        let stopped = async move { cancel.stopped().await };
        let Some((subject, token)) = &self.login else {
            return doctor::follow_remote(here, &self.remote, options, stopped, |_| {}).await;
        };
        let there = Peer {
            name: &self.remote.account.host,
            subject,
            evidence: &NoEvidence,
            token: Some(token.expose()),
        };
        doctor::federate(here, there, options, stopped, |_| {}).await
    }
}

/// The second server.
pub(crate) enum Companion {
    /// One that is there anyway.
    Own(Name, Box<Patient>),
    /// One that is made for the examination.
    Made(Box<ThrowAway>, Box<Patient>),
    /// One that is somebody's elsewhere.
    Elsewhere(Box<Elsewhere>),
}

impl Companion {
    /// The deployment `name` of this machine, as its containers describe it.
    pub(crate) async fn own(
        docker: &Docker,
        name: &Name,
        local: &local::Settings,
    ) -> Result<Self, Error> {
        let topology = local::topology_of(docker, name).await.map_err(failed)?;
        let topology = topology.ok_or_else(|| not_up(name))?;
        let containers = local::status(docker, name).await.map_err(failed)?;
        let patient = Patient::new(docker.clone(), &topology, local, &containers).await?;
        Ok(Self::Own(name.clone(), Box::new(patient)))
    }

    /// A new one, beside that of `topology`.
    pub(crate) async fn made(
        docker: &Docker,
        topology: &Topology,
        local: &local::Settings,
        settings: &Settings,
        interrupts: &Interrupts,
    ) -> Result<Self, Error> {
        let made = ThrowAway::start(docker, topology, local, settings, interrupts).await?;
        match made.patient().await {
            Ok(patient) => Ok(Self::Made(Box::new(made), Box::new(patient))),
            Err(error) => {
                made.remove(settings).await?;
                Err(error)
            }
        }
    }

    /// Tries the server `name` and this one out on each other.
    pub(crate) async fn federate(
        &self,
        name: &Name,
        patient: &Patient,
        options: &Options,
        interrupts: &Interrupts,
        sink: impl FnMut(&Hop),
    ) -> FederationReport {
        let here = peer(name, patient);
        let there = match self {
            Self::Own(name, other) => peer(name, other),
            Self::Made(made, other) => peer(made.name(), other),
            Self::Elsewhere(elsewhere) => {
                return elsewhere.federate(here, options, interrupts).await;
            }
        };
        let cancel = interrupts.cancel.clone();
        let stopped = async move { cancel.stopped().await };
        doctor::federate(here, there, options, stopped, sink).await
    }

    /// Removes what was made.
    pub(crate) async fn leave(self, settings: &Settings) -> Result<(), Error> {
        match self {
            Self::Own(..) | Self::Elsewhere(_) => Ok(()),
            Self::Made(made, _) => made.remove(settings).await,
        }
    }
}

fn peer<'p>(name: &'p Name, patient: &'p Patient) -> Peer<'p, DockerEvidence> {
    Peer {
        name: name.as_str(),
        subject: &patient.subject,
        evidence: &patient.evidence,
        token: None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_peer_is_a_deployment_or_an_account_elsewhere() {
        let read = |text: &str| match text.parse() {
            Ok(PeerName::Deployment(name)) => format!("deployment {name}"),
            Ok(PeerName::Account(account)) => format!("account {account}"),
            Err(why) => why,
        };
        for (text, expected) in [
            ("peer", "deployment peer"),
            ("@alice@a.test", "account @alice@a.test"),
            ("https://a.test/@alice", "account @alice@a.test"),
            ("https://a.test", "account https://a.test"),
            (
                "a.test",
                "it is neither `@user@host` nor `https://host/@user`",
            ),
            (
                "http://a.test/@alice",
                "servers talk to each other over https alone",
            ),
        ] {
            assert_eq!(read(text), expected, "{text}");
        }
    }
}
