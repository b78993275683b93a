//! A token for an account, got as a person with an app gets one.

use std::sync::Arc;

use crate::http::{Always, CONNECT_BOUND, Client, chain};
use crate::probe::login;
use crate::problem::Problem;
use crate::session::Browser;
use crate::subject::{Owner, Subject};
use crate::tls::Trust;

/// An app that a server knows. Its secret appears in no `Debug` output.
///
/// Mastodon lets an address register a few of them in ten minutes only: one serves any number of
/// accounts.
pub struct App {
    client: Client,
    id: String,
    secret: String,
    scopes: String,
}

impl std::fmt::Debug for App {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("App")
            .field("id", &self.id)
            .field("scopes", &self.scopes)
            .finish_non_exhaustive()
    }
}

/// Why there is no token.
#[derive(Debug, thiserror::Error)]
#[error("{reason}")]
pub struct AccessError {
    /// What was seen instead, in one line.
    pub reason: String,
}

impl From<Problem> for AccessError {
    fn from(problem: Problem) -> Self {
        Self {
            reason: problem.detail,
        }
    }
}

impl App {
    /// Registers an app called `name` with `subject`. `scopes` with spaces between them, as
    /// Mastodon's documentation names them: `read write`.
    ///
    /// # Errors
    /// When the server does not answer, or does not want another app.
    pub async fn register(
        subject: &Subject,
        name: &str,
        scopes: &str,
    ) -> Result<Self, AccessError> {
        let client = Trust::new(subject.ca_pem.as_deref())
            .and_then(|trust| Client::new(subject, &trust))
            .map_err(|reason| AccessError { reason })?;
        let answer = login::register(&client, name, scopes).await?;
        let (id, secret) = login::credentials(answer)?;
        Ok(Self {
            client,
            id,
            secret,
            scopes: scopes.to_owned(),
        })
    }

    /// A token for `account`, through the server's own forms. It is good until it is revoked.
    ///
    /// # Errors
    /// When the account is not let in, or the server asks it for more than a password.
    pub async fn token(&self, account: &Owner) -> Result<String, AccessError> {
        let Self {
            client,
            id,
            secret,
            scopes,
        } = self;
        let mut browser = Browser::default();
        let code = login::authorise(client, &mut browser, id, scopes, account).await?;
        Ok(login::token(client, id, secret, &code).await?)
    }
}

/// An HTTP client that reaches `subject`, whatever its names resolve to, and trusts its CA and
/// nobody else's. Follows redirects; keeps no connection open, so that it may be used from one
/// runtime after another.
///
/// # Errors
/// When the CA cannot be used.
pub fn http_client(subject: &Subject) -> Result<reqwest::Client, AccessError> {
    let broken = |reason: String| AccessError { reason };
    let trust = Trust::new(subject.ca_pem.as_deref()).map_err(broken)?;
    let mut builder = reqwest::Client::builder()
        .use_preconfigured_tls(trust.client().map_err(broken)?)
        .http1_only()
        .no_proxy()
        .pool_max_idle_per_host(0)
        .connect_timeout(CONNECT_BOUND);
    if let Some(addr) = subject.connect {
        builder = builder.dns_resolver(Arc::new(Always(addr)));
    }
    builder.build().map_err(|error| broken(chain(&error)))
}
