//! What somebody changed by hand is found, named and put right.

use crate::support::{Ask, Scenario};

/// The first text in `field` of an answer in XML.
fn first(answer: &str, field: &str) -> String {
    let opening = format!("<{field}>");
    let rest = answer.split_once(&opening).map(|(_, rest)| rest);
    let value = rest.and_then(|rest| rest.split('<').next());
    value
        .unwrap_or_else(|| panic!("no {field} in {answer}"))
        .to_owned()
}

#[test]
fn what_was_changed_by_hand_is_found_and_put_right() {
    let scenario = Scenario::new();
    scenario.up();
    let emulator = &scenario.emulator;
    let form = |service: &str, form: &str| emulator.ask(service, &Ask::Form(form));
    let elb = "Version=2015-12-01";

    let load_balancer = first(
        &form(
            "elasticloadbalancing",
            &format!("Action=DescribeLoadBalancers&{elb}"),
        ),
        "LoadBalancerArn",
    );
    form(
        "elasticloadbalancing",
        &format!(
            "Action=ModifyLoadBalancerAttributes&{elb}&LoadBalancerArn={load_balancer}&Attributes.member.1.Key=idle_timeout.timeout_seconds&Attributes.member.1.Value=3000"
        ),
    );
    let web = first(
        &form(
            "elasticloadbalancing",
            &format!("Action=DescribeTargetGroups&{elb}&Names.member.1=masto-social-web"),
        ),
        "TargetGroupArn",
    );
    form(
        "elasticloadbalancing",
        &format!("Action=ModifyTargetGroup&{elb}&TargetGroupArn={web}&HealthCheckPath=/nowhere"),
    );
    form(
        "monitoring",
        "Action=DeleteAlarms&Version=2010-08-01&AlarmNames.member.1=masto-social-database-cpu",
    );
    form(
        "rds",
        "Action=ModifyDBInstance&Version=2014-10-31&DBInstanceIdentifier=masto-social&BackupRetentionPeriod=1&ApplyImmediately=true",
    );
    form(
        "iam",
        "Action=DeleteRolePolicy&Version=2010-05-08&RoleName=masto-social-task&PolicyName=masto",
    );
    emulator.ask(
        "logs",
        &Ask::Json(
            "Logs_20140328.PutRetentionPolicy",
            r#"{"logGroupName":"/masto/social","retentionInDays":1}"#,
        ),
    );
    emulator.ask(
        "ecs",
        &Ask::Json(
            "AmazonEC2ContainerServiceV20141113.UpdateService",
            r#"{"cluster":"masto-social","service":"web","desiredCount":4}"#,
        ),
    );
    emulator.ask(
        "s3",
        &Ask::Rest(
            "DELETE",
            "/masto-social-media-123456789012-eu-central-1?cors",
            "",
        ),
    );

    let plan = scenario
        .masto(&["plan", "--aws", "--detailed-exitcode"])
        .exits(2);
    for found in [
        "load balancer",
        "target group `web`",
        "alarm `database-cpu`",
        "database",
        "IAM role `task`",
        "log group",
        "service `web`",
        "bucket",
    ] {
        assert!(
            plan.stdout
                .lines()
                .any(|line| line.contains(found) && line.starts_with("  ")),
            "{found} is not in\n{plan}"
        );
    }
    scenario.up();
    scenario.plan_is_empty();
}
