//! What AWS says before anything is made.

use std::collections::BTreeMap;

use futures_util::future::join_all;

use crate::account::Account;
use crate::error::Error;

/// What a deployment is about to ask for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Wanted {
    /// New VPCs.
    pub vpcs: u32,
    /// New Elastic IPs.
    pub addresses: u32,
    /// Thousandths of vCPUs of all tasks.
    pub milli_vcpus: u32,
    /// On Spot, which has a quota of its own.
    pub spot: bool,
    /// The database to order; `None` where it exists already.
    pub database: Option<Order>,
    /// The cache to order; `None` where it exists already.
    pub cache: Option<Order>,
    /// Mail goes through SES.
    pub ses: bool,
}

/// A store that is about to be ordered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Order {
    /// `postgres`, `redis`, `valkey`.
    pub engine: String,
    /// `17`, or as exact as it is known.
    pub version: String,
    /// `db.t4g.micro`.
    pub class: String,
}

/// A limit of the account in its region.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Quota {
    /// VPCs.
    Vpcs,
    /// Elastic IPs.
    Addresses,
    /// vCPUs of Fargate on demand.
    FargateVcpus,
    /// vCPUs of Fargate Spot.
    FargateSpotVcpus,
}

/// What was found. What could not be found out is `None`, and stands in nobody's way.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Facts {
    /// Limits.
    pub quotas: BTreeMap<Quota, u32>,
    /// VPCs that exist.
    pub vpcs: Option<u32>,
    /// Elastic IPs that exist.
    pub addresses: Option<u32>,
    /// Versions of PostgreSQL that the class can be had with; empty where it cannot be had at all.
    pub database_versions: Option<Vec<String>>,
    /// Versions of the cache's engine.
    pub cache_versions: Option<Vec<String>>,
    /// SES sends to verified addresses only.
    pub ses_sandbox: Option<bool>,
    /// Calls that were refused, by action.
    pub denied: Vec<&'static str>,
}

impl Quota {
    pub(super) const ALL: [Self; 4] = [
        Self::Vpcs,
        Self::Addresses,
        Self::FargateVcpus,
        Self::FargateSpotVcpus,
    ];

    /// Service and quota codes.
    fn codes(self) -> (&'static str, &'static str) {
        match self {
            Self::Vpcs => ("vpc", "L-F678F1CE"),
            Self::Addresses => ("ec2", "L-0263D0A3"),
            Self::FargateVcpus => ("fargate", "L-3032A538"),
            Self::FargateSpotVcpus => ("fargate", "L-36FBB829"),
        }
    }

    /// Where to ask for more.
    pub(super) fn request(self) -> String {
        let (service, code) = self.codes();
        format!(
            "aws service-quotas request-service-quota-increase --service-code {service} --quota-code {code} --desired-value"
        )
    }
}

/// Asks for everything that `wanted` depends on, at the same time.
pub async fn collect(account: &Account, wanted: &Wanted) -> Facts {
    let mut facts = Facts::default();
    let quotas = join_all(Quota::ALL.map(|quota| async move {
        let is_needed = match quota {
            Quota::Vpcs => wanted.vpcs > 0,
            Quota::Addresses => wanted.addresses > 0,
            Quota::FargateVcpus => wanted.milli_vcpus > 0,
            Quota::FargateSpotVcpus => wanted.milli_vcpus > 0 && wanted.spot,
        };
        if !is_needed {
            return (quota, None);
        }
        (quota, Some(limit(account, quota).await))
    }));
    let (quotas, vpcs, addresses, database, cache, ses) = tokio::join!(
        quotas,
        ask(wanted.vpcs > 0, vpcs(account)),
        ask(wanted.addresses > 0, addresses(account)),
        ask(
            wanted.database.is_some(),
            database_versions(account, wanted.database.as_ref())
        ),
        ask(
            wanted.cache.is_some(),
            cache_versions(account, wanted.cache.as_ref())
        ),
        ask(wanted.ses, ses_sandbox(account)),
    );
    for (quota, answer) in quotas {
        if let Some(limit) = answer.and_then(|answer| facts.note(answer)) {
            facts.quotas.insert(quota, limit);
        }
    }
    facts.vpcs = vpcs.and_then(|answer| facts.note(answer));
    facts.addresses = addresses.and_then(|answer| facts.note(answer));
    facts.database_versions = database.and_then(|answer| facts.note(answer));
    facts.cache_versions = cache.and_then(|answer| facts.note(answer));
    facts.ses_sandbox = ses.and_then(|answer| facts.note(answer));
    facts
}

