//! Redis or Valkey: ElastiCache with one shard, TLS and a password.

mod change;

use std::collections::BTreeMap;
use std::time::Duration;

use aws_sdk_elasticache::types::{
    AutomaticFailoverStatus, CacheCluster, MultiAzStatus, ReplicationGroup,
};
use engine::wait::Look;
use engine::{Change, Impact, Known};
use mastodon::SecretName;
use topology::{RedisEngine, StoreVersion};

use crate::account::Account;
use crate::attributes::{Attribute, Attributes};
use crate::difference::Differences;
use crate::elasticache;
use crate::ensure::ensure;
use crate::error::Error;
use crate::id::{GroupRole, Id};
use crate::kind::{Found, Kind, Site};
use crate::names;
use crate::resource::Resource;
use crate::resource::cache_parameters;
use crate::scope::Scope;
use crate::secrets::{self, REDIS_URL};
use crate::tags;

/// Five to ten minutes are usual.
const CREATION: Duration = Duration::from_secs(40 * 60);
/// Another class, a replica, a major version.
const CHANGE: Duration = Duration::from_secs(60 * 60);
const REMOVAL: Duration = Duration::from_secs(30 * 60);

/// What the cache should be. Encryption, the password and one shard (Sidekiq cannot use a cluster)
/// belong to every one.
///
/// | Field | Change |
/// |---|---|
/// | `engine` | Redis → Valkey: in place; Valkey → Redis: refused |
/// | `version` | up: in place; down: refused |
/// | `node_type` | in place |
/// | `nodes` | in place; two mean a replica in the other zone that takes over |
/// | encryption, password | refused: they are set when it is made |
/// | security group, parameter group | in place |
/// | address in the secret | written again |
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cache {
    /// Which server.
    pub engine: RedisEngine,
    /// As ElastiCache numbers it; without a minor version the newest of the major one.
    pub version: StoreVersion,
    /// `cache.t4g.micro`.
    pub node_type: String,
    /// One, or two with failover.
    pub nodes: i32,
}

/// What was found of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LiveCache {
    /// `available`, `creating`, `modifying`, `deleting`, `create-failed`.
    pub status: String,
    /// `redis`, `valkey`.
    pub engine: String,
    /// `7.1.0`; empty where no node tells.
    pub version: String,
    /// Of the nodes.
    pub node_type: String,
    /// How many.
    pub nodes: i32,
    /// Whether the replica takes over by itself.
    pub has_failover: bool,
    /// TLS, encryption at rest and password.
    pub is_safe: bool,
    /// Ids, joined; empty where no node tells.
    pub groups: String,
    /// The parameter group; empty where no node tells.
    pub parameters: String,
    /// Whether the secret has its address.
    pub url_is_stored: bool,
}

impl Cache {
    /// `7.1`: what is asked for.
    #[must_use]
    pub fn engine_version(&self) -> String {
        let StoreVersion { major, minor } = self.version;
        match (self.engine, major, minor) {
            (RedisEngine::Redis, 5, _) => "5.0.6".to_owned(),
            (RedisEngine::Redis, 6, None) => "6.2".to_owned(),
            (RedisEngine::Redis, 7, None) => "7.1".to_owned(),
            (RedisEngine::Valkey, 7, None) => "7.2".to_owned(),
            (RedisEngine::Valkey, 8, None) => "8.1".to_owned(),
            (_, major, None) => format!("{major}.0"),
            (_, major, Some(minor)) => format!("{major}.{minor}"),
        }
    }

    /// The parameter group's family for it.
    #[must_use]
    pub fn family(&self) -> String {
        let major = self.version.major;
        match (self.engine, major) {
            (RedisEngine::Redis, 5) => "redis5.0".to_owned(),
            (RedisEngine::Redis, 6) => "redis6.x".to_owned(),
            (RedisEngine::Redis, major) => format!("redis{major}"),
            (RedisEngine::Valkey, major) => format!("valkey{major}"),
        }
    }
}

impl Kind for Cache {
    type Live = LiveCache;

    fn id(&self) -> Id {
        Id::Cache
    }

