//! A post that only its author sees is taken.

use jiff::Timestamp;
use reqwest::Method;

use crate::evidence::Evidence;
use crate::examination::Examination;
use crate::http::send;
use crate::problem::{Problem, Target};
use crate::session::{Made, Session};

/// Posts. Gives the post's id.
///
/// A direct post that mentions nobody is the least public there is: it reaches its author's own
/// timeline and stream, and leaves the server to nobody.
pub(crate) async fn probe<E: Evidence>(
    examination: &Examination<'_, E>,
    session: &Session,
) -> Result<(String, String), Problem> {
    let now = Timestamp::now();
    let text =
        format!("masto doctor looks whether posts arrive, and removes this one at once ({now})");
    let request = session
        .request(&examination.client, Method::POST, "/api/v1/statuses")
        .header(
            "Idempotency-Key",
            format!("masto-doctor-{}", now.as_nanosecond()),
        )
        .form(&[("status", text.as_str()), ("visibility", "direct")]);
    let answer = send(Target::Web, request).await?.expect(&[200])?;
    let id = answer.json()?["id"]
        .as_str()
        .ok_or_else(|| answer.unexpected("JSON with `id`"))?
        .to_owned();
    session.remember(Made::Status(id.clone()));
    Ok((format!("post {id}, to its author alone"), id))
}