impl Facts {
    /// The answer; a refusal for want of permission is remembered.
    fn note<T>(&mut self, answer: Result<T, Error>) -> Option<T> {
        match answer {
            Ok(value) => Some(value),
            Err(error) => {
                if let Error::Call { action, .. } = &error
                    && error.kind() == crate::error::ErrorKind::Permission
                {
                    self.denied.push(action);
                }
                tracing::debug!(%error, "preflight could not find out");
                None
            }
        }
    }
}

async fn ask<T>(
    is_needed: bool,
    question: impl Future<Output = Result<T, Error>>,
) -> Option<Result<T, Error>> {
    if is_needed {
        Some(question.await)
    } else {
        None
    }
}

/// The account's own limit, or what every account starts with.
async fn limit(account: &Account, quota: Quota) -> Result<u32, Error> {
    let (service, code) = quota.codes();
    let own = account
        .quotas
        .get_service_quota()
        .service_code(service)
        .quota_code(code)
        .send()
        .await
        .map_err(|error| Error::call("servicequotas:GetServiceQuota", error));
    let value = match own {
        Ok(answer) => answer.quota.and_then(|quota| quota.value),
        Err(error) if error.is_not_found() => account
            .quotas
            .get_aws_default_service_quota()
            .service_code(service)
            .quota_code(code)
            .send()
            .await
            .map_err(|error| Error::call("servicequotas:GetAWSDefaultServiceQuota", error))?
            .quota
            .and_then(|quota| quota.value),
        Err(error) => return Err(error),
    };
    // Whole numbers, in a floating point field.
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "limits are small whole numbers, and are clamped"
    )]
    let limit = value.unwrap_or(f64::MAX).clamp(0.0, f64::from(u32::MAX)) as u32;
    Ok(limit)
}

async fn vpcs(account: &Account) -> Result<u32, Error> {
    let answer = account
        .ec2
        .describe_vpcs()
        .send()
        .await
        .map_err(|error| Error::call("ec2:DescribeVpcs", error))?;
    Ok(count(answer.vpcs().len()))
}

async fn addresses(account: &Account) -> Result<u32, Error> {
    let answer = account
        .ec2
        .describe_addresses()
        .send()
        .await
        .map_err(|error| Error::call("ec2:DescribeAddresses", error))?;
    Ok(count(answer.addresses().len()))
}

async fn database_versions(account: &Account, order: Option<&Order>) -> Result<Vec<String>, Error> {
    let Some(order) = order else {
        return Ok(Vec::new());
    };
    let mut versions = Vec::new();
    let mut pages = account
        .rds
        .describe_orderable_db_instance_options()
        .engine(&order.engine)
        .db_instance_class(&order.class)
        .into_paginator()
        .items()
        .send();
    while let Some(option) = pages.next().await {
        let option =
            option.map_err(|error| Error::call("rds:DescribeOrderableDBInstanceOptions", error))?;
        versions.extend(option.engine_version);
    }
    if versions.is_empty() && !sells_any(account, &order.engine).await? {
        return Err(Error::bug("nobody says what can be ordered"));
    }
    versions.sort();
    versions.dedup();
    Ok(versions)
}

/// Whether the engine can be ordered in any class: an endpoint that keeps no such list says nothing
/// of one class either.
async fn sells_any(account: &Account, engine: &str) -> Result<bool, Error> {
    let answer = account
        .rds
        .describe_orderable_db_instance_options()
        .engine(engine)
        .max_records(20)
        .send()
        .await
        .map_err(|error| Error::call("rds:DescribeOrderableDBInstanceOptions", error))?;
    Ok(!answer.orderable_db_instance_options().is_empty())
}

async fn cache_versions(account: &Account, order: Option<&Order>) -> Result<Vec<String>, Error> {
    let Some(order) = order else {
        return Ok(Vec::new());
    };
    let answer = account
        .elasticache
        .describe_cache_engine_versions()
        .engine(&order.engine)
        .send()
        .await
        .map_err(|error| Error::call("elasticache:DescribeCacheEngineVersions", error))?;
    Ok(answer
        .cache_engine_versions()
        .iter()
        .filter_map(|version| version.engine_version.clone())
        .collect())
}

async fn ses_sandbox(account: &Account) -> Result<bool, Error> {
    let answer = account
        .ses
        .get_account()
        .send()
        .await
        .map_err(|error| Error::call("ses:GetAccount", error))?;
    Ok(!answer.production_access_enabled)
}

fn count(length: usize) -> u32 {
    u32::try_from(length).unwrap_or(u32::MAX)
}