    fn diff(&self, live: &LiveCache, known: &Known<Resource>) -> Option<Change> {
        let Self {
            engine,
            version,
            node_type,
            nodes,
        } = self;
        let mut differences = Differences::new();
        if live.status == "deleting" || live.status == "create-failed" {
            return differences
                .replace_with("status", &live.status.as_str(), &"available", Impact::None)
                .into_change();
        }
        let engine = engine.to_string();
        differences = if live.engine == "valkey" && engine == "redis" {
            differences.refuse(
                "engine",
                &live.engine,
                &engine,
                "ElastiCache goes from Redis to Valkey and not back: write `engine: valkey`",
            )
        } else {
            differences.update("engine", &live.engine, &engine)
        };
        if let Some(found) = version_of(&live.version, *version)
            && live.engine == engine
        {
            differences = if found > *version {
                differences.refuse(
                    "version",
                    &found,
                    version,
                    "ElastiCache does not go back to an older version: write the one that is there",
                )
            } else {
                differences.update("version", &found, version)
            };
        }
        differences = differences
            .update("node type", &live.node_type, node_type)
            .update("nodes", &live.nodes, nodes)
            .update("failover", &live.has_failover, &(*nodes > 1))
            .refuse(
                "TLS, encryption and password",
                &live.is_safe,
                &true,
                "they are set when a cache is made: remove this one in the console; the next \
                 `masto up --aws` makes it anew, with empty queues",
            );
        // Only nodes tell these; an emulator may have none.
        if let Some(group) = known.get(&Id::SecurityGroup(GroupRole::Redis))
            && !live.groups.is_empty()
        {
            differences = differences.update("security group", &live.groups, &group.identity);
        }
        if let Some(parameters) = known.get(&Id::CacheParameters)
            && !live.parameters.is_empty()
        {
            differences =
                differences.update("parameter group", &live.parameters, &parameters.identity);
        }
        differences
            .update("address in the secret", &live.url_is_stored, &true)
            .into_change()
    }

    async fn observe(account: &Account, scope: &Scope) -> Result<Vec<Found<LiveCache>>, Error> {
        let Some(group) = find(account, scope).await? else {
            return Ok(Vec::new());
        };
        let nodes = nodes(account, &group).await?;
        let document = secrets::document(account, scope).await?;
        let stored = document.get(REDIS_URL).unwrap_or_default();
        let url = address(&group).zip(document.get(SecretName::RedisPassword.as_str()));
        let url_is_stored = match url {
            Some(((host, port), password)) => stored == url_of(&host, port, password),
            // It has none yet.
            None => true,
        };
        let mut found = found(&group, &nodes);
        found.live.url_is_stored = url_is_stored;
        if let Some(arn) = group.arn() {
            let answer = account
                .elasticache
                .list_tags_for_resource()
                .resource_name(arn)
                .send()
                .await
                .map_err(|error| Error::call("elasticache:ListTagsForResource", error))?;
            let found_tags: BTreeMap<String, String> = answer
                .tag_list
                .unwrap_or_default()
                .into_iter()
                .filter_map(|tag| Some((tag.key?, tag.value?)))
                .collect();
            found.owner = tags::owner(&found_tags, scope);
        }
        Ok(vec![found])
    }

    async fn create(&self, site: Site<'_>) -> Result<Attributes, Error> {
        let Site { account, scope, .. } = site;
        let name = names::of(&Id::Cache, scope);
        let password = password(site)?;
        let group = site.identity(&Id::SecurityGroup(GroupRole::Redis))?;
        let subnets = site.identity(&Id::CacheSubnets)?;
        let parameters = site.identity(&Id::CacheParameters)?;
        ensure(
            || async { Ok(find(account, scope).await?.map(drop)) },
            || async {
                account
                    .elasticache
                    .create_replication_group()
                    .replication_group_id(&name)
                    .replication_group_description("Queues and feeds of Mastodon; made by masto")
                    .engine(self.engine.to_string())
                    .engine_version(self.engine_version())
                    .cache_node_type(&self.node_type)
                    .num_cache_clusters(self.nodes)
                    .automatic_failover_enabled(self.nodes > 1)
                    .multi_az_enabled(self.nodes > 1)
                    .cache_subnet_group_name(subnets)
                    .security_group_ids(group)
                    .cache_parameter_group_name(parameters)
                    .transit_encryption_enabled(true)
                    .at_rest_encryption_enabled(true)
                    .auth_token(&password)
                    // Jobs that wait survive a lost node.
                    .snapshot_retention_limit(1)
                    .auto_minor_version_upgrade(true)
                    .set_tags(Some(elasticache::tags(&Id::Cache, scope)))
                    .customize()
                    .config_override(elasticache::once())
                    .send()
                    .await
                    .map(drop)
                    .map_err(|error| Error::call("elasticache:CreateReplicationGroup", error))
            },
            |error| error.is_not_found() || error.is_service_linked_role_missing(),
        )
        .await?;
        let found = settled(site, CREATION).await?;
        store_url(site, &found).await?;
        Ok(self::found(&found, &[]).attributes)
    }

