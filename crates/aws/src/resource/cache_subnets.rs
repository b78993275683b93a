//! Redis's subnets: a replica goes to the other zone.

use std::collections::BTreeSet;

use engine::{Change, Known};

use crate::account::Account;
use crate::attributes::Attributes;
use crate::elasticache;
use crate::ensure::{ensure, insist, nothing_else};
use crate::error::Error;
use crate::id::Id;
use crate::kind::{Found, Kind, Site};
use crate::names;

use crate::resource::Resource;
use crate::scope::Scope;
use crate::subnets;

/// What the cache subnet group should be: the private subnets.
///
/// | Field | Change |
/// |---|---|
/// | subnets | in place |
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CacheSubnets;

/// What was found of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LiveCacheSubnets {
    /// Their ids.
    pub subnets: BTreeSet<String>,
}

impl Kind for CacheSubnets {
    type Live = LiveCacheSubnets;

    fn id(&self) -> Id {
        Id::CacheSubnets
    }

    fn diff(&self, live: &LiveCacheSubnets, known: &Known<Resource>) -> Option<Change> {
        let LiveCacheSubnets { subnets } = live;
        subnets::diff(subnets, known)
    }

    async fn observe(
        account: &Account,
        scope: &Scope,
    ) -> Result<Vec<Found<LiveCacheSubnets>>, Error> {
        Ok(find(account, scope).await?.into_iter().collect())
    }

    async fn create(&self, site: Site<'_>) -> Result<Attributes, Error> {
        let Site { account, scope, .. } = site;
        let name = names::of(&Id::CacheSubnets, scope);
        let subnets = subnets::wanted(site)?;
        ensure(
            || async { Ok(find(account, scope).await?.map(|found| found.attributes)) },
            || async {
                account
                    .elasticache
                    .create_cache_subnet_group()
                    .cache_subnet_group_name(&name)
                    .cache_subnet_group_description("The private subnets; made by masto")
                    .set_subnet_ids(Some(subnets.iter().cloned().collect()))
                    .set_tags(Some(elasticache::tags(&Id::CacheSubnets, scope)))
                    .customize()
                    .config_override(elasticache::once())
                    .send()
                    .await
                    .map_err(|error| Error::call("elasticache:CreateCacheSubnetGroup", error))?;
                Ok(Attributes::of(&name))
            },
            // A subnet that EC2 has just made, and ElastiCache does not know yet.
            |error| error.is(&["InvalidSubnet"]),
        )
        .await
    }

    async fn update(
        &self,
        live: &Found<LiveCacheSubnets>,
        site: Site<'_>,
    ) -> Result<Attributes, Error> {
        let subnets = subnets::wanted(site)?;
        insist(
            || async {
                site.account
                    .elasticache
                    .modify_cache_subnet_group()
                    .cache_subnet_group_name(&live.attributes.identity)
                    .set_subnet_ids(Some(subnets.iter().cloned().collect()))
                    .send()
                    .await
                    .map(drop)
                    .map_err(|error| Error::call("elasticache:ModifyCacheSubnetGroup", error))
            },
            nothing_else,
        )
        .await?;
        Ok(live.attributes.clone())
    }

    async fn delete(live: &Found<LiveCacheSubnets>, site: Site<'_>) -> Result<(), Error> {
        site.delete(&Id::CacheSubnets, &["CacheSubnetGroupInUse"], || async {
            site.account
                .elasticache
                .delete_cache_subnet_group()
                .cache_subnet_group_name(&live.attributes.identity)
                .send()
                .await
                .map(drop)
                .map_err(|error| Error::call("elasticache:DeleteCacheSubnetGroup", error))
        })
        .await
    }
}

/// Ours by its name: `masto-…` belongs to no one else, and asking for the tags would be a call more
/// at every plan.
async fn find(account: &Account, scope: &Scope) -> Result<Option<Found<LiveCacheSubnets>>, Error> {
    let answer = account
        .elasticache
        .describe_cache_subnet_groups()
        .cache_subnet_group_name(names::of(&Id::CacheSubnets, scope))
        .send()
        .await
        .map_err(|error| Error::call("elasticache:DescribeCacheSubnetGroups", error));
    let groups = match answer {
        Ok(answer) => answer.cache_subnet_groups.unwrap_or_default(),
        Err(error) if error.is_not_found() => Vec::new(),
        Err(error) => return Err(error),
    };
    Ok(groups.into_iter().next().map(|group| {
        let subnets = group
            .subnets()
            .iter()
            .filter_map(|subnet| subnet.subnet_identifier.clone())
            .collect();
        let name = group.cache_subnet_group_name.unwrap_or_default();
        Found::ours(
            Id::CacheSubnets,
            Attributes::of(name),
            LiveCacheSubnets { subnets },
        )
    }))
}
