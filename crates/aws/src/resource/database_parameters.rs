//! The database's settings.

use std::collections::BTreeMap;
use std::time::Duration;

use aws_sdk_rds::types::{ApplyMethod, Parameter};
use engine::wait::Look;
use engine::{Change, Impact, Known};

use crate::account::Account;
use crate::attributes::Attributes;
use crate::difference::Differences;
use crate::ensure::{ensure, insist, nothing_else};
use crate::error::Error;
use crate::id::Id;
use crate::kind::{Found, Kind, Site};
use crate::names;
use crate::rds;
use crate::resource::Resource;
use crate::resource::database;
use crate::scope::Scope;

/// What the parameter group should be. Those that AWS makes cannot be edited.
///
/// | Field | Change |
/// |---|---|
/// | `family` | a second group is made; the database moves over and removes the first |
/// | `parameters` | in place; the database restarts for `max_connections` |
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DatabaseParameters {
    /// `postgres17`: must match the database's major version.
    pub family: String,
    /// The values that are not PostgreSQL's own.
    pub parameters: BTreeMap<String, String>,
}

/// What was found of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LiveDatabaseParameters {
    /// Of the newest group.
    pub family: String,
    /// What was set in it.
    pub parameters: BTreeMap<String, String>,
    /// All groups of this deployment by name, the newest family last; there are two during a major
    /// upgrade.
    pub groups: Vec<String>,
}

impl DatabaseParameters {
    /// With `rds.force_ssl`, which is RDS's default from 15 on, and as many connections as
    /// `mastodon::max_connections` counts on.
    #[must_use]
    pub fn new(version: u8, max_connections: u32) -> Self {
        Self {
            family: format!("postgres{version}"),
            parameters: BTreeMap::from([
                ("max_connections".to_owned(), max_connections.to_string()),
                ("rds.force_ssl".to_owned(), "1".to_owned()),
            ]),
        }
    }
}

impl Kind for DatabaseParameters {
    type Live = LiveDatabaseParameters;

    fn id(&self) -> Id {
        Id::DatabaseParameters
    }

    fn diff(&self, live: &LiveDatabaseParameters, _: &Known<Resource>) -> Option<Change> {
        let Self { family, parameters } = self;
        let LiveDatabaseParameters {
            family: live_family,
            parameters: live_parameters,
            // Old ones go with the database's own step.
            groups: _,
        } = live;
        let mut differences = Differences::new().update("family", live_family, family);
        if live_family == family {
            for (name, value) in parameters {
                let found = live_parameters.get(name).cloned().unwrap_or_default();
                let impact = if is_static(name) {
                    Impact::Restart
                } else {
                    Impact::None
                };
                differences = differences.update_with(name, &found, value, impact);
            }
        }
        differences.into_change()
    }

    async fn observe(
        account: &Account,
        scope: &Scope,
    ) -> Result<Vec<Found<LiveDatabaseParameters>>, Error> {
        let Some((name, family, groups)) = find(account, scope).await? else {
            return Ok(Vec::new());
        };
        let parameters = account
            .rds
            .describe_db_parameters()
            .db_parameter_group_name(&name)
            .source("user")
            .into_paginator()
            .items()
            .send()
            .collect::<Result<Vec<_>, _>>()
            .await
            .map_err(|error| Error::call("rds:DescribeDBParameters", error))?
            .into_iter()
            .filter_map(|parameter| Some((parameter.parameter_name?, parameter.parameter_value?)))
            .collect();
        Ok(vec![Found::ours(
            Id::DatabaseParameters,
            Attributes::of(name),
            LiveDatabaseParameters {
                family,
                parameters,
                groups,
            },
        )])
    }

    async fn create(&self, site: Site<'_>) -> Result<Attributes, Error> {
        let Site { account, scope, .. } = site;
        let name = name(&self.family, scope);
        ensure(
            || exists(account, &name),
            || async {
                account
                    .rds
                    .create_db_parameter_group()
                    .db_parameter_group_name(&name)
                    .db_parameter_group_family(&self.family)
                    .description("PostgreSQL for Mastodon; made by masto")
                    .set_tags(Some(rds::tags(&Id::DatabaseParameters, scope)))
                    .customize()
                    .config_override(rds::once())
                    .send()
                    .await
                    .map(drop)
                    .map_err(|error| Error::call("rds:CreateDBParameterGroup", error))
            },
            nothing_else,
        )
        .await?;
        self.set(site, &name).await?;
        Ok(Attributes::of(name))
    }

    async fn update(
        &self,
        live: &Found<LiveDatabaseParameters>,
        site: Site<'_>,
    ) -> Result<Attributes, Error> {
        if live.live.family != self.family {
            return self.create(site).await;
        }
        let name = live.attributes.identity.as_str();
        self.set(site, name).await?;
        let restarts = self.parameters.iter().any(|(parameter, value)| {
            is_static(parameter) && live.live.parameters.get(parameter) != Some(value)
        });
        if restarts && database::exists(site).await? {
            restart(site).await?;
        }
        Ok(live.attributes.clone())
    }

    async fn delete(live: &Found<LiveDatabaseParameters>, site: Site<'_>) -> Result<(), Error> {
        for name in &live.live.groups {
            remove(site, name).await?;
        }
        Ok(())
    }
}

