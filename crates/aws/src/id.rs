//! What the resources of a deployment are called: by people, and in the `masto.resource` tag.

use std::fmt;

use mastodon::{JobId, ProcessId};

/// One of the two availability zones that a deployment spans.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Zone {
    /// The first.
    A,
    /// The second.
    B,
}

/// Whether a subnet has a route to the internet gateway.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Tier {
    /// The load balancer, NAT gateways, and the tasks where `network: public`.
    Public,
    /// The stores, and the tasks where they have a NAT gateway.
    Private,
}

/// Whose network interfaces a security group guards.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum GroupRole {
    /// The load balancer: 80 and 443 from everywhere.
    LoadBalancer,
    /// Web tasks: 3000 from the load balancer.
    Web,
    /// Streaming tasks: 4000 from the load balancer.
    Streaming,
    /// Sidekiq and one-off tasks: nothing inbound.
    Workers,
    /// The database: 5432 from the tasks.
    Postgres,
    /// Redis or Valkey: 6379 from the tasks.
    Redis,
}

/// What a certificate is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum CertificateRole {
    /// The load balancer, in the deployment's region.
    Server,
    /// The media host on CloudFront, in us-east-1.
    Media,
}

/// A set of DNS records.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum DnsRole {
    /// Prove that a domain is ours to ACM.
    Certificate(CertificateRole),
    /// The server's names, to the load balancer.
    Server,
    /// The media host, to CloudFront.
    Media,
    /// DKIM of SES.
    Mail,
}

/// A target group.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum TargetRole {
    /// Puma, 3000.
    Web,
    /// Node, 4000.
    Streaming,
}

/// A listener of the load balancer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ListenerRole {
    /// 80, redirects.
    Http,
    /// 443.
    Https,
}

/// A rule of the HTTPS listener: what does not go to the web processes.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum RuleRole {
    /// Requests with a header that only a proxy may set: refused. Its name in lower case.
    Without(String),
    /// `/api/v1/streaming` to streaming.
    Streaming,
    /// What the domain of a split server answers itself: redirects to where the server is.
    WebDomain,
}

/// An IAM role.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum RoleKind {
    /// What the processes may do: the bucket, exec.
    Task,
    /// What ECS may do for them: logs, secrets.
    Execution,
}

/// A task definition's family.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum TaskFamily {
    /// A long-running process.
    Process(ProcessId),
    /// One-off work: migrations, `tootctl`, a console.
    OneOff,
}

/// What an alarm watches.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum AlarmKind {
    /// The server answers with 5xx.
    ServerErrors,
    /// No healthy web target.
    WebDown,
    /// The database's disk fills up.
    DatabaseStorage,
    /// The database's CPU.
    DatabaseCpu,
    /// Redis's memory: with `noeviction` full means that jobs are refused.
    CacheMemory,
}

/// A resource. `Display` is what a person reads: ``subnet `public-a` ``.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Id {
    /// The network.
    Vpc,
    /// The way to the internet.
    InternetGateway,
    /// A subnet in one zone.
    Subnet(Tier, Zone),
    /// The Elastic IP of a NAT gateway.
    Address(Zone),
    /// The way out of the private subnets.
    NatGateway(Zone),
    /// Routes of the public subnets (always zone A), or of the private ones: one a zone with
    /// `network: ha`, else zone A for both.
    RouteTable(Tier, Zone),
    /// S3 without NAT.
    S3Endpoint,
    /// A firewall.
    SecurityGroup(GroupRole),
    /// All secrets of the deployment, as one JSON document.
    Secret,
    /// An IAM role.
    Role(RoleKind),
    /// Where the processes' output goes.
    LogGroup,
    /// The media bucket.
    Bucket,
    /// How CloudFront reads the bucket.
    OriginAccessControl,
    /// CloudFront in front of the bucket.
    Distribution,
    /// An ACM certificate.
    Certificate(CertificateRole),
    /// That ACM has issued the certificate.
    Validation(CertificateRole),
    /// DNS records.
    Dns(DnsRole),
    /// The load balancer.
    LoadBalancer,
    /// Where it sends requests.
    TargetGroup(TargetRole),
    /// A port it listens on.
    Listener(ListenerRole),
    /// What the HTTPS listener does not send to the web processes.
    Rule(RuleRole),
    /// The database's subnets.
    DatabaseSubnets,
    /// The database's settings.
    DatabaseParameters,
    /// The database.
    Database,
    /// Redis's subnets.
    CacheSubnets,
    /// Redis's settings.
    CacheParameters,
    /// Redis or Valkey.
    Cache,
    /// The domain that SES sends for.
    MailIdentity,
    /// The IAM user whose key becomes the SMTP password.
    MailUser,
    /// The ECS cluster.
    Cluster,
    /// What a task is started from.
    TaskDefinition(TaskFamily),
    /// One-off work.
    Job(JobId),
    /// A long-running process.
    Service(ProcessId),
    /// Target tracking of a service.
    Scaling(ProcessId),
    /// What wakes an operator.
    Alarm(AlarmKind),
}

impl Zone {
    /// Both.
    pub const ALL: [Self; 2] = [Self::A, Self::B];
}

impl fmt::Display for Zone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::A => "a",
            Self::B => "b",
        })
    }
}

impl fmt::Display for Tier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Public => "public",
            Self::Private => "private",
        })
    }
}

impl fmt::Display for GroupRole {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::LoadBalancer => "load-balancer",
            Self::Web => "web",
            Self::Streaming => "streaming",
            Self::Workers => "workers",
            Self::Postgres => "postgres",
            Self::Redis => "redis",
        })
    }
}

