//! A picture is taken, processed, and fetched from where browsers fetch it.

use std::time::Duration;

use jiff::Timestamp;
use reqwest::Method;
use reqwest::header::{CONTENT_TYPE, ORIGIN};
use url::Url;

use super::Finding;
use crate::diagnosis::{Diagnosis, other_media_host};
use crate::evidence::Evidence;
use crate::examination::Examination;
use crate::http::send;
use crate::png::picture;
use crate::problem::{Problem, Symptom, Target};
use crate::session::{Made, Session};
use crate::wait;

/// Between the parts of the form; occurs in no picture of ours.
const BOUNDARY: &str = "----masto-doctor-7f4cfd1b";
const PACE: Duration = Duration::from_millis(100);

/// A picture on the server that belongs to no post yet.
pub(crate) struct Attachment {
    /// Its id.
    pub(crate) id: String,
    /// Where it is fetched from.
    pub(crate) url: Url,
    /// Bytes that were sent.
    pub(crate) size: usize,
}

/// The picture is taken and processed. Gives its address.
pub(crate) async fn upload<E: Evidence>(
    examination: &Examination<'_, E>,
    session: &Session,
) -> Result<(String, Url), Problem> {
    let Attachment { url, size, id: _ } = attachment(examination, session).await?;
    Ok((format!("{size} bytes became {url}"), url))
}

/// Uploads a picture, to be removed with the session.
pub(crate) async fn attachment<E: Evidence>(
    examination: &Examination<'_, E>,
    session: &Session,
) -> Result<Attachment, Problem> {
    let client = &examination.client;
    // A picture of its own each time, so that no store can answer with an older one.
    let hue = Timestamp::now().subsec_nanosecond().to_le_bytes()[1];
    let png = picture(hue);
    let size = png.len();
    let request = session
        .request(client, Method::POST, "/api/v2/media")
        .header(
            CONTENT_TYPE,
            format!("multipart/form-data; boundary={BOUNDARY}"),
        )
        .body(form(&png));
    let answer = send(Target::Web, request).await?;
    if answer.status == 422 {
        let problem = answer.unexpected("200 or 202");
        return Err(Problem {
            symptom: Box::new(Symptom::NotProcessed),
            ..problem
        });
    }
    let answer = answer.expect(&[200, 202])?;
    let media = answer.json()?;
    let id = media["id"]
        .as_str()
        .ok_or_else(|| answer.unexpected("JSON with `id`"))?
        .to_owned();
    session.remember(Made::Media(id.clone()));
    let url = match media["url"].as_str() {
        Some(url) => url.to_owned(),
        None => processed(examination, session, &id).await?,
    };
    let url = Url::parse(&url)
        .map_err(|error| Problem::new(format!("`{url}`: {error}"), Symptom::NotProcessed))?;
    Ok(Attachment { id, url, size })
}

/// A form with one file. Whole, unlike reqwest's own, so that it can be sent again.
fn form(png: &[u8]) -> Vec<u8> {
    let mut form = format!(
        "--{BOUNDARY}\r\nContent-Disposition: form-data; name=\"file\"; \
         filename=\"masto-doctor.png\"\r\nContent-Type: image/png\r\n\r\n"
    )
    .into_bytes();
    form.extend(png);
    form.extend(format!("\r\n--{BOUNDARY}--\r\n").into_bytes());
    form
}

/// Waits for the address of a picture that is processed in the background.
async fn processed<E: Evidence>(
    examination: &Examination<'_, E>,
    session: &Session,
    id: &str,
) -> Result<String, Problem> {
    let path = format!("/api/v1/media/{id}");
    let look = || async {
        let request = session.request(&examination.client, Method::GET, &path);
        let answer = match send(Target::Web, request).await {
            Ok(answer) if answer.status == 206 => return None,
            Ok(answer) => answer,
            Err(problem) => return Some(Err(problem)),
        };
        if answer.status == 422 {
            return Some(Err(Problem::new(
                "the picture could not be processed",
                Symptom::NotProcessed,
            )));
        }
        Some(answer.expect(&[200]).and_then(|answer| {
            answer.json()?["url"]
                .as_str()
                .map(str::to_owned)
                .ok_or_else(|| answer.unexpected("JSON with `url`"))
        }))
    };
    wait::until(examination.patience, PACE, look)
        .await
        .unwrap_or_else(|| {
            Err(Problem::new(
                format!(
                    "the picture is not processed after {} s",
                    examination.patience.as_secs()
                ),
                Symptom::NotProcessed,
            ))
        })
}

/// The picture comes from the media host, to any page that wants it.
pub(crate) async fn fetch<E: Evidence>(examination: &Examination<'_, E>, url: &Url) -> Finding {
    let expected = &examination.subject.media_host;
    let host = match (url.host_str(), url.port()) {
        (Some(host), Some(port)) => format!("{host}:{port}"),
        (host, _) => host.unwrap_or_default().to_owned(),
    };
    let is_expected = expected.is_empty() || host == *expected;
    if !is_expected || url.scheme() != "https" {
        return Err(Problem::known(
            format!("the picture's address is {url}, expected https://{expected}/…"),
            other_media_host(expected).because(format!("the picture's address is {url}")),
        ));
    }
    let request = examination
        .client
        .request(Method::GET, url.clone())
        .header(ORIGIN, "https://masto-doctor.invalid");
    let answer = send(Target::Media, request).await?.expect(&[200])?;
    if !answer.body.starts_with(b"\x89PNG") {
        return Err(answer.unexpected("a PNG"));
    }
    let kind = answer.header("content-type").unwrap_or_default();
    if kind != "image/png" {
        return Err(Problem::known(
            format!("the picture comes as `{kind}`"),
            Diagnosis::new(
                "the media host does not pass on the content type, so browsers refuse the picture",
                "let the proxy in front of the bucket pass `Content-Type` unchanged (masto's own does: `masto up`)",
            )
            .because(format!("Content-Type: {kind}")),
        ));
    }
    let origin = answer.header("access-control-allow-origin");
    if origin != Some("*") {
        return Err(Problem::known(
            "other pages may not read pictures from here",
            Diagnosis::new(
                "the media host does not answer with `Access-Control-Allow-Origin: *`, which web clients need",
                "add the header in the proxy in front of the bucket, or a CORS rule for GET from any origin (masto's own does: `masto up`)",
            )
            .because(format!(
                "Access-Control-Allow-Origin is {}",
                origin.unwrap_or("not there")
            )),
        ));
    }
    Ok(format!("{} bytes from {host}", answer.body.len()))
}
