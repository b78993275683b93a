//! The owner's handle leads to the owner, as other servers look it up.

use reqwest::Method;
use serde_json::Value;
use url::Url;

use super::Finding;
use crate::diagnosis::Diagnosis;
use crate::evidence::Evidence;
use crate::examination::Examination;
use crate::http::send;
use crate::problem::{Problem, Target};

pub(crate) async fn probe<E: Evidence>(examination: &Examination<'_, E>) -> Finding {
    let subject = examination.subject;
    let Some(owner) = &subject.owner else {
        return Err(Problem::not_run("no owner is known"));
    };
    let handle = format!("acct:{}@{}", owner.username, subject.local_domain);
    let client = &examination.client;
    // Other servers ask at the domain of the handle, which may send them on to the web domain.
    let mut url = client.url("/.well-known/webfinger");
    url.query_pairs_mut().append_pair("resource", &handle);
    let split = subject.local_domain != subject.web_host();
    let mut first = url.clone();
    if split {
        first = Url::parse(&format!("https://{}", subject.local_domain))
            .ok()
            .and_then(|base| {
                let mut first = base.join("/.well-known/webfinger").ok()?;
                first.set_query(url.query());
                Some(first)
            })
            .ok_or_else(|| Problem::not_run("the local domain is not a host name"))?;
    }
    let mut answer = send(Target::Web, client.request(Method::GET, first)).await?;
    if split && matches!(answer.status, 301 | 302 | 307 | 308) {
        if answer.location().as_ref() != Some(&url) {
            return Err(not_sent_on(&subject.local_domain, &url, answer.location()));
        }
        answer = send(Target::Web, client.request(Method::GET, url)).await?;
    }
    if answer.status == 404 && answer.header("server") == Some("Mastodon") {
        return Err(Problem::known(
            format!("{handle} is not known"),
            Diagnosis::new(
                format!("there is no account `{}`", owner.username),
                "`masto up` makes the owner's account; `masto logs owner` says why it did not",
            )
            .because(format!("webfinger of {handle} answered 404")),
        ));
    }
    let answer = answer.expect(&[200])?;
    let kind = answer.header("content-type").unwrap_or_default().to_owned();
    judge(&handle, &kind, &answer.json()?, &subject.web_host())
}

fn not_sent_on(domain: &str, expected: &Url, location: Option<Url>) -> Problem {
    let led = location.map_or("nowhere".to_owned(), |url| url.to_string());
    Problem::known(
        format!("https://{domain}/.well-known/webfinger leads to {led}, expected {expected}"),
        Diagnosis::new(
            format!("{domain} does not send webfinger on to the server"),
            format!(
                "answer `/.well-known/webfinger` on {domain} with 301 to {expected}, query included"
            ),
        )
        .because(format!("it leads to {led}")),
    )
}

fn judge(handle: &str, kind: &str, found: &Value, web_host: &str) -> Finding {
    let wrong = |what: String| {
        Problem::known(
            what.clone(),
            Diagnosis::new(
                "web was set up with other domains than those it is asked at",
                "compare `LOCAL_DOMAIN` and `WEB_DOMAIN` of web (`masto exec web env`) with the topology; `masto up` sets them",
            )
            .because(what),
        )
    };
    if found["subject"].as_str() != Some(handle) {
        return Err(wrong(format!(
            "webfinger of {handle} answers for {}",
            found["subject"]
        )));
    }
    let actor = found["links"]
        .as_array()
        .into_iter()
        .flatten()
        .find(|link| link["rel"] == "self")
        .and_then(|link| link["href"].as_str());
    let Some(actor) = actor else {
        return Err(wrong(format!("webfinger of {handle} names no actor")));
    };
    let prefix = format!("https://{web_host}/");
    if !actor.starts_with(&prefix) {
        return Err(wrong(format!(
            "webfinger of {handle} leads to {actor}, not to {prefix}"
        )));
    }
    if !kind.starts_with("application/jrd+json") {
        return Err(Problem::known(
            format!("webfinger comes as `{kind}`"),
            Diagnosis::new(
                "something between web and the world changes the content type",
                "let the proxy pass `Content-Type` unchanged: other software refuses anything but application/jrd+json",
            )
            .because(format!("Content-Type: {kind}")),
        )
        .into_warning());
    }
    Ok(format!("{handle} is {actor}"))
}

#[cfg(test)]
mod tests {
    use expect_test::{Expect, expect};
    use serde_json::json;

    use super::*;
    use crate::diagnosis::testing::shown;

    fn check(kind: &str, subject: &str, actor: &str, expected: &Expect) {
        let found = json!({"subject": subject, "links": [
            {"rel": "http://webfinger.net/rel/profile-page", "href": "x"}, {"rel": "self", "href": actor}]});
        expected.assert_eq(&shown(judge("acct:owner@a.test", kind, &found, "a.test")));
    }

    #[test]
    fn a_handle_leads_to_an_actor_on_the_web_domain() {
        check(
            "application/jrd+json; charset=utf-8",
            "acct:owner@a.test",
            "https://a.test/ap/users/1",
            &expect!["pass: acct:owner@a.test is https://a.test/ap/users/1"],
        );
        check(
            "application/jrd+json",
            "acct:owner@b.test",
            "https://a.test/ap/users/1",
            &expect![[r#"
                fail: webfinger of acct:owner@a.test answers for "acct:owner@b.test"
                  cause: web was set up with other domains than those it is asked at
                  - webfinger of acct:owner@a.test answers for "acct:owner@b.test"
                  fix: compare `LOCAL_DOMAIN` and `WEB_DOMAIN` of web (`masto exec web env`) with the topology; `masto up` sets them"#]],
        );
        check(
            "application/jrd+json",
            "acct:owner@a.test",
            "https://a.test.evil/users/1",
            &expect![[r#"
                fail: webfinger of acct:owner@a.test leads to https://a.test.evil/users/1, not to https://a.test/
                  cause: web was set up with other domains than those it is asked at
                  - webfinger of acct:owner@a.test leads to https://a.test.evil/users/1, not to https://a.test/
                  fix: compare `LOCAL_DOMAIN` and `WEB_DOMAIN` of web (`masto exec web env`) with the topology; `masto up` sets them"#]],
        );
        check(
            "text/html",
            "acct:owner@a.test",
            "https://a.test/users/1",
            &expect![[r#"
                warn: webfinger comes as `text/html`
                  cause: something between web and the world changes the content type
                  - Content-Type: text/html
                  fix: let the proxy pass `Content-Type` unchanged: other software refuses anything but application/jrd+json"#]],
        );
    }
}
