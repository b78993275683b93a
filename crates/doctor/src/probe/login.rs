//! The owner logs in as a person with an app does: by the forms of the server and a code.
//!
//! The password grant, which would be one request, does not exist since Mastodon 4.4.

use reqwest::Method;
use reqwest::header::COOKIE;
use url::Url;

use crate::diagnosis::Diagnosis;
use crate::evidence::Evidence;
use crate::examination::Examination;
use crate::http::form::{Form, forms, meta};
use crate::http::{Answer, Client, send};
use crate::problem::{Problem, Symptom, Target};
use crate::session::{Browser, Session};
use crate::subject::Owner;

/// The address that shows the code instead of leading anywhere.
const OUT_OF_BAND: &str = "urn:ietf:wg:oauth:2.0:oob";
const SCOPES: &str = "read write";
/// The app's name in the owner's list of authorised apps.
const APP: &str = "masto doctor";

pub(crate) async fn probe<E: Evidence>(
    examination: &Examination<'_, E>,
) -> Result<(String, Session), Problem> {
    let Some(owner) = &examination.subject.owner else {
        return Err(Problem::not_run("no owner is known"));
    };
    let client = &examination.client;
    let (client_id, client_secret) = app(examination).await?;
    let mut browser = Browser::default();
    let code = authorise(client, &mut browser, &client_id, SCOPES, owner).await?;
    let token = token(client, &client_id, &client_secret, &code).await?;
    let account = send(
        Target::Web,
        client
            .request(
                Method::GET,
                client.url("/api/v1/accounts/verify_credentials"),
            )
            .bearer_auth(&token),
    )
    .await?
    .expect(&[200])?;
    let account = text(&account, "id")?;
    Ok((
        format!("{} got a token through the forms", owner.username),
        Session::new(client_id, client_secret, token, account, browser),
    ))
}

/// The login that a token stands for.
pub(crate) async fn with_token(client: &Client, token: &str) -> Result<(String, Session), Problem> {
    let path = "/api/v1/accounts/verify_credentials";
    let request = client.request(Method::GET, client.url(path));
    let answer = send(Target::Web, request.bearer_auth(token)).await?;
    if matches!(answer.status, 401 | 403) {
        return Err(Problem::known(
            format!("the token is answered with {}", answer.status),
            Diagnosis::new(
                "the server does not take the token that was given for it",
                "make a new one under Preferences, Development, with `read`, `write` and `follow`",
            )
            .because(format!("GET {path} answered {}", answer.status)),
        ));
    }
    let answer = answer.expect(&[200])?;
    let (id, name) = (text(&answer, "id")?, text(&answer, "username")?);
    Ok((
        format!("the token is {name}'s"),
        Session::lent(token.to_owned(), id),
    ))
}

/// An app: a new one, or, where the server has seen enough new ones, the one of an earlier
/// examination.
async fn app<E: Evidence>(examination: &Examination<'_, E>) -> Result<(String, String), Problem> {
    let answer = register(&examination.client, APP, SCOPES).await?;
    if answer.status == 429 {
        let earlier = examination
            .sql(
                "select uid, secret from oauth_applications \
                 where name = 'masto doctor' and scopes = 'read write' order by id desc limit 1",
            )
            .await
            .unwrap_or_default();
        if let Some([id, secret]) = earlier.first().map(Vec::as_slice) {
            return Ok((id.clone(), secret.clone()));
        }
    }
    credentials(answer)
}

/// Asks for a new app, which the server may refuse to whoever has asked often.
pub(crate) async fn register(client: &Client, name: &str, scopes: &str) -> Result<Answer, Problem> {
    let request = client
        .request(Method::POST, client.url("/api/v1/apps"))
        .form(&[
            ("client_name", name),
            ("redirect_uris", OUT_OF_BAND),
            ("scopes", scopes),
        ]);
    send(Target::Web, request).await
}

/// The id and the secret of the app that was asked for.
pub(crate) fn credentials(answer: Answer) -> Result<(String, String), Problem> {
    let answer = answer.expect(&[200])?;
    Ok((text(&answer, "client_id")?, text(&answer, "client_secret")?))
}

