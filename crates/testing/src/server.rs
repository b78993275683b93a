//! A server that a test has for itself.

use std::collections::BTreeMap;
use std::fmt;
use std::net::{Ipv4Addr, SocketAddr};
use std::thread;

use doctor::{App, Owner, Subject};
use mastodon::{Job, JobId};
use rand::Rng as _;
use reqwest::{Client, Method, RequestBuilder};
use url::Url;

use crate::account::Account;
use crate::builder::Builder;
use crate::environment::{KEEP, keeps};
use crate::error::Error;
use crate::running::Running;
use crate::small;

/// What every server's name begins with, so that what a test left can be told from a person's own
/// servers.
const PREFIX: &str = "t-";
/// The app's name in the list of authorised apps.
const APP: &str = "masto-testing";
const SCOPES: &str = "read write push admin:read admin:write";

/// A Mastodon server on Docker, with an owner who is logged in. Everything of it is removed when
/// this is dropped, which takes a few seconds; when the process is killed, within a minute.
///
/// With `MASTO_TESTING_KEEP` in the environment, the server of a test that panics stays, and the
/// command that removes it is printed.
pub struct Server {
    builder: Builder,
    /// `None` once it is removed.
    running: Option<Running>,
    name: String,
    url: Url,
    subject: Subject,
    app: App,
    owner: Account,
    client: Client,
}

impl fmt::Debug for Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Server")
            .field("url", &self.url.as_str())
            .field("owner", &self.owner)
            .finish_non_exhaustive()
    }
}

impl Server {
    /// A server like every other.
    ///
    /// # Errors
    /// As [`Builder::start`].
    pub async fn start() -> Result<Self, Error> {
        Self::builder().start().await
    }

    /// A server that is not like every other.
    #[must_use]
    pub fn builder() -> Builder {
        Builder::default()
    }

    /// Another server of the same kind, which federates with this one.
    ///
    /// # Errors
    /// As [`Builder::start`].
    pub async fn peer(&self) -> Result<Self, Error> {
        self.builder.clone().start().await
    }

    /// The deployment's name, for `masto logs -p`, `masto psql -p` and their like.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// `https://t-1234abcd.localhost`, with the port where it is not 443.
    #[must_use]
    pub fn url(&self) -> &Url {
        &self.url
    }

    /// What stands behind the `@` of every account.
    #[must_use]
    pub fn domain(&self) -> &str {
        &self.subject.local_domain
    }

    /// Where media are fetched from: `https://media.t-1234abcd.localhost`.
    #[must_use]
    pub fn media_url(&self) -> String {
        format!("https://{}", self.subject.media_host)
    }

    /// The mail catcher (Mailpit), which gets every mail; its API lies under `/api/v1`. `None`
    /// where the topology sends mail elsewhere.
    #[must_use]
    pub fn mail_url(&self) -> Option<&Url> {
        self.subject.mail_url.as_ref()
    }

