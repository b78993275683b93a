//! HTTP as a person's browser would do it, with every failure in the terms of the rules.

pub(crate) mod cookie;
pub(crate) mod form;

use std::borrow::Cow;
use std::error::Error as StdError;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use reqwest::header::{HeaderMap, HeaderName, LOCATION, RETRY_AFTER, SERVER};
use reqwest::{Method, Request, RequestBuilder, redirect};
use serde_json::Value;
use url::Url;

use crate::problem::{
    Answered, Asked, Certificate, ConnectFailure, Problem, Symptom, Target, Unreachable,
};
use crate::subject::Subject;
use crate::tls::{Trust, fault, tls_error};

/// Until a connection stands.
pub(crate) const CONNECT_BOUND: Duration = Duration::from_secs(3);
/// Until an answer is complete.
const ANSWER_BOUND: Duration = Duration::from_secs(6);
/// The most of a body that is read.
const BODY_LIMIT: usize = 4 << 20;

/// Speaks to the server.
#[derive(Clone, Debug)]
pub(crate) struct Client {
    https: reqwest::Client,
    http: reqwest::Client,
    base: Url,
    http_port: u16,
}

impl Client {
    /// # Errors
    /// In words, when the CA cannot be used.
    pub(crate) fn new(subject: &Subject, trust: &Trust) -> Result<Self, String> {
        let client = |connect: Option<SocketAddr>| {
            let mut builder = reqwest::Client::builder()
                .use_preconfigured_tls(trust.client()?)
                .http1_only()
                .no_proxy()
                .redirect(redirect::Policy::none())
                .referer(false)
                .user_agent(concat!("masto-doctor/", env!("CARGO_PKG_VERSION")))
                .connect_timeout(CONNECT_BOUND)
                .timeout(ANSWER_BOUND);
            if let Some(addr) = connect {
                builder = builder.dns_resolver(Arc::new(Always(addr)));
            }
            builder.build().map_err(|error| chain(&error))
        };
        let plain = subject
            .connect
            .map(|addr| SocketAddr::new(addr.ip(), subject.http_port));
        Ok(Self {
            https: client(subject.connect)?,
            http: client(plain)?,
            base: subject.base.clone(),
            http_port: subject.http_port,
        })
    }

    /// The address of a path on the server.
    pub(crate) fn url(&self, path: &str) -> Url {
        self.base.join(path).unwrap_or_else(|_| self.base.clone())
    }

    /// The same without TLS.
    pub(crate) fn plain_url(&self, path: &str) -> Url {
        let mut url = self.url(path);
        // Both setters refuse only addresses without a host, and the base has one.
        let _ = url.set_scheme("http");
        let _ = url.set_port((self.http_port != 80).then_some(self.http_port));
        url
    }

    /// A request, to be sent with [`send`].
    pub(crate) fn request(&self, method: Method, url: Url) -> RequestBuilder {
        let client = if url.scheme() == "http" {
            &self.http
        } else {
            &self.https
        };
        client.request(method, url)
    }

    /// `GET` of a path on the server.
    pub(crate) async fn get(&self, target: Target, path: &str) -> Result<Answer, Problem> {
        send(target, self.request(Method::GET, self.url(path))).await
    }
}

/// Leads every name to one address.
#[derive(Debug)]
pub(crate) struct Always(pub(crate) SocketAddr);

impl Resolve for Always {
    fn resolve(&self, _name: Name) -> Resolving {
        let addrs: Addrs = Box::new(std::iter::once(self.0));
        Box::pin(std::future::ready(Ok(addrs)))
    }
}

/// A complete answer.
#[derive(Clone, Debug)]
pub(crate) struct Answer {
    /// `GET https://social.localhost/health`.
    request: String,
    target: Target,
    url: Url,
    /// Its status.
    pub(crate) status: u16,
    /// Its headers.
    pub(crate) headers: HeaderMap,
    /// Its body; at most 4 MiB.
    pub(crate) body: Vec<u8>,
}

/// Sends a request and reads the whole answer.
///
/// Hung up on without an answer, it connects once more, as browsers do: an ingress that takes up
/// a change for another deployment closes the connections it holds.
pub(crate) async fn send(target: Target, request: RequestBuilder) -> Result<Answer, Problem> {
    let (client, request) = request.build_split();
    let request = request.map_err(|error| Problem::not_run(chain(&error)))?;
    let again = request.try_clone();
    match (send_once(&client, target, request).await, again) {
        (Err(problem), Some(request)) if was_hung_up_on(&problem) => {
            send_once(&client, target, request).await
        }
        (answer, _) => answer,
    }
}

