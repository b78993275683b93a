//! Help is generated and committed: a reviewer sees every change of it.

use expect_test::expect_file;

use crate::environment::TestEnvironment;

/// The commands in the help of `command`, in its order.
fn commands(help: &str) -> Vec<String> {
    help.lines()
        .skip_while(|line| *line != "Commands:")
        .skip(1)
        .take_while(|line| !line.is_empty())
        .filter_map(|line| line.split_whitespace().next())
        .map(str::to_owned)
        .collect()
}

#[test]
fn every_command_explains_itself_with_an_example() {
    let environment = TestEnvironment::new();
    let root = environment.masto(["--help"]).answer();
    expect_file!["snapshots/help/masto.txt"].assert_eq(&root);
    let found = commands(&root);
    assert!(found.len() > 20, "{found:?}");
    for command in &found {
        let help = environment.masto([command.as_str(), "--help"]).answer();
        let below = commands(&help);
        assert!(
            help.contains("Examples:") || !below.is_empty(),
            "{command} has no example"
        );
        expect_file![format!("snapshots/help/{command}.txt")].assert_eq(&help);
        for subcommand in &below {
            let help = environment
                .masto([command.as_str(), subcommand.as_str(), "--help"])
                .answer();
            assert!(
                help.contains("Examples:"),
                "{command} {subcommand} has no example"
            );
            expect_file![format!("snapshots/help/{command}-{subcommand}.txt")].assert_eq(&help);
        }
    }
}

#[test]
fn help_on_a_command_is_its_help() {
    let environment = TestEnvironment::new();
    assert_eq!(
        environment.masto(["help", "up"]).answer(),
        environment.masto(["up", "--help"]).answer()
    );
}

#[test]
fn exit_statuses_and_variables_are_documented() {
    let environment = TestEnvironment::new();
    expect_file!["snapshots/help/exit-codes.txt"]
        .assert_eq(&environment.masto(["help", "exit-codes"]).answer());
    expect_file!["snapshots/help/environment.txt"]
        .assert_eq(&environment.masto(["help", "environment"]).answer());
}

#[test]
fn every_variable_that_a_flag_names_is_documented() {
    let environment = TestEnvironment::new();
    let documented = environment.masto(["help", "environment"]).answer();
    let root = environment.masto(["--help"]).answer();
    let mut seen = 0;
    for command in commands(&root) {
        let help = environment.masto([command.as_str(), "--help"]).answer();
        for name in help
            .split("[env: ")
            .skip(1)
            .filter_map(|rest| rest.split([']', '=']).next())
        {
            assert!(documented.contains(name), "{name} of `{command}`");
            seen += 1;
        }
    }
    assert!(seen > 10, "{seen}");
}

#[test]
fn a_topic_that_is_none_is_said_to_be_none() {
    let run = TestEnvironment::new().masto(["help", "teapots"]);
    expect_test::expect![[r#"
        status: 2
        --- stderr ---
        error: there is no help on `teapots`
        hint: `masto help` lists the commands
    "#]]
    .assert_eq(&run.transcript());
}
