//! From nothing to nothing.

use crate::support::{Ask, Call, Scenario};

/// Calls that `plan` makes where nothing has changed. ARCHITECTURE.md says which they are, and why
/// there are no fewer.
const LOOK: usize = 68;

#[test]
fn a_second_look_costs_little_and_a_second_up_writes_nothing() {
    let scenario = Scenario::new();
    scenario.up();
    scenario.nothing_is_doubled();

    scenario.proxy.calls();
    scenario.plan_is_empty();
    let looks = scenario.proxy.calls();
    let mut shown: Vec<String> = looks.iter().map(Call::to_string).collect();
    shown.sort();
    assert!(looks.iter().all(Call::is_read), "{shown:#?}");
    assert_eq!(looks.len(), LOOK, "{shown:#?}");
    // Which setting of a bucket, and which region of ACM, stands in no part that is recorded.
    let mut asked: Vec<(String, &str)> = looks
        .iter()
        .filter(|call| !["acm", "s3"].contains(&call.service.as_str()))
        .map(|call| (call.to_string(), call.body.as_str()))
        .collect();
    asked.sort();
    let twice: Vec<_> = asked.windows(2).filter(|pair| pair[0] == pair[1]).collect();
    assert!(twice.is_empty(), "asked twice: {twice:?}");

    let again = scenario.up();
    assert!(again.stdout.contains("Nothing to do"), "{again}");
    let writes: Vec<String> = scenario
        .proxy
        .calls()
        .iter()
        .filter(|call| !call.is_read() && !call.is_of_the_lock())
        .map(Call::to_string)
        .collect();
    assert_eq!(writes, Vec::<String>::new());

    let down = scenario.down();
    for named in [
        "snapshot masto-social-final-",
        "secret masto/social",
        "bucket masto-",
    ] {
        assert!(down.stderr.contains(named), "{named} is not in\n{down}");
    }
    scenario.nothing_is_left();
}

#[test]
fn what_down_keeps_the_next_up_goes_on_with() {
    let scenario = Scenario::new();
    scenario.up();
    let database = |scenario: &Scenario| {
        let described = scenario.emulator.ask(
            "rds",
            &Ask::Form("Action=DescribeDBInstances&Version=2014-10-31"),
        );
        described
            .split("<DbiResourceId>")
            .nth(1)
            .map(|rest| rest.split('<').next().unwrap().to_owned())
    };
    let before = database(&scenario);
    assert!(before.is_some(), "no database");
    scenario
        .masto(&["down", "--aws", "--yes"])
        .success()
        .says(&[
            "Kept: ",
            "It goes on costing about $",
            "masto down --aws --data",
        ]);
    scenario
        .masto(&["status", "--aws"])
        .exits(2)
        .says(&["`social` is down", "masto up --aws"]);
    scenario.up();
    assert_eq!(database(&scenario), before);
    scenario.plan_is_empty();
}
