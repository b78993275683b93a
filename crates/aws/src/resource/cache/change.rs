//! What changes in a cache that is there.

use super::{CHANGE, Cache, LiveCache, settled};
use crate::ensure::insist;
use crate::error::Error;
use crate::id::{GroupRole, Id};
use crate::kind::Site;
use crate::names;

/// Codes of a cache that is at something else.
const BUSY: [&str; 2] = [
    "InvalidReplicationGroupState",
    "InvalidReplicationGroupStateFault",
];

impl Cache {
    /// Everything that one call changes; none where nothing of it differs.
    pub(super) async fn modify(
        &self,
        site: Site<'_>,
        old: &LiveCache,
        moves: bool,
    ) -> Result<(), Error> {
        let name = names::of(&Id::Cache, site.scope);
        let group = site.identity(&Id::SecurityGroup(GroupRole::Redis))?;
        let parameters = site.identity(&Id::CacheParameters)?;
        let failover = self.nodes > 1;
        let regroups = !old.groups.is_empty() && old.groups != group;
        let resets = moves || (!old.parameters.is_empty() && old.parameters != parameters);
        let resizes = old.node_type != self.node_type;
        if !(regroups || resets || resizes || old.has_failover != failover) {
            return Ok(());
        }
        insist(
            || async {
                let mut call = site
                    .account
                    .elasticache
                    .modify_replication_group()
                    .replication_group_id(&name)
                    .apply_immediately(true);
                if regroups {
                    call = call.security_group_ids(group);
                }
                if resets {
                    call = call.cache_parameter_group_name(parameters);
                }
                if resizes {
                    call = call.cache_node_type(&self.node_type);
                }
                if moves {
                    call = call
                        .engine(self.engine.to_string())
                        .engine_version(self.engine_version());
                }
                if old.has_failover != failover {
                    call = call
                        .automatic_failover_enabled(failover)
                        .multi_az_enabled(failover);
                }
                call.send()
                    .await
                    .map(drop)
                    .map_err(|error| Error::call("elasticache:ModifyReplicationGroup", error))
            },
            |error| error.is(&BUSY),
        )
        .await
    }

    /// One replica more, or one less.
    pub(super) async fn set_nodes(&self, site: Site<'_>, old: &LiveCache) -> Result<(), Error> {
        let name = names::of(&Id::Cache, site.scope);
        let client = &site.account.elasticache;
        insist(
            || async {
                if self.nodes > old.nodes {
                    client
                        .increase_replica_count()
                        .replication_group_id(&name)
                        .new_replica_count(self.nodes - 1)
                        .apply_immediately(true)
                        .send()
                        .await
                        .map(drop)
                        .map_err(|error| Error::call("elasticache:IncreaseReplicaCount", error))
                } else {
                    client
                        .decrease_replica_count()
                        .replication_group_id(&name)
                        .new_replica_count(self.nodes - 1)
                        .apply_immediately(true)
                        .send()
                        .await
                        .map(drop)
                        .map_err(|error| Error::call("elasticache:DecreaseReplicaCount", error))
                }
            },
            |error| error.is(&BUSY),
        )
        .await?;
        settled(site, CHANGE).await.map(drop)
    }
}
