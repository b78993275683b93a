//! Strangers can neither list nor fill the bucket.

use jiff::Timestamp;
use reqwest::Method;
use url::Url;

use super::Finding;
use crate::diagnosis::Diagnosis;
use crate::evidence::Evidence;
use crate::examination::Examination;
use crate::http::send;
use crate::problem::{Problem, Target};

pub(crate) async fn probe<E: Evidence>(examination: &Examination<'_, E>) -> Finding {
    let host = &examination.subject.media_host;
    let base = Url::parse(&format!("https://{host}/"))
        .map_err(|error| Problem::not_run(format!("{host}: {error}")))?;
    let client = &examination.client;
    let mut list = base.clone();
    list.set_query(Some("list-type=2&max-keys=1"));
    let mut object = base.clone();
    object.set_path(&format!(
        "masto-doctor-{}",
        Timestamp::now().as_nanosecond()
    ));
    let put = client
        .request(Method::PUT, object.clone())
        .body("masto doctor");
    let (root, list, put) = tokio::join!(
        send(Target::Media, client.request(Method::GET, base)),
        send(Target::Media, client.request(Method::GET, list)),
        send(Target::Media, put),
    );
    let (root, list, put) = (root?, list?, put?);
    if put.status < 300 {
        // What was let in is taken out again; where that is refused, the report names it.
        let removed = send(
            Target::Media,
            client.request(Method::DELETE, object.clone()),
        )
        .await;
        let left = match removed {
            Ok(answer) if answer.status < 300 => "it was removed again".to_owned(),
            _ => format!("{object} is left behind"),
        };
        return Err(Problem::known(
            format!("a stranger could store an object; {left}"),
            Diagnosis::new(
                "the bucket's policy lets anyone write",
                "`masto up` sets the policy that only reads; look through the bucket for what others stored",
            )
            .because(format!("PUT without a key answered {}", put.status)),
        ));
    }
    for answer in [&root, &list] {
        if answer.status == 200 && answer.text().contains("<ListBucketResult") {
            return Err(Problem::known(
                "the bucket shows the names of all its objects",
                Diagnosis::new(
                    "the bucket's policy lets anyone list it",
                    "`masto up` sets the policy that allows `s3:GetObject` and nothing else",
                )
                .because("GET of the bucket answered with ListBucketResult"),
            ));
        }
    }
    for answer in [root, list, put] {
        if answer.status >= 500 {
            return Err(answer.unexpected("403"));
        }
    }
    Ok(format!("{host} refuses to list and to store"))
}
