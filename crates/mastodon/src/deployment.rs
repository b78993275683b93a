//! A deployment: what has to run for a topology, said in Mastodon's own terms.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::time::Duration;

use topology::{
    Domain, Email, Memory, Name, ProcessName, RedisEngine, StoreVersion, Vcpu, Version,
};

/// Everything that has to run, and the edges between it.
#[derive(Clone, Debug, PartialEq)]
pub struct Deployment {
    /// What every name derives from.
    pub name: Name,
    /// `LOCAL_DOMAIN`.
    pub domain: Domain,
    /// Where the server answers (`WEB_DOMAIN`); equal to `domain` unless the domain is split.
    pub web_domain: Domain,
    /// The release.
    pub version: Version,
    /// Long-running processes: web, streaming, then Sidekiq in the file's order.
    pub processes: Vec<Process>,
    /// One-off work, in the order it runs.
    pub jobs: Vec<Job>,
    /// PostgreSQL, Redis, the bucket, mail.
    pub stores: Stores,
    /// How requests reach the processes.
    pub ingress: Ingress,
    /// The account that owns the server.
    pub owner: Owner,
    /// Every secret that has to exist before anything runs.
    pub secrets: BTreeSet<SecretName>,
}

/// Which of the two official images.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Image {
    /// `mastodon`: web, Sidekiq, one-off work.
    Mastodon,
    /// `mastodon-streaming`.
    Streaming,
}

/// A long-running process. `Display`: `web`, `streaming`, `sidekiq-<name>`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ProcessId {
    /// Puma.
    Web,
    /// Node.
    Streaming,
    /// Sidekiq.
    Sidekiq(ProcessName),
}

impl fmt::Display for ProcessId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Web => f.write_str("web"),
            Self::Streaming => f.write_str("streaming"),
            Self::Sidekiq(name) => write!(f, "sidekiq-{name}"),
        }
    }
}

/// One process type.
#[derive(Clone, Debug, PartialEq)]
pub struct Process {
    /// Its name.
    pub id: ProcessId,
    /// What it is started from.
    pub image: Image,
    /// What is started; never goes through a shell.
    pub command: Vec<String>,
    /// Where it listens; `None` for Sidekiq.
    pub port: Option<u16>,
    /// How to tell that it works.
    pub health: Health,
    /// Between SIGTERM and SIGKILL.
    pub stop_grace: Duration,
    /// What it is given; nothing that it does not use.
    pub env: Env,
    /// How many.
    pub replicas: u16,
    /// Never more than one, not even during a change: it consumes `scheduler`.
    pub singleton: bool,
    /// Of one replica.
    pub cpu: Vcpu,
    /// Of one replica.
    pub memory: Memory,
    /// What it talks to.
    pub stores: BTreeSet<Store>,
}

/// How to tell that a process works.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Health {
    /// `GET path` on the process's port answers 200.
    Http {
        /// `/health`.
        path: String,
    },
    /// This file exists in the container.
    File {
        /// Absolute.
        path: String,
    },
}

/// Environment of a process or job. Only variables that have a value.
pub type Env = BTreeMap<String, EnvValue>;

/// What a variable means; each backend renders it in its own way, neither decides.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum EnvValue {
    /// This text.
    Literal(String),
    /// Where a store is found.
    Endpoint {
        /// Which store.
        store: Store,
        /// Which part of its address.
        part: Part,
    },
    /// A secret's value.
    Secret(SecretName),
}

/// What the processes talk to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Store {
    /// PostgreSQL.
    Postgres,
    /// Redis or Valkey.
    Redis,
    /// The bucket.
    Media,
    /// SMTP.
    Mail,
}

/// Part of a store's address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Part {
    /// Host name.
    Host,
    /// Port.
    Port,
    /// Redis: `redis://` or `rediss://` with the password in it (a secret in itself).
    /// Media: the S3 endpoint.
    Url,
    /// Media: the host that people's browsers fetch from, without scheme, with `:port` where the
    /// ingress is not on 443.
    PublicHost,
    /// Media: the bucket's name; [`Media::bucket`] unless the platform had to make it unique.
    Bucket,
    /// Mail: the user name that a platform's own mail service made (the access key id of SES).
    Login,
}

/// The stores, as far as a backend must size and name them.
#[derive(Clone, Debug, PartialEq)]
pub struct Stores {
    /// The database.
    pub postgres: Postgres,
    /// The key-value store.
    pub redis: Redis,
    /// The bucket.
    pub media: Media,
    /// Mail.
    pub mail: Mail,
}

/// The database.
#[derive(Clone, Debug, PartialEq)]
pub struct Postgres {
    /// Major version.
    pub version: u8,
    /// `mastodon_production`.
    pub database: String,
    /// `mastodon`.
    pub user: String,
    /// Of the size class.
    pub memory: Memory,
    /// `max_connections` of the size class.
    pub max_connections: u32,
    /// Disk.
    pub storage: Memory,
    /// How long automatic backups are kept.
    pub backups: Duration,
}

/// The key-value store: persistent, `maxmemory-policy noeviction`, cluster mode off.
#[derive(Clone, Debug, PartialEq)]
pub struct Redis {
    /// Which server.
    pub engine: RedisEngine,
    /// Its version.
    pub version: StoreVersion,
    /// Of the size class.
    pub memory: Memory,
}

/// The bucket: objects readable by anyone who knows the name, never listable.
#[derive(Clone, Debug, PartialEq)]
pub struct Media {
    /// `<name>-media`; AWS appends what makes it unique.
    pub bucket: String,
    /// Through a CDN where there is one.
    pub cdn: bool,
    /// The anonymous bucket policy, JSON: `s3:GetObject` on every object and nothing else.
    pub policy: String,
}

