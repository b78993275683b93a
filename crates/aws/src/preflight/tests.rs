use std::collections::BTreeMap;

use expect_test::{Expect, expect};

use super::*;

fn wanted() -> Wanted {
    Wanted {
        vpcs: 1,
        addresses: 2,
        milli_vcpus: 4250,
        spot: false,
        database: Some(Order {
            engine: "postgres".to_owned(),
            version: "17".to_owned(),
            class: "db.t4g.micro".to_owned(),
        }),
        cache: None,
        ses: true,
    }
}

#[track_caller]
fn check(facts: &Facts, expected: &Expect) {
    let text: String = judge(facts, &wanted(), "eu-central-1")
        .iter()
        .map(|finding| {
            let kind = if finding.is_error { "error" } else { "note" };
            format!(
                "{kind}: {}\n  {}\n",
                finding.message,
                finding.hint.replace('\n', "\n  ")
            )
        })
        .collect();
    expected.assert_eq(&text);
}

#[test]
fn everything_is_told_at_once_errors_first() {
    check(
        &Facts {
            quotas: BTreeMap::from([
                (Quota::Vpcs, 5),
                (Quota::Addresses, 5),
                (Quota::FargateVcpus, 4),
            ]),
            vpcs: Some(5),
            addresses: Some(1),
            database_versions: Some(vec!["15.9".to_owned(), "16.4".to_owned()]),
            cache_versions: None,
            ses_sandbox: Some(true),
            denied: vec!["servicequotas:GetServiceQuota"],
        },
        &expect![[r#"
            error: the account may have 5 VPCs in eu-central-1, has 5, and this needs 1 more
              ask for more:  aws service-quotas request-service-quota-increase --service-code vpc --quota-code L-F678F1CE --desired-value 6 --region eu-central-1
              or remove one that nobody needs, or choose another `aws.region`
            error: the tasks need 5 vCPUs, and the account may run 4 on Fargate in eu-central-1
              ask for more:  aws service-quotas request-service-quota-increase --service-code fargate --quota-code L-3032A538 --desired-value 5 --region eu-central-1
              or lower `cpu` or `replicas` in the file
            error: eu-central-1 has no postgres 17 on db.t4g.micro
              set `postgres.version` to one of 15, 16
            note: the credentials do not allow `servicequotas:GetServiceQuota`: that was not checked
              the statement `MastoPreflight` of `masto policy` gives it
            note: SES in eu-central-1 is in its sandbox: mail reaches verified addresses only, 200 a day
              ask for production access (a day or so):  https://eu-central-1.console.aws.amazon.com/ses/home?region=eu-central-1#/get-set-up
              or send through another server:  mail: { via: { smtp: … } }
        "#]],
    );
}

#[test]
fn what_fits_or_is_not_known_stands_in_nobodys_way() {
    check(
        &Facts {
            quotas: BTreeMap::from([
                (Quota::Vpcs, 5),
                (Quota::Addresses, 5),
                (Quota::FargateVcpus, 6),
            ]),
            vpcs: Some(4),
            addresses: Some(3),
            database_versions: Some(vec!["17.4".to_owned()]),
            ses_sandbox: Some(false),
            ..Facts::default()
        },
        &expect![""],
    );
    check(&Facts::default(), &expect![""]);
}

#[test]
fn a_class_that_cannot_be_had_at_all_is_said_so() {
    check(
        &Facts {
            database_versions: Some(Vec::new()),
            ..Facts::default()
        },
        &expect![[r#"
            error: eu-central-1 has no postgres on db.t4g.micro
              choose another `size` or another `aws.region`
        "#]],
    );
}