    async fn update(&self, live: &Found<LiveCache>, site: Site<'_>) -> Result<Attributes, Error> {
        let old = &live.live;
        let parameters = site.identity(&Id::CacheParameters)?;
        settled(site, CHANGE).await?;
        let moves = old.engine != self.engine.to_string()
            || version_of(&old.version, self.version).is_some_and(|found| found < self.version);
        let grows = self.nodes > old.nodes;
        if grows {
            self.set_nodes(site, old).await?;
        }
        self.modify(site, old, moves).await?;
        let found = settled(site, CHANGE).await?;
        if self.nodes < old.nodes {
            self.set_nodes(site, old).await?;
        }
        if moves || old.parameters != parameters {
            cache_parameters::remove_others(site, parameters).await?;
        }
        store_url(site, &found).await?;
        Ok(self::found(&found, &[]).attributes)
    }

    async fn delete(live: &Found<LiveCache>, site: Site<'_>) -> Result<(), Error> {
        let name = names::of(&Id::Cache, site.scope);
        if live.live.status != "deleting" {
            let held = [
                "InvalidReplicationGroupState",
                "InvalidReplicationGroupStateFault",
            ];
            site.delete(&Id::Cache, &held, || async {
                let answer = site
                    .account
                    .elasticache
                    .delete_replication_group()
                    .replication_group_id(&name)
                    .send()
                    .await
                    .map(drop)
                    .map_err(|error| Error::call("elasticache:DeleteReplicationGroup", error));
                match answer {
                    Err(error) if error.is(&held) && is_leaving(site).await? => Ok(()),
                    answer => answer,
                }
            })
            .await?;
        }
        site.until(&Id::Cache, "the cache is gone", REMOVAL, || async {
            Ok(match find(site.account, site.scope).await? {
                None => Look::Ready(()),
                Some(group) => Look::NotYet(group.status.unwrap_or_default()),
            })
        })
        .await
    }
}

async fn settled(site: Site<'_>, bound: Duration) -> Result<ReplicationGroup, Error> {
    site.until(&Id::Cache, "the cache is available", bound, || async {
        let Some(group) = find(site.account, site.scope).await? else {
            return Ok(Look::NotYet("not listed yet".to_owned()));
        };
        match group.status.clone().unwrap_or_default().as_str() {
            "create-failed" => Err(Error::Failed {
                id: Id::Cache,
                reason: "ElastiCache could not make it".to_owned(),
                hint: Some(format!(
                    "ElastiCache says why:  aws elasticache describe-events --source-type \
                     replication-group --source-identifier {} --duration 1440",
                    names::of(&Id::Cache, site.scope)
                )),
                tail: Vec::new(),
            }),
            "available" if address(&group).is_some() => Ok(Look::Ready(group)),
            status => Ok(Look::NotYet(status.to_owned())),
        }
    })
    .await
}

async fn is_leaving(site: Site<'_>) -> Result<bool, Error> {
    let group = find(site.account, site.scope).await?;
    Ok(group.is_none_or(|group| group.status() == Some("deleting")))
}

fn password(site: Site<'_>) -> Result<String, Error> {
    site.secrets
        .get(SecretName::RedisPassword)
        .map(|secret| secret.expose().to_owned())
        .ok_or_else(|| Error::bug("the cache is made without a password"))
}

/// The address has the password in it, so that it is a secret itself.
async fn store_url(site: Site<'_>, group: &ReplicationGroup) -> Result<(), Error> {
    let (host, port) =
        address(group).ok_or_else(|| Error::bug("an available cache has no address"))?;
    let url = url_of(&host, port, &password(site)?);
    secrets::edit(site.account, site.scope, |document| {
        document.set(REDIS_URL, url);
    })
    .await
}

fn url_of(host: &str, port: i32, password: &str) -> String {
    // The password has letters and digits only.
    format!("rediss://:{password}@{host}:{port}/0")
}