/// Mail.
#[derive(Clone, Debug, PartialEq)]
pub struct Mail {
    /// Sender.
    pub from: String,
    /// Who delivers, for these surroundings.
    pub via: topology::MailRoute,
}

/// One-off work.
#[derive(Clone, Debug, PartialEq)]
pub struct Job {
    /// Which.
    pub id: JobId,
    /// What it is started from: [`JobImage::Store`] for the bucket.
    pub image: JobImage,
    /// What is started.
    pub command: Vec<String>,
    /// What it is given.
    pub env: Env,
    /// Stores that must be ready before.
    pub stores: BTreeSet<Store>,
    /// Jobs that must have ended well before.
    pub after_jobs: BTreeSet<JobId>,
    /// Processes that must have been rolled before (only [`JobId::PostMigrate`]).
    pub after_processes: bool,
    /// How long it may take before masto gives up waiting.
    pub bound: Duration,
    /// What it brings about, in words: see [`Job::fingerprint`].
    pub outcome: String,
}

/// What a job is started from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum JobImage {
    /// One of Mastodon's; the command goes to the image's entrypoint.
    Mastodon(Image),
    /// The store's own image, which has the client. The command **replaces the entrypoint**:
    /// MinIO's puts `minio` in front of whatever it is given.
    Store(Store),
}

/// The jobs masto knows. `Display`: `bucket`, `schema`, `post-migrate`, `owner`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum JobId {
    /// Makes the bucket and its policy where the platform does not.
    Bucket,
    /// Brings the database to the schema that the release's processes need: `db:prepare` on a
    /// new or idle database, `db:migrate` without post-deployment migrations where older
    /// processes still run.
    Schema,
    /// `db:migrate` with post-deployment migrations, after all processes are new.
    PostMigrate,
    /// Makes the owner account; well when it exists already.
    Owner,
}

impl fmt::Display for JobId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Bucket => "bucket",
            Self::Schema => "schema",
            Self::PostMigrate => "post-migrate",
            Self::Owner => "owner",
        })
    }
}

/// What is known of the database's schema before planning.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Schema {
    /// No database, or nothing is known of it and no process runs: `db:prepare`.
    New,
    /// `db:prepare` ran for this release.
    Prepared(Version),
    /// The two-phase migration ran, or still runs, up to this release.
    Migrated(Version),
}

/// The account that owns the server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Owner {
    /// User name.
    pub username: String,
    /// Mail address.
    pub email: Email,
}

/// How requests reach the processes: the same on Caddy and on an ALB.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ingress {
    /// Host names and what answers them, most specific path first.
    pub routes: Vec<Route>,
    /// Request headers from outside that never pass: `Forwarded`, `Client-Ip`, `X-Forwarded-Host`, `Proxy`.
    pub strip_headers: Vec<String>,
    /// Largest request body in bytes (99 MB as Mastodon's own proxy configuration).
    pub max_body: u64,
}

/// One route.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Route {
    /// Host name.
    pub host: String,
    /// Path patterns, `/api/v1/streaming` and `/api/v1/streaming/*`; empty means all others.
    pub paths: Vec<String>,
    /// Who answers.
    pub to: Target,
}

/// Who answers a route.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Target {
    /// A process.
    Process(ProcessId),
    /// The bucket: GET and HEAD only, `Authorization` and `Cookie` stripped, CORS open.
    Media,
    /// The mail catcher's page.
    MailCatcher,
    /// A redirect (301) of these paths to the web domain, with `Access-Control-Allow-Origin: *`.
    WebDomain,
}

/// The secrets masto knows.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize,
)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum SecretName {
    /// 128 hex digits.
    SecretKeyBase,
    /// 32 alphanumerics.
    ActiveRecordEncryptionPrimaryKey,
    /// 32 alphanumerics.
    ActiveRecordEncryptionDeterministicKey,
    /// 32 alphanumerics.
    ActiveRecordEncryptionKeyDerivationSalt,
    /// P-256 scalar, url-safe base64 with padding, 44 characters.
    VapidPrivateKey,
    /// P-256 point, url-safe base64 with padding, 88 characters.
    VapidPublicKey,
    /// 32 alphanumerics.
    PostgresPassword,
    /// 32 alphanumerics.
    RedisPassword,
    /// Access key of the bucket; 20 alphanumerics. Absent where the platform has roles.
    MediaAccessKey,
    /// Secret key of the bucket; 40 alphanumerics. Absent where the platform has roles.
    MediaSecretKey,
    /// Given by the operator, never generated.
    SmtpPassword,
    /// First password of the owner account; 32 hex digits as tootctl prints it.
    OwnerPassword,
}

/// What a backend tells about itself before an environment can be derived.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Surroundings {
    /// `LOCAL_DOMAIN` here.
    pub domain: Domain,
    /// `WEB_DOMAIN` here; `None` when the domain is not split.
    pub web_domain: Option<Domain>,
    /// `:8443` where the ingress is not on 443, as a number.
    pub https_port: u16,
    /// The stores demand TLS.
    pub stores_tls: bool,
    /// PEM file in the containers with the CA that signed the peers' or stores' certificates.
    pub ca_file: Option<String>,
    /// The bucket needs keys and has an endpoint of its own (MinIO); otherwise task roles and AWS.
    pub media_endpoint: bool,
    /// Mail goes to a catcher whatever the file says.
    pub mail_catcher: bool,
    /// CIDRs of the proxies in front (`TRUSTED_PROXY_IP`); empty leaves Mastodon's default.
    pub trusted_proxies: Vec<String>,
    /// CIDRs exempt from the private-address block (`ALLOWED_PRIVATE_ADDRESSES`).
    pub allowed_private_addresses: Vec<String>,
}
