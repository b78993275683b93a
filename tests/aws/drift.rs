//! What somebody changed by hand is found, named and put right: something of each kind that has
//! anything to change. A subnet, an Elastic IP, a NAT gateway and a certificate have not, and
//! autoscaling is in `breadth.rs`, because MiniStack has none.

use serde_json::{Value, json};

use crate::support::{Ask, Emulator, Scenario};

/// Something of the account that a person does by hand.
struct Hand<'a> {
    emulator: &'a Emulator,
}

impl Hand<'_> {
    /// A call of one of the services that take forms.
    fn form(&self, service: &str, form: &str) -> String {
        let version = match service {
            "ec2" => "2016-11-15",
            "elasticache" => "2015-02-02",
            "elasticloadbalancing" => "2015-12-01",
            "iam" => "2010-05-08",
            "monitoring" => "2010-08-01",
            "rds" => "2014-10-31",
            other => panic!("no version of {other}"),
        };
        let form = format!("{form}&Version={version}");
        let answer = self.emulator.ask(service, &Ask::Form(&form));
        assert!(!answer.contains("<Error>"), "{answer}\n{form}");
        answer
    }

    fn json(&self, service: &str, target: &str, body: &str) -> Value {
        let answer = self.emulator.ask(service, &Ask::Json(target, body));
        assert!(!answer.contains("__type"), "{target}: {answer}");
        serde_json::from_str(&answer).unwrap_or_default()
    }

    fn rest(&self, service: &str, method: &str, path: &str, body: &str) -> String {
        let answer = self.emulator.ask(service, &Ask::Rest(method, path, body));
        assert!(!answer.contains("<Error"), "{method} {path}: {answer}");
        answer
    }

    /// Puts another document in the place of the one at `path`.
    fn replace(&self, service: &str, path: &str, body: &str) {
        let headers = self.emulator.ask(service, &Ask::Head(path));
        let etag = headers
            .lines()
            .filter_map(|line| line.split_once(':'))
            .find(|(name, _)| name.eq_ignore_ascii_case("etag"))
            .map(|(_, value)| value.trim())
            .unwrap_or_else(|| panic!("no ETag in {headers}"));
        let answer = self.emulator.ask(service, &Ask::Replace(path, etag, body));
        assert!(!answer.contains("<Error"), "{path}: {answer}");
    }

    /// The identity of what has the tag `masto.resource` with this value.
    fn ec2(&self, action: &str, resource: &str, field: &str) -> String {
        let filter = "Filter.1.Name=tag:masto.resource&Filter.1.Value.1";
        let form = format!("Action={action}&{filter}={resource}");
        first(&self.form("ec2", &form), field)
    }
}

/// The first text in `field` of an answer in XML.
fn first(answer: &str, field: &str) -> String {
    all(answer, field)
        .into_iter()
        .next()
        .unwrap_or_else(|| panic!("no {field} in {answer}"))
}

/// The texts in `field` of an answer in XML.
fn all(answer: &str, field: &str) -> Vec<String> {
    let opening = format!("<{field}>");
    let texts = answer.split(opening.as_str()).skip(1);
    texts
        .map(|rest| rest.split('<').next().unwrap().to_owned())
        .collect()
}

/// The text in `field` that is one of the deployment's names.
fn ours(answer: &str, field: &str) -> String {
    let mut names = all(answer, field).into_iter();
    names.find(|name| name.starts_with("masto-social")).unwrap()
}

/// The text in `field` of the first thing that has `mark` behind it.
fn of_the_one_with<'a>(answer: &'a str, field: &str, mark: &str) -> &'a str {
    let opening = format!("<{field}>");
    let mut things = answer.split(opening.as_str()).skip(1);
    let thing = things.find(|thing| thing.contains(mark)).unwrap();
    thing.split('<').next().unwrap()
}

