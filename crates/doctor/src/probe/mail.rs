//! A mail that a person asks for arrives.

use std::collections::BTreeSet;
use std::time::Duration;

use reqwest::Method;
use reqwest::header::COOKIE;
use serde_json::{Value, json};
use url::Url;

use super::Finding;
use crate::evidence::Evidence;
use crate::examination::Examination;
use crate::http::cookie::Jar;
use crate::http::form::{Form, forms};
use crate::http::{Answer, Client, send};
use crate::problem::{Problem, Symptom, Target};
use crate::wait;

const PACE: Duration = Duration::from_millis(150);

pub(crate) async fn probe<E: Evidence>(examination: &Examination<'_, E>) -> Finding {
    let subject = examination.subject;
    let Some(catcher) = &subject.mail_url else {
        return Err(Problem::not_run(
            "mail goes to real mailboxes, which masto cannot open",
        ));
    };
    let Some(owner) = &subject.owner else {
        return Err(Problem::not_run("no owner is known"));
    };
    let client = &examination.client;
    let before = received(client, catcher, &owner.email).await?;
    ask(client, &owner.email).await?;
    // From the request to the catcher: a job in `mailers` and one SMTP dialogue.
    let arrived = wait::until(examination.patience, PACE, || {
        let looked = received(client, catcher, &owner.email);
        let before = &before;
        async move {
            looked
                .await
                .map(|now| now.difference(before).next().cloned())
                .transpose()
        }
    })
    .await;
    let id = match arrived {
        Some(Ok(id)) => id,
        Some(Err(problem)) => return Err(problem),
        None => {
            return Err(Problem::new(
                format!(
                    "no mail for {} arrived within {} s",
                    owner.email,
                    examination.patience.as_secs()
                ),
                Symptom::NoMail,
            ));
        }
    };
    let verdict = links_home(client, catcher, &id, &subject.web_host()).await;
    remove(client, catcher, &id).await;
    verdict?;
    Ok(format!("a password reset for {} arrived", owner.email))
}

/// Asks for a password reset, as a person would.
async fn ask(client: &Client, email: &str) -> Result<(), Problem> {
    let page = client
        .get(Target::Web, "/auth/password/new")
        .await?
        .expect(&[200])?;
    let mut jar = Jar::default();
    jar.absorb(&page.headers);
    let form = reset_form(&page)?.with("user[email]", email);
    let url = client.url(&form.action);
    let request = client
        .request(Method::POST, url)
        .header(COOKIE, jar.header().unwrap_or_default())
        .form(&form.fields);
    send(Target::Web, request).await?.expect(&[302, 303])?;
    Ok(())
}

fn reset_form(page: &Answer) -> Result<Form, Problem> {
    forms(&page.text())
        .into_iter()
        .find(|form| form.get("user[email]").is_some())
        .ok_or_else(|| page.unexpected("a page with the form for a new password"))
}

/// The ids of the mails for an address.
async fn received(
    client: &Client,
    catcher: &Url,
    email: &str,
) -> Result<BTreeSet<String>, Problem> {
    let url = catcher
        .join("api/v1/messages?limit=50")
        .map_err(|error| Problem::not_run(error.to_string()))?;
    let answer = send(Target::Mail, client.request(Method::GET, url))
        .await?
        .expect(&[200])?;
    Ok(ids(&answer.json()?, email))
}

fn ids(messages: &Value, email: &str) -> BTreeSet<String> {
    let list = messages["messages"].as_array().into_iter().flatten();
    list.filter(|message| {
        message["To"].as_array().into_iter().flatten().any(|to| {
            to["Address"]
                .as_str()
                .is_some_and(|address| address.eq_ignore_ascii_case(email))
        })
    })
    .filter_map(|message| Some(message["ID"].as_str()?.to_owned()))
    .collect()
}

/// The link in the mail leads to this server.
async fn links_home(client: &Client, catcher: &Url, id: &str, host: &str) -> Result<(), Problem> {
    let url = catcher
        .join(&format!("api/v1/message/{id}"))
        .map_err(|error| Problem::not_run(error.to_string()))?;
    let message = send(Target::Mail, client.request(Method::GET, url))
        .await?
        .expect(&[200])?
        .json()?;
    let text = [&message["Text"], &message["HTML"]]
        .into_iter()
        .filter_map(Value::as_str)
        .collect::<String>();
    if text.contains(&format!("https://{host}/")) {
        return Ok(());
    }
    Err(Problem::new(
        format!("the mail has no link to https://{host}/"),
        Symptom::MailElsewhere,
    ))
}

/// Best effort: a mail that stays in the catcher hurts nobody.
async fn remove(client: &Client, catcher: &Url, id: &str) {
    if let Ok(url) = catcher.join("api/v1/messages") {
        let request = client
            .request(Method::DELETE, url)
            .json(&json!({ "IDs": [id] }));
        if let Err(problem) = send(Target::Mail, request).await {
            tracing::debug!(detail = problem.detail, "the mail was not removed");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_mails_for_the_address_count() {
        let messages = json!({"messages": [
            {"ID": "a", "To": [{"Address": "Owner@a.test"}]},
            {"ID": "b", "To": [{"Address": "else@a.test"}]},
            {"ID": "c", "To": null},
        ]});
        let found: Vec<String> = ids(&messages, "owner@a.test").into_iter().collect();
        assert_eq!(found, ["a"]);
        assert!(ids(&json!({"messages": []}), "owner@a.test").is_empty());
    }
}