impl DatabaseParameters {
    async fn set(&self, site: Site<'_>, name: &str) -> Result<(), Error> {
        let parameters: Vec<Parameter> = self
            .parameters
            .iter()
            .map(|(name, value)| {
                let when = if is_static(name) {
                    ApplyMethod::PendingReboot
                } else {
                    ApplyMethod::Immediate
                };
                Parameter::builder()
                    .parameter_name(name)
                    .parameter_value(value)
                    .apply_method(when)
                    .build()
            })
            .collect();
        insist(
            || async {
                site.account
                    .rds
                    .modify_db_parameter_group()
                    .db_parameter_group_name(name)
                    .set_parameters(Some(parameters.clone()))
                    .send()
                    .await
                    .map(drop)
                    .map_err(|error| Error::call("rds:ModifyDBParameterGroup", error))
            },
            // It was made a moment ago.
            Error::is_not_found,
        )
        .await
    }
}

/// Whether the database takes a parameter only when it starts.
fn is_static(name: &str) -> bool {
    name == "max_connections"
}

/// The family is part of the name: during a major upgrade there are two.
pub(crate) fn name(family: &str, scope: &Scope) -> String {
    format!("{}-{family}", names::of(&Id::DatabaseParameters, scope))
}

/// Removes one group; what uses it is on its way out.
pub(crate) async fn remove(site: Site<'_>, name: &str) -> Result<(), Error> {
    let held = [
        "InvalidDBParameterGroupStateFault",
        "InvalidDBParameterGroupState",
    ];
    site.delete(&Id::DatabaseParameters, &held, || async {
        site.account
            .rds
            .delete_db_parameter_group()
            .db_parameter_group_name(name)
            .send()
            .await
            .map(drop)
            .map_err(|error| Error::call("rds:DeleteDBParameterGroup", error))
    })
    .await
}

/// Removes the groups of other families than that of `current`.
pub(crate) async fn remove_others(site: Site<'_>, current: &str) -> Result<(), Error> {
    if let Some((_, _, groups)) = find(site.account, site.scope).await? {
        for name in groups.iter().filter(|name| *name != current) {
            remove(site, name).await?;
        }
    }
    Ok(())
}

async fn restart(site: Site<'_>) -> Result<(), Error> {
    insist(
        || async {
            site.account
                .rds
                .reboot_db_instance()
                .db_instance_identifier(names::of(&Id::Database, site.scope))
                .send()
                .await
                .map(drop)
                .map_err(|error| Error::call("rds:RebootDBInstance", error))
        },
        // It is still applying what was set.
        |error| error.is(&["InvalidDBInstanceState", "InvalidDBInstanceStateFault"]),
    )
    .await?;
    let bound = Duration::from_secs(20 * 60);
    site.until(
        &Id::DatabaseParameters,
        "the database has restarted",
        bound,
        || async {
            let (status, applied) = database::status(site.account, site.scope).await?;
            Ok(match (status.as_str(), applied.as_str()) {
                ("available", "in-sync" | "") => Look::Ready(()),
                _ => Look::NotYet(format!("{status}, parameters {applied}")),
            })
        },
    )
    .await
}

async fn exists(account: &Account, name: &str) -> Result<Option<()>, Error> {
    let answer = account
        .rds
        .describe_db_parameter_groups()
        .db_parameter_group_name(name)
        .send()
        .await
        .map_err(|error| Error::call("rds:DescribeDBParameterGroups", error));
    match answer {
        Ok(answer) => Ok((!answer.db_parameter_groups().is_empty()).then_some(())),
        Err(error) if error.is_not_found() => Ok(None),
        Err(error) => Err(error),
    }
}

/// The newest group's name and family, and the names of all.
async fn find(
    account: &Account,
    scope: &Scope,
) -> Result<Option<(String, String, Vec<String>)>, Error> {
    let groups = account
        .rds
        .describe_db_parameter_groups()
        .into_paginator()
        .items()
        .send()
        .collect::<Result<Vec<_>, _>>()
        .await
        .map_err(|error| Error::call("rds:DescribeDBParameterGroups", error))?;
    let mut ours: Vec<(u32, String, String)> = groups
        .into_iter()
        .filter_map(|group| {
            let family = group.db_parameter_group_family?;
            let found = group.db_parameter_group_name?;
            let version = family.strip_prefix("postgres")?.parse().ok()?;
            (found == name(&family, scope)).then_some((version, found, family))
        })
        .collect();
    ours.sort();
    let names = ours.iter().map(|(_, name, _)| name.clone()).collect();
    Ok(ours.pop().map(|(_, name, family)| (name, family, names)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_are_mended_and_another_family_gets_a_group_of_its_own() {
        let desired = DatabaseParameters::new(17, 80);
        let live = |version, connections, tls: &str| LiveDatabaseParameters {
            parameters: [
                ("max_connections".to_owned(), format!("{connections}")),
                ("rds.force_ssl".to_owned(), tls.to_owned()),
                ("log_statement".to_owned(), "ddl".to_owned()),
            ]
            .into(),
            family: format!("postgres{version}"),
            groups: Vec::new(),
        };
        let change = |live: &LiveDatabaseParameters| {
            desired
                .diff(live, &BTreeMap::new())
                .map(|change| format!("{}, {}", change.cause, change.impact))
        };
        assert_eq!(change(&live(17, 80, "1")), None);
        assert_eq!(
            change(&live(17, 80, "0")).unwrap(),
            "rds.force_ssl changed, no interruption"
        );
        assert_eq!(
            change(&live(17, 100, "1")).unwrap(),
            "max_connections changed, restart"
        );
        assert_eq!(
            change(&live(16, 80, "1")).unwrap(),
            "family changed, no interruption"
        );
    }

    #[test]
    fn two_families_have_two_names() {
        assert_eq!(
            name("postgres17", &crate::fixture::scope()),
            "masto-social-db-parameter-group-postgres17"
        );
    }
}
