//! Machines without an engine, or with one that may not be used.

use expect_test::expect;

use crate::environment::{TestEnvironment, VALID};

#[test]
fn without_an_engine_every_command_says_so_and_what_to_do() {
    let environment = TestEnvironment::with_topology(VALID);
    let commands: [&[&str]; 12] = [
        &["plan"],
        &["up"],
        &["down"],
        &["down", "--data", "--yes"],
        &["status"],
        &["status", "--all"],
        &["logs"],
        &["exec", "web", "--", "true"],
        &["run", "--", "true"],
        &["tootctl", "version"],
        &["psql"],
        &["doctor"],
    ];
    for command in commands {
        let run = environment.masto(command.iter().copied());
        assert_eq!(run.status, 1, "{command:?}: {}", run.transcript());
        assert_eq!(run.stdout, "", "{command:?}: {}", run.transcript());
        assert!(
            run.stderr.starts_with("error: no Docker engine answers"),
            "{command:?}: {}",
            run.transcript()
        );
        assert!(
            run.stderr.contains("\nhint: "),
            "{command:?}: {}",
            run.transcript()
        );
    }
}

#[test]
fn a_socket_that_is_not_there_is_named() {
    let run = TestEnvironment::with_topology(VALID).masto(["status"]);
    expect![[r#"
        status: 1
        --- stderr ---
        error: no Docker engine answers at `unix:///nonexistent`
          because: there is no such socket
        hint: check DOCKER_HOST and `docker context ls`, and that the engine there runs
    "#]]
    .assert_eq(&run.transcript());
}

#[test]
fn aws_wants_its_part_of_the_file() {
    for command in ["up", "plan", "down", "status"] {
        let run = TestEnvironment::with_topology(VALID).masto([command, "--aws"]);
        assert_eq!(run.status, 2, "{}", run.transcript());
        assert!(
            run.stderr.contains("has no `aws:` part"),
            "{}",
            run.transcript()
        );
    }
}

#[test]
fn an_invalid_file_is_told_before_an_engine_is_asked() {
    for command in ["up", "plan", "doctor", "outputs"] {
        let run = TestEnvironment::with_topology("name: social\n").masto([command]);
        assert_eq!(run.status, 3, "{command}: {}", run.transcript());
        assert!(
            run.stderr.contains("masto.yaml:1:1: error:"),
            "{command}: {}",
            run.transcript()
        );
    }
}

#[test]
fn a_deployment_can_be_taken_down_by_name_without_its_file() {
    let run = TestEnvironment::new().masto(["down", "-p", "social"]);
    assert!(
        run.stderr.starts_with("error: no Docker engine answers"),
        "{}",
        run.transcript()
    );
}

#[test]
fn a_home_that_is_not_there_is_told() {
    let environment = TestEnvironment::with_topology(VALID).set("HOME", "");
    let run = environment.masto(["outputs"]);
    assert!(run.stderr.contains("XDG_DATA_HOME"), "{}", run.transcript());
}

#[test]
fn warnings_are_told_before_acting_and_not_when_only_looking() {
    let topology =
        "name: social\ndomain: social.example.org\nweb: { workers: 2, memory: 512MiB }\n";
    let environment = TestEnvironment::with_topology(topology);
    let warned = environment.masto(["validate"]);
    assert!(
        warned.stdout.contains("warning:"),
        "{}",
        warned.transcript()
    );
    for (command, expected) in [
        ("up", true),
        ("plan", true),
        ("status", false),
        ("logs", false),
    ] {
        let run = environment.masto([command]);
        assert_eq!(
            run.stderr.contains("warning:"),
            expected,
            "{command}: {}",
            run.transcript()
        );
    }
}
