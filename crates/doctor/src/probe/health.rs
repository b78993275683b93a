//! Web and streaming answer on the paths that load balancers ask.

use super::Finding;
use crate::evidence::Evidence;
use crate::examination::Examination;
use crate::problem::Target;

/// Web, on the only path that any host name may ask.
pub(crate) async fn web<E: Evidence>(examination: &Examination<'_, E>) -> Finding {
    ok(examination, Target::Web, "/health").await
}

/// Streaming, through the route that WebSockets take.
pub(crate) async fn streaming<E: Evidence>(examination: &Examination<'_, E>) -> Finding {
    ok(examination, Target::Streaming, "/api/v1/streaming/health").await
}

async fn ok<E: Evidence>(examination: &Examination<'_, E>, target: Target, path: &str) -> Finding {
    let answer = examination.client.get(target, path).await?.expect(&[200])?;
    if answer.text().trim() == "OK" {
        Ok(format!("GET {path} answers OK"))
    } else {
        Err(answer.unexpected("200 `OK`"))
    }
}