/// Whether the other side closed the connection instead of answering.
pub(crate) fn was_hung_up_on(problem: &Problem) -> bool {
    matches!(
        &*problem.symptom,
        Symptom::Unreachable(unreachable) if unreachable.how == ConnectFailure::Reset
    )
}

async fn send_once(
    client: &reqwest::Client,
    target: Target,
    request: Request,
) -> Result<Answer, Problem> {
    let url = request.url().clone();
    let asked = Asked {
        target,
        request: format!("{} {}", request.method(), without_query(&url)),
    };
    let mut response = client
        .execute(request)
        .await
        .map_err(|error| transport(&error, &url, &asked))?;
    let status = response.status().as_u16();
    let headers = std::mem::take(response.headers_mut());
    let mut body = Vec::new();
    while let Some(chunk) = response
        .chunk()
        .await
        .map_err(|error| transport(&error, &url, &asked))?
    {
        let room = BODY_LIMIT - body.len();
        if chunk.len() > room {
            body.extend_from_slice(&chunk[..room]);
            break;
        }
        body.extend_from_slice(&chunk);
    }
    Ok(Answer {
        request: asked.request,
        target,
        url,
        status,
        headers,
        body,
    })
}

impl Answer {
    /// A header as text.
    pub(crate) fn header(&self, name: impl Into<HeaderNameOrText>) -> Option<&str> {
        let name = name.into().0?;
        self.headers.get(name)?.to_str().ok()
    }

    /// The body as text; bytes that are not UTF-8 are replaced.
    pub(crate) fn text(&self) -> Cow<'_, str> {
        String::from_utf8_lossy(&self.body)
    }

    /// Where a redirect leads.
    pub(crate) fn location(&self) -> Option<Url> {
        self.url.join(self.header(LOCATION)?).ok()
    }

    /// The body as JSON, or what the answer was instead.
    pub(crate) fn json(&self) -> Result<Value, Problem> {
        serde_json::from_slice(&self.body)
            .map_err(|error| self.unexpected(&format!("JSON ({error})")))
    }

    /// The answer itself when its status is one of these.
    ///
    /// # Errors
    /// A failure that says what came instead; "not run" when the server limits the rate.
    pub(crate) fn expect(self, statuses: &[u16]) -> Result<Self, Problem> {
        if statuses.contains(&self.status) {
            return Ok(self);
        }
        let expected: Vec<String> = statuses.iter().map(u16::to_string).collect();
        Err(self.unexpected(&expected.join(" or ")))
    }

    /// The problem with this answer, where something else was expected.
    pub(crate) fn unexpected(&self, expected: &str) -> Problem {
        if self.status == 429 {
            return Problem::not_run(match self.retry_after() {
                Some(when) => {
                    format!("the server limits how often this may be asked; ask again after {when}")
                }
                None => "the server limits how often this may be asked; ask again in half an hour"
                    .to_owned(),
            });
        }
        let body = snippet(&self.text());
        let seen = match (self.location(), body.is_empty()) {
            (Some(location), _) => format!("{} to {}", self.status, without_query(&location)),
            (None, true) => format!("{} with an empty body", self.status),
            (None, false) => format!("{} `{body}`", self.status),
        };
        Problem::new(
            format!("{} answered {seen}, expected {expected}", self.request),
            Symptom::Answer(Answered {
                target: self.target,
                request: self.request.clone(),
                status: self.status,
                server: self.header(SERVER).map(str::to_owned),
                to_itself: self.location().is_some_and(|location| location == self.url),
                body,
            }),
        )
    }

    fn retry_after(&self) -> Option<String> {
        self.header("x-ratelimit-reset")
            .map(str::to_owned)
            .or_else(|| Some(format!("{} s", self.header(RETRY_AFTER)?)))
    }
}

/// A header's name, also as text.
pub(crate) struct HeaderNameOrText(Option<HeaderName>);

impl From<HeaderName> for HeaderNameOrText {
    fn from(name: HeaderName) -> Self {
        Self(Some(name))
    }
}

impl From<&str> for HeaderNameOrText {
    fn from(name: &str) -> Self {
        Self(name.parse().ok())
    }
}

