//! What AWS refuses, and what masto says of it.

use std::process::Stdio;
use std::sync::mpsc;
use std::time::{Duration, Instant};

use crate::support::{Ask, Call, Fault, Run, Scenario};

const DENIED: Fault = Fault::Refused {
    status: 403,
    code: "AccessDenied",
    message: "User is not authorized to perform this",
};

#[test]
fn without_credentials_the_ways_to_get_some_are_named() {
    let scenario = Scenario::new();
    let mut command = scenario.command(&["up", "--aws", "--yes"]);
    command.env_remove("AWS_ACCESS_KEY_ID");
    command.env_remove("AWS_SECRET_ACCESS_KEY");
    Run::of(command)
        .exits(4)
        .says(&["no AWS credentials", "aws sso login", "masto rehearse"]);
    assert_eq!(scenario.proxy.calls(), Vec::<Call>::new());
}

#[test]
fn a_region_that_does_not_know_the_credentials_is_told_from_wrong_ones() {
    let scenario = Scenario::new();
    scenario.proxy.plan(|call| match call.action.as_str() {
        "GetCallerIdentity" => Fault::Refused {
            status: 403,
            code: "InvalidClientTokenId",
            message: "The security token included in the request is invalid.",
        },
        _ => Fault::None,
    });
    scenario.masto(&["up", "--aws", "--yes"]).exits(4).says(&[
        "does not know these credentials in eu-central-1",
        "aws account enable-region --region-name eu-central-1",
        "`aws.region`",
        "aws sso login",
    ]);
    // Nothing else was asked for, and no statement of the policy is blamed.
    assert_eq!(scenario.proxy.calls().len(), 1);
}

#[test]
fn a_call_that_is_not_allowed_names_the_statement_that_allows_it() {
    let scenario = Scenario::new();
    scenario.proxy.plan(|call| match call.action.as_str() {
        "CreateDBInstance" => DENIED,
        _ => Fault::None,
    });
    scenario.masto(&["up", "--aws", "--yes"]).exits(5).says(&[
        "rds:CreateDBInstance",
        "the statement `MastoDatabase` of `masto policy`",
        "masto up --aws",
    ]);
    // What does not need the database is there, and the next run makes the rest.
    scenario.proxy.calm();
    scenario.up();
    scenario.plan_is_empty();
}

#[test]
fn credentials_that_expire_in_the_middle_are_said_and_the_next_run_goes_on() {
    let scenario = Scenario::new();
    let mut left = 120;
    scenario.proxy.plan(move |_| {
        left -= 1;
        if left > 0 {
            return Fault::None;
        }
        Fault::Refused {
            status: 403,
            code: "ExpiredToken",
            message: "The security token included in the request is expired",
        }
    });
    scenario
        .masto(&["up", "--aws", "--yes"])
        .exits(4)
        .says(&["the credentials have expired", "aws sso login"]);
    scenario.proxy.calm();
    // Nobody could give the lease back; it ends by itself.
    scenario.masto(&["lock", "release", "--aws"]).success();
    scenario.up();
    scenario.plan_is_empty();
    scenario.nothing_is_doubled();
}

#[test]
fn groups_that_aws_still_holds_on_to_are_waited_for() {
    let scenario = Scenario::new();
    scenario.up();
    // Network interfaces of load balancer and tasks go some time after them.
    let mut held = 6;
    scenario.proxy.plan(move |call| {
        if call.action != "DeleteSecurityGroup" || held == 0 {
            return Fault::None;
        }
        held -= 1;
        Fault::Refused {
            status: 400,
            code: "DependencyViolation",
            message: "resource has a dependent object",
        }
    });
    scenario.down();
    scenario.nothing_is_left();
}

#[test]
fn a_role_that_iam_does_not_know_everywhere_yet_is_waited_for() {
    let scenario = Scenario::new();
    let mut unknown = 3;
    scenario.proxy.plan(move |call| {
        let needs_role = call.action == "RunTask" || call.action == "CreateService";
        if !needs_role || unknown == 0 {
            return Fault::None;
        }
        unknown -= 1;
        Fault::Refused {
            status: 400,
            code: "InvalidParameterException",
            message: "ECS was unable to assume the role that was provided for this task",
        }
    });
    scenario.up();
}

#[test]
fn a_bucket_name_that_somebody_else_has_is_said() {
    let scenario = Scenario::new();
    scenario.proxy.plan(|call| {
        let makes_media_bucket = call.action.starts_with("PUT /masto-social-media-")
            && call.action.trim_end_matches('/').matches('/').count() == 1;
        if makes_media_bucket {
            Fault::Refused {
                status: 409,
                code: "BucketAlreadyExists",
                message: "The requested bucket name is not available.",
            }
        } else {
            Fault::None
        }
    });
    scenario.masto(&["up", "--aws", "--yes"]).exits(5).says(&[
        "belongs to another AWS account",
        "give this deployment another `name`",
    ]);
}

#[test]
fn what_somebody_else_made_under_our_name_is_refused_and_left_alone() {
    let scenario = Scenario::new();
    let iam = |form: &str| {
        let form = format!("{form}&Version=2010-05-08");
        scenario.emulator.ask("iam", &Ask::Form(&form))
    };
    iam(
        "Action=CreateRole&RoleName=masto-social-task&AssumeRolePolicyDocument=%7B%22Version%22%3A%222012-10-17%22%2C%22Statement%22%3A%5B%5D%7D",
    );
    let before = iam("Action=GetRole&RoleName=masto-social-task");
    assert!(before.contains("masto-social-task"), "{before}");
    scenario.masto(&["up", "--aws", "--yes"]).exits(5).says(&[
        "IAM role `task`",
        "masto did not make",
        "another `name`",
    ]);
    let writes: Vec<String> = scenario
        .proxy
        .calls()
        .iter()
        .filter(|call| !call.is_read() && !call.is_of_the_lock())
        .map(Call::to_string)
        .collect();
    assert_eq!(writes, Vec::<String>::new());
}

