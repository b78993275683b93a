//! The database: RDS for PostgreSQL.

mod found;
mod removal;

use std::time::Duration;

use aws_sdk_rds::types::DbInstance;
use engine::wait::Look;
use engine::{Change, Impact, Known};
use mastodon::SecretName;

use crate::account::Account;
use crate::attributes::Attributes;
use crate::difference::Differences;
use crate::ensure::{ensure, insist};
use crate::error::Error;
use crate::id::{GroupRole, Id};
use crate::kind::{Found, Kind, Site};
use crate::names;
use crate::rds;
use crate::resource::Resource;
use crate::resource::database_parameters;
use crate::scope::Scope;

use found::found;
pub(crate) use found::{exists, find, status};

/// Five to fifteen minutes are usual, with Multi-AZ and backups some more.
const CREATION: Duration = Duration::from_secs(45 * 60);
/// A class or storage change; a major upgrade of a large database.
const CHANGE: Duration = Duration::from_secs(90 * 60);

/// What the database should be: encrypted, protected from deletion, reachable from the tasks only.
///
/// | Field | Change |
/// |---|---|
/// | `version` | up: in place, the server is away meanwhile; down: refused |
/// | `class` | in place, with a restart |
/// | `storage` | grows in place; less than there is is left as it is, for disks never shrink |
/// | `max_storage`, `backups` | in place |
/// | `multi_az` | in place |
/// | encryption | refused: it cannot be switched on for a database that is there |
/// | deletion protection, public access, security group, parameter group | in place |
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Database {
    /// Major version.
    pub version: u8,
    /// `db.t4g.micro`.
    pub class: String,
    /// GiB.
    pub storage: i32,
    /// GiB up to which RDS grows the disk by itself.
    pub max_storage: i32,
    /// Days; zero turns automatic backups off.
    pub backups: i32,
    /// A standby in the other zone.
    pub multi_az: bool,
    /// `mastodon_production`.
    pub database: String,
    /// `mastodon`.
    pub user: String,
}

/// What was found of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LiveDatabase {
    /// `available`, `creating`, `deleting`, ….
    pub status: String,
    /// `17.4`.
    pub version: String,
    /// As it is, or as it is about to be.
    pub class: String,
    /// GiB.
    pub storage: i32,
    /// GiB.
    pub max_storage: i32,
    /// Days.
    pub backups: i32,
    /// A standby in the other zone.
    pub multi_az: bool,
    /// At rest.
    pub is_encrypted: bool,
    /// From deletion.
    pub is_protected: bool,
    /// From the internet.
    pub is_public: bool,
    /// Ids, joined.
    pub groups: String,
    /// The parameter group.
    pub parameters: String,
}

impl Kind for Database {
    type Live = LiveDatabase;

    fn id(&self) -> Id {
        Id::Database
    }

    fn diff(&self, live: &LiveDatabase, known: &Known<Resource>) -> Option<Change> {
        let Self {
            version,
            class,
            storage,
            max_storage,
            backups,
            multi_az,
            // Set once, and the same for every deployment.
            database: _,
            user: _,
        } = self;
        let mut differences = Differences::new();
        if live.status == "deleting" {
            return differences
                .replace_with("status", &"deleting", &"available", Impact::None)
                .into_change();
        }
        if HOPELESS.contains(&live.status.as_str()) {
            return differences
                .refuse(
                    "status",
                    &live.status.as_str(),
                    &"available",
                    "see why in the events of RDS (`aws rds describe-events --duration 1440`); where \
                     nothing in it is needed, `masto down --aws --data` removes it",
                )
                .into_change();
        }
        let major = major(&live.version);
        differences = if major > *version {
            differences.refuse(
                "version",
                &major,
                version,
                "PostgreSQL has no way back: write the version that is there, or restore a snapshot \
                 from before the upgrade",
            )
        } else {
            differences.update_with("version", &major, version, Impact::Restart)
        };
        // RDS refuses steps below a tenth.
        let least = live.storage + (live.storage + 9) / 10;
        if *storage > live.storage && *storage < least {
            differences = differences.refuse(
                "storage",
                &gib(live.storage),
                &gib(*storage),
                &format!(
                    "RDS grows a disk by a tenth at least: write `storage: {least}GiB` or more"
                ),
            );
        } else if *storage > live.storage {
            differences = differences.update("storage", &gib(live.storage), &gib(*storage));
        }
        // Automatic backups are switched on and off with a restart.
        let switched = (live.backups == 0) != (*backups == 0);
        let backups_impact = if switched {
            Impact::Restart
        } else {
            Impact::None
        };
        differences = differences
            .update_with("class", &live.class, class, Impact::Restart)
            .update(
                "max storage",
                &gib(live.max_storage),
                &gib(limit(*max_storage, live)),
            )
            .update_with(
                "backups",
                &days(live.backups),
                &days(*backups),
                backups_impact,
            )
            .update("multi-AZ", &live.multi_az, multi_az)
            .update("deletion protection", &live.is_protected, &true)
            .update("public access", &live.is_public, &false)
            .refuse(
                "encryption",
                &live.is_encrypted,
                &true,
                "RDS encrypts only while it makes a database: copy an encrypted snapshot of it, or \
                 start over with `masto down --data`",
            );
        if let Some(group) = known.get(&Id::SecurityGroup(GroupRole::Postgres)) {
            differences = differences.update("security group", &live.groups, &group.identity);
        }
        if major == *version
            && let Some(parameters) = known.get(&Id::DatabaseParameters)
        {
            differences =
                differences.update("parameter group", &live.parameters, &parameters.identity);
        }
        differences.into_change()
    }

