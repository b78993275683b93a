//! The topology as the rest of masto sees it: every default filled in, every value trustworthy.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::keyword::keywords;
use crate::{
    Domain, Email, ImageRef, Memory, Name, ProcessName, Queue, Search, StoreVersion, Vcpu, Version,
};

/// A Mastodon server, as the operator wants it.
#[derive(Clone, Debug, PartialEq)]
pub struct Topology {
    /// What every name, label and tag derives from.
    pub name: Name,
    /// The server's identity (`LOCAL_DOMAIN`) in production; never changes after the first `up`.
    pub domain: Domain,
    /// Where the server answers when that is not `domain` (`WEB_DOMAIN`).
    pub web_domain: Option<Domain>,
    /// The account that owns the server; made once.
    pub owner: Owner,
    /// Version and free environment.
    pub mastodon: Mastodon,
    /// The web processes.
    pub web: Web,
    /// The streaming processes.
    pub streaming: Streaming,
    /// The Sidekiq processes, in the file's order; never empty, names are unique.
    pub sidekiq: Vec<Sidekiq>,
    /// The database.
    pub postgres: Postgres,
    /// The key-value store.
    pub redis: Redis,
    /// Where uploads are kept and served from.
    pub media: Media,
    /// How mail leaves.
    pub mail: Mail,
    /// Full-text search.
    pub search: Search,
    /// What has meaning on Docker only.
    pub local: Local,
    /// What has meaning on AWS only; `None` when the file has no `aws:` part.
    pub aws: Option<Aws>,
}

/// The account with the Owner role.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Owner {
    /// User name; `owner` unless the file says otherwise. Never one Mastodon reserves.
    pub username: String,
    /// Mail address; `<username>@<domain>` unless the file says otherwise.
    pub email: Email,
}

/// The Mastodon release.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mastodon {
    /// The tag of both official images, 4.4 to 4.7.
    pub version: Version,
    /// Variables the operator adds to every Rails process; never one that masto sets itself.
    pub env: BTreeMap<String, String>,
}

/// `web:`
#[derive(Clone, Debug, PartialEq)]
pub struct Web {
    /// Containers or tasks.
    pub replicas: u16,
    /// Puma worker processes in each (`WEB_CONCURRENCY`); 0 is single mode.
    pub workers: u16,
    /// Threads in each worker (`MAX_THREADS`).
    pub threads: u16,
    /// Of one replica.
    pub cpu: Vcpu,
    /// Of one replica.
    pub memory: Memory,
    /// Target tracking on AWS; `None` keeps `replicas`.
    pub autoscale: Option<Autoscale>,
}

/// Bounds of the number of replicas where the platform scales by load.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Autoscale {
    /// At least.
    pub min: u16,
    /// At most.
    pub max: u16,
    /// Target average CPU in percent.
    pub cpu: u8,
}

/// `streaming:`
#[derive(Clone, Debug, PartialEq)]
pub struct Streaming {
    /// Containers or tasks.
    pub replicas: u16,
    /// Of one replica.
    pub cpu: Vcpu,
    /// Of one replica.
    pub memory: Memory,
}

/// One entry of `sidekiq:`.
#[derive(Clone, Debug, PartialEq)]
pub struct Sidekiq {
    /// Unique in the file; the process is called `sidekiq-<name>`.
    pub name: ProcessName,
    /// What it consumes, in the file's order; never empty, no duplicates.
    pub queues: Vec<Queue>,
    /// Concurrency (`-c`).
    pub threads: u16,
    /// Containers or tasks; 1 where `queues` holds `scheduler`.
    pub replicas: u16,
    /// Of one replica.
    pub cpu: Vcpu,
    /// Of one replica.
    pub memory: Memory,
    /// Target tracking on AWS; `None` keeps `replicas`.
    pub autoscale: Option<Autoscale>,
}

/// `postgres:`
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Postgres {
    /// Major version, 14 to 17.
    pub version: u8,
    /// Instance class.
    pub size: Size,
    /// Disk.
    pub storage: Memory,
    /// How long automatic backups are kept; zero turns them off.
    pub backups: Duration,
}

/// `redis:`
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Redis {
    /// Which server.
    pub engine: RedisEngine,
    /// Its version, `7`, `7.2`, `8`.
    pub version: StoreVersion,
    /// Instance class.
    pub size: Size,
}

/// The server behind `redis:`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum RedisEngine {
    /// Redis.
    Redis,
    /// Valkey.
    Valkey,
}

