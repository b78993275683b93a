//! Redis's settings.

use aws_sdk_elasticache::types::ParameterNameValue;
use engine::{Change, Known};

use crate::account::Account;
use crate::attributes::Attributes;
use crate::difference::Differences;
use crate::elasticache;
use crate::ensure::{ensure, insist, nothing_else};
use crate::error::Error;
use crate::id::Id;
use crate::kind::{Found, Kind, Site};
use crate::names;
use crate::resource::Resource;
use crate::scope::Scope;

/// The parameter, and the only value that Sidekiq can live with: any other lets a full Redis throw
/// away jobs. ElastiCache's own is `volatile-lru`.
const POLICY: (&str, &str) = ("maxmemory-policy", "noeviction");

/// What the parameter group should be. Those that AWS makes cannot be edited.
///
/// | Field | Change |
/// |---|---|
/// | `family` | a second group is made; the cache moves over and removes the first |
/// | `maxmemory-policy` | in place |
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CacheParameters {
    /// `redis7`, `valkey8`: must match the cache's engine and version.
    pub family: String,
}

/// What was found of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LiveCacheParameters {
    /// Every family that has a group, in order.
    pub families: Vec<String>,
    /// Of the group that comes last.
    pub policy: String,
}

impl Kind for CacheParameters {
    type Live = LiveCacheParameters;

    fn id(&self) -> Id {
        Id::CacheParameters
    }

    fn diff(&self, live: &LiveCacheParameters, _: &Known<Resource>) -> Option<Change> {
        let Self { family } = self;
        let LiveCacheParameters { families, policy } = live;
        let newest = families.last().cloned().unwrap_or_default();
        let differences = Differences::new().update("family", &newest, family);
        if newest == *family {
            differences.update(POLICY.0, &policy.as_str(), &POLICY.1)
        } else {
            differences
        }
        .into_change()
    }

    async fn observe(
        account: &Account,
        scope: &Scope,
    ) -> Result<Vec<Found<LiveCacheParameters>>, Error> {
        let families = find(account, scope).await?;
        let Some(newest) = families.last() else {
            return Ok(Vec::new());
        };
        let name = name(newest, scope);
        let policy = account
            .elasticache
            .describe_cache_parameters()
            .cache_parameter_group_name(&name)
            .source("user")
            .into_paginator()
            .send()
            .collect::<Result<Vec<_>, _>>()
            .await
            .map_err(|error| Error::call("elasticache:DescribeCacheParameters", error))?
            .into_iter()
            .flat_map(|page| page.parameters.unwrap_or_default())
            .find(|parameter| parameter.parameter_name() == Some(POLICY.0))
            .and_then(|parameter| parameter.parameter_value)
            .unwrap_or_default();
        Ok(vec![Found::ours(
            Id::CacheParameters,
            Attributes::of(name),
            LiveCacheParameters { families, policy },
        )])
    }

    async fn create(&self, site: Site<'_>) -> Result<Attributes, Error> {
        let Site { account, scope, .. } = site;
        let name = name(&self.family, scope);
        ensure(
            || async {
                let families = find(account, scope).await?;
                Ok(families.contains(&self.family).then_some(()))
            },
            || async {
                account
                    .elasticache
                    .create_cache_parameter_group()
                    .cache_parameter_group_name(&name)
                    .cache_parameter_group_family(&self.family)
                    .description("Redis for Mastodon; made by masto")
                    .set_tags(Some(elasticache::tags(&Id::CacheParameters, scope)))
                    .customize()
                    .config_override(elasticache::once())
                    .send()
                    .await
                    .map(drop)
                    .map_err(|error| Error::call("elasticache:CreateCacheParameterGroup", error))
            },
            nothing_else,
        )
        .await?;
        set(site, &name).await?;
        Ok(Attributes::of(name))
    }

    async fn update(
        &self,
        _: &Found<LiveCacheParameters>,
        site: Site<'_>,
    ) -> Result<Attributes, Error> {
        self.create(site).await
    }

    async fn delete(live: &Found<LiveCacheParameters>, site: Site<'_>) -> Result<(), Error> {
        for family in &live.live.families {
            remove(site, &name(family, site.scope)).await?;
        }
        Ok(())
    }
}

async fn set(site: Site<'_>, name: &str) -> Result<(), Error> {
    let value = ParameterNameValue::builder()
        .parameter_name(POLICY.0)
        .parameter_value(POLICY.1)
        .build();
    insist(
        || async {
            site.account
                .elasticache
                .modify_cache_parameter_group()
                .cache_parameter_group_name(name)
                .parameter_name_values(value.clone())
                .send()
                .await
                .map(drop)
                .map_err(|error| Error::call("elasticache:ModifyCacheParameterGroup", error))
        },
        // It was made a moment ago.
        Error::is_not_found,
    )
    .await
}

/// The family is part of the name: during a major upgrade there are two.
fn name(family: &str, scope: &Scope) -> String {
    let family = family.replace('.', "-");
    format!("{}-{family}", names::of(&Id::CacheParameters, scope))
}

async fn remove(site: Site<'_>, name: &str) -> Result<(), Error> {
    let held = ["InvalidCacheParameterGroupState"];
    site.delete(&Id::CacheParameters, &held, || async {
        site.account
            .elasticache
            .delete_cache_parameter_group()
            .cache_parameter_group_name(name)
            .send()
            .await
            .map(drop)
            .map_err(|error| Error::call("elasticache:DeleteCacheParameterGroup", error))
    })
    .await
}

/// Removes the groups that the cache has left.
pub(crate) async fn remove_others(site: Site<'_>, current: &str) -> Result<(), Error> {
    for family in find(site.account, site.scope).await? {
        let name = name(&family, site.scope);
        if name != current {
            remove(site, &name).await?;
        }
    }
    Ok(())
}

/// The families that have a group of ours; Valkey's come last, as the only way leads there.
async fn find(account: &Account, scope: &Scope) -> Result<Vec<String>, Error> {
    let groups = account
        .elasticache
        .describe_cache_parameter_groups()
        .into_paginator()
        .items()
        .send()
        .collect::<Result<Vec<_>, _>>()
        .await
        .map_err(|error| Error::call("elasticache:DescribeCacheParameterGroups", error))?;
    let mut families: Vec<String> = groups
        .into_iter()
        .filter(|group| {
            let family = group
                .cache_parameter_group_family
                .as_deref()
                .unwrap_or_default();
            group.cache_parameter_group_name.as_deref() == Some(name(family, scope).as_str())
        })
        .filter_map(|group| group.cache_parameter_group_family)
        .collect();
    families.sort();
    Ok(families)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    #[test]
    fn a_cache_that_would_throw_jobs_away_is_mended() {
        let desired = CacheParameters {
            family: "redis7".to_owned(),
        };
        let change = |families: &[&str], policy: &str| {
            let live = LiveCacheParameters {
                families: families.iter().map(|&family| family.to_owned()).collect(),
                policy: policy.to_owned(),
            };
            desired
                .diff(&live, &BTreeMap::new())
                .map(|change| change.cause)
        };
        assert_eq!(change(&["redis6.x", "redis7"], "noeviction"), None);
        assert_eq!(
            change(&["redis7"], "volatile-lru").unwrap(),
            "maxmemory-policy changed"
        );
        assert_eq!(
            change(&["redis6.x"], "noeviction").unwrap(),
            "family changed"
        );
        assert_eq!(
            name("redis6.x", &crate::fixture::scope()),
            "masto-social-cache-parameter-group-redis6-x"
        );
    }
}