fn network(hand: &Hand<'_>) -> Vec<&'static str> {
    let vpc = hand.ec2("DescribeVpcs", "vpc", "vpcId");
    hand.form(
        "ec2",
        &format!("Action=ModifyVpcAttribute&VpcId={vpc}&EnableDnsHostnames.Value=false"),
    );
    let gateway = hand.ec2(
        "DescribeInternetGateways",
        "internet-gateway",
        "internetGatewayId",
    );
    hand.form(
        "ec2",
        &format!("Action=DetachInternetGateway&InternetGatewayId={gateway}&VpcId={vpc}"),
    );
    let table = hand.ec2(
        "DescribeRouteTables",
        "route-table/public-a",
        "routeTableId",
    );
    hand.form(
        "ec2",
        &format!("Action=DeleteRoute&RouteTableId={table}&DestinationCidrBlock=0.0.0.0/0"),
    );
    let endpoint = hand.ec2("DescribeVpcEndpoints", "s3-endpoint", "vpcEndpointId");
    hand.form(
        "ec2",
        &format!("Action=ModifyVpcEndpoint&VpcEndpointId={endpoint}&RemoveRouteTableId.1={table}"),
    );
    let group = hand.ec2(
        "DescribeSecurityGroups",
        "security-group/postgres",
        "groupId",
    );
    hand.form(
        "ec2",
        &format!(
            "Action=AuthorizeSecurityGroupIngress&GroupId={group}&IpPermissions.1.IpProtocol=tcp&IpPermissions.1.FromPort=5432&IpPermissions.1.ToPort=5432&IpPermissions.1.IpRanges.1.CidrIp=0.0.0.0/0"
        ),
    );
    vec![
        "VPC",
        "internet gateway",
        "route table `public-a`",
        "S3 endpoint",
        "security group `postgres`",
    ]
}

fn balancing(hand: &Hand<'_>) -> Vec<&'static str> {
    let elb = |form: &str| hand.form("elasticloadbalancing", form);
    let balancer = first(&elb("Action=DescribeLoadBalancers"), "LoadBalancerArn");
    elb(&format!(
        "Action=ModifyLoadBalancerAttributes&LoadBalancerArn={balancer}&Attributes.member.1.Key=idle_timeout.timeout_seconds&Attributes.member.1.Value=3000"
    ));
    let web = elb("Action=DescribeTargetGroups&Names.member.1=masto-social-web");
    let web = first(&web, "TargetGroupArn");
    elb(&format!(
        "Action=ModifyTargetGroup&TargetGroupArn={web}&HealthCheckPath=/nowhere"
    ));
    let listeners = elb(&format!(
        "Action=DescribeListeners&LoadBalancerArn={balancer}"
    ));
    let https = of_the_one_with(&listeners, "ListenerArn", "<SslPolicy>");
    elb(&format!(
        "Action=ModifyListener&ListenerArn={https}&SslPolicy=ELBSecurityPolicy-2016-08"
    ));
    let rules = elb(&format!("Action=DescribeRules&ListenerArn={https}"));
    let rule = of_the_one_with(&rules, "RuleArn", "<IsDefault>false");
    elb(&format!(
        "Action=ModifyRule&RuleArn={rule}&Actions.member.1.Type=forward&Actions.member.1.TargetGroupArn={web}"
    ));
    vec![
        "load balancer",
        "target group `web`",
        "listener `https`",
        "listener rule",
    ]
}

fn stores(hand: &Hand<'_>) -> Vec<&'static str> {
    let rds = |form: &str| hand.form("rds", form);
    rds(
        "Action=ModifyDBInstance&DBInstanceIdentifier=masto-social&BackupRetentionPeriod=1&ApplyImmediately=true",
    );
    let groups = rds("Action=DescribeDBParameterGroups");
    let parameters = ours(&groups, "DBParameterGroupName");
    rds(&format!(
        "Action=ModifyDBParameterGroup&DBParameterGroupName={parameters}&Parameters.Parameter.1.ParameterName=max_connections&Parameters.Parameter.1.ParameterValue=10&Parameters.Parameter.1.ApplyMethod=pending-reboot"
    ));
    let groups = rds("Action=DescribeDBSubnetGroups");
    let subnet = first(&groups, "SubnetIdentifier");
    rds(&format!(
        "Action=ModifyDBSubnetGroup&DBSubnetGroupName=masto-social-db-subnet-group&SubnetIds.SubnetIdentifier.1={subnet}"
    ));
    let instance = rds("Action=DescribeDBInstances");
    let instance = first(&instance, "DBInstanceArn");
    rds(&format!(
        "Action=RemoveTagsFromResource&ResourceName={instance}&TagKeys.member.1=masto.job.schema"
    ));
    let elasticache = |form: &str| hand.form("elasticache", form);
    elasticache(
        "Action=ModifyReplicationGroup&ReplicationGroupId=masto-social&CacheNodeType=cache.m7g.large&ApplyImmediately=true",
    );
    let groups = elasticache("Action=DescribeCacheParameterGroups");
    let parameters = ours(&groups, "CacheParameterGroupName");
    elasticache(&format!(
        "Action=ModifyCacheParameterGroup&CacheParameterGroupName={parameters}&ParameterNameValues.ParameterNameValue.1.ParameterName=maxmemory-policy&ParameterNameValues.ParameterNameValue.1.ParameterValue=allkeys-lru"
    ));
    elasticache(&format!(
        "Action=ModifyCacheSubnetGroup&CacheSubnetGroupName=masto-social-cache-subnet-group&SubnetIds.SubnetIdentifier.1={subnet}"
    ));
    hand.rest(
        "s3",
        "DELETE",
        "/masto-social-media-123456789012-eu-central-1?cors",
        "",
    );
    vec![
        "database",
        "DB parameter group",
        "DB subnet group",
        "job `schema`",
        "cache",
        "cache parameter group",
        "cache subnet group",
        "bucket",
    ]
}

fn tasks(hand: &Hand<'_>) -> Vec<&'static str> {
    let ecs = |operation: &str, body: &str| {
        let target = format!("AmazonEC2ContainerServiceV20141113.{operation}");
        hand.json("ecs", &target, body);
    };
    ecs(
        "UpdateService",
        r#"{"cluster":"masto-social","service":"web","desiredCount":4}"#,
    );
    ecs(
        "RegisterTaskDefinition",
        r#"{"family":"masto-social-streaming","containerDefinitions":[{"name":"streaming","image":"elsewhere/streaming:1"}]}"#,
    );
    ecs(
        "PutClusterCapacityProviders",
        r#"{"cluster":"masto-social","capacityProviders":[],"defaultCapacityProviderStrategy":[]}"#,
    );
    // Tasks go on with the values that they were started with.
    let secret = json!({ "SecretId": "masto/social" });
    let stored = hand.json(
        "secretsmanager",
        "secretsmanager.GetSecretValue",
        &secret.to_string(),
    );
    let mut document: Value =
        serde_json::from_str(stored["SecretString"].as_str().unwrap()).unwrap();
    document["OWNER_PASSWORD"] = json!("another-one-of-the-same-length");
    let changed = json!({ "SecretId": "masto/social", "SecretString": document.to_string() });
    hand.json(
        "secretsmanager",
        "secretsmanager.PutSecretValue",
        &changed.to_string(),
    );
    hand.form(
        "iam",
        "Action=DeleteRolePolicy&RoleName=masto-social-task&PolicyName=masto",
    );
    hand.json(
        "logs",
        "Logs_20140328.PutRetentionPolicy",
        r#"{"logGroupName":"/masto/social","retentionInDays":1}"#,
    );
    hand.form(
        "monitoring",
        "Action=DeleteAlarms&AlarmNames.member.1=masto-social-database-cpu",
    );
    vec![
        "service `web`",
        "task definition `streaming`",
        "task definition `sidekiq-all`",
        "ECS cluster",
        "IAM role `task`",
        "log group",
        "alarm `database-cpu`",
    ]
}

fn edge(hand: &Hand<'_>) -> Vec<&'static str> {
    hand.form(
        "iam",
        "Action=DeleteUserPolicy&UserName=masto-social-mail-eu-central-1&PolicyName=send",
    );
    hand.rest(
        "ses",
        "DELETE",
        "/v2/email/identities/social.example.com",
        "",
    );
    // Whom the bucket lets read is the distribution's matter.
    hand.rest(
        "s3",
        "DELETE",
        "/masto-social-media-123456789012-eu-central-1?policy",
        "",
    );
    let zones = hand.rest("route53", "GET", "/2013-04-01/hostedzone", "");
    let zone = first(&zones, "Id");
    hand.rest(
        "route53",
        "POST",
        &format!("/2013-04-01{zone}/rrset"),
        r#"<ChangeResourceRecordSetsRequest xmlns="https://route53.amazonaws.com/doc/2013-04-01/"><ChangeBatch><Changes><Change><Action>UPSERT</Action><ResourceRecordSet><Name>social.example.com</Name><Type>A</Type><TTL>60</TTL><ResourceRecords><ResourceRecord><Value>198.51.100.9</Value></ResourceRecord></ResourceRecords></ResourceRecordSet></Change></Changes></ChangeBatch></ChangeResourceRecordSetsRequest>"#,
    );
    let controls = hand.rest("cloudfront", "GET", "/2020-05-31/origin-access-control", "");
    let control = first(&controls, "Id");
    hand.replace(
        "cloudfront",
        &format!("/2020-05-31/origin-access-control/{control}/config"),
        r#"<OriginAccessControlConfig xmlns="http://cloudfront.amazonaws.com/doc/2020-05-31/"><Name>masto-social-eu-central-1</Name><SigningProtocol>sigv4</SigningProtocol><SigningBehavior>never</SigningBehavior><OriginAccessControlOriginType>s3</OriginAccessControlOriginType></OriginAccessControlConfig>"#,
    );
    vec![
        "IAM user `mail`",
        "SES identity",
        "CloudFront distribution",
        "DNS records `server`",
        "origin access control",
    ]
}

#[test]
fn what_was_changed_by_hand_is_found_and_put_right() {
    let scenario = Scenario::new();
    scenario.up();
    let hand = Hand {
        emulator: &scenario.emulator,
    };
    let done = [
        network(&hand),
        balancing(&hand),
        stores(&hand),
        tasks(&hand),
        edge(&hand),
    ]
    .concat();

    let plan = scenario
        .masto(&["plan", "--aws", "--detailed-exitcode"])
        .exits(2);
    let is_told = |thing: &&&str| {
        let changes = plan.stdout.lines().filter_map(|line| {
            line.strip_prefix("  ~ ")
                .or_else(|| line.strip_prefix("  + "))
        });
        // The name of the kind, which others begin with, or of its only instance.
        changes
            .filter_map(|change| change.strip_prefix(**thing))
            .any(|rest| rest.starts_with("  ") || rest.starts_with(" `"))
    };
    let missed: Vec<&&str> = done.iter().filter(|thing| !is_told(thing)).collect();
    assert!(missed.is_empty(), "{missed:?} are not in\n{plan}");
    scenario.up();
    scenario.plan_is_empty();
}
