//! The server answers to its own names and to no others.

use reqwest::Method;
use reqwest::header::HOST;

use super::{Finding, tls};
use crate::diagnosis::Diagnosis;
use crate::evidence::Evidence;
use crate::examination::Examination;
use crate::http::send;
use crate::problem::{Problem, Symptom, Target};

/// A name that no server has (RFC 6761).
const FOREIGN: &str = "masto-doctor.invalid";
/// A page that needs no database and that Mastodon serves to its own names only.
const PATH: &str = "/.well-known/host-meta";

pub(crate) async fn probe<E: Evidence>(examination: &Examination<'_, E>) -> Finding {
    let own = examination.client.get(Target::Web, PATH);
    let (own, refusal, unknown) =
        tokio::join!(own, foreign_host(examination), foreign_sni(examination));
    own?.expect(&[200])?;
    let refusal = refusal?;
    let unknown = unknown?;
    Ok(format!(
        "a foreign `Host` gets {refusal}, a foreign TLS name {unknown}"
    ))
}

/// Asks with the right TLS name and a wrong `Host`.
async fn foreign_host<E: Evidence>(examination: &Examination<'_, E>) -> Result<String, Problem> {
    let client = &examination.client;
    let request = client
        .request(Method::GET, client.url(PATH))
        .header(HOST, FOREIGN);
    let answer = match send(Target::Web, request).await {
        Ok(answer) => answer,
        // Hung up on: also a refusal. Anything else is the own name's failure as well.
        Err(problem) => match *problem.symptom {
            Symptom::Unreachable(_) => return Ok("no answer".to_owned()),
            _ => return Err(problem),
        },
    };
    if answer.status >= 300 || answer.body.is_empty() {
        return Ok(answer.status.to_string());
    }
    let problem = answer.unexpected("403");
    Err(Problem::known(
        problem.detail.clone(),
        Diagnosis::new(
            "a request for a foreign host name is answered as if it were our own",
            "let the ingress pass `Host` unchanged and route by it; and keep \
             `ALTERNATE_DOMAINS` to names that are yours",
        )
        .because(format!(
            "`Host: {FOREIGN}` was answered with {}",
            answer.status
        )),
    ))
}

/// Asks for a wrong TLS name: whatever is shown, it must not pass for that name.
async fn foreign_sni<E: Evidence>(examination: &Examination<'_, E>) -> Result<String, Problem> {
    let base = &examination.subject.base;
    let host = base.host_str().unwrap_or_default();
    let port = base.port_or_known_default().unwrap_or(443);
    match tls::handshake(examination, host, FOREIGN, port).await {
        Ok(seen) if seen.fault.is_some() => Ok("a certificate for other names".to_owned()),
        Ok(_) => Err(Problem::known(
            format!("a trusted certificate for {FOREIGN} was shown"),
            Diagnosis::new(
                "the ingress makes certificates for any name it is asked for",
                "limit it to the names of the topology (masto's own ingress does: `masto up`)",
            )
            .because(format!("it showed a valid one for {FOREIGN}")),
        )
        .into_warning()),
        Err(_) => Ok("no handshake".to_owned()),
    }
}
