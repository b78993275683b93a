//! From facts to findings. Pure.

use super::{Facts, Finding, Order, Quota, Wanted};

/// Everything that would stop `wanted`, and what a person should know, errors first.
#[must_use]
pub fn judge(facts: &Facts, wanted: &Wanted, region: &str) -> Vec<Finding> {
    let mut findings = Vec::new();
    for action in &facts.denied {
        findings.push(denied(action));
    }
    findings.extend(quota(
        facts,
        Quota::Vpcs,
        facts.vpcs,
        wanted.vpcs,
        "VPCs",
        region,
    ));
    findings.extend(quota(
        facts,
        Quota::Addresses,
        facts.addresses,
        wanted.addresses,
        "Elastic IPs",
        region,
    ));
    let kind = if wanted.spot {
        Quota::FargateSpotVcpus
    } else {
        Quota::FargateVcpus
    };
    findings.extend(vcpus(
        facts,
        kind,
        wanted.milli_vcpus.div_ceil(1000),
        region,
    ));
    if let (Some(order), Some(versions)) = (&wanted.database, &facts.database_versions) {
        findings.extend(orderable(order, versions, region, "`postgres.version`"));
    }
    if let (Some(order), Some(versions)) = (&wanted.cache, &facts.cache_versions) {
        findings.extend(orderable(order, versions, region, "`redis.version`"));
    }
    if facts.ses_sandbox == Some(true) && wanted.ses {
        findings.push(Finding {
            is_error: false,
            message: format!(
                "SES in {region} is in its sandbox: mail reaches verified addresses only, 200 a day"
            ),
            hint: format!(
                "ask for production access (a day or so):  https://{region}.console.aws.amazon.com/ses/home?region={region}#/get-set-up\n\
                 or send through another server:  mail: {{ via: {{ smtp: … }} }}"
            ),
        });
    }
    findings.sort_by_key(|finding| !finding.is_error);
    findings
}

fn denied(action: &str) -> Finding {
    Finding {
        is_error: false,
        message: format!("the credentials do not allow `{action}`: that was not checked"),
        hint: match crate::policy::statements_for(action).next() {
            Some(sid) => format!("the statement `{sid}` of `masto policy` gives it"),
            None => "attach the policy that `masto policy` prints".to_owned(),
        },
    }
}

fn quota(
    facts: &Facts,
    quota: Quota,
    used: Option<u32>,
    wanted: u32,
    what: &str,
    region: &str,
) -> Option<Finding> {
    let limit = *facts.quotas.get(&quota)?;
    let used = used?;
    if wanted == 0 || used.saturating_add(wanted) <= limit {
        return None;
    }
    let enough = used.saturating_add(wanted);
    Some(Finding {
        is_error: true,
        message: format!(
            "the account may have {limit} {what} in {region}, has {used}, and this needs {wanted} more"
        ),
        hint: format!(
            "ask for more:  {} {enough} --region {region}\nor remove one that nobody needs, or choose another `aws.region`",
            quota.request()
        ),
    })
}

/// What runs already is not known: only what can never fit is an error.
fn vcpus(facts: &Facts, quota: Quota, wanted: u32, region: &str) -> Option<Finding> {
    let limit = *facts.quotas.get(&quota)?;
    (wanted > limit).then(|| Finding {
        is_error: true,
        message: format!(
            "the tasks need {wanted} vCPUs, and the account may run {limit} on Fargate in {region}"
        ),
        hint: format!(
            "ask for more:  {} {wanted} --region {region}\nor lower `cpu` or `replicas` in the file",
            quota.request()
        ),
    })
}

fn orderable(order: &Order, versions: &[String], region: &str, field: &str) -> Option<Finding> {
    let Order {
        engine,
        version,
        class,
    } = order;
    let fits = |found: &String| found == version || found.starts_with(&format!("{version}."));
    if versions.iter().any(fits) {
        return None;
    }
    let mut majors: Vec<&str> = versions
        .iter()
        .filter_map(|found| found.split('.').next())
        .collect();
    majors.dedup();
    Some(Finding {
        is_error: true,
        message: if versions.is_empty() {
            format!("{region} has no {engine} on {class}")
        } else {
            format!("{region} has no {engine} {version} on {class}")
        },
        hint: if majors.is_empty() {
            "choose another `size` or another `aws.region`".to_owned()
        } else {
            format!("set {field} to one of {}", majors.join(", "))
        },
    })
}