impl fmt::Display for CertificateRole {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Server => "server",
            Self::Media => "media",
        })
    }
}

impl fmt::Display for DnsRole {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Certificate(role) => write!(f, "{role}-certificate"),
            Self::Server => f.write_str("server"),
            Self::Media => f.write_str("media"),
            Self::Mail => f.write_str("mail"),
        }
    }
}

impl fmt::Display for TargetRole {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Web => "web",
            Self::Streaming => "streaming",
        })
    }
}

impl fmt::Display for ListenerRole {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Http => "http",
            Self::Https => "https",
        })
    }
}

impl fmt::Display for RuleRole {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Without(header) => write!(f, "without-{header}"),
            Self::Streaming => f.write_str("streaming"),
            Self::WebDomain => f.write_str("web-domain"),
        }
    }
}

impl fmt::Display for RoleKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Task => "task",
            Self::Execution => "execution",
        })
    }
}

impl fmt::Display for TaskFamily {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Process(process) => write!(f, "{process}"),
            Self::OneOff => f.write_str("one-off"),
        }
    }
}

impl fmt::Display for AlarmKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::ServerErrors => "server-errors",
            Self::WebDown => "web-down",
            Self::DatabaseStorage => "database-storage",
            Self::DatabaseCpu => "database-cpu",
            Self::CacheMemory => "cache-memory",
        })
    }
}

impl Id {
    /// What kind of thing it is, in words: `subnet`.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Vpc => "VPC",
            Self::InternetGateway => "internet gateway",
            Self::Subnet(..) => "subnet",
            Self::Address(_) => "Elastic IP",
            Self::NatGateway(_) => "NAT gateway",
            Self::RouteTable(..) => "route table",
            Self::S3Endpoint => "S3 endpoint",
            Self::SecurityGroup(_) => "security group",
            Self::Secret => "secret",
            Self::Role(_) => "IAM role",
            Self::LogGroup => "log group",
            Self::Bucket => "bucket",
            Self::OriginAccessControl => "origin access control",
            Self::Distribution => "CloudFront distribution",
            Self::Certificate(_) => "certificate",
            Self::Validation(_) => "validation",
            Self::Dns(_) => "DNS records",
            Self::LoadBalancer => "load balancer",
            Self::TargetGroup(_) => "target group",
            Self::Listener(_) => "listener",
            Self::Rule(_) => "listener rule",
            Self::DatabaseSubnets => "DB subnet group",
            Self::DatabaseParameters => "DB parameter group",
            Self::Database => "database",
            Self::CacheSubnets => "cache subnet group",
            Self::CacheParameters => "cache parameter group",
            Self::Cache => "cache",
            Self::MailIdentity => "SES identity",
            Self::MailUser => "IAM user",
            Self::Cluster => "ECS cluster",
            Self::TaskDefinition(_) => "task definition",
            Self::Job(_) => "job",
            Self::Service(_) => "service",
            Self::Scaling(_) => "autoscaling",
            Self::Alarm(_) => "alarm",
        }
    }

    /// Which one of its kind; empty where there is only one.
    #[must_use]
    pub fn instance(&self) -> String {
        match self {
            Self::Subnet(tier, zone) | Self::RouteTable(tier, zone) => format!("{tier}-{zone}"),
            Self::Address(zone) | Self::NatGateway(zone) => zone.to_string(),
            Self::SecurityGroup(role) => role.to_string(),
            Self::Role(kind) => kind.to_string(),
            Self::Certificate(role) | Self::Validation(role) => role.to_string(),
            Self::Dns(role) => role.to_string(),
            Self::TargetGroup(role) => role.to_string(),
            Self::Listener(role) => role.to_string(),
            Self::Rule(role) => role.to_string(),
            Self::MailUser => "mail".to_owned(),
            Self::TaskDefinition(family) => family.to_string(),
            Self::Job(job) => job.to_string(),
            Self::Service(process) | Self::Scaling(process) => process.to_string(),
            Self::Alarm(kind) => kind.to_string(),
            Self::Vpc
            | Self::InternetGateway
            | Self::S3Endpoint
            | Self::Secret
            | Self::LogGroup
            | Self::Bucket
            | Self::OriginAccessControl
            | Self::Distribution
            | Self::LoadBalancer
            | Self::DatabaseSubnets
            | Self::DatabaseParameters
            | Self::Database
            | Self::CacheSubnets
            | Self::CacheParameters
            | Self::Cache
            | Self::MailIdentity
            | Self::Cluster => String::new(),
        }
    }

    /// The value of the `masto.resource` tag: `subnet/public-a`, `vpc`.
    #[must_use]
    pub fn tag(&self) -> String {
        let kind = self.kind().to_lowercase().replace(' ', "-");
        match self.instance() {
            instance if instance.is_empty() => kind,
            instance => format!("{kind}/{instance}"),
        }
    }
}

impl fmt::Display for Id {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.instance() {
            instance if instance.is_empty() => f.write_str(self.kind()),
            instance => write!(f, "{} `{instance}`", self.kind()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_read_as_words_and_as_tags() {
        let shown: Vec<String> = [
            Id::Vpc,
            Id::Subnet(Tier::Public, Zone::A),
            Id::Dns(DnsRole::Certificate(CertificateRole::Media)),
            Id::Service(ProcessId::Web),
        ]
        .iter()
        .map(|id| format!("{id} = {}", id.tag()))
        .collect();
        assert_eq!(
            shown,
            [
                "VPC = vpc",
                "subnet `public-a` = subnet/public-a",
                "DNS records `media-certificate` = dns-records/media-certificate",
                "service `web` = service/web",
            ]
        );
    }
}
