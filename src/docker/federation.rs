//! `masto doctor --federation`: with whom, and what is told of it.

use doctor::{FederationReport, Hop, Options, Peer};
use local::Docker;
use topology::{Name, Topology};

use crate::docker::child::not_up;
use crate::docker::interrupt::Interrupts;
use crate::docker::patient::Patient;
use crate::docker::session::failed;
use crate::docker::throw_away::ThrowAway;
use crate::error::Error;
use crate::settings::Settings;

/// The second server.
pub(crate) enum Companion {
    /// One that is there anyway.
    Own(Name, Box<Patient>),
    /// One that is made for the examination.
    Made(Box<ThrowAway>, Box<Patient>),
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

    /// What it is called.
    pub(crate) fn name(&self) -> &Name {
        match self {
            Self::Own(name, _) => name,
            Self::Made(made, _) => made.name(),
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
        let (Self::Own(_, other) | Self::Made(_, other)) = self;
        let here = Peer {
            name: name.as_str(),
            subject: &patient.subject,
            evidence: &patient.evidence,
        };
        let there = Peer {
            name: self.name().as_str(),
            subject: &other.subject,
            evidence: &other.evidence,
        };
        let cancel = interrupts.cancel.clone();
        let stopped = async move { cancel.stopped().await };
        doctor::federate(here, there, options, stopped, sink).await
    }

    /// Removes what was made.
    pub(crate) async fn leave(self, settings: &Settings) -> Result<(), Error> {
        match self {
            Self::Own(..) => Ok(()),
            Self::Made(made, _) => made.remove(settings).await,
        }
    }
}
