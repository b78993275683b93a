use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use super::*;

/// Actions that AWS asks for without a call of that name: tags on creation, handing a role over,
/// and the permissions behind S3's calls, which have other names.
const WITHOUT_A_CALL: [&str; 17] = [
    "cloudfront:CreateDistributionWithTags",
    "iam:PassRole",
    "iam:CreateServiceLinkedRole",
    "iam:TagRole",
    "iam:TagUser",
    "ec2:CreateTags",
    "ecs:TagResource",
    "elasticloadbalancing:AddTags",
    "elasticache:AddTagsToResource",
    "acm:AddTagsToCertificate",
    "application-autoscaling:TagResource",
    "cloudfront:TagResource",
    "cloudwatch:TagResource",
    "logs:TagResource",
    "secretsmanager:TagResource",
    "ses:TagResource",
    "rds:AddTagsToResource",
];

fn scope() -> PolicyScope {
    PolicyScope {
        name: "social".parse().unwrap(),
        region: "eu-central-1".to_owned(),
        account: Some("123456789012".to_owned()),
    }
}

/// Every `"service:Action"` in the code of this crate, with the file that says it.
fn called() -> BTreeMap<String, PathBuf> {
    let services: BTreeSet<&str> = TABLE
        .iter()
        .flat_map(|part| part.actions)
        .filter_map(|action| action.split(':').next())
        .collect();
    let mut found = BTreeMap::new();
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut folders = vec![source.clone()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                // The table itself, and CloudFormation's words, call nothing.
                if !path.ends_with("policy") && !path.ends_with("cloudformation") {
                    folders.push(path);
                }
                continue;
            }
            let text = std::fs::read_to_string(&path).unwrap();
            // What a role of the deployment may do is no call of ours, and tests call nothing.
            // A rehearsal makes what an account has before.
            if path.ends_with("resource/role.rs") || path.ends_with("rehearsal.rs") {
                continue;
            }
            let text = text.split("#[cfg(test)]").next().unwrap();
            for word in text.split('"').skip(1).step_by(2) {
                let Some((service, action)) = word.split_once(':') else {
                    continue;
                };
                let is_action = action.starts_with(|first: char| first.is_ascii_uppercase())
                    && action.chars().all(|letter| letter.is_ascii_alphanumeric());
                if services.contains(service) && is_action {
                    found.insert(
                        word.to_owned(),
                        path.strip_prefix(&source).unwrap().to_owned(),
                    );
                }
            }
        }
    }
    found
}

#[test]
fn every_call_is_allowed_by_a_statement() {
    let missing: Vec<String> = called()
        .into_iter()
        .filter(|(action, _)| statements_for(action).next().is_none())
        .map(|(action, path)| format!("{action} in {}", path.display()))
        .collect();
    assert!(
        missing.is_empty(),
        "no statement allows {missing:#?}\nadd them to src/policy/table.rs"
    );
}

#[test]
fn nothing_is_allowed_that_is_not_called() {
    let called = called();
    let idle: Vec<&str> = TABLE
        .iter()
        .flat_map(|part| part.actions)
        .copied()
        // What S3 asks for has other names than its calls; the final snapshot is taken by a removal.
        .filter(|action| !action.starts_with("s3:") && *action != "rds:CreateDBSnapshot")
        // The roles' own file names what they may do, too.
        .filter(|action| !action.contains("Role"))
        .filter(|action| !called.contains_key(*action) && !WITHOUT_A_CALL.contains(action))
        .collect();
    assert!(idle.is_empty(), "nobody calls {idle:#?}");
}

#[test]
fn what_has_a_name_is_allowed_by_name_alone() {
    let policy = policy(&scope());
    let statement = |sid: &str| {
        policy["Statement"]
            .as_array()
            .unwrap()
            .iter()
            .find(|statement| statement["Sid"] == sid)
            .unwrap()
            .clone()
    };
    assert_eq!(
        statement("MastoSecret")["Resource"],
        json!([
            "arn:aws:secretsmanager:eu-central-1:123456789012:secret:masto/social",
            "arn:aws:secretsmanager:eu-central-1:123456789012:secret:masto/social-*",
        ])
    );
    assert_eq!(
        statement("MastoPassRole"),
        json!({
            "Sid": "MastoPassRole",
            "Effect": "Allow",
            "Action": ["iam:PassRole"],
            "Resource": "arn:aws:iam::123456789012:role/masto-social-*",
            "Condition": { "StringEquals": { "iam:PassedToService": ["ecs-tasks.amazonaws.com"] } },
        })
    );
    assert_eq!(
        statement("MastoLock")["Resource"][0],
        "arn:aws:s3:::masto-123456789012-eu-central-1"
    );
}

#[test]
fn managed_policies_fit_into_what_iam_takes_and_say_the_same_together() {
    let parts = managed_policies(&scope());
    let statements: Vec<Value> = parts
        .iter()
        .flat_map(|part| part["Statement"].as_array().unwrap().clone())
        .collect();
    assert_eq!(document(statements), policy(&scope()));
    for part in &parts {
        assert!(characters(part) <= MANAGED_POLICY_CHARACTERS, "{part}");
    }
    // Ten can be attached to one role or user.
    assert!((2..=5).contains(&parts.len()), "{}", parts.len());
}

#[test]
fn sids_are_different_and_of_letters_and_digits() {
    let sids: Vec<&str> = purposes().map(|(sid, _)| sid).collect();
    assert_eq!(sids.iter().collect::<BTreeSet<_>>().len(), sids.len());
    assert!(
        sids.iter()
            .all(|sid| sid.chars().all(|letter| letter.is_ascii_alphanumeric()))
    );
}