/// Through the sign-in form and the consent form to the code.
pub(crate) async fn authorise(
    client: &Client,
    browser: &mut Browser,
    client_id: &str,
    scopes: &str,
    owner: &Owner,
) -> Result<String, Problem> {
    let mut ask = client.url("/oauth/authorize");
    ask.query_pairs_mut()
        .append_pair("response_type", "code")
        .append_pair("client_id", client_id)
        .append_pair("redirect_uri", OUT_OF_BAND)
        .append_pair("scope", scopes);
    let first = browser.get(client, ask.clone()).await?;
    let sign_in = first.expect(&[302, 303])?;
    let sign_in = sign_in
        .location()
        .ok_or_else(|| sign_in.unexpected("a redirect to the sign-in form"))?;
    let page = browser.get(client, sign_in).await?.expect(&[200])?;
    let form = form_of(&page, |form| form.get("user[password]").is_some())?
        .with("user[email]", &owner.email)
        .with("user[password]", &owner.password);
    let signed_in = browser.submit(client, &form).await?;
    let next = match signed_in.status {
        302 | 303 => signed_in.location(),
        200 | 401 | 422 => return Err(not_let_in(&signed_in)),
        _ => return Err(signed_in.unexpected("a redirect after the login")),
    };
    match next {
        Some(next) if next.path() == ask.path() => {}
        Some(next) if next.path().starts_with("/auth/sign_in") => {
            return Err(Problem::new(
                "the login form came back",
                Symptom::LoginRefused,
            ));
        }
        Some(next)
            if next.path().starts_with("/auth/") || next.path().starts_with("/settings/") =>
        {
            return Err(Problem::not_run(format!(
                "the server asks the owner for more first: open {next}"
            )));
        }
        _ => {}
    }
    let consent = browser.get(client, ask).await?;
    // An app that was allowed before is not asked about again.
    let granted = if consent.status == 200 {
        let form = form_of(&consent, |form| {
            form.get("client_id").is_some() && !form.is_delete()
        })?;
        browser.submit(client, &form).await?
    } else {
        consent
    };
    let granted = granted.expect(&[302, 303])?;
    granted
        .location()
        .as_ref()
        .and_then(code)
        .ok_or_else(|| granted.unexpected("a redirect to the code"))
}

fn code(location: &Url) -> Option<String> {
    location
        .query_pairs()
        .find(|(name, _)| name == "code")
        .map(|(_, code)| code.into_owned())
}

/// Why the sign-in form, or another one, came back.
fn not_let_in(answer: &Answer) -> Problem {
    let page = answer.text();
    let asks = |field: &str| forms(&page).iter().any(|form| form.get(field).is_some());
    if asks("user[otp_attempt]") || page.contains("webauthn") {
        return Problem::not_run("the owner uses two-factor authentication");
    }
    if asks("user[password]") || answer.status == 401 {
        return Problem::new("the login form came back", Symptom::LoginRefused);
    }
    Problem::not_run("the server asks the owner to confirm the login by e-mail")
}

/// The token that the code is good for.
pub(crate) async fn token(
    client: &Client,
    client_id: &str,
    client_secret: &str,
    code: &str,
) -> Result<String, Problem> {
    let request = client
        .request(Method::POST, client.url("/oauth/token"))
        .form(&[
            ("grant_type", "authorization_code"),
            ("code", code),
            ("client_id", client_id),
            ("client_secret", client_secret),
            ("redirect_uri", OUT_OF_BAND),
        ]);
    let answer = send(Target::Web, request).await?.expect(&[200])?;
    text(&answer, "access_token")
}

/// A text field of a JSON answer.
fn text(answer: &Answer, field: &str) -> Result<String, Problem> {
    answer.json()?[field]
        .as_str()
        .map(str::to_owned)
        .ok_or_else(|| answer.unexpected(&format!("JSON with `{field}`")))
}

fn form_of(page: &Answer, wanted: impl Fn(&Form) -> bool) -> Result<Form, Problem> {
    let form = forms(&page.text())
        .into_iter()
        .find(wanted)
        .ok_or_else(|| page.unexpected("a page with the form"))?;
    if form.get("authenticity_token").is_none() {
        return Err(Problem::known(
            "the form has no authenticity_token",
            Diagnosis::new(
                "something between web and the browser changes the pages",
                "let the proxy pass pages unchanged",
            )
            .because("Rails puts a hidden authenticity_token into each form"),
        ));
    }
    Ok(form)
}

impl Browser {
    async fn get(&mut self, client: &Client, url: Url) -> Result<Answer, Problem> {
        let mut request = client.request(Method::GET, url);
        if let Some(cookies) = self.jar.header() {
            request = request.header(COOKIE, cookies);
        }
        let answer = send(Target::Web, request).await?;
        self.keep(&answer);
        Ok(answer)
    }

    async fn submit(&mut self, client: &Client, form: &Form) -> Result<Answer, Problem> {
        let mut request = client
            .request(Method::POST, client.url(&form.action))
            .form(&form.fields);
        if let Some(cookies) = self.jar.header() {
            request = request.header(COOKIE, cookies);
        }
        let answer = send(Target::Web, request).await?;
        self.keep(&answer);
        Ok(answer)
    }

    fn keep(&mut self, answer: &Answer) {
        self.jar.absorb(&answer.headers);
        if let Some(token) = meta(&answer.text(), "csrf-token") {
            self.csrf = Some(token);
        }
    }
}
