use expect_test::{Expect, expect};

use crate::environment::{TestEnvironment, VALID, topologies};

#[track_caller]
fn check(topology: &str, expected: &Expect) {
    let run = TestEnvironment::with_topology(topology).masto(["validate"]);
    expected.assert_eq(&run.transcript());
}

#[test]
fn a_valid_file_is_said_to_be_valid() {
    check(
        VALID,
        &expect![[r#"
        status: 0
        --- stdout ---
        * masto.yaml is valid
    "#]],
    );
}

#[test]
fn every_ready_made_topology_is_valid() {
    for (name, text) in topologies() {
        let run = TestEnvironment::with_topology(&text).masto(["validate"]);
        assert_eq!(run.status, 0, "{name}: {}", run.transcript());
    }
}

#[test]
fn every_problem_is_told_at_once_with_its_line_and_a_hint() {
    check(
        "name: Social\ndomian: social.example.org\nweb:\n  replicas: many\nsidekiq:\n  - name: all\n    queues: [default, ingres]\n",
        &expect![[r#"
            status: 3
            --- stdout ---
            masto.yaml:1:7: error: `Social` has `S` in it, a name has only a-z, 0-9 and - [topology::name]
              1 | name: Social
                |       ^^^^^^ not a name
              hint: write `social`

            masto.yaml:2:1: error: unknown key `domian` [topology::unknown-key]
              2 | domian: social.example.org
                | ^^^^^^ unknown key
              hint: did you mean `domain`?

            masto.yaml:4:13: error: expected a whole number from 1 to 100, found a text `many` [topology::wrong-type]
              4 |   replicas: many
                |             ^^^^ another kind of value
              hint: write a whole number from 1 to 100

            masto.yaml:7:23: error: `ingres` is not a queue of Mastodon [topology::unknown-value]
              7 |     queues: [default, ingres]
                |                       ^^^^^^ not a known word
              hint: did you mean `ingress`?

            masto.yaml has 4 errors, 0 warnings
        "#]],
    );
}

#[test]
fn rules_of_mastodon_itself_are_checked_too() {
    check(
        "name: social\ndomain: social.example.org\nsidekiq:\n  - name: some\n    queues: [default, push, scheduler]\n",
        &expect![[r#"
            status: 3
            --- stdout ---
            masto.yaml:3:1: error: no Sidekiq process consumes `fasp`: Fediverse Auxiliary Service Providers get no answer [mastodon::queue-without-consumer]
              3 | sidekiq:
                | ^^^^^^^ `fasp` is in none of these
              hint: add `fasp` to the queues of `some`

            masto.yaml:3:1: error: no Sidekiq process consumes `ingress`: messages from other servers never arrive, though they are accepted [mastodon::queue-without-consumer]
              3 | sidekiq:
                | ^^^^^^^ `ingress` is in none of these
              hint: add `ingress` to the queues of `some`

            masto.yaml:3:1: error: no Sidekiq process consumes `mailers`: no mail is sent, not even the confirmation of a new account [mastodon::queue-without-consumer]
              3 | sidekiq:
                | ^^^^^^^ `mailers` is in none of these
              hint: add `mailers` to the queues of `some`

            masto.yaml:3:1: error: no Sidekiq process consumes `pull`: remote avatars, link previews, imports, exports and deletions stop [mastodon::queue-without-consumer]
              3 | sidekiq:
                | ^^^^^^^ `pull` is in none of these
              hint: add `pull` to the queues of `some`

            masto.yaml has 4 errors, 0 warnings
        "#]],
    );
}

#[test]
fn what_is_not_yaml_is_told_with_its_place() {
    check(
        "name: [social\n",
        &expect![[r#"
        status: 3
        --- stdout ---
        masto.yaml:1:7: error: a `[` is not closed [topology::syntax]
          1 | name: [social
            |       ^ here
          hint: write `]` behind the last value, and `,` between values

        masto.yaml has 1 error, 0 warnings
    "#]],
    );
}

#[test]
fn an_empty_file_is_told_what_it_lacks() {
    check(
        "",
        &expect![[r#"
        status: 3
        --- stdout ---
        masto.yaml:1:1: error: the file is empty [topology::empty]
          hint: write at least `name: social` and `domain: social.example.com`, or let `masto init` make a file

        masto.yaml has 1 error, 0 warnings
    "#]],
    );
}

#[test]
fn bytes_that_are_not_text_are_a_problem_and_no_crash() {
    let environment = TestEnvironment::new();
    environment.write("masto.yaml", [b'n', 0xff, 0xfe, 0x00]);
    let run = environment.masto(["validate"]);
    assert_eq!(run.status, 3, "{}", run.transcript());
    assert!(run.stdout.contains("UTF-8"), "{}", run.transcript());
}

#[test]
fn a_file_beyond_any_topology_is_refused() {
    let environment = TestEnvironment::new();
    environment.write("masto.yaml", "a: b\n".repeat(2_000_000));
    let run = environment.masto(["validate"]);
    assert_eq!(run.status, 3, "{}", run.transcript());
    assert!(
        run.stdout.contains("is this the right file?"),
        "{}",
        run.transcript()
    );
}

#[test]
fn problems_come_as_json_too() {
    let environment = TestEnvironment::with_topology("name: social\ndomian: social.example.org\n");
    let run = environment.masto(["validate", "--json"]);
    assert_eq!(run.status, 3);
    let document = run.json();
    assert_eq!(document["valid"], false);
    let problem = &document["problems"][0];
    assert_eq!(problem["code"], "topology::unknown-key");
    assert_eq!(problem["severity"], "error");
    assert_eq!(
        (&problem["span"]["line"], &problem["span"]["column"]),
        (&2.into(), &1.into())
    );
    assert_eq!(problem["hint"], "did you mean `domain`?");
}

#[test]
fn stdin_is_read_where_the_file_is_a_dash() {
    let environment = TestEnvironment::new();
    let run = environment.masto_with_stdin(["validate", "-f", "-"], VALID.as_bytes());
    assert_eq!(run.status, 0, "{}", run.transcript());
}

#[test]
fn the_file_is_found_by_its_usual_names_and_by_variable_and_flag() {
    let environment = TestEnvironment::new();
    environment.write("topology.yaml", VALID);
    assert!(
        environment
            .masto(["validate"])
            .answer()
            .contains("topology.yaml is valid")
    );
    environment.write("masto.yaml", VALID);
    assert!(
        environment
            .masto(["validate"])
            .answer()
            .contains("masto.yaml is valid")
    );
    environment.write("other.yaml", VALID);
    let environment = environment.set("MASTO_FILE", "other.yaml");
    assert!(
        environment
            .masto(["validate"])
            .answer()
            .contains("other.yaml is valid")
    );
    let flags: [&[&str]; 3] = [
        &["validate", "-f", "topology.yaml"],
        &["-f", "topology.yaml", "validate"],
        &["validate", "topology.yaml"],
    ];
    for flags in flags {
        let answer = environment.masto(flags.iter().copied()).answer();
        assert!(
            answer.contains("topology.yaml is valid"),
            "{flags:?}: {answer}"
        );
    }
}

#[test]
fn a_missing_file_says_how_to_come_by_one() {
    let environment = TestEnvironment::new();
    expect![[r#"
        status: 2
        --- stderr ---
        error: there is no topology file here
        hint: write one with `masto init`, or name one: `masto … --file topologies/small.yaml`
    "#]]
    .assert_eq(&environment.masto(["validate"]).transcript());
    expect![[r#"
        status: 1
        --- stderr ---
        error: failed to read `none.yaml`
          because: No such file or directory (os error 2)
        hint: write one with `masto init`, or name another with `--file`
    "#]]
    .assert_eq(
        &environment
            .masto(["validate", "-f", "none.yaml"])
            .transcript(),
    );
    environment.write("folder/masto.yaml", "");
    expect![[r#"
        status: 1
        --- stderr ---
        error: failed to read `folder`
          because: Is a directory (os error 21)
        hint: name the file in it: `--file folder/masto.yaml`
    "#]]
    .assert_eq(&environment.masto(["validate", "-f", "folder"]).transcript());
}

#[test]
fn a_file_typed_behind_the_command_wins_over_one_before_it() {
    let environment = TestEnvironment::with_topology("broken\n");
    environment.write("a.yaml", "name: a\ndomain: social.example.org\n");
    environment.write("b.yaml", "name: b\ndomain: social.example.org\n");
    let environment = environment.set("MASTO_FILE", "a.yaml");
    for (flags, title) in [
        (&["graph", "-f", "b.yaml"][..], "title: b:"),
        (&["-f", "a.yaml", "graph", "-f", "b.yaml"], "title: b:"),
        (&["-f", "b.yaml", "graph"], "title: b:"),
        (&["graph"], "title: a:"),
    ] {
        let answer = environment.masto(flags.iter().copied()).answer();
        assert!(answer.contains(title), "{flags:?}: {answer}");
    }
}
