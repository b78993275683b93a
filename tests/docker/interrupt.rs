//! Ctrl-C, a second masto, and things that happen to containers while `up` runs.

use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

use crate::support::{Run, Scenario};

fn start(scenario: &Scenario, args: &[&str]) -> (Child, Instant) {
    let mut command = scenario.command(args);
    let child = command
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    (child, Instant::now())
}

fn end(child: Child, began: Instant) -> Run {
    let output = child.wait_with_output().unwrap();
    Run::new(
        "masto up (in the background)".to_owned(),
        &output,
        began.elapsed(),
    )
}

/// Waits until the container of `process` runs.
fn until_running(scenario: &Scenario, process: &str) {
    let name = scenario.container(process);
    scenario
        .engine
        .until_started(&name, Duration::from_secs(120));
}

#[test]
fn the_first_ctrl_c_finishes_what_runs_and_up_goes_on_from_there() {
    let scenario =
        Scenario::new("an interrupted `up` says so, ends with 8, and is finished by the next");
    let (up, began) = start(&scenario, &["up", "--local"]);
    until_running(&scenario, "postgres");
    kill_process(Pid::from_child(&up), Signal::INT).unwrap();
    end(up, began).exits(8).says(&["masto up"]);
    scenario.up();
    scenario.doctor();
}

#[test]
fn the_second_ctrl_c_leaves_at_once() {
    let scenario =
        Scenario::new("a second interrupt leaves at once, ends with 130, and `up` goes on");
    let (up, began) = start(&scenario, &["up", "--local"]);
    until_running(&scenario, "postgres");
    let pid = Pid::from_child(&up);
    kill_process(pid, Signal::INT).unwrap();
    // The second one may come when the first was enough already.
    let _ = kill_process(pid, Signal::INT);
    let run = end(up, began);
    assert!(matches!(run.code, Some(130 | 8)), "{run}");
    scenario.up();
    scenario.doctor();
}

#[test]
fn of_two_ups_at_once_one_works_and_the_other_says_who_holds_the_lock() {
    let scenario = Scenario::new("two `up` at once: one writer, and the other knows who");
    let (first, began) = start(&scenario, &["up", "--local"]);
    // Making a database takes seconds: the first one is in the middle of its work.
    until_running(&scenario, "postgres");
    let held = scenario.masto(&["lock", "--json"]).success();
    assert!(held.stdout.contains(&first.id().to_string()), "{held}");
    scenario
        .masto(&["up", "--local", "--lock-timeout", "0"])
        .exits(6)
        .says(&["masto up", &first.id().to_string()]);
    let patient = scenario.masto(&["up", "--local"]).success();
    assert!(patient.stdout.contains("Nothing to do"), "{patient}");
    end(first, began).success();
}

#[test]
fn a_container_killed_while_up_runs_is_no_lasting_harm() {
    let scenario = Scenario::new(
        "a database killed in the middle of `up` is said, and the next `up` mends it",
    );
    let (up, began) = start(&scenario, &["up", "--local"]);
    until_running(&scenario, "postgres");
    scenario.engine.kill(&scenario.container("postgres"));
    let run = end(up, began);
    assert!(matches!(run.code, Some(0 | 5 | 7)), "{run}");
    if run.code != Some(0) {
        assert!(run.stderr.contains("postgres"), "{run}");
    }
    scenario.up();
    scenario
        .masto(&["plan", "--local", "--detailed-exitcode"])
        .success();
    scenario.doctor();
}
