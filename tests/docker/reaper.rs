//! SIGKILL of an examination with a throw-away server: nobody types anything, and it goes.

use std::process::{Child, Stdio};
use std::time::Duration;

use crate::support::Scenario;

/// How long what a killed examination left may stay.
const LEFT_FOR: Duration = Duration::from_secs(60);
/// Until a throw-away server is up and looked at.
const PATIENCE: Duration = Duration::from_secs(120);

fn examine(scenario: &Scenario) -> Child {
    scenario
        .command(&["doctor", "--local", "--federation"])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap()
}

/// Waits until `process` of a throw-away server other than those of `before` was started; gives
/// the server's name.
fn until_started(scenario: &Scenario, process: &str, before: &[String]) -> String {
    let of = |container: &str| {
        let name = container.strip_prefix("masto-")?.strip_suffix(process)?;
        let name = name.strip_suffix('-')?.to_owned();
        (name.starts_with("tmp-") && !before.contains(&name)).then_some(name)
    };
    scenario.engine.until_one_started(of, PATIENCE)
}

#[test]
fn what_a_killed_examination_made_is_gone_within_a_minute() {
    let scenario = Scenario::new("a killed `doctor --federation` leaves nothing for long");
    scenario.up();
    let began = scenario.found();
    let mut seen = Vec::new();
    // A database in the middle of its first start, processes that are booting, and all of it up.
    for moment in ["postgres", "sidekiq-all-1", "examined"] {
        let mut doctor = examine(&scenario);
        let name = match moment {
            "examined" => {
                let name = until_started(&scenario, "web-1", &seen);
                let web = format!("masto-{name}-web-1");
                // The owner logs in: it is up.
                scenario
                    .engine
                    .until_printed(&web, "/api/v1/apps", PATIENCE);
                name
            }
            process => until_started(&scenario, process, &seen),
        };
        doctor.kill().unwrap();
        doctor.wait().unwrap();
        assert!(
            !scenario.engine.found(&name).is_empty(),
            "{moment}: there was nothing to be left"
        );
        scenario.engine.until_nothing_of(&name, LEFT_FOR);
        seen.push(name);
    }
    assert_eq!(scenario.found(), began);
}

#[test]
fn nothing_but_a_throw_away_server_is_taken_away_like_that() {
    let scenario = Scenario::new("`reap` is for throw-away servers alone");
    scenario
        .masto(&["reap", &scenario.name])
        .exits(2)
        .says(&["is no throw-away server", "masto down"]);
}
