//! What a deployment is made of on AWS: one file a kind, each with what it should be, what was
//! found of it, and how the two differ.

mod address;
pub(crate) mod alarm;
pub(crate) mod bucket;
mod cache;
mod cache_parameters;
mod cache_subnets;
mod certificate;
mod cluster;
pub(crate) mod database;
mod database_parameters;
mod database_subnets;
pub(crate) mod distribution;
mod dns;
mod internet_gateway;
mod job;
mod listener;
mod listener_rule;
mod load_balancer;
mod log_group;
mod mail_identity;
mod mail_user;
mod nat_gateway;
mod origin_access_control;
pub(crate) mod role;
mod route_table;
mod routing;
mod s3_endpoint;
mod scaling;
mod secret;
mod security_group;
pub(crate) mod service;
mod subnet;
mod target_group;
pub(crate) mod task_definition;
mod validation;
mod vpc;

use std::collections::BTreeSet;
use std::ops::Deref;

use engine::{Change, How, Impact, Known, Refusal};
use futures_util::future::{BoxFuture, FutureExt as _, TryFutureExt as _};

pub(crate) use address::{Address, LiveAddress};
pub(crate) use alarm::{Alarm, LiveAlarm};
pub(crate) use bucket::{Bucket, LiveBucket};
pub(crate) use cache::{Cache, LiveCache};
pub(crate) use cache_parameters::{CacheParameters, LiveCacheParameters};
pub(crate) use cache_subnets::{CacheSubnets, LiveCacheSubnets};
pub(crate) use certificate::{Certificate, LiveCertificate, Ours};
pub(crate) use cluster::{Cluster, LiveCluster};
pub(crate) use database::{Database, LiveDatabase};
pub(crate) use database_parameters::{DatabaseParameters, LiveDatabaseParameters};
pub(crate) use database_subnets::{DatabaseSubnets, LiveDatabaseSubnets};
pub(crate) use distribution::{Distribution, LiveDistribution};
pub(crate) use dns::{Dns, LiveDns};
pub(crate) use internet_gateway::{InternetGateway, LiveInternetGateway};
pub use job::schema;
pub(crate) use job::{Job, LiveJob};
pub(crate) use listener::{Listener, LiveListener};
pub(crate) use listener_rule::{Condition, ListenerRule, LiveListenerRule};
pub(crate) use load_balancer::{LiveLoadBalancer, LoadBalancer};
pub(crate) use log_group::{LiveLogGroup, LogGroup};
pub(crate) use mail_identity::{LiveMailIdentity, MailIdentity};
pub(crate) use mail_user::{LiveMailUser, MailUser};
pub(crate) use nat_gateway::{LiveNatGateway, NatGateway};
pub(crate) use origin_access_control::{LiveOriginAccessControl, OriginAccessControl};
pub(crate) use role::{LiveRole, Role};
pub(crate) use route_table::{LiveRouteTable, RouteTable};
pub(crate) use routing::Routing;
pub(crate) use s3_endpoint::{LiveS3Endpoint, S3Endpoint};
pub(crate) use scaling::{LiveScaling, Scaling};
pub(crate) use secret::{DeploymentSecret, LiveDeploymentSecret};
pub(crate) use security_group::{Inbound, LiveSecurityGroup, Peer, SecurityGroup};
pub(crate) use service::{LiveService, Service, Target};
pub(crate) use subnet::{LiveSubnet, Subnet};
pub(crate) use target_group::{LiveTargetGroup, TargetGroup};
pub(crate) use task_definition::{LiveTaskDefinition, TaskDefinition};
pub(crate) use validation::{LiveValidation, Validation};
pub(crate) use vpc::{LiveVpc, Vpc};

use crate::account::Account;
use crate::attributes::Attributes;
use crate::error::Error;
use crate::id::Id;
use crate::kind::{Found, Kind, Owner, Site};
use crate::scope::Scope;

/// A kind's spec, with the dependencies that the deployment has.
#[derive(Clone, Debug)]
pub struct Wanted<K> {
    /// What it should be.
    pub spec: K,
    needs: BTreeSet<Id>,
}

