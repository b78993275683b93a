//! Plain HTTP leads to the same address over HTTPS, and to nothing else.

use reqwest::Method;

use super::Finding;
use crate::diagnosis::Diagnosis;
use crate::evidence::Evidence;
use crate::examination::Examination;
use crate::http::send;
use crate::problem::{Problem, Target};

const PATH: &str = "/about?redirected=1";

pub(crate) async fn probe<E: Evidence>(examination: &Examination<'_, E>) -> Finding {
    let client = &examination.client;
    let (from, to) = (client.plain_url(PATH), client.url(PATH));
    let answer = send(Target::Web, client.request(Method::GET, from.clone())).await?;
    let fix = "let the ingress answer every plain request with 301 to the same address over HTTPS (masto's own does: `masto up`)";
    if !matches!(answer.status, 301 | 302 | 303 | 307 | 308) {
        let problem = answer.unexpected("301 to HTTPS");
        return Err(Problem::known(
            problem.detail.clone(),
            Diagnosis::new("plain HTTP is not led to HTTPS", fix).because(problem.detail),
        ));
    }
    let location = answer.location();
    if location.as_ref() != Some(&to) {
        let led = location.map_or("nowhere".to_owned(), |url| url.to_string());
        return Err(Problem::known(
            format!("{from} leads to {led}, expected {to}"),
            Diagnosis::new(
                "plain HTTP is led to another address than the one asked for",
                fix,
            )
            .because(format!("{from} leads to {led}")),
        ));
    }
    if matches!(answer.status, 301 | 308) {
        Ok(format!("{} to {to}", answer.status))
    } else {
        Err(Problem::known(
            format!("{} to {to}", answer.status),
            Diagnosis::new(
                "the redirect to HTTPS is a temporary one, so nobody remembers it",
                fix,
            )
            .because(format!("the status is {}, not 301", answer.status)),
        )
        .into_warning())
    }
}