    async fn observe(account: &Account, scope: &Scope) -> Result<Vec<Found<LiveDatabase>>, Error> {
        Ok(find(account, scope)
            .await?
            .map(|instance| found(&instance, scope))
            .into_iter()
            .collect())
    }

    async fn create(&self, site: Site<'_>) -> Result<Attributes, Error> {
        let Site { account, scope, .. } = site;
        let name = names::of(&Id::Database, scope);
        let password = password(site)?;
        let group = site.identity(&Id::SecurityGroup(GroupRole::Postgres))?;
        let subnets = site.identity(&Id::DatabaseSubnets)?;
        let parameters = site.identity(&Id::DatabaseParameters)?;
        ensure(
            || async { Ok(find(account, scope).await?.map(drop)) },
            || async {
                account
                    .rds
                    .create_db_instance()
                    .db_instance_identifier(&name)
                    .engine("postgres")
                    // Of the minor versions RDS takes the one it recommends.
                    .engine_version(self.version.to_string())
                    .db_instance_class(&self.class)
                    .allocated_storage(self.storage)
                    .max_allocated_storage(self.max_storage)
                    .storage_type("gp3")
                    .storage_encrypted(true)
                    .db_name(&self.database)
                    .master_username(&self.user)
                    .master_user_password(&password)
                    .db_subnet_group_name(subnets)
                    .vpc_security_group_ids(group)
                    .db_parameter_group_name(parameters)
                    .backup_retention_period(self.backups)
                    .multi_az(self.multi_az)
                    .publicly_accessible(false)
                    .auto_minor_version_upgrade(true)
                    .copy_tags_to_snapshot(true)
                    .deletion_protection(true)
                    .set_tags(Some(rds::tags(&Id::Database, scope)))
                    .customize()
                    .config_override(rds::once())
                    .send()
                    .await
                    .map(drop)
                    .map_err(|error| Error::call("rds:CreateDBInstance", error))
            },
            // Groups that were made a moment ago, and a service-linked role on its way.
            |error| {
                error.is_not_found()
                    || error.is(&["InvalidSubnet"])
                    || error.is_service_linked_role_missing()
            },
        )
        .await
        .map_err(|error| unorderable(error, self))?;
        let instance = self.settled(site, CREATION, |_| true).await?;
        Ok(found(&instance, scope).attributes)
    }

    async fn update(
        &self,
        live: &Found<LiveDatabase>,
        site: Site<'_>,
    ) -> Result<Attributes, Error> {
        let Site { account, scope, .. } = site;
        let name = names::of(&Id::Database, scope);
        let parameters = site.identity(&Id::DatabaseParameters)?;
        let group = site.identity(&Id::SecurityGroup(GroupRole::Postgres))?;
        // Whatever an earlier run, or RDS itself, began has to end first.
        self.settled(site, CHANGE, |_| true).await?;
        let old = &live.live;
        let upgrades = major(&old.version) < self.version;
        insist(
            || async {
                let mut call = account
                    .rds
                    .modify_db_instance()
                    .db_instance_identifier(&name)
                    .apply_immediately(true)
                    .db_instance_class(&self.class)
                    .max_allocated_storage(limit(self.max_storage, old))
                    .backup_retention_period(self.backups)
                    .multi_az(self.multi_az)
                    .publicly_accessible(false)
                    .deletion_protection(true);
                // What does not change is not sent: RDS takes a storage change that is none for one.
                if self.storage > old.storage {
                    call = call.allocated_storage(self.storage);
                }
                if old.groups != group {
                    call = call.vpc_security_group_ids(group);
                }
                if upgrades || old.parameters != parameters {
                    call = call.db_parameter_group_name(parameters);
                }
                if upgrades {
                    call = call
                        .engine_version(self.version.to_string())
                        .allow_major_version_upgrade(true);
                }
                call.send()
                    .await
                    .map(drop)
                    .map_err(|error| Error::call("rds:ModifyDBInstance", error))
            },
            |error| error.is(&BUSY),
        )
        .await
        .map_err(|error| unorderable(error, self))?;
        let instance = self
            .settled(site, CHANGE, |instance| {
                let live = found(instance, scope).live;
                self.version == major(&live.version)
                    && self.class == live.class
                    && self.storage <= live.storage
                    && self.backups == live.backups
                    && self.multi_az == live.multi_az
            })
            .await?;
        if upgrades {
            database_parameters::remove_others(site, parameters).await?;
        }
        Ok(found(&instance, scope).attributes)
    }