impl<K> Deref for Wanted<K> {
    type Target = K;

    fn deref(&self) -> &K {
        &self.spec
    }
}

/// The closed enum of kinds, and the way from each of its variants to its [`Kind`].
macro_rules! kinds {
    ($($(#[$doc:meta])* $kind:ident => $live:ident,)+) => {
        /// A thing that should exist.
        #[derive(Clone, Debug)]
        pub enum Resource {
            $($(#[$doc])* $kind(Box<Wanted<$kind>>),)+
        }

        /// A thing that was found.
        #[derive(Clone, Debug)]
        pub enum Live {
            $($(#[$doc])* $kind(Box<Found<$live>>),)+
        }

        $(impl From<$kind> for Resource {
            fn from(spec: $kind) -> Self {
                let needs = spec.needs();
                Self::$kind(Box::new(Wanted { spec, needs }))
            }
        })+

        impl Resource {
            fn id_of(&self) -> Id {
                match self { $(Self::$kind(wanted) => wanted.spec.id(),)+ }
            }

            /// The same in a deployment of these resources: it needs none that is not there.
            pub(crate) fn within(mut self, deployment: &BTreeSet<Id>) -> Self {
                match &mut self { $(Self::$kind(wanted) => {
                    wanted.needs.retain(|id| deployment.contains(id));
                })+ }
                self
            }

            fn needs(&self) -> &BTreeSet<Id> {
                match self { $(Self::$kind(wanted) => &wanted.needs,)+ }
            }

            fn holds_of(&self) -> BTreeSet<Id> {
                match self { $(Self::$kind(wanted) => wanted.spec.holds(),)+ }
            }

            fn refusal(&self) -> Option<Refusal> {
                match self { $(Self::$kind(wanted) => wanted.spec.refuse_create(),)+ }
            }

            fn compare(&self, live: &Live, known: &Known<Desired>) -> Option<Change> {
                match (self, live) {
                    $((Self::$kind(wanted), Live::$kind(live)) => wanted.spec.diff(&live.live, known),)+
                    // Ids tell the kinds apart, so observation never pairs two.
                    _ => None,
                }
            }

            pub(crate) async fn create(&self, site: Site<'_>) -> Result<Attributes, Error> {
                match self { $(Self::$kind(wanted) => wanted.spec.create(site).boxed().await,)+ }
            }

            pub(crate) async fn update(&self, live: &Live, site: Site<'_>) -> Result<Attributes, Error> {
                match (self, live) {
                    $((Self::$kind(wanted), Live::$kind(live)) => wanted.spec.update(live, site).boxed().await,)+
                    _ => Err(Error::bug(format!("{} was compared with another kind", self.id_of()))),
                }
            }
        }

        impl Live {
            /// Which resource of the deployment.
            #[must_use]
            pub fn id(&self) -> &Id {
                match self { $(Self::$kind(found) => &found.id,)+ }
            }

            /// Whose it is.
            #[must_use]
            pub fn owner(&self) -> &Owner {
                match self { $(Self::$kind(found) => &found.owner,)+ }
            }

            fn attributes_of(&self) -> Attributes {
                match self { $(Self::$kind(found) => found.attributes.clone(),)+ }
            }

            fn impact(&self) -> Impact {
                match self { $(Self::$kind(found) => found.removal_impact,)+ }
            }

            pub(crate) async fn delete(&self, site: Site<'_>) -> Result<(), Error> {
                match self { $(Self::$kind(found) => $kind::delete(found, site).boxed().await,)+ }
            }
        }

        /// One look at each kind, all of them at the same time.
        pub(crate) fn looks<'a>(
            account: &'a Account,
            scope: &'a Scope,
        ) -> Vec<BoxFuture<'a, Result<Vec<Live>, Error>>> {
            vec![$(
                $kind::observe(account, scope)
                    .map_ok(|found| found.into_iter().map(|found| Live::$kind(Box::new(found))).collect())
                    .boxed(),
            )+]
        }
    };
}

kinds! {
    /// The network.
    Vpc => LiveVpc,
    /// The way to the internet.
    InternetGateway => LiveInternetGateway,
    /// A subnet in one zone.
    Subnet => LiveSubnet,
    /// The Elastic IP of a NAT gateway.
    Address => LiveAddress,
    /// The way out of the private subnets.
    NatGateway => LiveNatGateway,
    /// Where packets of the subnets go.
    RouteTable => LiveRouteTable,
    /// S3 without NAT.
    S3Endpoint => LiveS3Endpoint,
    /// Who may open a connection to whom.
    SecurityGroup => LiveSecurityGroup,
    /// Where requests come in.
    LoadBalancer => LiveLoadBalancer,
    /// Where it sends them.
    TargetGroup => LiveTargetGroup,
    /// A port it listens on.
    Listener => LiveListener,
    /// What does not go to the web processes.
    ListenerRule => LiveListenerRule,
    /// What the processes, and ECS on their behalf, may do.
    Role => LiveRole,
    /// Where the processes' output goes.
    LogGroup => LiveLogGroup,
    /// The ECS cluster.
    Cluster => LiveCluster,
    /// What tasks are started from.
    TaskDefinition => LiveTaskDefinition,
    /// One-off work.
    Job => LiveJob,
    /// A long-running process.
    Service => LiveService,
    /// Replicas that follow the load.
    Scaling => LiveScaling,
    /// What wakes an operator.
    Alarm => LiveAlarm,
    /// All secrets of the deployment.
    DeploymentSecret => LiveDeploymentSecret,
    /// The database's subnets.
    DatabaseSubnets => LiveDatabaseSubnets,
    /// The database's settings.
    DatabaseParameters => LiveDatabaseParameters,
    /// The database.
    Database => LiveDatabase,
    /// Redis's subnets.
    CacheSubnets => LiveCacheSubnets,
    /// Redis's settings.
    CacheParameters => LiveCacheParameters,
    /// Redis or Valkey.
    Cache => LiveCache,
    /// The media bucket.
    Bucket => LiveBucket,
    /// How CloudFront reads the bucket.
    OriginAccessControl => LiveOriginAccessControl,
    /// CloudFront in front of the bucket.
    Distribution => LiveDistribution,
    /// Certificates of ACM.
    Certificate => LiveCertificate,
    /// That ACM has issued one.
    Validation => LiveValidation,
    /// DNS records.
    Dns => LiveDns,
    /// The domain that SES sends for.
    MailIdentity => LiveMailIdentity,
    /// Whose key becomes the SMTP password.
    MailUser => LiveMailUser,
}

/// In [`Known`] of this backend's engine.
type Desired = Resource;

impl engine::Resource for Resource {
    type Id = Id;
    type Attributes = Attributes;
    type Live = Live;

    fn id(&self) -> Id {
        self.id_of()
    }

    fn depends_on(&self) -> BTreeSet<Id> {
        self.needs().clone()
    }

    fn holds(&self) -> BTreeSet<Id> {
        let mut holds = self.holds_of();
        holds.retain(|id| self.needs().contains(id));
        holds
    }

    fn diff(&self, live: &Live, known: &Known<Self>) -> Option<Change> {
        match live.owner() {
            Owner::Ours => self.compare(live, known),
            Owner::Stranger => Some(Change {
                how: How::Refuse {
                    hint: "remove it if nobody needs it, or give this deployment another `name`"
                        .to_owned(),
                },
                cause: "there is one of that name which masto did not make".to_owned(),
                impact: Impact::None,
                attributes: Vec::new(),
            }),
        }
    }

    fn refuse_create(&self) -> Option<Refusal> {
        self.refusal()
    }
}

impl engine::Live for Live {
    type Id = Id;
    type Attributes = Attributes;

    fn attributes(&self) -> Attributes {
        self.attributes_of()
    }

    fn depends_on(&self) -> BTreeSet<Id> {
        match self.id() {
            // What has been done stays done when all that did it is gone.
            Id::Job(_) => BTreeSet::from([Id::Database]),
            id => crate::order::needs(id),
        }
    }

    fn removal_impact(&self) -> Impact {
        self.impact()
    }

    fn is_foreign(&self) -> bool {
        *self.owner() != Owner::Ours
    }
}
