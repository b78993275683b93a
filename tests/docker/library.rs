//! `masto-testing`: servers that a test has for itself, and nothing left of them.

use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Stdio};
use std::time::Duration;

use masto_testing::reqwest::{Method, RequestBuilder};
use masto_testing::{ImageSet, Server};
use serde_json::Value;

use crate::support::{Run, Scenario};

/// How long after a SIGKILL nothing may be left.
const REAPED: Duration = Duration::from_secs(60);

#[test]
fn the_example_follows_and_gets_a_post_and_leaves_nothing() {
    let scenario = Scenario::new("`cargo run --example follow` works and cleans up");
    let before = scenario.engine.everything();
    let run = Run::of(example(&scenario)).success();
    assert!(run.stdout.contains("<p>Hello, neighbour!</p>"), "{run}");
    assert_eq!(scenario.engine.everything(), before, "{run}");
}

#[test]
fn a_killed_test_leaves_nothing() {
    let scenario = Scenario::new("what a test with two servers leaves is gone after its SIGKILL");
    let before = scenario.engine.everything();
    let (mut test, stdout) = start(example(&scenario));
    let up = BufReader::new(stdout).lines().next();
    assert!(up.unwrap().unwrap().ends_with(" are up"));
    test.kill().unwrap();
    test.wait().unwrap();
    let left = scenario.engine.everything();
    assert!(!left.is_subset(&before), "there was nothing to be left");
    scenario.engine.until_only(&before, REAPED);
}

#[test]
fn a_test_that_is_killed_while_its_servers_come_up_leaves_nothing() {
    let scenario = Scenario::new("what a test had begun to make is gone after its SIGKILL");
    let before = scenario.engine.everything();
    let (mut test, _stdout) = start(example(&scenario));
    scenario.engine.until_any_started(Duration::from_secs(60));
    test.kill().unwrap();
    test.wait().unwrap();
    let left = scenario.engine.everything();
    assert!(!left.is_subset(&before), "there was nothing to be left");
    scenario.engine.until_only(&before, REAPED);
}

#[test]
fn a_server_of_an_older_release_has_accounts_and_runs_commands() {
    let scenario = Scenario::new("a test sets the release, makes accounts and runs tootctl");
    let before = scenario.engine.everything();
    scenario.engine.run(async |_| {
        let server = Server::builder()
            .images(ImageSet::Kit)
            .data_dir(scenario.home().join(".local/share/masto"))
            .version("4.6.9")
            .start()
            .await
            .unwrap();
        let instance: Value = json(server.get("/api/v2/instance")).await;
        assert_eq!(instance["version"], "4.6.9");
        assert_eq!(instance["domain"], server.domain());

        let bob = server.account("bob").await.unwrap();
        let path = "/api/v1/accounts/verify_credentials";
        let is: Value = json(server.request_as(&bob, Method::GET, path)).await;
        assert_eq!(is["username"], "bob");
        assert_eq!(is["role"]["name"], "");
        let taken = server.account("bob").await.unwrap_err();
        assert!(taken.to_string().contains("taken"), "{taken}");

        let modify = ["bin/tootctl", "accounts", "modify"];
        let said = server
            .run(&[&modify[..], &["bob", "--disable"]].concat())
            .await;
        assert_eq!(said.unwrap().trim(), "OK");
        let refused = server.run(&[&modify[..], &["nobody"]].concat()).await;
        let refused = refused.unwrap_err().to_string();
        assert!(refused.contains("No user with such username"), "{refused}");

        let peer = server.peer().await.unwrap();
        assert_ne!(peer.name(), server.name());
        peer.stop().await.unwrap();
        drop(server);
    });
    assert_eq!(scenario.engine.everything(), before);
}

async fn json(request: RequestBuilder) -> Value {
    let answer = request.send().await.unwrap().error_for_status().unwrap();
    answer.json().await.unwrap()
}

/// The example, with the scenario's home directory.
fn example(scenario: &Scenario) -> Command {
    let program = Path::new(env!("CARGO_BIN_EXE_masto"))
        .with_file_name("examples")
        .join("follow");
    assert!(program.exists(), "built by: cargo build --examples");
    scenario.program(&program)
}

fn start(mut command: Command) -> (Child, ChildStdout) {
    let mut child = command.stdout(Stdio::piped()).spawn().unwrap();
    let stdout = child.stdout.take().unwrap();
    (child, stdout)
}