    async fn delete(live: &Found<LiveDatabase>, site: Site<'_>) -> Result<(), Error> {
        removal::remove(&live.live, site).await
    }
}

/// Codes of a database that is at something else.
const BUSY: [&str; 2] = ["InvalidDBInstanceState", "InvalidDBInstanceStateFault"];

/// States that RDS does not come back from by itself.
const HOPELESS: [&str; 6] = [
    "failed",
    "incompatible-network",
    "incompatible-option-group",
    "incompatible-parameters",
    "incompatible-restore",
    "restore-error",
];

impl Database {
    /// Waits until RDS is done with the instance and `holds` is true of it.
    async fn settled(
        &self,
        site: Site<'_>,
        bound: Duration,
        holds: impl Fn(&DbInstance) -> bool + Sync,
    ) -> Result<DbInstance, Error> {
        let holds = &holds;
        site.until(
            &Id::Database,
            "the database is available",
            bound,
            || async move {
                let Some(instance) = find(site.account, site.scope).await? else {
                    return Ok(Look::NotYet("not listed yet".to_owned()));
                };
                let status = instance.db_instance_status.clone().unwrap_or_default();
                if HOPELESS.contains(&status.as_str()) {
                    return Err(hopeless(&status, site.scope));
                }
                // Optimising a grown disk goes on for hours, and hinders nothing.
                let is_up = matches!(status.as_str(), "available" | "storage-optimization");
                Ok(if is_up && holds(&instance) && has_endpoint(&instance) {
                    Look::Ready(instance)
                } else {
                    Look::NotYet(status)
                })
            },
        )
        .await
    }
}

fn hopeless(status: &str, scope: &Scope) -> Error {
    let name = names::of(&Id::Database, scope);
    Error::Failed {
        id: Id::Database,
        reason: format!("RDS gave up on it: its status is `{status}`"),
        hint: Some(format!(
            "RDS says why:  aws rds describe-events --source-type db-instance \
             --source-identifier {name} --duration 1440"
        )),
        tail: Vec::new(),
    }
}

/// A class or version that is not on sale here, with the file's own words for it.
fn unorderable(error: Error, database: &Database) -> Error {
    let codes = [
        "InvalidParameterCombination",
        "InsufficientDBInstanceCapacity",
        "StorageTypeNotSupported",
    ];
    if !error.is(&codes) {
        return error;
    }
    let said = match &error {
        Error::Call { message, .. } => message.clone().unwrap_or_default(),
        _ => String::new(),
    };
    Error::Failed {
        id: Id::Database,
        reason: format!(
            "RDS does not sell PostgreSQL {} on {} here: {said}",
            database.version, database.class
        ),
        hint: Some("choose another `postgres.version` or `postgres.size`".to_owned()),
        tail: Vec::new(),
    }
}

fn has_endpoint(instance: &DbInstance) -> bool {
    instance
        .endpoint()
        .and_then(|endpoint| endpoint.address())
        .is_some()
}

fn password(site: Site<'_>) -> Result<String, Error> {
    site.secrets
        .get(SecretName::PostgresPassword)
        .map(|secret| secret.expose().to_owned())
        .ok_or_else(|| Error::bug("the database is made without a password"))
}

/// Up to where RDS may grow the disk; what has grown beyond is left as it is.
fn limit(wanted: i32, live: &LiveDatabase) -> i32 {
    if wanted > live.storage {
        wanted
    } else {
        live.max_storage
    }
}

/// `17` of `17.4`.
fn major(version: &str) -> u8 {
    version
        .split('.')
        .next()
        .and_then(|major| major.parse().ok())
        .unwrap_or_default()
}

fn gib(size: i32) -> String {
    format!("{size}GiB")
}

fn days(days: i32) -> String {
    format!("{days}d")
}

#[cfg(test)]
#[path = "database_tests.rs"]
mod tests;