#[test]
fn a_secret_that_aws_still_keeps_is_taken_back_with_the_values_it_had() {
    let scenario = Scenario::new();
    scenario.up();
    let password = |scenario: &Scenario| {
        let asked = ["outputs", "--aws", "owner_password", "--reveal"];
        scenario.masto(&asked).success().stdout
    };
    let before = password(&scenario);
    scenario
        .down()
        .says(&["the next `masto up --aws` restores it"]);
    scenario.up();
    assert_eq!(password(&scenario), before);
}

#[test]
fn a_final_snapshot_takes_another_name_where_its_own_is_taken() {
    let scenario = Scenario::new();
    scenario.up();
    let mut is_taken = true;
    scenario.proxy.plan(move |call| {
        if call.action != "DeleteDBInstance" || !std::mem::take(&mut is_taken) {
            return Fault::None;
        }
        Fault::Refused {
            status: 400,
            code: "DBSnapshotAlreadyExists",
            message: "Cannot create the snapshot because a snapshot with this identifier already exists.",
        }
    });
    scenario.proxy.calls();
    let down = scenario.down();
    let calls = scenario.proxy.calls();
    let names: Vec<&str> = calls
        .iter()
        .filter(|call| call.action == "DeleteDBInstance")
        .flat_map(|call| call.body.split('&'))
        .filter_map(|pair| pair.strip_prefix("FinalDBSnapshotIdentifier="))
        .collect();
    let [taken, free] = names[..] else {
        panic!("{names:?}")
    };
    assert_eq!(free, format!("{taken}-1"));
    down.says(&[&format!("snapshot {free}: ")]);
    scenario.nothing_is_left();
}

#[test]
fn a_database_that_somebody_protects_while_it_goes_stays_and_who_to_ask_is_said() {
    let scenario = Scenario::new();
    scenario.up();
    // Between the call that takes our own protection off and the one that removes.
    let (tell, told) = mpsc::channel();
    let (go_on, gone_on) = mpsc::channel::<()>();
    let mut is_first = true;
    scenario.proxy.plan(move |call| {
        if call.action == "DeleteDBInstance" && std::mem::take(&mut is_first) {
            tell.send(()).unwrap();
            gone_on.recv().unwrap();
        }
        Fault::None
    });
    let began = Instant::now();
    let down = scenario
        .command(&["down", "--aws", "--data", "--yes"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    told.recv_timeout(Duration::from_secs(120)).unwrap();
    let rds = |form: &str| {
        let form = format!("{form}&Version=2014-10-31");
        scenario.emulator.ask("rds", &Ask::Form(&form))
    };
    rds("Action=ModifyDBInstance&DBInstanceIdentifier=masto-social&DeletionProtection=true");
    go_on.send(()).unwrap();
    let output = down.wait_with_output().unwrap();
    Run::new("masto down".to_owned(), &output, began.elapsed())
        .exits(5)
        .says(&[
            "somebody switched its deletion protection on while it was being removed",
            "CloudTrail",
            "run the same command again: it switches the protection off",
        ]);
    let database = rds("Action=DescribeDBInstances&DBInstanceIdentifier=masto-social");
    assert!(
        database.contains("<DBInstanceIdentifier>masto-social<"),
        "{database}"
    );

    scenario.down();
    scenario.nothing_is_left();
}

#[test]
fn a_quota_that_is_used_up_is_said_in_awss_own_words() {
    let scenario = Scenario::new();
    scenario.proxy.plan(|call| match call.action.as_str() {
        "CreateVpc" => Fault::Refused {
            status: 400,
            code: "VpcLimitExceeded",
            message: "The maximum number of VPCs has been reached.",
        },
        _ => Fault::None,
    });
    scenario.masto(&["up", "--aws", "--yes"]).exits(5).says(&[
        "VpcLimitExceeded",
        "The maximum number of VPCs has been reached.",
        "skipped: ",
    ]);
}

#[test]
fn one_writer_at_a_time_and_a_dead_one_is_gone_within_a_minute() {
    let scenario = Scenario::new();
    let (tell, told) = mpsc::channel();
    scenario.proxy.plan(move |call| {
        if call.action != "CreateDBInstance" {
            return Fault::None;
        }
        let _ = tell.send(());
        // Slow enough to be met in the middle of its work.
        Fault::Throttled
    });
    let mut first = scenario
        .command(&["up", "--aws", "--yes"])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    told.recv_timeout(Duration::from_secs(60)).unwrap();
    scenario
        .masto(&["up", "--aws", "--yes", "--lock-timeout", "0"])
        .exits(6)
        .says(&["masto up", "masto lock release --aws"]);
    first.kill().unwrap();
    first.wait().unwrap();
    let killed = Instant::now();
    scenario.proxy.calm();
    scenario
        .masto(&["up", "--aws", "--yes", "--lock-timeout", "90s"])
        .success();
    let waited = killed.elapsed();
    assert!(waited < Duration::from_secs(80), "{waited:?}");
    scenario.plan_is_empty();
    scenario.nothing_is_doubled();
}
