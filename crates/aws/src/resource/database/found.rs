//! The database as RDS tells of it.

use std::collections::BTreeMap;

use aws_sdk_rds::types::DbInstance;
use engine::Impact;

use super::LiveDatabase;
use crate::account::Account;
use crate::attributes::{Attribute, Attributes};
use crate::error::Error;
use crate::id::Id;
use crate::kind::{Found, Site};
use crate::names;
use crate::scope::Scope;
use crate::tags;

/// Whether there is one.
pub(crate) async fn exists(site: Site<'_>) -> Result<bool, Error> {
    Ok(find(site.account, site.scope).await?.is_some())
}

/// Its status, and whether its parameters are applied; empty where there is none.
pub(crate) async fn status(account: &Account, scope: &Scope) -> Result<(String, String), Error> {
    Ok(find(account, scope)
        .await?
        .map_or_else(Default::default, |instance| {
            let applied = instance
                .db_parameter_groups()
                .first()
                .and_then(|group| group.parameter_apply_status.clone());
            (
                instance.db_instance_status.unwrap_or_default(),
                applied.unwrap_or_default(),
            )
        }))
}

/// The instance of our name, whoever made it.
pub(crate) async fn find(account: &Account, scope: &Scope) -> Result<Option<DbInstance>, Error> {
    account
        .once_a_look(|seen| &seen.database, || describe(account, scope))
        .await
}

async fn describe(account: &Account, scope: &Scope) -> Result<Option<DbInstance>, Error> {
    let answer = account
        .rds
        .describe_db_instances()
        .db_instance_identifier(names::of(&Id::Database, scope))
        .send()
        .await
        .map_err(|error| Error::call("rds:DescribeDBInstances", error));
    match answer {
        Ok(answer) => Ok(answer.db_instances.unwrap_or_default().into_iter().next()),
        Err(error) if error.is_not_found() => Ok(None),
        Err(error) => Err(error),
    }
}

pub(super) fn found(instance: &DbInstance, scope: &Scope) -> Found<LiveDatabase> {
    let text = |value: &Option<String>| value.clone().unwrap_or_default();
    let pending = instance.pending_modified_values();
    let mut groups: Vec<String> = instance
        .vpc_security_groups()
        .iter()
        .filter_map(|group| group.vpc_security_group_id.clone())
        .collect();
    groups.sort();
    let live = LiveDatabase {
        status: text(&instance.db_instance_status),
        version: text(&instance.engine_version),
        class: text(&instance.db_instance_class),
        storage: instance.allocated_storage.unwrap_or_default(),
        max_storage: instance.max_allocated_storage.unwrap_or_default(),
        backups: pending
            .and_then(|pending| pending.backup_retention_period)
            .or(instance.backup_retention_period)
            .unwrap_or_default(),
        multi_az: pending
            .and_then(|pending| pending.multi_az)
            .or(instance.multi_az)
            .unwrap_or(false),
        is_encrypted: instance.storage_encrypted.unwrap_or(false),
        is_protected: instance.deletion_protection.unwrap_or(false),
        is_public: instance.publicly_accessible.unwrap_or(false),
        groups: groups.join(", "),
        parameters: instance
            .db_parameter_groups()
            .first()
            .and_then(|group| group.db_parameter_group_name.clone())
            .unwrap_or_default(),
    };
    let found_tags: BTreeMap<String, String> = instance
        .tag_list()
        .iter()
        .filter_map(|tag| Some((tag.key.clone()?, tag.value.clone()?)))
        .collect();
    let endpoint = instance.endpoint();
    let identity = instance
        .dbi_resource_id
        .clone()
        .or_else(|| instance.db_instance_arn.clone())
        .unwrap_or_default();
    let mut attributes = Attributes::of(identity)
        .with(Attribute::Arn, text(&instance.db_instance_arn))
        .with(Attribute::Dimension, text(&instance.db_instance_identifier));
    if let Some((host, port)) =
        endpoint.and_then(|endpoint| Some((endpoint.address()?, endpoint.port()?)))
    {
        attributes = attributes
            .with(Attribute::Host, host)
            .with(Attribute::Port, port.to_string());
    }
    Found {
        owner: tags::owner(&found_tags, scope),
        removal_impact: Impact::DataLoss,
        ..Found::ours(Id::Database, attributes, live)
    }
}
