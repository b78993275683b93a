//! What MiniStack takes on trust or does not have, checked by moto: the network, the load balancer,
//! the database, and services that follow their load.

use serde_json::{Value, json};

use crate::support::{Ask, Emulator, Scenario};

const SCALING: &str = "AnyScaleFrontendService";

/// What moto tells of the ECS services that scale.
fn scaling(moto: &Emulator, operation: &str, list: &str) -> Vec<Value> {
    let answer = moto.ask(
        "application-autoscaling",
        &Ask::Json(
            &format!("{SCALING}.{operation}"),
            r#"{"ServiceNamespace":"ecs"}"#,
        ),
    );
    let answer: Value = serde_json::from_str(&answer).unwrap();
    let mut found = answer[list].as_array().unwrap().clone();
    found.sort_by_key(|one| one["ResourceId"].to_string());
    found
}

/// What moto tells of one kind of EC2.
fn ec2(moto: &Emulator, action: &str) -> String {
    moto.ask(
        "ec2",
        &Ask::Form(&format!("Action={action}&Version=2016-11-15")),
    )
}

/// Each value of `field` in an answer in XML, in its order.
fn all<'a>(answer: &'a str, field: &str) -> Vec<&'a str> {
    let opening = format!("<{field}>");
    let parts = answer.split(opening.as_str()).skip(1);
    parts.map(|rest| rest.split('<').next().unwrap()).collect()
}

#[test]
fn the_large_topology_scales_and_stands_in_two_zones() {
    let scenario = Scenario::with_moto();
    scenario.deploy("large");
    scenario.up();
    scenario.plan_is_empty();
    let moto = scenario.moto.as_ref().unwrap();

    let bounds: Vec<Value> = scaling(moto, "DescribeScalableTargets", "ScalableTargets")
        .iter()
        .map(|target| {
            json!([
                target["ResourceId"],
                target["MinCapacity"],
                target["MaxCapacity"]
            ])
        })
        .collect();
    assert_eq!(
        bounds,
        [
            json!(["service/masto-social/sidekiq-default", 2, 4]),
            json!(["service/masto-social/sidekiq-ingress", 2, 4]),
            json!(["service/masto-social/sidekiq-pull", 2, 4]),
            json!(["service/masto-social/sidekiq-push", 4, 8]),
            json!(["service/masto-social/web", 4, 8]),
        ]
    );
    let policies = scaling(moto, "DescribeScalingPolicies", "ScalingPolicies");
    assert_eq!(policies.len(), 5, "{policies:#?}");
    let web = policies.last().unwrap();
    assert_eq!(web["PolicyType"], "TargetTrackingScaling");
    let tracking = &web["TargetTrackingScalingPolicyConfiguration"];
    assert_eq!(tracking["TargetValue"], 60.0);
    assert_eq!(
        tracking["PredefinedMetricSpecification"]["PredefinedMetricType"],
        "ECSServiceAverageCPUUtilization"
    );

    let gateways = ec2(moto, "DescribeNatGateways");
    let mut zones = all(&gateways, "subnetId");
    zones.sort_unstable();
    zones.dedup();
    assert_eq!(zones.len(), 2, "{gateways}");
    let database = moto.ask(
        "rds",
        &Ask::Form("Action=DescribeDBInstances&Version=2014-10-31"),
    );
    assert_eq!(all(&database, "MultiAZ"), ["true"], "{database}");

    // By hand: one policy is gone, and one service may grow without end.
    let ask = |operation: &str, body: &str| {
        let target = format!("{SCALING}.{operation}");
        moto.ask("application-autoscaling", &Ask::Json(&target, body));
    };
    ask(
        "DeleteScalingPolicy",
        &json!({
            "PolicyName": web["PolicyName"],
            "ServiceNamespace": "ecs",
            "ResourceId": "service/masto-social/web",
            "ScalableDimension": "ecs:service:DesiredCount",
        })
        .to_string(),
    );
    ask(
        "RegisterScalableTarget",
        &json!({
            "ServiceNamespace": "ecs",
            "ResourceId": "service/masto-social/sidekiq-pull",
            "ScalableDimension": "ecs:service:DesiredCount",
            "MinCapacity": 2,
            "MaxCapacity": 400,
        })
        .to_string(),
    );
    let plan = scenario
        .masto(&["plan", "--aws", "--detailed-exitcode"])
        .exits(2);
    for found in ["autoscaling `web`", "autoscaling `sidekiq-pull`"] {
        assert!(plan.stdout.contains(found), "{found} is not in\n{plan}");
    }
    scenario.up();
    scenario.plan_is_empty();

    scenario.down();
    assert_eq!(
        scaling(moto, "DescribeScalableTargets", "ScalableTargets"),
        Vec::<Value>::new()
    );
    for kind in [
        "DescribeVpcs",
        "DescribeSubnets",
        "DescribeInternetGateways",
        "DescribeAddresses",
        "DescribeRouteTables",
        "DescribeSecurityGroups",
    ] {
        let left = ec2(moto, kind);
        assert!(!left.contains("masto.deployment"), "{kind}: {left}");
    }
    // Those two it goes on telling of.
    for (kind, count) in [("DescribeNatGateways", 2), ("DescribeVpcEndpoints", 1)] {
        let gone = ec2(moto, kind);
        assert_eq!(
            all(&gone, "state"),
            vec!["deleted"; count],
            "{kind}: {gone}"
        );
    }
}
