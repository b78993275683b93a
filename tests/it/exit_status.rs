use crate::environment::{TestEnvironment, VALID};

#[test]
fn a_wrong_command_line_ends_with_2_or_with_64_where_2_means_changes() {
    let environment = TestEnvironment::with_topology(VALID);
    for (arguments, status) in [
        (&["plan", "--nonsense"][..], 2),
        (&["plan", "--detailed-exitcode", "--nonsense"][..], 64),
        (&["destory"][..], 2),
        (&[][..], 2),
        (&["up", "--wait-timeout", "soon"][..], 2),
        (&["up", "--images", "mine"][..], 2),
        (&["up", "--local", "--aws"][..], 2),
        (&["--version"][..], 0),
    ] {
        let run = environment.masto(arguments.iter().copied());
        assert_eq!(run.status, status, "{arguments:?}: {}", run.transcript());
    }
}

#[cfg(feature = "aws")]
#[test]
fn a_server_on_aws_is_tried_out_with_accounts_elsewhere_alone() {
    let environment = TestEnvironment::with_topology(VALID);
    for peer in [&[][..], &["--peer", "social-peer"]] {
        let arguments = [&["doctor", "--aws", "--federation"][..], peer].concat();
        let run = environment.masto(arguments);
        assert_eq!(run.status, 2, "{}", run.transcript());
        assert!(
            run.stderr
                .contains("does not reach the servers of this machine")
                && run.stderr.contains("--peer https://host/@user"),
            "{}",
            run.transcript()
        );
    }
    let run = environment.masto(["doctor", "--federation", "--peer", "http://a.test/@alice"]);
    assert_eq!(run.status, 2, "{}", run.transcript());
    assert!(
        run.stderr.contains("over https alone"),
        "{}",
        run.transcript()
    );
}

#[test]
fn a_misspelt_verb_is_never_run_and_the_right_one_suggested() {
    let run = TestEnvironment::with_topology(VALID).masto(["destory"]);
    assert!(run.stderr.contains("'destroy'"), "{}", run.transcript());
    assert!(!run.stderr.contains("engine"), "{}", run.transcript());
}

#[test]
fn verbs_of_other_tools_are_understood() {
    let environment = TestEnvironment::new();
    for (alias, command) in [
        ("ps", "status"),
        ("show", "status"),
        ("preview", "plan"),
        ("deploy", "up"),
        ("destroy", "down"),
        ("remove", "down"),
        ("new", "init"),
        ("launch", "init"),
        ("tail", "logs"),
        ("enter", "exec"),
        ("check", "doctor"),
    ] {
        let help = environment.masto([alias, "--help"]).answer();
        assert_eq!(
            help,
            environment.masto([command, "--help"]).answer(),
            "{alias}"
        );
    }
}

#[test]
fn a_file_that_may_not_be_written_ends_with_4() {
    // Directories cannot be written to by anybody, root included.
    let environment = TestEnvironment::with_topology(VALID);
    environment.write("folder/x", "");
    let run = environment.masto(["graph", "-o", "folder"]);
    assert_eq!(run.status, 1, "{}", run.transcript());
    assert!(
        run.stderr.contains("failed to write `folder`"),
        "{}",
        run.transcript()
    );
}

#[test]
fn flags_of_other_tools_are_understood() {
    let environment = TestEnvironment::with_topology(VALID);
    let commands: [&[&str]; 8] = [
        &["up", "-d", "--wait"],
        &["up", "--auto-approve", "--lock-wait", "0"],
        &["up", "--dry-run"],
        &["down", "--volumes", "--yes"],
        &["exec", "-it", "web", "sh"],
        &["run", "--rm", "--", "true"],
        &["logs", "-f", "--no-log-prefix", "-n", "5", "web"],
        &["ps", "--all"],
    ];
    for command in commands {
        // Understood, and stopped by nothing but the missing engine.
        let run = environment.masto(command.iter().copied());
        assert_eq!(run.status, 1, "{command:?}: {}", run.transcript());
        let is_engine = run.stderr.starts_with("error: no Docker engine answers");
        assert!(is_engine, "{command:?}: {}", run.transcript());
    }
}
