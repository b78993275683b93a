use std::collections::BTreeSet;

use serde_json::Value;
use topology::{NetworkProfile, Topology};

use super::*;

fn topology(name: &str) -> Topology {
    let path = format!(
        "{}/../../topologies/{name}.yaml",
        env!("CARGO_MANIFEST_DIR")
    );
    let text = std::fs::read_to_string(path).unwrap();
    topology::read(&text).topology.unwrap()
}

fn of(topology: &Topology) -> Value {
    template(topology, TaskImages::official(topology))
        .unwrap()
        .unwrap()
}

/// Everything that `value` refers to.
fn referred(value: &Value, found: &mut BTreeSet<String>) {
    match value {
        Value::Object(fields) => {
            for (key, value) in fields {
                match (key.as_str(), value) {
                    ("Ref" | "DependsOn", Value::String(name)) => {
                        found.insert(name.clone());
                    }
                    ("DependsOn", Value::Array(names)) => {
                        found.extend(names.iter().map(|name| name.as_str().unwrap().to_owned()));
                    }
                    ("Fn::GetAtt", Value::Array(parts)) => {
                        found.insert(parts[0].as_str().unwrap().to_owned());
                    }
                    ("Fn::Sub", Value::String(text)) => {
                        for part in text
                            .split("${")
                            .skip(1)
                            .filter(|part| !part.starts_with('!'))
                        {
                            let name = part.split('}').next().unwrap();
                            found.insert(name.split('.').next().unwrap().to_owned());
                        }
                    }
                    _ => referred(value, found),
                }
            }
        }
        Value::Array(values) => values.iter().for_each(|value| referred(value, found)),
        _ => {}
    }
}

#[test]
fn a_template_refers_to_what_it_has() {
    for name in ["small", "medium", "large"] {
        let template = of(&topology(name));
        let mut found = BTreeSet::new();
        referred(&template, &mut found);
        let has = |name: &str| {
            name.starts_with("AWS::")
                || ["Resources", "Parameters"]
                    .iter()
                    .any(|part| template[part].get(name).is_some())
        };
        let lost: Vec<&String> = found.iter().filter(|name| !has(name)).collect();
        assert!(lost.is_empty(), "{name}: {lost:?}");
        assert!(
            !template.to_string().contains('\u{27e6}'),
            "{name}: a placeholder is left"
        );
    }
}

#[test]
fn every_resource_of_the_graph_has_its_place() {
    for network in [
        NetworkProfile::Public,
        NetworkProfile::Private,
        NetworkProfile::Ha,
    ] {
        let mut topology = topology("small");
        topology.aws.as_mut().unwrap().network = network;
        let template = of(&topology);
        let kinds: BTreeSet<&str> = template["Resources"]
            .as_object()
            .unwrap()
            .values()
            .map(|resource| resource["Type"].as_str().unwrap())
            .collect();
        let nat = network != NetworkProfile::Public;
        assert_eq!(kinds.contains("AWS::EC2::NatGateway"), nat, "{network}");
        for kind in [
            "AWS::EC2::VPC",
            "AWS::ElasticLoadBalancingV2::ListenerRule",
            "AWS::RDS::DBInstance",
            "AWS::ElastiCache::ReplicationGroup",
            "AWS::S3::Bucket",
            "AWS::CloudFront::Distribution",
            "AWS::ECS::Service",
            "AWS::ECS::TaskDefinition",
            "AWS::IAM::Role",
            "AWS::CloudWatch::Alarm",
        ] {
            assert!(kinds.contains(kind), "{network}: no {kind}");
        }
    }
}

#[test]
fn a_template_holds_no_secret() {
    let template = of(&topology("small")).to_string();
    assert!(
        template.contains("{{resolve:secretsmanager:${SecretArn}:SecretString:POSTGRES_PASSWORD}}")
    );
    assert!(!template.contains("rediss://:"));
}
