//! What clients read first: who the server is and where its parts are.

use serde_json::Value;

use super::Finding;
use crate::diagnosis::Diagnosis;
use crate::evidence::Evidence;
use crate::examination::Examination;
use crate::problem::{Problem, Target};
use crate::subject::Subject;

pub(crate) async fn probe<E: Evidence>(examination: &Examination<'_, E>) -> Finding {
    let answer = examination
        .client
        .get(Target::Web, "/api/v2/instance")
        .await?
        .expect(&[200])?;
    judge(examination.subject, &answer.json()?)
}

fn judge(subject: &Subject, instance: &Value) -> Finding {
    let domain = instance["domain"].as_str().unwrap_or_default();
    if domain != subject.local_domain {
        return Err(Problem::known(
            format!(
                "the server calls itself `{domain}`, expected `{}`",
                subject.local_domain
            ),
            Diagnosis::new(
                format!(
                    "web runs with another `LOCAL_DOMAIN` than {}",
                    subject.local_domain
                ),
                "`masto up` gives it the domain of the topology; a domain can never change once \
                 the server has been used",
            )
            .because(format!("/api/v2/instance says domain `{domain}`")),
        ));
    }
    let version = instance["version"].as_str().unwrap_or_default();
    if let Some(expected) = &subject.version {
        let expected = expected.trim_start_matches('v');
        // `4.7.5+glitch` and `4.7.5-rc.1` are told apart by what follows the number.
        let same = version
            .strip_prefix(expected)
            .is_some_and(|rest| !rest.starts_with(|c: char| c.is_ascii_digit() || c == '.'));
        if !same {
            return Err(Problem::known(
                format!("release {version} answers, expected {expected}"),
                Diagnosis::new(
                    "web runs another release than the topology says",
                    "`masto up` replaces it; `masto plan` shows what differs",
                )
                .because(format!("/api/v2/instance says version `{version}`")),
            ));
        }
    }
    let streaming = instance["configuration"]["urls"]["streaming"]
        .as_str()
        .unwrap_or_default();
    let expected = format!("wss://{}", subject.web_host());
    if streaming.trim_end_matches('/') != expected {
        return Err(Problem::known(
            format!("clients are sent to `{streaming}` for streaming, expected `{expected}`"),
            Diagnosis::new(
                "web tells clients another streaming address than the one that works",
                "take `STREAMING_API_BASE_URL` out of web's environment, or correct it; then `masto up`",
            )
            .because(format!("/api/v2/instance says `{streaming}`")),
        ));
    }
    let missing: Vec<&str> = ["media_attachments", "statuses", "polls"]
        .into_iter()
        .filter(|part| !instance["configuration"][part].is_object())
        .collect();
    if !missing.is_empty() {
        return Err(Problem::known(
            format!(
                "/api/v2/instance lacks configuration.{}",
                missing.join(", configuration.")
            ),
            Diagnosis::new(
                "what answers is not a complete Mastodon API",
                "look at which image web runs (`masto status`)",
            )
            .because("clients read these limits before they upload or post"),
        ));
    }
    let vapid = instance["configuration"]["vapid"]["public_key"].as_str();
    if vapid.is_none_or(str::is_empty) {
        return Err(Problem::known(
            "there is no VAPID key",
            Diagnosis::new(
                "web has no `VAPID_PUBLIC_KEY`: push notifications cannot work",
                "`masto up` gives it the key of this deployment",
            )
            .because("configuration.vapid.public_key is empty"),
        )
        .into_warning());
    }
    Ok(format!(
        "{domain}, Mastodon {version}, streaming at {streaming}"
    ))
}

#[cfg(test)]
mod tests {
    use expect_test::{Expect, expect};
    use serde_json::json;

    use super::*;
    use crate::diagnosis::testing::{shown, subject};

    fn instance() -> Value {
        json!({"domain": "social.localhost", "version": "4.7.5", "configuration": {
            "urls": {"streaming": "wss://social.localhost"}, "vapid": {"public_key": "B="},
            "media_attachments": {}, "statuses": {}, "polls": {}}})
    }

    fn check(change: impl Fn(&mut Value), expected: &Expect) {
        let mut instance = instance();
        change(&mut instance);
        expected.assert_eq(&shown(judge(&subject(), &instance)));
    }

    #[test]
    fn a_complete_instance_is_right() {
        check(
            |_| {},
            &expect!["pass: social.localhost, Mastodon 4.7.5, streaming at wss://social.localhost"],
        );
        check(
            |instance| instance["version"] = json!("4.7.5+fork"),
            &expect![
                "pass: social.localhost, Mastodon 4.7.5+fork, streaming at wss://social.localhost"
            ],
        );
    }

    #[test]
    fn each_wrong_part_names_the_variable_behind_it() {
        check(
            |instance| instance["domain"] = json!("other"),
            &expect![[r#"
                fail: the server calls itself `other`, expected `social.localhost`
                  cause: web runs with another `LOCAL_DOMAIN` than social.localhost
                  - /api/v2/instance says domain `other`
                  fix: `masto up` gives it the domain of the topology; a domain can never change once the server has been used"#]],
        );
        check(
            |instance| instance["version"] = json!("4.7.50"),
            &expect![[r#"
                fail: release 4.7.50 answers, expected 4.7.5
                  cause: web runs another release than the topology says
                  - /api/v2/instance says version `4.7.50`
                  fix: `masto up` replaces it; `masto plan` shows what differs"#]],
        );
        check(
            |instance| {
                instance["configuration"]["urls"]["streaming"] = json!("ws://localhost:4000");
            },
            &expect![[r#"
                fail: clients are sent to `ws://localhost:4000` for streaming, expected `wss://social.localhost`
                  cause: web tells clients another streaming address than the one that works
                  - /api/v2/instance says `ws://localhost:4000`
                  fix: take `STREAMING_API_BASE_URL` out of web's environment, or correct it; then `masto up`"#]],
        );
        check(
            |instance| instance["configuration"]["vapid"]["public_key"] = json!(""),
            &expect![[r#"
                warn: there is no VAPID key
                  cause: web has no `VAPID_PUBLIC_KEY`: push notifications cannot work
                  - configuration.vapid.public_key is empty
                  fix: `masto up` gives it the key of this deployment"#]],
        );
    }
}
