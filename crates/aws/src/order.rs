//! What needs what, for every deployment: one table for making things and for removing them.

use std::collections::BTreeSet;

use mastodon::{JobId, ProcessId};

use crate::id::{
    AlarmKind, CertificateRole, DnsRole, GroupRole, Id, ListenerRole, RoleKind, RuleRole,
    TargetRole, TaskFamily, Tier, Zone,
};

/// What must exist before `id` does, in the largest deployment: those that a deployment does not
/// have are left out when its graph is described, and ignored by the engine when it is removed.
///
/// Services need the jobs that have to end before they start; jobs that come after all processes
/// are told by the spec itself.
pub(crate) fn needs(id: &Id) -> BTreeSet<Id> {
    let subnets = |tier| Zone::ALL.map(|zone| Id::Subnet(tier, zone));
    let tasks = [
        Id::SecurityGroup(GroupRole::Workers),
        Id::SecurityGroup(GroupRole::Web),
        Id::SecurityGroup(GroupRole::Streaming),
    ];
    let mut needs = BTreeSet::new();
    match id {
        Id::Vpc
        | Id::Secret
        | Id::LogGroup
        | Id::OriginAccessControl
        | Id::Certificate(_)
        | Id::MailIdentity
        | Id::Cluster
        | Id::DatabaseParameters
        | Id::CacheParameters => {}
        Id::InternetGateway | Id::Subnet(..) | Id::TargetGroup(_) => {
            needs.insert(Id::Vpc);
        }
        // An Elastic IP can be mapped only while the VPC has a gateway.
        Id::Address(_) => {
            needs.insert(Id::InternetGateway);
        }
        Id::NatGateway(zone) => {
            needs.extend([
                Id::Address(*zone),
                Id::Subnet(Tier::Public, *zone),
                Id::RouteTable(Tier::Public, Zone::A),
            ]);
        }
        Id::RouteTable(tier, zone) => {
            needs.insert(Id::Vpc);
            needs.extend(subnets(*tier));
            match tier {
                Tier::Public => needs.insert(Id::InternetGateway),
                Tier::Private => needs.insert(Id::NatGateway(*zone)),
            };
        }
        Id::S3Endpoint => {
            needs.insert(Id::Vpc);
            needs.insert(Id::RouteTable(Tier::Public, Zone::A));
            needs.extend(Zone::ALL.map(|zone| Id::RouteTable(Tier::Private, zone)));
        }
        Id::SecurityGroup(role) => {
            needs.insert(Id::Vpc);
            match role {
                GroupRole::Web | GroupRole::Streaming => {
                    needs.insert(Id::SecurityGroup(GroupRole::LoadBalancer));
                }
                GroupRole::Postgres | GroupRole::Redis => needs.extend(tasks),
                GroupRole::LoadBalancer | GroupRole::Workers => {}
            }
        }
        Id::Role(RoleKind::Execution) => {
            needs.extend([Id::Secret, Id::LogGroup]);
        }
        Id::Role(RoleKind::Task) => {
            needs.extend([Id::Bucket, Id::LogGroup]);
        }
        // The bucket's policy names the distribution, so that the bucket comes first and the policy
        // is put when the distribution is there: it is part of the distribution's own step.
        Id::Bucket => {}
        Id::Distribution => {
            needs.extend([
                Id::Bucket,
                Id::OriginAccessControl,
                Id::Validation(CertificateRole::Media),
            ]);
        }
        Id::Validation(role) => {
            needs.extend([Id::Certificate(*role), Id::Dns(DnsRole::Certificate(*role))]);
        }
        Id::Dns(DnsRole::Certificate(role)) => {
            needs.insert(Id::Certificate(*role));
        }
        Id::Dns(DnsRole::Server) => {
            needs.insert(Id::LoadBalancer);
        }
        Id::Dns(DnsRole::Media) => {
            needs.insert(Id::Distribution);
        }
        Id::Dns(DnsRole::Mail) => {
            needs.insert(Id::MailIdentity);
        }
        Id::LoadBalancer => {
            needs.extend(subnets(Tier::Public));
            needs.extend([
                Id::SecurityGroup(GroupRole::LoadBalancer),
                Id::InternetGateway,
                Id::RouteTable(Tier::Public, Zone::A),
            ]);
        }
        Id::Listener(ListenerRole::Http) => {
            needs.insert(Id::LoadBalancer);
        }
        Id::Listener(ListenerRole::Https) => {
            needs.extend([
                Id::LoadBalancer,
                Id::TargetGroup(TargetRole::Web),
                Id::Validation(CertificateRole::Server),
            ]);
        }
        Id::Rule(role) => {
            needs.insert(Id::Listener(ListenerRole::Https));
            if *role == RuleRole::Streaming {
                needs.insert(Id::TargetGroup(TargetRole::Streaming));
            }
        }
        Id::DatabaseSubnets | Id::CacheSubnets => needs.extend(subnets(Tier::Private)),
        Id::Database => {
            needs.extend([
                Id::DatabaseSubnets,
                Id::DatabaseParameters,
                Id::SecurityGroup(GroupRole::Postgres),
                Id::Secret,
            ]);
        }
        Id::Cache => {
            needs.extend([
                Id::CacheSubnets,
                Id::CacheParameters,
                Id::SecurityGroup(GroupRole::Redis),
                Id::Secret,
            ]);
        }
        Id::MailUser => {
            needs.extend([Id::MailIdentity, Id::Secret]);
        }
        Id::TaskDefinition(family) => {
            needs.extend([
                Id::Role(RoleKind::Task),
                Id::Role(RoleKind::Execution),
                Id::LogGroup,
                Id::Secret,
                Id::Database,
                Id::Cache,
            ]);
            // Streaming knows neither the bucket nor mail.
            if *family != TaskFamily::Process(ProcessId::Streaming) {
                needs.extend([Id::Bucket, Id::Distribution, Id::MailUser]);
            }
        }
        Id::Job(job) => {
            needs.extend([Id::Cluster, Id::TaskDefinition(TaskFamily::OneOff)]);
            needs.extend(tasks_network());
            match job {
                JobId::Schema | JobId::Bucket => {}
                JobId::Owner | JobId::PostMigrate => {
                    needs.insert(Id::Job(JobId::Schema));
                }
            }
        }
        Id::Service(process) => {
            needs.extend([
                Id::Cluster,
                Id::TaskDefinition(TaskFamily::Process(process.clone())),
                Id::Job(JobId::Schema),
            ]);
            needs.extend(tasks_network());
            match process {
                ProcessId::Web => {
                    needs.extend([
                        Id::SecurityGroup(GroupRole::Web),
                        Id::TargetGroup(TargetRole::Web),
                        Id::Listener(ListenerRole::Https),
                    ]);
                }
                ProcessId::Streaming => {
                    needs.extend([
                        Id::SecurityGroup(GroupRole::Streaming),
                        Id::TargetGroup(TargetRole::Streaming),
                        Id::Rule(RuleRole::Streaming),
                    ]);
                }
                ProcessId::Sidekiq(_) => {
                    needs.insert(Id::SecurityGroup(GroupRole::Workers));
                }
            }
        }
        Id::Scaling(process) => {
            needs.insert(Id::Service(process.clone()));
        }
        Id::Alarm(kind) => {
            needs.insert(match kind {
                AlarmKind::ServerErrors => Id::LoadBalancer,
                AlarmKind::WebDown => Id::TargetGroup(TargetRole::Web),
                AlarmKind::DatabaseStorage | AlarmKind::DatabaseCpu => Id::Database,
                AlarmKind::CacheMemory => Id::Cache,
            });
            if *kind == AlarmKind::WebDown {
                needs.insert(Id::LoadBalancer);
            }
        }
    }
    needs
}

/// The network that a task starts in: its subnets and their way to the internet.
fn tasks_network() -> BTreeSet<Id> {
    let mut needs = BTreeSet::from([
        Id::SecurityGroup(GroupRole::Workers),
        Id::RouteTable(Tier::Public, Zone::A),
        Id::S3Endpoint,
    ]);
    for zone in Zone::ALL {
        needs.extend([
            Id::Subnet(Tier::Public, zone),
            Id::Subnet(Tier::Private, zone),
            Id::RouteTable(Tier::Private, zone),
        ]);
    }
    needs
}