    /// Where to connect, whatever the names resolve to: not every program takes names below
    /// `localhost` for this machine.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.subject
            .connect
            .unwrap_or_else(|| SocketAddr::from((Ipv4Addr::LOCALHOST, 443)))
    }

    /// The CA that signed the certificates, PEM.
    #[must_use]
    pub fn ca_pem(&self) -> &str {
        self.subject.ca_pem.as_deref().unwrap_or_default()
    }

    /// The account that owns the server.
    #[must_use]
    pub fn owner(&self) -> &Account {
        &self.owner
    }

    /// The owner's token.
    #[must_use]
    pub fn token(&self) -> &str {
        &self.owner.token
    }

    /// An HTTP client that reaches this server and its peers, trusts their CA, and has no token.
    #[must_use]
    pub fn client(&self) -> &Client {
        &self.client
    }

    /// A request to `path` (`/api/v1/statuses`, or a whole address) as the owner.
    ///
    /// # Panics
    /// When `path` is no address.
    pub fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.request_as(&self.owner, method, path)
    }

    /// The same as `account`, which belongs to this server.
    ///
    /// # Panics
    /// When `path` is no address.
    pub fn request_as(&self, account: &Account, method: Method, path: &str) -> RequestBuilder {
        let url = match self.url.join(path) {
            Ok(url) => url,
            Err(error) => panic!("`{path}` is no address: {error}"),
        };
        self.client.request(method, url).bearer_auth(&account.token)
    }

    /// `GET` of `path` as the owner.
    pub fn get(&self, path: &str) -> RequestBuilder {
        self.request(Method::GET, path)
    }

    /// `POST` to `path` as the owner.
    pub fn post(&self, path: &str) -> RequestBuilder {
        self.request(Method::POST, path)
    }

    /// Another account, confirmed, approved and logged in, with the role of anybody.
    ///
    /// # Errors
    /// When Mastodon does not want the name, or the account is not let in.
    pub async fn account(&self, username: &str) -> Result<Account, Error> {
        let running = self.running()?;
        let owner = &running.deployment.owner;
        let domain = owner.email.domain();
        let email = format!("{username}@{domain}");
        let password = format!("{:032x}", rand::rng().random::<u128>());
        let job = running
            .deployment
            .jobs
            .iter()
            .find(|job| job.id == JobId::Owner);
        let Some(Job { command, .. }) = job else {
            return Err(Error::Bug("no job makes accounts".to_owned()));
        };
        let env = [
            ("OWNER_USERNAME", username),
            ("OWNER_EMAIL", &email),
            ("OWNER_PASSWORD", &password),
            ("OWNER_ROLE", ""),
            // Of this command alone, as for the owner: the domain has no mail server.
            ("EMAIL_DOMAIN_ALLOWLIST", domain),
        ];
        let env = env.map(|(name, value)| (name.to_owned(), value.to_owned()));
        let made = running.run(command.clone(), env.into()).await?;
        // One that exists is left as it is, with a password that nobody here knows.
        let exists = format!("the owner {username} exists");
        let is_taken = made.said.lines().any(|line| line == exists);
        if made.code != 0 || is_taken {
            let said = if is_taken {
                "the name is taken"
            } else {
                made.said.trim()
            };
            return Err(Error::Account {
                username: username.to_owned(),
                said: said.to_owned(),
            });
        }
        let account = Owner {
            username: username.to_owned(),
            email,
            password,
        };
        log_in(&self.app, account).await
    }

    /// Runs a command in a container of its own with the environment of web, as `masto run` does,
    /// and gives what it printed: `["bin/tootctl", "settings", "registrations", "open"]`.
    ///
    /// # Errors
    /// When it could not be run, or ended with something else than 0.
    pub async fn run(&self, command: &[&str]) -> Result<String, Error> {
        let words = command.iter().map(|&word| word.to_owned()).collect();
        let ended = self.running()?.run(words, Vec::new()).await?;
        if ended.code != 0 {
            return Err(Error::Command {
                command: command.join(" "),
                code: ended.code,
                said: ended.said.trim().to_owned(),
            });
        }
        Ok(ended.said)
    }

    /// Removes everything, and says when that fails, which dropping cannot.
    ///
    /// # Errors
    /// When something is left; it is tried once more behind the test's back.
    pub async fn stop(mut self) -> Result<(), Error> {
        match self.running.take() {
            Some(running) => running.remove().await,
            None => Ok(()),
        }
    }

    pub(crate) async fn launch(builder: Builder) -> Result<Self, Error> {
        let name = format!("{PREFIX}{:08x}", rand::rng().random::<u32>());
        let file = small::file(&name, builder.version.as_deref(), &builder.lines);
        let topology = small::topology(&file)?;
        let running = Running::start(&topology, builder.settings()?).await?;
        match visit(&running).await {
            Ok((subject, app, owner, client)) => Ok(Self {
                builder,
                name,
                url: subject.base.clone(),
                running: Some(running),
                subject,
                app,
                owner,
                client,
            }),
            Err(error) => {
                // The first failure is the one to tell.
                let _ = running.remove().await;
                Err(error)
            }
        }
    }

    fn running(&self) -> Result<&Running, Error> {
        let gone = || Error::Bug("the server is gone".to_owned());
        self.running.as_ref().ok_or_else(gone)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let Some(running) = self.running.take() else {
            return;
        };
        if thread::panicking() && keeps() {
            let name = &self.name;
            tell(&format!(
                "{KEEP} is set: `{name}` still runs at {}; `masto down --local -p {name} --data --yes` removes it",
                self.url
            ));
            running.keep();
            return;
        }
        // A runtime of its own: this may be dropped within one, and behind one that has ended.
        let removal = thread::spawn(move || {
            tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()
                .map(|runtime| runtime.block_on(running.remove()))
        });
        match removal.join() {
            Ok(Ok(Ok(()))) => {}
            Ok(Ok(Err(error))) => tell(&error.to_string()),
            Ok(Err(error)) => tell(&error.to_string()),
            Err(_) => tell("the removal of a server panicked"),
        }
    }
}

/// There is nobody to give an error to in a `drop`.
#[expect(clippy::print_stderr, reason = "a test runner shows it with the test")]
fn tell(text: &str) {
    eprintln!("masto-testing: {text}");
}

/// Goes in by the front, as the owner.
async fn visit(running: &Running) -> Result<(Subject, App, Account, Client), Error> {
    let subject = subject(running)?;
    let owner = subject
        .owner
        .clone()
        .ok_or_else(|| Error::Bug("nobody knows the owner's password".to_owned()))?;
    let app = App::register(&subject, APP, SCOPES)
        .await
        .map_err(|source| Error::Access {
            who: owner.username.clone(),
            source,
        })?;
    let owner = log_in(&app, owner).await?;
    let client = doctor::http_client(&subject).map_err(|error| Error::Client(error.reason))?;
    Ok((subject, app, owner, client))
}

async fn log_in(app: &App, account: Owner) -> Result<Account, Error> {
    let token = app.token(&account).await.map_err(|source| Error::Access {
        who: account.username.clone(),
        source,
    })?;
    let Owner {
        username,
        email,
        password,
    } = account;
    Ok(Account {
        username,
        email,
        password,
        token,
    })
}

fn subject(running: &Running) -> Result<Subject, Error> {
    let outputs = &running.outputs;
    let address = |text: &str| {
        text.parse::<Url>()
            .map_err(|_| Error::Bug(format!("`{text}` is no address")))
    };
    let owner = outputs.owner_password.as_ref().map(|password| Owner {
        username: outputs.owner.clone(),
        email: outputs.owner_email.clone(),
        password: password.expose().to_owned(),
    });
    let ca_pem = std::fs::read_to_string(&outputs.ca_file)
        .map_err(|error| Error::Bug(format!("{}: {error}", outputs.ca_file.display())))?;
    Ok(Subject {
        base: address(&outputs.url)?,
        local_domain: running.deployment.domain.to_string(),
        media_host: outputs.media_url.trim_start_matches("https://").to_owned(),
        mail_url: outputs.mail_url.as_deref().map(address).transpose()?,
        connect: Some(SocketAddr::from((Ipv4Addr::LOCALHOST, running.https_port))),
        http_port: running.http_port,
        ca_pem: Some(ca_pem),
        owner,
        version: Some(running.deployment.version.to_string()),
        queues: BTreeMap::new(),
        closed_ports: Vec::new(),
    })
}
