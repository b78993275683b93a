//! Worlds that are not as they should be: each with the message that says what to do.

use crate::support::{Call, Cloud, Verdict};

#[test]
fn what_is_wrong_with_an_account_is_said_with_what_to_do() {
    let mut cloud = Cloud::bare();

    cloud.sign_in(None);
    cloud.masto(&["plan", "--aws"]).exits(4).says(&[
        "there are no AWS credentials",
        "aws sso login",
        "masto rehearse",
    ]);
    cloud.sign_in(Some(("123456789012", "test")));

    cloud.proxy.judge(|call: &Call| match call.action.as_str() {
        "ec2:DescribeVpcs" => Verdict::Refuse("UnauthorizedOperation", 403),
        _ => Verdict::Pass,
    });
    cloud.masto(&["plan", "--aws"]).exits(4).says(&[
        "`ec2:DescribeVpcs`",
        "`MastoLookAtNetwork`",
        "masto policy",
    ]);

    cloud.proxy.judge(|call: &Call| match call.action.as_str() {
        "sts:GetCallerIdentity" => Verdict::Refuse("ExpiredToken", 403),
        _ => Verdict::Pass,
    });
    cloud
        .masto(&["plan", "--aws"])
        .exits(4)
        .says(&["the credentials have expired", "aws sso login"]);
    cloud.proxy.judge(|_: &Call| Verdict::Pass);

    let text = std::fs::read_to_string(cloud.file()).unwrap();
    std::fs::write(
        cloud.file(),
        text.replace("zone: example.com", "zone: cloud.example.com"),
    )
    .unwrap();
    cloud.masto(&["plan", "--aws"]).exits(2).says(&[
        "no hosted zone `cloud.example.com`",
        "aws route53 create-hosted-zone",
    ]);

    let text = text.split("aws:").next().unwrap().to_owned();
    std::fs::write(cloud.file(), text).unwrap();
    cloud
        .masto(&["plan", "--aws"])
        .exits(2)
        .says(&["has no `aws:` part", "region: eu-central-1"]);
}

#[test]
fn a_quota_that_is_reached_stops_an_up_before_the_first_write() {
    let cloud = Cloud::bare();
    cloud.proxy.judge(|call: &Call| match call.action.as_str() {
        "servicequotas:GetServiceQuota" => Verdict::Answer("{\"Quota\":{\"Value\":0.0}}"),
        _ => Verdict::Pass,
    });
    cloud.masto(&["up", "--aws", "--yes"]).exits(5).says(&[
        "the account may have 0 VPCs in eu-central-1",
        "L-F678F1CE",
        "nothing was changed",
    ]);
    let writes: Vec<_> = cloud
        .proxy
        .take_calls()
        .into_iter()
        .filter(|call| call.is_write && !call.action.contains("/masto-123456789012-"))
        .collect();
    assert!(writes.is_empty(), "{writes:#?}");
}
