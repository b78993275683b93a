//! What `masto policy` prints is enough, and none of it is idle.

use serde_json::Value;

use crate::support::{AccessKey, Ask, Emulator, Run, Scenario};

/// Who deploys.
const USER: &str = "deployer";

/// The printed policies, one document each.
fn printed(scenario: &Scenario) -> Vec<Value> {
    scenario
        .masto(&["policy", "--account", "123456789012", "--output", "policy"])
        .success();
    let mut files: Vec<_> = std::fs::read_dir(scenario.home().join("policy"))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    files.sort();
    let read = files
        .iter()
        .map(|path| std::fs::read_to_string(path).unwrap());
    read.map(|text| obeyable(serde_json::from_str(&text).unwrap()))
        .collect()
}

/// The emulator knows the ARN of what a call makes or changes for these services alone; statements
/// about the others are tried for their actions.
const WITH_ARNS: [&str; 4] = ["iam:", "logs:", "s3:", "secretsmanager:"];

fn obeyable(mut policy: Value) -> Value {
    for statement in policy["Statement"].as_array_mut().unwrap() {
        let actions = statement["Action"].as_array().unwrap();
        let has_arn = actions.iter().all(|action| {
            let action = action.as_str().unwrap();
            WITH_ARNS.iter().any(|service| action.starts_with(service))
        });
        if !has_arn {
            statement["Resource"] = "*".into();
        }
    }
    policy
}

/// A key of a user without any policy.
fn user(emulator: &Emulator) -> AccessKey {
    let iam = |form: &str| emulator.ask("iam", &Ask::Form(&format!("{form}&Version=2010-05-08")));
    iam(&format!("Action=CreateUser&UserName={USER}"));
    let answer = iam(&format!("Action=CreateAccessKey&UserName={USER}"));
    let field = |name: &str| {
        let rest = answer.split_once(&format!("<{name}>")).unwrap().1;
        rest.split('<').next().unwrap().to_owned()
    };
    AccessKey {
        id: field("AccessKeyId"),
        secret: field("SecretAccessKey"),
    }
}

/// Gives the user these policies and no other.
fn allow(emulator: &Emulator, policies: &[Value]) {
    for (number, policy) in policies.iter().enumerate() {
        let document = escaped(&policy.to_string());
        emulator.ask(
            "iam",
            &Ask::Form(&format!("Action=PutUserPolicy&UserName={USER}&PolicyName=masto-{number}&PolicyDocument={document}&Version=2010-05-08")),
        );
    }
}

/// As a form has it.
fn escaped(text: &str) -> String {
    text.bytes()
        .map(|byte| match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' => char::from(byte).to_string(),
            _ => format!("%{byte:02X}"),
        })
        .collect()
}

#[test]
fn the_printed_policy_is_enough_for_a_whole_life() {
    let scenario = Scenario::with_policies(user);
    scenario
        .masto(&["up", "--aws", "--yes"])
        .exits(4)
        .says(&["masto policy"]);
    let policies = printed(&scenario);
    allow(&scenario.emulator, &policies);
    scenario.up();
    scenario.plan_is_empty();
    scenario.masto(&["status", "--aws"]).success();
    scenario.down();
}

/// What the emulator does not ask for, or a small server does not need.
const NOT_ASKED_FOR: [&str; 4] = [
    "MastoPassRole",
    "MastoServiceLinkedRoles",
    "MastoAlarms",
    "MastoScaling",
];

#[test]
fn every_statement_is_missed_and_named_where_it_is_taken_away() {
    let scenario = Scenario::with_policies(user);
    let policies = printed(&scenario);
    let all: Vec<String> = policies
        .iter()
        .flat_map(|policy| policy["Statement"].as_array().unwrap())
        .map(|statement| statement["Sid"].as_str().unwrap().to_owned())
        .collect();
    let tried = all
        .iter()
        .filter(|sid| !NOT_ASKED_FOR.contains(&sid.as_str()));
    let mut idle = Vec::new();
    for sid in tried {
        let mut fewer = policies.clone();
        for policy in &mut fewer {
            let statements = policy["Statement"].as_array_mut().unwrap();
            statements.retain(|statement| statement["Sid"] != sid.as_str());
        }
        allow(&scenario.emulator, &fewer);
        let runs = [
            scenario.masto(&["up", "--aws", "--yes"]),
            scenario.masto(&["down", "--aws", "--data", "--yes"]),
        ];
        eprintln!("without {sid}: {:?}", runs.each_ref().map(|run| run.code));
        // S3 does not tell a bucket of somebody else's from one that may not be looked at.
        let names_it = |run: &Run| {
            let named = run.stderr.contains(&format!("`{sid}`"));
            let looks_away = run.stderr.contains("the policy that `masto policy` prints");
            run.code != Some(0) && (named || looks_away)
        };
        if !runs.iter().any(names_it) {
            idle.push(format!("{sid}: {}", runs[0]));
        }
        allow(&scenario.emulator, &policies);
        scenario.down();
    }
    assert_eq!(idle, Vec::<String>::new(), "nobody missed these");
}