/// Why there was no answer.
fn transport(error: &reqwest::Error, url: &Url, asked: &Asked) -> Problem {
    if error.is_timeout() && !error.is_connect() {
        return Problem::new(
            format!(
                "{} was not answered within {} s",
                asked.request,
                ANSWER_BOUND.as_secs()
            ),
            Symptom::Silent(asked.clone()),
        );
    }
    let host = url.host_str().unwrap_or_default();
    connection_problem(
        error,
        error.is_timeout(),
        host,
        url.port_or_known_default().unwrap_or_default(),
    )
}

/// Why a connection to `host` did not come about.
pub(crate) fn connection_problem(
    error: &(dyn StdError + 'static),
    timed_out: bool,
    host: &str,
    port: u16,
) -> Problem {
    if let Some(tls) = tls_error(error) {
        let fault = fault(tls);
        return Problem::new(
            format!("{host}: {fault}"),
            Symptom::Certificate(Certificate {
                host: host.to_owned(),
                fault,
            }),
        );
    }
    let how = if timed_out {
        ConnectFailure::TimedOut
    } else {
        connect_failure(error)
    };
    Problem::new(
        format!("{host}:{port}: {how}"),
        Symptom::Unreachable(Unreachable {
            host: host.to_owned(),
            port,
            how,
        }),
    )
}

fn connect_failure(error: &(dyn StdError + 'static)) -> ConnectFailure {
    let words = chain(error);
    let mut next = Some(error);
    while let Some(error) = next {
        if let Some(io) = error.downcast_ref::<io::Error>() {
            match io.kind() {
                io::ErrorKind::ConnectionRefused => return ConnectFailure::Refused,
                io::ErrorKind::TimedOut => return ConnectFailure::TimedOut,
                io::ErrorKind::ConnectionReset
                | io::ErrorKind::ConnectionAborted
                | io::ErrorKind::BrokenPipe
                | io::ErrorKind::UnexpectedEof => return ConnectFailure::Reset,
                _ => {}
            }
        }
        next = error.source();
    }
    if words.contains("dns error") || words.contains("failed to lookup address") {
        ConnectFailure::NoName
    } else if words.contains("connection closed before message completed")
        || words.contains("handshake eof")
    {
        ConnectFailure::Reset
    } else {
        ConnectFailure::Other(words)
    }
}

/// An error with its sources, none repeated.
pub(crate) fn chain(error: &dyn StdError) -> String {
    let mut words = error.to_string();
    let mut next = error.source();
    while let Some(source) = next {
        let more = source.to_string();
        if !words.contains(&more) {
            words.push_str(": ");
            words.push_str(&more);
        }
        next = source.source();
    }
    words
}

/// An address without its query: that may hold a code or a token.
fn without_query(url: &Url) -> String {
    let mut url = url.clone();
    url.set_query(None);
    url.set_fragment(None);
    url.to_string()
}

/// The first characters of a body, on one line, without HTML tags.
pub(crate) fn snippet(body: &str) -> String {
    const LENGTH: usize = 100;
    let body = match body.find("<body") {
        Some(start) => &body[start..],
        None => body,
    };
    let mut text = String::new();
    let mut in_tag = false;
    for character in body.chars().take(4_000) {
        match character {
            '<' => in_tag = true,
            '>' if in_tag => {
                in_tag = false;
                text.push(' ');
            }
            _ if in_tag => {}
            _ => text.push(character),
        }
    }
    let line: Vec<&str> = text.split_whitespace().collect();
    let line = line.join(" ").replace('`', "'");
    match line.char_indices().nth(LENGTH) {
        Some((end, _)) => format!("{}…", &line[..end]),
        None => line,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_snippet_is_one_short_line_without_markup() {
        assert_eq!(snippet(""), "");
        assert_eq!(snippet("  OK\n"), "OK");
        assert_eq!(
            snippet(
                "<html><head><title>x</title></head><body class='a'><h1>Not\nfound</h1> `here`</body>"
            ),
            "Not found 'here'"
        );
        assert_eq!(snippet(&"é".repeat(101)), format!("{}…", "é".repeat(100)));
    }

    #[test]
    fn queries_are_not_shown() {
        let url =
            Url::parse("https://social.localhost/oauth/authorize/native?code=secret#x").unwrap();
        assert_eq!(
            without_query(&url),
            "https://social.localhost/oauth/authorize/native"
        );
    }
}
