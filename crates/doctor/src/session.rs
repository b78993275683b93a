//! A login of the owner, and everything made with it, to be removed at the end.

use std::sync::Mutex;

use reqwest::header::COOKIE;
use reqwest::{Method, RequestBuilder};

use crate::http::cookie::Jar;
use crate::http::{Client, send};
use crate::problem::Target;

/// A token, and what it was used for. Neither the token nor the secret appears in any output.
pub(crate) struct Session {
    pub(crate) client_id: String,
    pub(crate) client_secret: String,
    pub(crate) token: String,
    /// The owner's account id.
    pub(crate) account: String,
    /// Of the browser that logged in.
    pub(crate) browser: Browser,
    made: Mutex<Vec<Made>>,
    /// The token is somebody's who goes on using it.
    lent: bool,
}

/// Cookies and the page's token, as a browser keeps them.
#[derive(Default)]
pub(crate) struct Browser {
    pub(crate) jar: Jar,
    /// From the last page that had one; requests that change something need it.
    pub(crate) csrf: Option<String>,
}

/// Something on the server that was not there before.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Made {
    /// A status, by its id.
    Status(String),
    /// A media attachment that belongs to no status, by its id.
    Media(String),
}

impl Session {
    pub(crate) fn new(
        client_id: String,
        client_secret: String,
        token: String,
        account: String,
        browser: Browser,
    ) -> Self {
        Self {
            client_id,
            client_secret,
            token,
            account,
            browser,
            made: Mutex::default(),
            lent: false,
        }
    }

    /// A login that was there before, and stays.
    pub(crate) fn lent(token: String, account: String) -> Self {
        let nobody = String::new();
        Self {
            lent: true,
            ..Self::new(nobody.clone(), nobody, token, account, Browser::default())
        }
    }

    /// A request with the token.
    pub(crate) fn request(&self, client: &Client, method: Method, path: &str) -> RequestBuilder {
        client
            .request(method, client.url(path))
            .bearer_auth(&self.token)
    }

    /// Remembers what has to be removed.
    pub(crate) fn remember(&self, made: Made) {
        if let Ok(mut list) = self.made.lock() {
            list.push(made);
        }
    }

    /// Removes what was made, revokes the token and ends the browser's session. Gives what could
    /// not be removed.
    pub(crate) async fn close(&self, client: &Client) -> Vec<String> {
        let made = self
            .made
            .lock()
            .map(|list| list.clone())
            .unwrap_or_default();
        let mut left = Vec::new();
        // A post first, then the picture that hung on it.
        for thing in made.into_iter().rev() {
            let (what, path) = match &thing {
                Made::Status(id) => (
                    format!("the post {id}"),
                    format!("/api/v1/statuses/{id}?delete_media=true"),
                ),
                Made::Media(id) => (format!("the picture {id}"), format!("/api/v1/media/{id}")),
            };
            let request = self.request(client, Method::DELETE, &path);
            if !gone(request, &[200, 404]).await {
                left.push(what);
            }
        }
        if self.lent {
            return left;
        }
        let revoke = client
            .request(Method::POST, client.url("/oauth/revoke"))
            .form(&[
                ("client_id", &self.client_id),
                ("client_secret", &self.client_secret),
                ("token", &self.token),
            ]);
        if !gone(revoke, &[200]).await {
            left.push("the token".to_owned());
        }
        if let Some(logout) = self.browser.logout(client)
            && !gone(logout, &[200, 204, 302, 303]).await
        {
            left.push("the login".to_owned());
        }
        left
    }
}

impl Browser {
    /// The request that ends the session; `None` when there is none.
    fn logout(&self, client: &Client) -> Option<RequestBuilder> {
        let token = self.csrf.as_ref()?;
        Some(
            client
                .request(Method::DELETE, client.url("/auth/sign_out"))
                .header(COOKIE, self.jar.header()?)
                .header("x-csrf-token", token),
        )
    }
}

async fn gone(request: RequestBuilder, statuses: &[u16]) -> bool {
    match send(Target::Web, request).await {
        Ok(answer) => statuses.contains(&answer.status),
        Err(_) => false,
    }
}
