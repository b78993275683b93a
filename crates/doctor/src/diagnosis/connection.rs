//! Rules for what goes wrong before the first byte of an answer.

use super::{Diagnosis, Facts};
use crate::problem::{CertificateFault, ConnectFailure, Symptom};

/// A certificate that does not verify says why by itself.
pub(super) fn certificate(symptom: &Symptom, facts: &Facts) -> Option<Diagnosis> {
    let Symptom::Certificate(certificate) = symptom else {
        return None;
    };
    let host = &certificate.host;
    let diagnosis = match &certificate.fault {
        CertificateFault::UnknownIssuer if facts.private_ca => Diagnosis::new(
            "the server's certificate is not signed by this deployment's CA",
            "if another program answers on this port, stop it; otherwise `masto up` makes the \
             certificate anew",
        ),
        CertificateFault::UnknownIssuer => Diagnosis::new(
            "the server's certificate is not signed by a CA that browsers know, or an intermediate certificate is missing",
            "serve the full chain; for a CA of your own, pass its certificate to `masto doctor`",
        ),
        CertificateFault::Expired => Diagnosis::new(
            "the server's certificate has expired",
            "renew it (`masto up` does for its own); if it is new, this machine's clock is wrong",
        ),
        CertificateFault::NotYetValid => Diagnosis::new(
            "the server's certificate is not valid yet: this machine's clock is behind, or the server's is ahead",
            "set the clocks (`timedatectl status`), then run `masto doctor` again",
        ),
        CertificateFault::OtherName => Diagnosis::new(
            format!("the certificate does not cover {host}"),
            "`masto up` makes one for every name of the topology; elsewhere, add the name to the \
             certificate",
        ),
        CertificateFault::NoHandshake(_) => Diagnosis::new(
            format!(
                "the ingress has no certificate for {host}, or what answers there does not speak TLS"
            ),
            "`masto up`, and look at `masto logs ingress`",
        ),
        CertificateFault::Other(_) => Diagnosis::new(
            format!("TLS with {host} does not come about"),
            "look at `masto logs ingress`",
        ),
    };
    Some(diagnosis.because(format!("{host}: {}", certificate.fault)))
}

/// No connection, and the ingress is known to be down.
pub(super) fn ingress_down(symptom: &Symptom, facts: &Facts) -> Option<Diagnosis> {
    let Symptom::Unreachable(unreachable) = symptom else {
        return None;
    };
    let diagnosis = super::process::down("ingress", facts)?;
    Some(diagnosis.because(format!(
        "{}:{}: {}",
        unreachable.host, unreachable.port, unreachable.how
    )))
}

/// No connection, and the ingress runs or is not ours to see.
pub(super) fn unreachable(symptom: &Symptom, facts: &Facts) -> Option<Diagnosis> {
    let Symptom::Unreachable(unreachable) = symptom else {
        return None;
    };
    let (host, port) = (&unreachable.host, unreachable.port);
    let ingress_runs = facts.is_down("ingress") == Some(false);
    let diagnosis = match unreachable.how {
        ConnectFailure::Refused if ingress_runs => Diagnosis::new(
            "the ingress runs and nothing listens on its ports on this machine",
            "`masto up` publishes them; if the container engine runs elsewhere \
             (`DOCKER_HOST`), so do they",
        ),
        ConnectFailure::Refused => Diagnosis::new(
            "nothing listens where the server should be: it is not up",
            "`masto up`, then `masto status`",
        ),
        ConnectFailure::TimedOut => Diagnosis::new(
            format!(
                "port {port} of {host} does not answer: a firewall or a security group drops the packets, or the address is wrong"
            ),
            format!(
                "open port {port} to this machine, and compare the address of {host} with `masto outputs`"
            ),
        ),
        ConnectFailure::NoName => Diagnosis::new(
            format!("the name {host} has no address"),
            format!(
                "make the DNS record for {host} (`masto outputs` shows it), or wait until it is known"
            ),
        ),
        ConnectFailure::Reset => Diagnosis::new(
            format!(
                "{host} accepts the connection and hangs up at once: what listens there is not the ingress, or it is being restarted"
            ),
            "look at `masto status` and `masto logs ingress`",
        ),
        ConnectFailure::Other(_) => Diagnosis::new(
            format!("no connection to {host}:{port}"),
            "look at `masto status`",
        ),
    };
    Some(diagnosis.because(format!("{host}:{port}: {}", unreachable.how)))
}
