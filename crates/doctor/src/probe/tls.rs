//! The certificates verify, cover every name and last.

use std::collections::BTreeSet;
use std::sync::Arc;

use futures_util::future::join_all;
use jiff::{SignedDuration, Timestamp};
use rustls_pki_types::ServerName;
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;
use x509_parser::prelude::{FromDer, GeneralName, X509Certificate};

use super::Finding;
use crate::diagnosis::Diagnosis;
use crate::evidence::Evidence;
use crate::examination::Examination;
use crate::http::{CONNECT_BOUND, connection_problem};
use crate::problem::ConnectFailure;
use crate::problem::{Certificate, CertificateFault, Problem, Symptom, Unreachable};
use crate::subject::Subject;
use crate::tls::Seen;

/// Whoever renews by hand needs this long to notice.
const MARGIN: SignedDuration = SignedDuration::from_hours(14 * 24);

pub(crate) async fn probe<E: Evidence>(examination: &Examination<'_, E>) -> Finding {
    let names = names(examination.subject);
    let shown = join_all(
        names
            .iter()
            .map(|(host, port)| handshake(examination, host, host, *port)),
    )
    .await;
    let mut ends = Vec::new();
    for ((host, _), seen) in names.iter().zip(shown) {
        ends.push(judge(host, &seen?, Timestamp::now())?);
    }
    ends.sort_by_key(|leaf| leaf.not_after);
    match ends.first() {
        Some(first) => Ok(format!(
            "{} names, valid until {}, signed by {}",
            ends.len(),
            first.not_after.strftime("%Y-%m-%d"),
            first.issuer
        )),
        None => Err(Problem::not_run("there is no HTTPS name")),
    }
}

/// Every host that is spoken to over HTTPS, the most important first.
fn names(subject: &Subject) -> Vec<(String, u16)> {
    let port = subject.base.port_or_known_default().unwrap_or(443);
    let media = match subject.media_host.rsplit_once(':') {
        Some((host, port)) => (host.to_owned(), port.parse().unwrap_or(443)),
        None => (subject.media_host.clone(), 443),
    };
    let mail = subject
        .mail_url
        .as_ref()
        .filter(|url| url.scheme() == "https")
        .and_then(|url| Some((url.host_str()?.to_owned(), url.port_or_known_default()?)));
    let domain = (bare(&subject.local_domain).to_owned(), port);
    let mut seen = BTreeSet::new();
    [(subject.web_name().to_owned(), port), domain, media]
        .into_iter()
        .chain(mail)
        .filter(|name| seen.insert(name.clone()))
        .collect()
}

fn bare(host: &str) -> &str {
    host.split_once(':').map_or(host, |(name, _)| name)
}

/// Connects to a host as a browser that wants `name` does, and keeps what the server shows.
/// Nothing else is sent.
pub(super) async fn handshake<E: Evidence>(
    examination: &Examination<'_, E>,
    host: &str,
    name: &str,
    port: u16,
) -> Result<Seen, Problem> {
    let (config, witness) = examination.trust.witness().map_err(Problem::not_run)?;
    let name = ServerName::try_from(name.to_owned())
        .map_err(|error| Problem::not_run(format!("{name}: {error}")))?;
    let stream = timeout(CONNECT_BOUND, connect(examination.subject, host, port))
        .await
        .map_err(|_| unreachable(host, port))?
        .map_err(|error| connection_problem(&error, false, host, port))?;
    let shaken = timeout(
        CONNECT_BOUND,
        TlsConnector::from(Arc::new(config)).connect(name, stream),
    )
    .await;
    if let Some(seen) = witness.seen() {
        return Ok(seen);
    }
    let problem = match shaken {
        Ok(Err(error)) => connection_problem(&error, false, host, port),
        Ok(Ok(_)) | Err(_) => unreachable(host, port),
    };
    Err(problem)
}

fn unreachable(host: &str, port: u16) -> Problem {
    let how = ConnectFailure::TimedOut;
    Problem::new(
        format!("{host}:{port}: {how}"),
        Symptom::Unreachable(Unreachable {
            host: host.to_owned(),
            port,
            how,
        }),
    )
}

/// A connection to where the subject says the name is.
pub(crate) async fn connect(
    subject: &Subject,
    host: &str,
    port: u16,
) -> std::io::Result<TcpStream> {
    match subject.connect {
        Some(mut addr) => {
            // As in HTTP: the port of the address wins over that of `connect`, unless it is the
            // usual one.
            if port != 443 {
                addr.set_port(port);
            }
            TcpStream::connect(addr).await
        }
        None => TcpStream::connect((host, port)).await,
    }
}

/// What matters of a server's own certificate.
#[derive(Debug)]
struct Leaf {
    not_before: Timestamp,
    not_after: Timestamp,
    issuer: String,
    names: Vec<String>,
}

fn leaf(seen: &Seen) -> Option<Leaf> {
    let (_, certificate) = X509Certificate::from_der(seen.chain.first()?).ok()?;
    let validity = certificate.validity();
    let names = certificate
        .subject_alternative_name()
        .ok()
        .flatten()
        .map(|extension| {
            extension
                .value
                .general_names
                .iter()
                .filter_map(|name| match name {
                    GeneralName::DNSName(name) => Some((*name).to_owned()),
                    _ => None,
                })
                .collect()
        })
        .unwrap_or_default();
    let issuer = certificate
        .issuer()
        .iter_common_name()
        .next()
        .and_then(|name| name.as_str().ok())
        .map_or_else(|| certificate.issuer().to_string(), str::to_owned);
    Some(Leaf {
        not_before: Timestamp::from_second(validity.not_before.timestamp()).ok()?,
        not_after: Timestamp::from_second(validity.not_after.timestamp()).ok()?,
        issuer,
        names,
    })
}

fn judge(host: &str, seen: &Seen, now: Timestamp) -> Result<Leaf, Problem> {
    let leaf = leaf(seen).ok_or_else(|| {
        let fault = CertificateFault::Other("the certificate cannot be read".to_owned());
        Problem::new(
            format!("{host}: {fault}"),
            Symptom::Certificate(Certificate {
                host: host.to_owned(),
                fault,
            }),
        )
    })?;
    if let Some(fault) = &seen.fault {
        let more = match fault {
            CertificateFault::OtherName => format!("it covers {}", leaf.names.join(", ")),
            CertificateFault::UnknownIssuer => format!("signed by {}", leaf.issuer),
            CertificateFault::Expired => format!("it ended {}", leaf.not_after),
            CertificateFault::NotYetValid => format!("it begins {}", leaf.not_before),
            CertificateFault::NoHandshake(_) | CertificateFault::Other(_) => {
                format!("signed by {}", leaf.issuer)
            }
        };
        return Err(Problem::new(
            format!("{host}: {fault}; {more}"),
            Symptom::Certificate(Certificate {
                host: host.to_owned(),
                fault: fault.clone(),
            }),
        ));
    }
    if leaf.not_after.duration_since(now) < MARGIN {
        let days = leaf.not_after.duration_since(now).as_hours() / 24;
        return Err(Problem::known(
            format!("the certificate of {host} ends in {days} days"),
            Diagnosis::new(
                format!("the certificate of {host} has not been renewed"),
                "`masto up` renews its own; elsewhere, look at whatever renews it",
            )
            .because(format!("it ends {}", leaf.not_after)),
        )
        .into_warning());
    }
    Ok(leaf)
}
