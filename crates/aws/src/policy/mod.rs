//! What the person who deploys must be allowed to do, and nothing beyond it: an IAM policy with a
//! statement a purpose.

mod table;
#[cfg(test)]
mod tests;

use serde_json::{Value, json};
use topology::Name;

use table::{Part, TABLE, Where};

/// Whose policy it is.
#[derive(Clone, Debug)]
pub struct PolicyScope {
    /// Only this deployment's resources.
    pub name: Name,
    /// `eu-central-1`.
    pub region: String,
    /// Twelve digits; `None` leaves the account open, for whoever does not know it yet.
    pub account: Option<String>,
}

/// Characters of one managed policy, white space not counted
/// (<https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html>).
pub const MANAGED_POLICY_CHARACTERS: usize = 6144;

/// The whole policy as one document. It is longer than IAM takes in one managed policy: see
/// [`managed_policies`].
#[must_use]
pub fn policy(scope: &PolicyScope) -> Value {
    document(TABLE.iter().map(|part| statement(part, scope)).collect())
}

/// The same statements in the same order, in as many documents as IAM takes as managed policies.
#[must_use]
pub fn managed_policies(scope: &PolicyScope) -> Vec<Value> {
    let mut documents: Vec<Value> = Vec::new();
    let mut statements: Vec<Value> = Vec::new();
    for part in TABLE {
        let next = statement(part, scope);
        let mut together = statements.clone();
        together.push(next.clone());
        if characters(&document(together)) > MANAGED_POLICY_CHARACTERS {
            documents.push(document(std::mem::take(&mut statements)));
        }
        statements.push(next);
    }
    documents.push(document(statements));
    documents
}

fn document(statements: Vec<Value>) -> Value {
    json!({ "Version": "2012-10-17", "Statement": statements })
}

/// As IAM counts them.
fn characters(document: &Value) -> usize {
    let text = document.to_string();
    text.chars()
        .filter(|letter| !letter.is_whitespace())
        .count()
}

/// The Sids of the statements that allow `action`, each for resources of its own; empty for one that
/// masto does not need.
pub fn statements_for(action: &str) -> impl Iterator<Item = &'static str> {
    TABLE
        .iter()
        .filter(move |part| part.actions.contains(&action))
        .map(|part| part.sid)
}

/// Sid and purpose of each statement, in the order of the policy.
pub fn purposes() -> impl Iterator<Item = (&'static str, &'static str)> {
    TABLE.iter().map(|part| (part.sid, part.purpose))
}

fn statement(part: &Part, scope: &PolicyScope) -> Value {
    let mut resources: Vec<String> = part
        .resources
        .iter()
        .map(|place| resource(*place, scope))
        .collect();
    resources.dedup();
    let mut statement = json!({
        "Sid": part.sid,
        "Effect": "Allow",
        "Action": part.actions,
        "Resource": if resources.len() == 1 { json!(resources[0]) } else { json!(resources) },
    });
    if let Some((operator, key, values)) = part.condition {
        statement["Condition"] = json!({ operator: { key: values } });
    }
    statement
}

fn resource(place: Where, scope: &PolicyScope) -> String {
    let PolicyScope {
        name,
        region,
        account,
    } = scope;
    let account = account.as_deref().unwrap_or("*");
    let partition = partition(region);
    match place {
        Where::Everything => "*".to_owned(),
        Where::InRegion { service, path } => {
            let path = path.replace("{name}", name.as_str());
            format!("arn:{partition}:{service}:{region}:{account}:{path}")
        }
        Where::InAccount { service, path } => {
            let path = path.replace("{name}", name.as_str());
            format!("arn:{partition}:{service}::{account}:{path}")
        }
        // Names of buckets hold the account already.
        Where::Global { service, path } => {
            let path = path
                .replace("{name}", name.as_str())
                .replace("{account}", account)
                .replace("{region}", region);
            format!("arn:{partition}:{service}:::{path}")
        }
        Where::NorthVirginia { service, path } => {
            format!("arn:{partition}:{service}:us-east-1:{account}:{path}")
        }
    }
}

/// The second part of ARNs.
fn partition(region: &str) -> &'static str {
    if region.starts_with("cn-") {
        "aws-cn"
    } else if region.starts_with("us-gov-") {
        "aws-us-gov"
    } else {
        "aws"
    }
}
