//! stdout is the answer, stderr the rest; colour only where it was asked for or can be seen.

use crate::environment::{TestEnvironment, VALID};

fn has_colour(text: &str) -> bool {
    text.contains('\u{1b}')
}

#[test]
fn a_pipe_gets_no_colour_unless_it_asks() {
    let colour = |variables: &[(&str, &str)], arguments: &[&str]| {
        let mut environment = TestEnvironment::with_topology(VALID);
        for (name, value) in variables {
            environment = environment.set(name, value);
        }
        has_colour(&environment.masto(arguments.iter().copied()).stdout)
    };
    assert!(!colour(&[], &["validate"]));
    assert!(colour(&[], &["validate", "--color", "always"]));
    assert!(colour(&[("CLICOLOR_FORCE", "1")], &["validate"]));
    assert!(!colour(
        &[("CLICOLOR_FORCE", "1"), ("NO_COLOR", "1")],
        &["validate"]
    ));
    assert!(!colour(
        &[("CLICOLOR_FORCE", "1")],
        &["validate", "--no-color"]
    ));
    assert!(colour(&[("MASTO_COLOR", "always")], &["validate"]));
    assert!(colour(&[("CLICOLOR_FORCE", "1")], &["--help"]));
    assert!(!colour(
        &[("CLICOLOR_FORCE", "1")],
        &["--help", "--color", "never"]
    ));
}

#[test]
fn quiet_silences_what_accompanies_the_answer_but_no_error() {
    let environment = TestEnvironment::with_topology(VALID);
    let run = environment.masto(["init", "--yes", "-o", "a.yaml"]);
    assert!(run.stderr.contains("Next:"), "{}", run.transcript());
    let run = environment.masto(["-q", "init", "--yes", "-o", "b.yaml"]);
    assert_eq!(run.stderr, "");
    let run = environment.masto(["-q", "init", "--yes", "-o", "b.yaml"]);
    assert!(run.stderr.starts_with("error: "), "{}", run.transcript());
}

#[test]
fn signs_are_ascii_unless_the_locale_is_utf8() {
    let environment = TestEnvironment::with_topology(VALID);
    assert!(environment.masto(["validate"]).stdout.is_ascii());
    let environment = environment.set("LANG", "de_DE.UTF-8");
    assert!(!environment.masto(["validate"]).stdout.is_ascii());
}

#[test]
fn logs_of_masto_itself_go_to_stderr_on_demand() {
    let environment = TestEnvironment::with_topology(VALID);
    let run = environment.masto(["-vv", "status"]);
    assert_eq!(run.stdout, "");
    assert!(
        run.stderr.contains("error: no Docker engine answers"),
        "{}",
        run.transcript()
    );
}

#[test]
fn a_password_from_the_environment_is_never_printed() {
    let topology = "name: social\ndomain: social.example.org\nmail: { via: { smtp: { server: mail.example.org, login: me } } }\n";
    let environment =
        TestEnvironment::with_topology(topology).set("MASTO_SMTP_PASSWORD", "canary-91bd");
    let commands: [&[&str]; 6] = [
        &["validate"],
        &["-vv", "plan"],
        &["-vv", "up"],
        &["export", "compose", "-o", "project"],
        &["outputs", "--json", "--reveal"],
        &["graph", "--of", "resources"],
    ];
    for command in commands {
        let run = environment.masto(command.iter().copied());
        assert!(
            !run.transcript().contains("canary-91bd"),
            "{command:?}: {}",
            run.transcript()
        );
    }
    assert!(
        environment
            .read("project/.env")
            .contains("SMTP_PASSWORD='canary-91bd'")
    );
    assert!(
        !environment
            .read("project/compose.yaml")
            .contains("canary-91bd")
    );
}