fn address(group: &ReplicationGroup) -> Option<(String, i32)> {
    let endpoint = group.node_groups().first()?.primary_endpoint()?;
    Some((endpoint.address()?.to_owned(), endpoint.port()?))
}

async fn find(account: &Account, scope: &Scope) -> Result<Option<ReplicationGroup>, Error> {
    let answer = account
        .elasticache
        .describe_replication_groups()
        .replication_group_id(names::of(&Id::Cache, scope))
        .send()
        .await
        .map_err(|error| Error::call("elasticache:DescribeReplicationGroups", error));
    match answer {
        Ok(answer) => Ok(answer
            .replication_groups
            .unwrap_or_default()
            .into_iter()
            .next()),
        Err(error) if error.is_not_found() => Ok(None),
        Err(error) => Err(error),
    }
}

/// Its nodes: the group itself tells neither version nor groups.
async fn nodes(account: &Account, group: &ReplicationGroup) -> Result<Vec<CacheCluster>, Error> {
    let Some(first) = group.member_clusters().first() else {
        return Ok(Vec::new());
    };
    let answer = account
        .elasticache
        .describe_cache_clusters()
        .cache_cluster_id(first)
        .send()
        .await
        .map_err(|error| Error::call("elasticache:DescribeCacheClusters", error));
    match answer {
        Ok(answer) => Ok(answer.cache_clusters.unwrap_or_default()),
        Err(error) if error.is_not_found() => Ok(Vec::new()),
        Err(error) => Err(error),
    }
}

fn found(group: &ReplicationGroup, nodes: &[CacheCluster]) -> Found<LiveCache> {
    let node = nodes.first();
    let mut groups: Vec<String> = node
        .map(CacheCluster::security_groups)
        .unwrap_or_default()
        .iter()
        .filter_map(|group| group.security_group_id.clone())
        .collect();
    groups.sort();
    let engine = group
        .engine()
        .or_else(|| node.and_then(CacheCluster::engine))
        .unwrap_or("redis");
    let failover = group.automatic_failover() == Some(&AutomaticFailoverStatus::Enabled)
        || group.automatic_failover() == Some(&AutomaticFailoverStatus::Enabling);
    let zones = group.multi_az() != Some(&MultiAzStatus::Disabled);
    let live = LiveCache {
        status: group.status.clone().unwrap_or_default(),
        engine: engine.to_owned(),
        version: node
            .and_then(CacheCluster::engine_version)
            .unwrap_or_default()
            .to_owned(),
        node_type: group
            .cache_node_type()
            .or_else(|| node.and_then(CacheCluster::cache_node_type))
            .unwrap_or_default()
            .to_owned(),
        nodes: i32::try_from(group.member_clusters().len()).unwrap_or(i32::MAX),
        has_failover: failover && zones,
        is_safe: group.transit_encryption_enabled == Some(true)
            && group.at_rest_encryption_enabled == Some(true)
            && group.auth_token_enabled != Some(false),
        groups: groups.join(", "),
        parameters: node
            .and_then(CacheCluster::cache_parameter_group)
            .and_then(|group| group.cache_parameter_group_name.clone())
            .unwrap_or_default(),
        url_is_stored: true,
    };
    let arn = group.arn.clone().unwrap_or_default();
    let mut attributes = Attributes::of(&arn).with(Attribute::Arn, &arn);
    if let Some((host, port)) = address(group) {
        attributes = attributes
            .with(Attribute::Host, host)
            .with(Attribute::Port, port.to_string());
    }
    if let Some(node) = group.member_clusters().first() {
        attributes = attributes.with(Attribute::Dimension, node);
    }
    Found {
        // Jobs that wait, and people's feeds.
        removal_impact: Impact::DataLoss,
        ..Found::ours(Id::Cache, attributes, live)
    }
}

/// A found version as far as `wanted` tells apart; `None` where it cannot be read.
fn version_of(found: &str, wanted: StoreVersion) -> Option<StoreVersion> {
    let mut parts = found.split('.').map(|part| part.parse::<u8>().ok());
    let major = parts.next()??;
    let minor = parts.next().flatten();
    Some(StoreVersion {
        major,
        minor: wanted.minor.and(minor),
    })
}

#[cfg(test)]
#[path = "cache_tests.rs"]
mod tests;
