//! The database's subnets: RDS wants two zones even for an instance in one.

use std::collections::BTreeSet;

use aws_sdk_rds::types::DbSubnetGroup;
use engine::{Change, Known};

use crate::account::Account;
use crate::attributes::Attributes;
use crate::ensure::{ensure, insist, nothing_else};
use crate::error::Error;
use crate::id::Id;
use crate::kind::{Found, Kind, Site};
use crate::names;
use crate::rds;
use crate::resource::{Resource, database};
use crate::scope::Scope;
use crate::subnets;

/// What the DB subnet group should be: the private subnets.
///
/// | Field | Change |
/// |---|---|
/// | subnets | in place |
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DatabaseSubnets;

/// What was found of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LiveDatabaseSubnets {
    /// Their ids.
    pub subnets: BTreeSet<String>,
}

impl Kind for DatabaseSubnets {
    type Live = LiveDatabaseSubnets;

    fn id(&self) -> Id {
        Id::DatabaseSubnets
    }

    fn diff(&self, live: &LiveDatabaseSubnets, known: &Known<Resource>) -> Option<Change> {
        let LiveDatabaseSubnets { subnets } = live;
        subnets::diff(subnets, known)
    }

    async fn observe(
        account: &Account,
        scope: &Scope,
    ) -> Result<Vec<Found<LiveDatabaseSubnets>>, Error> {
        // An instance tells the group that it is in, subnets and all.
        let told = database::find(account, scope)
            .await?
            .and_then(|instance| instance.db_subnet_group)
            .filter(|group| {
                group.db_subnet_group_name() == Some(&*names::of(&Id::DatabaseSubnets, scope))
            })
            .filter(|group| !group.subnets().is_empty());
        Ok(match told {
            Some(group) => vec![found(group)],
            None => find(account, scope).await?.into_iter().collect(),
        })
    }

    async fn create(&self, site: Site<'_>) -> Result<Attributes, Error> {
        let Site { account, scope, .. } = site;
        let name = names::of(&Id::DatabaseSubnets, scope);
        let subnets = subnets::wanted(site)?;
        ensure(
            || async { Ok(find(account, scope).await?.map(|found| found.attributes)) },
            || async {
                account
                    .rds
                    .create_db_subnet_group()
                    .db_subnet_group_name(&name)
                    .db_subnet_group_description("The private subnets; made by masto")
                    .set_subnet_ids(Some(subnets.iter().cloned().collect()))
                    .set_tags(Some(rds::tags(&Id::DatabaseSubnets, scope)))
                    .customize()
                    .config_override(rds::once())
                    .send()
                    .await
                    .map_err(|error| Error::call("rds:CreateDBSubnetGroup", error))?;
                Ok(Attributes::of(&name))
            },
            // A subnet that EC2 has just made, and RDS does not know yet.
            |error| error.is(&["InvalidSubnet"]),
        )
        .await
    }

    async fn update(
        &self,
        live: &Found<LiveDatabaseSubnets>,
        site: Site<'_>,
    ) -> Result<Attributes, Error> {
        let subnets = subnets::wanted(site)?;
        insist(
            || async {
                site.account
                    .rds
                    .modify_db_subnet_group()
                    .db_subnet_group_name(&live.attributes.identity)
                    .set_subnet_ids(Some(subnets.iter().cloned().collect()))
                    .send()
                    .await
                    .map(drop)
                    .map_err(|error| Error::call("rds:ModifyDBSubnetGroup", error))
            },
            nothing_else,
        )
        .await?;
        Ok(live.attributes.clone())
    }

    async fn delete(live: &Found<LiveDatabaseSubnets>, site: Site<'_>) -> Result<(), Error> {
        site.delete(
            &Id::DatabaseSubnets,
            &[
                "InvalidDBSubnetGroupStateFault",
                "InvalidDBSubnetGroupState",
            ],
            || async {
                site.account
                    .rds
                    .delete_db_subnet_group()
                    .db_subnet_group_name(&live.attributes.identity)
                    .send()
                    .await
                    .map(drop)
                    .map_err(|error| Error::call("rds:DeleteDBSubnetGroup", error))
            },
        )
        .await
    }
}

/// Ours by its name: `masto-…` belongs to no one else, and asking for the tags would be a call more
/// at every plan.
async fn find(
    account: &Account,
    scope: &Scope,
) -> Result<Option<Found<LiveDatabaseSubnets>>, Error> {
    let answer = account
        .rds
        .describe_db_subnet_groups()
        .db_subnet_group_name(names::of(&Id::DatabaseSubnets, scope))
        .send()
        .await
        .map_err(|error| Error::call("rds:DescribeDBSubnetGroups", error));
    let groups = match answer {
        Ok(answer) => answer.db_subnet_groups.unwrap_or_default(),
        Err(error) if error.is_not_found() => Vec::new(),
        Err(error) => return Err(error),
    };
    Ok(groups.into_iter().next().map(found))
}

fn found(group: DbSubnetGroup) -> Found<LiveDatabaseSubnets> {
    let subnets = group
        .subnets()
        .iter()
        .filter_map(|subnet| subnet.subnet_identifier.clone())
        .collect();
    Found::ours(
        Id::DatabaseSubnets,
        Attributes::of(group.db_subnet_group_name.unwrap_or_default()),
        LiveDatabaseSubnets { subnets },
    )
}