keywords!(pub RedisEngine, "a key-value store that masto runs", { Redis = "redis", Valkey = "valkey" });

/// Instance class of a store, by memory: micro 1 GiB, small 2, medium 4, large 8, xlarge 16,
/// 2xlarge 32 (`db.t4g.*`, `db.m7g.*` and their ElastiCache sisters).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Size {
    /// 1 GiB.
    Micro,
    /// 2 GiB.
    Small,
    /// 4 GiB.
    Medium,
    /// 8 GiB.
    Large,
    /// 16 GiB.
    Xlarge,
    /// 32 GiB.
    Xxlarge,
}

keywords!(pub Size, "a size", {
    Micro = "micro",
    Small = "small",
    Medium = "medium",
    Large = "large",
    Xlarge = "xlarge",
    Xxlarge = "2xlarge",
});

/// `media:`
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Media {
    /// Serve through CloudFront on AWS; locally the ingress plays its part.
    pub cdn: bool,
}

/// `mail:`
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mail {
    /// Sender address; `notifications@<domain>` unless the file says otherwise.
    pub from: String,
    /// Who delivers in production. On Docker every mail goes to the catcher unless this is SMTP.
    pub via: MailRoute,
}

/// Who delivers mail.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum MailRoute {
    /// Amazon SES.
    Ses,
    /// Any SMTP server.
    Smtp(Smtp),
    /// A catcher that shows mail and sends none.
    Catcher,
}

/// `mail.via: { smtp: … }`. The password is never in the file: it comes from the environment
/// variable `MASTO_SMTP_PASSWORD` or from the secret store.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Smtp {
    /// Host name.
    pub server: String,
    /// Port; unless the file says otherwise 587, or 465 where TLS is implicit.
    pub port: u16,
    /// User name; `None` sends without authentication.
    pub login: Option<String>,
    /// How TLS comes about.
    pub tls: SmtpTls,
}

/// TLS on the way to an SMTP server.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum SmtpTls {
    /// STARTTLS, refused when the server offers none. The default.
    Starttls,
    /// TLS from the first byte (port 465).
    Implicit,
    /// None.
    Off,
}

keywords!(pub SmtpTls, "a kind of TLS", { Starttls = "starttls", Implicit = "implicit", Off = "off" });

/// `local:`
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Local {
    /// The server's name on this machine; `<name>.localhost` unless the file says otherwise.
    pub domain: Domain,
    /// Where it answers on this machine when the domain is split; `Some` where
    /// [`Topology::web_domain`] is.
    pub web_domain: Option<Domain>,
    /// Loopback ports of the shared ingress.
    pub ports: Ports,
    /// Where images come from.
    pub images: Images,
}

/// Loopback ports.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ports {
    /// 443 unless the file says otherwise.
    pub https: u16,
    /// 80 unless the file says otherwise.
    pub http: u16,
}

/// Image overrides; `None` takes the official image.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[expect(
    missing_docs,
    reason = "each field is the store or process it is named after"
)]
pub struct Images {
    pub mastodon: Option<ImageRef>,
    pub streaming: Option<ImageRef>,
    pub postgres: Option<ImageRef>,
    pub redis: Option<ImageRef>,
    pub minio: Option<ImageRef>,
    pub caddy: Option<ImageRef>,
    pub mailpit: Option<ImageRef>,
}

/// `aws:`
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Aws {
    /// `eu-central-1`.
    pub region: String,
    /// How tasks reach the internet.
    pub network: NetworkProfile,
    /// CPU of the tasks.
    pub architecture: Architecture,
    /// Fargate Spot for everything but the scheduler.
    pub spot: bool,
    /// Who answers for the domain.
    pub dns: Dns,
}

/// How tasks reach the internet, and what survives a zone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NetworkProfile {
    /// Public subnets with locked groups; no NAT.
    Public,
    /// Private subnets, one NAT gateway.
    Private,
    /// Private subnets, a NAT gateway in each zone, Multi-AZ stores.
    Ha,
}

keywords!(pub NetworkProfile, "a network profile", { Public = "public", Private = "private", Ha = "ha" });

/// CPU of the tasks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Architecture {
    /// Graviton.
    Arm64,
    /// x86-64.
    Amd64,
}

keywords!(pub Architecture, "an architecture", { Arm64 = "arm64", Amd64 = "amd64" });

/// Who answers for the domain.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Dns {
    /// An existing Route 53 zone.
    Zone(Domain),
    /// Another provider: masto prints the records and waits.
    Manual,
}
