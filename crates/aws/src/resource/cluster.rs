//! The ECS cluster.

use aws_sdk_ecs::types::ClusterField;
use engine::wait::Look;
use engine::{Change, Known};

use crate::account::Account;
use crate::attributes::Attributes;
use crate::difference::Differences;
use crate::ecs;
use crate::ensure::{ensure, insist};
use crate::error::Error;
use crate::id::Id;
use crate::kind::{Found, Kind, Site};
use crate::names;
use crate::resource::Resource;
use crate::scope::Scope;
use crate::tags;

/// Where Fargate's capacity comes from: on demand, and Spot at up to 70 % off.
const PROVIDERS: [&str; 2] = ["FARGATE", "FARGATE_SPOT"];

/// What the cluster should be.
///
/// | Field | Change |
/// |---|---|
/// | capacity providers | in place |
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Cluster;

/// What was found of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LiveCluster {
    /// Sorted.
    pub providers: Vec<String>,
}

impl Kind for Cluster {
    type Live = LiveCluster;

    fn id(&self) -> Id {
        Id::Cluster
    }

    fn diff(&self, live: &LiveCluster, _: &Known<Resource>) -> Option<Change> {
        let LiveCluster { providers } = live;
        // More than these do no harm.
        let has_all = PROVIDERS
            .iter()
            .all(|wanted| providers.iter().any(|provider| provider == wanted));
        let (old, new) = match has_all {
            true => (String::new(), String::new()),
            false => (providers.join(", "), PROVIDERS.join(", ")),
        };
        Differences::new()
            .update("capacity providers", &old, &new)
            .into_change()
    }

    async fn observe(account: &Account, scope: &Scope) -> Result<Vec<Found<LiveCluster>>, Error> {
        let Some(cluster) = find(account, scope).await? else {
            return Ok(Vec::new());
        };
        let mut providers = cluster.capacity_providers.unwrap_or_default();
        providers.sort();
        let attributes = Attributes::of(cluster.cluster_arn.unwrap_or_default());
        let mut found = Found::ours(Id::Cluster, attributes, LiveCluster { providers });
        found.owner = tags::owner(&ecs::read(cluster.tags.as_deref()), scope);
        Ok(vec![found])
    }

    async fn create(&self, site: Site<'_>) -> Result<Attributes, Error> {
        let Site { account, scope, .. } = site;
        let cluster = ensure(
            || find(account, scope),
            || async {
                let made = account
                    .ecs
                    .create_cluster()
                    .cluster_name(names::of(&Id::Cluster, scope))
                    .set_capacity_providers(Some(PROVIDERS.map(str::to_owned).into()))
                    .set_tags(Some(ecs::tags(&Id::Cluster, scope, &[])))
                    .send()
                    .await
                    .map_err(|error| Error::call("ecs:CreateCluster", error))?;
                made.cluster
                    .ok_or_else(|| Error::bug("ECS made a cluster and told nothing of it"))
            },
            ecs::is_role_missing,
        )
        .await?;
        site.until(&Id::Cluster, "the cluster is active", ecs::SOON, || async {
            Ok(match find(account, scope).await? {
                Some(_) => Look::Ready(()),
                None => Look::NotYet("provisioning".to_owned()),
            })
        })
        .await?;
        Ok(Attributes::of(cluster.cluster_arn.unwrap_or_default()))
    }

    async fn update(&self, live: &Found<LiveCluster>, site: Site<'_>) -> Result<Attributes, Error> {
        let mut providers = live.live.providers.clone();
        providers.extend(PROVIDERS.map(str::to_owned));
        providers.sort();
        providers.dedup();
        let call = || async {
            site.account
                .ecs
                .put_cluster_capacity_providers()
                .cluster(names::of(&Id::Cluster, site.scope))
                .set_capacity_providers(Some(providers.clone()))
                .set_default_capacity_provider_strategy(Some(Vec::new()))
                .send()
                .await
                .map(drop)
                .map_err(|error| Error::call("ecs:PutClusterCapacityProviders", error))
        };
        insist(call, |error| {
            error.is(&["UpdateInProgressException", "ResourceInUseException"])
        })
        .await?;
        Ok(live.attributes.clone())
    }

    async fn delete(_: &Found<LiveCluster>, site: Site<'_>) -> Result<(), Error> {
        let name = names::of(&Id::Cluster, site.scope);
        let held = [
            "ClusterContainsTasksException",
            "ClusterContainsServicesException",
            "UpdateInProgressException",
        ];
        site.delete(&Id::Cluster, &held, || async {
            site.account
                .ecs
                .delete_cluster()
                .cluster(&name)
                .send()
                .await
                .map(drop)
                .map_err(|error| Error::call("ecs:DeleteCluster", error))
        })
        .await
    }
}

/// The cluster; one that was removed stays listed as `INACTIVE` for a while and is none.
async fn find(
    account: &Account,
    scope: &Scope,
) -> Result<Option<aws_sdk_ecs::types::Cluster>, Error> {
    let clusters = account
        .ecs
        .describe_clusters()
        .clusters(names::of(&Id::Cluster, scope))
        .include(ClusterField::Tags)
        .send()
        .await
        .map_err(|error| Error::call("ecs:DescribeClusters", error))?
        .clusters
        .unwrap_or_default();
    Ok(clusters.into_iter().find(|cluster| {
        cluster
            .status
            .as_deref()
            .is_none_or(|status| status == "ACTIVE")
    }))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    #[test]
    fn a_cluster_has_both_kinds_of_fargate() {
        let told = |providers: &[&str]| {
            let providers = providers.iter().map(|&name| name.to_owned()).collect();
            Cluster
                .diff(&LiveCluster { providers }, &BTreeMap::new())
                .map(|change| change.cause)
        };
        assert_eq!(told(&["FARGATE", "FARGATE_SPOT"]), None);
        assert_eq!(told(&["FARGATE", "FARGATE_SPOT", "own"]), None);
        assert_eq!(told(&["FARGATE"]).unwrap(), "capacity providers changed");
    }
}
