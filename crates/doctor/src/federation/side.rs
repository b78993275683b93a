//! One of the two servers: its owner's session, and what is asked of it.

use reqwest::Method;
use serde_json::Value;
use url::Url;

use super::cause::View;
use super::reach::{Reach, reach};
use crate::diagnosis::Facts;
use crate::evidence::Evidence;
use crate::examination::Examination;
use crate::http::{Answer, send};
use crate::problem::{Problem, Symptom, Target};
use crate::session::{Made, Session};

/// Posts of a home timeline that are looked through.
const NEWEST: &str = "20";

/// A server, while it is examined.
pub(crate) struct Side<'s, E> {
    /// What it is called: `social`.
    pub(crate) name: String,
    pub(crate) examination: Examination<'s, E>,
    /// A token of the owner's that is there already; `None`: the owner logs in.
    pub(crate) token: Option<String>,
}

/// What somebody on one server is to somebody on another.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Relationship {
    pub(crate) following: bool,
    pub(crate) requested: bool,
    pub(crate) followed_by: bool,
    /// They asked to follow, and wait for an answer.
    pub(crate) requested_by: bool,
}

/// A post of this server's owner.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Posted {
    pub(crate) id: String,
    pub(crate) uri: String,
}

impl<E: Evidence> Side<'_, E> {
    /// The account that others look up: the owner, or, where nobody can log in, the server's own.
    pub(crate) fn handle(&self) -> String {
        let subject = self.examination.subject;
        let domain = &subject.local_domain;
        match &subject.owner {
            Some(owner) => format!("{}@{domain}", owner.username),
            None => format!("{domain}@{domain}"),
        }
    }

    /// What is behind it, before anybody was asked how the other one looks from there.
    pub(crate) async fn view(&self) -> View {
        View {
            name: self.name.clone(),
            host: self.examination.subject.web_host(),
            facts: self.facts().await,
            reaches: Vec::new(),
        }
    }

    /// Where others ask who somebody is.
    pub(crate) fn webfinger(&self) -> Option<Url> {
        let domain = &self.examination.subject.local_domain;
        let mut url = Url::parse(&format!("https://{domain}/.well-known/webfinger")).ok()?;
        let resource = format!("acct:{}", self.handle());
        url.query_pairs_mut().append_pair("resource", &resource);
        Some(url)
    }

    /// Something that only the server itself answers.
    pub(crate) fn front(&self) -> Url {
        self.examination.client.url("/.well-known/nodeinfo")
    }

    /// The process that delivers to others.
    pub(crate) fn courier(&self) -> &str {
        let push = self.examination.subject.queues.get("push");
        push.and_then(|processes| processes.first())
            .map_or("sidekiq-all", String::as_str)
    }

    /// The process that works on what others deliver.
    pub(crate) fn receiver(&self) -> &str {
        let ingress = self.examination.subject.queues.get("ingress");
        ingress
            .and_then(|processes| processes.first())
            .map_or("sidekiq-all", String::as_str)
    }

    /// Everything the rules look at, as it is now.
    pub(crate) async fn facts(&self) -> Facts {
        self.examination.facts().await
    }

    /// Asks for `url` from inside `process`.
    pub(crate) async fn reach(&self, process: &str, url: &Url) -> Reach {
        reach(&self.examination, process, url).await
    }

    /// The id under which this server knows the account behind a handle of another one, and the
    /// handle it has for it; `None` when it does not find it.
    pub(crate) async fn find(
        &self,
        session: &Session,
        handle: &str,
    ) -> Result<Option<(String, String)>, Problem> {
        let mut url = self.examination.client.url("/api/v2/search");
        url.query_pairs_mut()
            .append_pair("q", &format!("@{handle}"))
            .append_pair("type", "accounts")
            .append_pair("resolve", "true")
            .append_pair("limit", "5");
        let request = self
            .examination
            .client
            .request(Method::GET, url)
            .bearer_auth(&session.token);
        let answer = send(Target::Web, request).await?.expect(&[200])?;
        let found = answer.json()?;
        let name = handle.split('@').next().unwrap_or_default();
        let account = found["accounts"].as_array().into_iter().flatten();
        Ok(account
            .filter(|account| text(&account["username"]).eq_ignore_ascii_case(name))
            .find(|account| text(&account["acct"]).contains('@'))
            .map(|account| (text(&account["id"]), text(&account["acct"]))))
    }

    /// What the owner and the account `id` are to each other, as this server knows it.
    pub(crate) async fn relationship(
        &self,
        session: &Session,
        id: &str,
    ) -> Result<Relationship, Problem> {
        let path = format!("/api/v1/accounts/relationships?id[]={id}");
        let answer = self.ask(session, Method::GET, &path).await?;
        let flag = {
            let found = answer.json()?;
            move |name: &str| found[0][name].as_bool().unwrap_or(false)
        };
        Ok(Relationship {
            following: flag("following"),
            requested: flag("requested"),
            followed_by: flag("followed_by"),
            requested_by: flag("requested_by"),
        })
    }

    /// Follows the account `id`, or asks to.
    pub(crate) async fn follow(&self, session: &Session, id: &str) -> Result<(), Problem> {
        let path = format!("/api/v1/accounts/{id}/follow");
        self.ask(session, Method::POST, &path).await.map(drop)
    }

    /// Follows the account `id` no longer, and takes back a request to.
    pub(crate) async fn unfollow(&self, session: &Session, id: &str) -> Result<(), Problem> {
        let path = format!("/api/v1/accounts/{id}/unfollow");
        self.ask(session, Method::POST, &path).await.map(drop)
    }

    /// Says yes to a follow that waits for it.
    pub(crate) async fn authorize(&self, session: &Session, id: &str) -> Result<(), Problem> {
        let path = format!("/api/v1/follow_requests/{id}/authorize");
        self.ask(session, Method::POST, &path).await.map(drop)
    }

    /// Posts to the followers, with a picture.
    pub(crate) async fn post(
        &self,
        session: &Session,
        media: &str,
        at: jiff::Timestamp,
    ) -> Result<Posted, Problem> {
        let text = format!(
            "masto doctor looks whether posts arrive at another server, and removes this one at once ({at})"
        );
        let request = session
            .request(&self.examination.client, Method::POST, "/api/v1/statuses")
            .header(
                "Idempotency-Key",
                format!("masto-doctor-federation-{}", at.as_nanosecond()),
            )
            .form(&[
                ("status", text.as_str()),
                ("visibility", "private"),
                ("media_ids[]", media),
            ]);
        let answer = send(Target::Web, request).await?.expect(&[200])?;
        let status = answer.json()?;
        let id = self::text(&status["id"]);
        session.remember(Made::Status(id.clone()));
        Ok(Posted {
            id,
            uri: self::text(&status["uri"]),
        })
    }

    /// Deletes a post of the owner, picture included.
    pub(crate) async fn delete(&self, session: &Session, id: &str) -> Result<(), Problem> {
        let path = format!("/api/v1/statuses/{id}?delete_media=true");
        self.ask(session, Method::DELETE, &path).await.map(drop)
    }

    /// This server's copy of a post of another one, in the owner's home timeline.
    pub(crate) async fn copy(
        &self,
        session: &Session,
        uri: &str,
    ) -> Result<Option<Value>, Problem> {
        let path = format!("/api/v1/timelines/home?limit={NEWEST}");
        let answer = self.ask(session, Method::GET, &path).await?;
        let timeline = answer.json()?;
        let statuses = timeline.as_array().into_iter().flatten();
        Ok(statuses
            .into_iter()
            .find(|status| status["uri"] == uri)
            .cloned())
    }

    /// Whether this server still shows its copy `id` of a post.
    pub(crate) async fn shows(&self, session: &Session, id: &str) -> Result<bool, Problem> {
        let path = format!("/api/v1/statuses/{id}");
        let request = session.request(&self.examination.client, Method::GET, &path);
        let answer = send(Target::Web, request).await?;
        Ok(answer.expect(&[200, 404, 410])?.status == 200)
    }

    async fn ask(&self, session: &Session, method: Method, path: &str) -> Result<Answer, Problem> {
        let request = session.request(&self.examination.client, method, path);
        send(Target::Web, request).await?.expect(&[200])
    }
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

/// A failure that is not the other server's: what this one was asked, and did not do.
pub(crate) fn is_answer(problem: &Problem) -> bool {
    matches!(*problem.symptom, Symptom::Answer(_))
}
