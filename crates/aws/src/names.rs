//! Names in AWS: deterministic, so that everything can be found again, and within the limits of
//! each service.
//!
//! A deployment's name has at most 16 characters (`topology::Name`), and `masto-` goes before it.

use crate::id::Id;
use crate::scope::Scope;

/// `masto-<deployment>-<instance or kind>`; at most 32 characters for load balancers and target
/// groups, because those of their instances are short.
pub(crate) fn of(id: &Id, scope: &Scope) -> String {
    let name = &scope.name;
    let prefix = format!("masto-{name}");
    match id {
        Id::Vpc | Id::Cluster | Id::LoadBalancer | Id::Database | Id::Cache => prefix,
        // `/` groups them in the console; Secrets Manager and CloudWatch allow it.
        Id::Secret => format!("masto/{name}"),
        Id::LogGroup => format!("/masto/{name}"),
        // Nobody else can have it: bucket names are shared by all accounts of the partition.
        Id::Bucket => format!("{prefix}-media-{}-{}", scope.account, scope.region),
        // Global: deployments of one name in two regions must not meet.
        Id::OriginAccessControl | Id::Distribution => format!("{prefix}-{}", scope.region),
        Id::MailUser => format!("{prefix}-{}-{}", id.instance(), scope.region),
        Id::Service(process) => process.to_string(),
        Id::TaskDefinition(family) => format!("{prefix}-{family}"),
        Id::SecurityGroup(_) | Id::Role(_) | Id::TargetGroup(_) | Id::Subnet(..) | Id::Alarm(_) => {
            format!("{prefix}-{}", id.instance())
        }
        _ => {
            let tag = id.tag().replace('/', "-");
            format!("{prefix}-{tag}")
        }
    }
}

/// The media bucket of a deployment.
#[must_use]
pub fn bucket_name(scope: &Scope) -> String {
    of(&Id::Bucket, scope)
}
