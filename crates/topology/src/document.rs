//! The file, one to one: every key there is, with nothing filled in.
//!
//! What stands in the doc comments and `default`s here is what `masto schema` prints and what an
//! editor shows. The defaults themselves are filled in by [`crate::assemble`]; a test compares.

use crate::dns::DnsChoice;
use crate::env::Env;
use crate::part::document;
use crate::postgres_version::PostgresVersion;
use crate::reader::Whole;
use crate::region::Region;
use crate::retention::Retention;
use crate::sender::Sender;
use crate::server::{Login, Server};
use crate::username::Username;
use crate::via::Via;
use crate::{
    Architecture, Domain, Email, ImageRef, Memory, Name, NetworkProfile, ProcessName, Queue,
    RedisEngine, Search, Size, SmtpTls, StoreVersion, Vcpu, Version,
};

/// Containers or tasks of one process.
pub(crate) type Replicas = Whole<1, 100>;

document! {
    /// One Mastodon server. `masto up --local` makes Docker match it, `masto up --aws` an AWS
    /// account. Only `name` and `domain` must be there.
    Document {
        /// What every container, network, volume, tag and AWS name derives from. 1 to 16 of a-z,
        /// 0-9 and -, a letter first. Cannot be changed later.
        #[schemars(required)]
        name: Name,
        /// The server's identity: what stands behind the `@` of every account. Can never change
        /// after the first `up`.
        #[schemars(required)]
        domain: Domain,
        /// Where the server answers, if not on `domain` itself; `domain` must then redirect
        /// `/.well-known/webfinger` to it. Cannot be changed later.
        web_domain: Domain,
        /// The account with the Owner role. Made once, by the first `up`.
        owner: OwnerPart,
        /// Mastodon's release and free settings.
        mastodon: MastodonPart,
        /// The web processes (Puma): pages and the API.
        web: WebPart,
        /// The streaming processes (Node): live updates over WebSocket.
        streaming: StreamingPart,
        /// The Sidekiq processes: everything that happens in the background. Together they consume
        /// every queue; `scheduler` is consumed by exactly one process with one replica. Unless
        /// given, one process `all` consumes all queues with 10 threads.
        sidekiq: Vec<SidekiqPart>,
        /// The database.
        postgres: PostgresPart,
        /// The key-value store: job queues, home feeds, cache.
        redis: RedisPart,
        /// Uploads and copies of remote media: MinIO on Docker, S3 on AWS.
        media: MediaPart,
        /// How mail leaves.
        mail: MailPart,
        /// Search. `none` finds hashtags and accounts only; for a cluster of your own set `ES_ENABLED`,
        /// `ES_HOST` and `ES_PORT` in `mastodon.env`.
        #[schemars(extend("default" = "none"))]
        search: Search,
        /// What has a meaning on Docker only.
        local: LocalPart,
        /// What has a meaning on AWS only. Without it `up --aws` is refused.
        aws: AwsPart,
    }

    /// The account with the Owner role.
    OwnerPart {
        /// Its user name: letters, digits and _, at most 30.
        #[schemars(extend("default" = "owner"))]
        username: Username,
        /// Its mail address; unless given `<username>@<domain>`.
        email: Email,
    }

    /// Mastodon's release and free settings.
    MastodonPart {
        /// The tag of both official images, 4.4 to 4.7.
        #[schemars(extend("default" = "v4.7.5"))]
        version: Version,
        /// Environment variables for every Rails process, beside those that masto sets itself.
        env: Env,
    }

    /// The web processes.
    WebPart {
        /// Containers or tasks.
        #[schemars(extend("default" = 1))]
        replicas: Replicas,
        /// Puma worker processes in each (`WEB_CONCURRENCY`); 0 is single mode. Each takes 300 to
        /// 450 MB.
        #[schemars(extend("default" = 2))]
        workers: Whole<0, 64>,
        /// Threads in each worker (`MAX_THREADS`); each holds a database connection.
        #[schemars(extend("default" = 5))]
        threads: Whole<1, 100>,
        /// Virtual processors of each replica.
        #[schemars(extend("default" = 0.5))]
        cpu: Vcpu,
        /// Memory of each replica.
        #[schemars(extend("default" = "1GiB"))]
        memory: Memory,
        /// Lets AWS change `replicas` by load; Docker keeps `replicas`.
        autoscale: AutoscalePart,
    }

    /// Target tracking by average CPU.
    AutoscalePart {
        /// Never fewer replicas; unless given, `replicas`.
        min: Replicas,
        /// Never more replicas.
        #[schemars(required)]
        max: Replicas,
        /// Average CPU to aim for, in percent.
        #[schemars(extend("default" = 60))]
        cpu: Whole<10, 95>,
    }

    /// The streaming processes.
    StreamingPart {
        /// Containers or tasks. One serves about a thousand connections.
        #[schemars(extend("default" = 1))]
        replicas: Replicas,
        /// Virtual processors of each replica.
        #[schemars(extend("default" = 0.25))]
        cpu: Vcpu,
        /// Memory of each replica.
        #[schemars(extend("default" = "512MiB"))]
        memory: Memory,
    }

    /// One Sidekiq process.
    SidekiqPart {
        /// Its name, unique in the file; the process is called `sidekiq-<name>`.
        #[schemars(required)]
        name: ProcessName,
        /// The queues it consumes.
        #[schemars(required, length(min = 1))]
        queues: Vec<Queue>,
        /// Jobs at a time (`-c`); each holds a database connection.
        #[schemars(extend("default" = 10))]
        threads: Whole<1, 200>,
        /// Containers or tasks; 1 where `queues` holds `scheduler`.
        #[schemars(extend("default" = 1))]
        replicas: Replicas,
        /// Virtual processors of each replica.
        #[schemars(extend("default" = 0.25))]
        cpu: Vcpu,
        /// Memory of each replica.
        #[schemars(extend("default" = "2GiB"))]
        memory: Memory,
        /// Lets AWS change `replicas` by load; Docker keeps `replicas`.
        autoscale: AutoscalePart,
    }

    /// The database.
    PostgresPart {
        /// Major version.
        #[schemars(extend("default" = 17))]
        version: PostgresVersion,
        /// Instance class by memory: micro 1 GiB, small 2, medium 4, large 8, xlarge 16, 2xlarge 32.
        #[schemars(extend("default" = "micro"))]
        size: Size,
        /// Disk. It can grow later, never shrink.
        #[schemars(extend("default" = "20GiB"))]
        storage: Memory,
        /// How long automatic backups are kept, in days or weeks, at most 35 days; `0d` makes none.
        #[schemars(extend("default" = "7d"))]
        backups: Retention,
    }

    /// The key-value store.
    RedisPart {
        /// Which server.
        #[schemars(extend("default" = "redis"))]
        engine: RedisEngine,
        /// Its version, major or major.minor; unless given 7 for Redis, 8 for Valkey.
        version: StoreVersion,
        /// Instance class by memory: micro 1 GiB, small 2, medium 4, large 8, xlarge 16, 2xlarge 32.
        #[schemars(extend("default" = "micro"))]
        size: Size,
    }

    /// Uploads and copies of remote media.
    MediaPart {
        /// Serve through CloudFront on AWS; on Docker the ingress plays its part.
        #[schemars(extend("default" = true))]
        cdn: bool,
    }

    /// How mail leaves.
    MailPart {
        /// Sender, an address or `Name <address>`; unless given `notifications@<domain>`.
        from: Sender,
        /// Who delivers: `ses`, `catcher` (shows mail, sends none) or an SMTP server. On Docker
        /// everything but an SMTP server means the catcher.
        #[schemars(extend("default" = "ses"))]
        via: Via,
    }

    /// Any SMTP server. Its password never stands here: set MASTO_SMTP_PASSWORD.
    SmtpPart {
        /// Host name.
        #[schemars(required)]
        server: Server,
        /// Port; unless given 587, or 465 where `tls` is `implicit`.
        port: Whole<1, 65535>,
        /// User name; without it mail is sent without authentication.
        login: Login,
        /// `starttls` (refused where the server offers none), `implicit` (port 465) or `off`.
        #[schemars(extend("default" = "starttls"))]
        tls: SmtpTls,
    }

    /// What has a meaning on Docker only.
    LocalPart {
        /// The server's name on this machine; unless given `<name>.localhost`, which leads here by
        /// itself.
        domain: Domain,
        /// Where it answers on this machine when the file has a `web_domain`; unless given
        /// `web.<local domain>`. `local.domain` then is what stands behind the `@`.
        web_domain: Domain,
        /// Loopback ports of the ingress.
        ports: PortsPart,
        /// Images in place of the official ones.
        images: ImagesPart,
    }

    /// Loopback ports.
    PortsPart {
        /// HTTPS.
        #[schemars(extend("default" = 443))]
        https: Whole<1, 65535>,
        /// HTTP, which only redirects.
        #[schemars(extend("default" = 80))]
        http: Whole<1, 65535>,
    }

    /// Images in place of the official ones.
    ImagesPart {
        /// Web, Sidekiq and one-off work.
        mastodon: ImageRef,
        /// Streaming.
        streaming: ImageRef,
        /// PostgreSQL.
        postgres: ImageRef,
        /// Redis or Valkey.
        redis: ImageRef,
        /// MinIO.
        minio: ImageRef,
        /// Caddy.
        caddy: ImageRef,
        /// Mailpit.
        mailpit: ImageRef,
    }

    /// What has a meaning on AWS only.
    AwsPart {
        /// The region, for example `eu-central-1`. Cannot be changed later.
        #[schemars(required)]
        region: Region,
        /// `public`: tasks in public subnets, no NAT gateway; `private`: private subnets, one NAT
        /// gateway; `ha`: a NAT gateway in each zone, stores in two zones.
        #[schemars(extend("default" = "public"))]
        network: NetworkProfile,
        /// `arm64` (Graviton, a fifth cheaper) or `amd64`.
        #[schemars(extend("default" = "arm64"))]
        architecture: Architecture,
        /// Fargate Spot for everything but the scheduler: cheaper, and stopped now and then.
        #[schemars(extend("default" = false))]
        spot: bool,
        /// Who answers for the domain: a Route 53 zone, or `manual` (masto prints the records and
        /// waits).
        #[schemars(extend("default" = "manual"))]
        dns: DnsChoice,
    }

    /// An existing Route 53 zone.
    ZonePart {
        /// Its name: `domain` or a parent of it.
        #[schemars(required)]
        zone: Domain,
    }
}
