use expect_test::{expect, expect_file};

use crate::environment::TestEnvironment;

#[test]
fn a_file_of_every_size_is_valid_and_has_the_name_and_domain() {
    for size in ["dev", "small", "medium", "large"] {
        let environment = TestEnvironment::new();
        let run = environment.masto(["init", "--domain", "toots.example.net", "--size", size]);
        assert_eq!(run.status, 0, "{size}: {}", run.transcript());
        let text = environment.read("masto.yaml");
        assert!(
            text.contains("name: toots ") || text.contains("name: toots\n"),
            "{size}: {text}"
        );
        assert!(!text.contains("social.example.com"), "{size}: {text}");
        let run = environment.masto(["validate"]);
        assert_eq!(run.status, 0, "{size}: {}", run.transcript());
    }
}

#[test]
fn the_file_explains_itself() {
    let environment = TestEnvironment::new();
    let run = environment.masto(["init", "--domain", "toots.example.net"]);
    expect![[r#"
        status: 0
        --- stdout ---
        * wrote masto.yaml
        --- stderr ---

        Next:
          masto validate                     after each change
          masto up --local                   bring it up on Docker
    "#]]
    .assert_eq(&run.transcript());
    expect_file!["snapshots/init.yaml"].assert_eq(&environment.read("masto.yaml"));
}

#[test]
fn a_file_that_is_there_is_kept_unless_forced() {
    let environment = TestEnvironment::with_topology("precious\n");
    let run = environment.masto(["init", "--yes"]);
    expect![[r#"
        status: 2
        --- stderr ---
        error: `masto.yaml` is there already
        hint: choose another with `--output FILE`, or overwrite it with `--force`
    "#]]
    .assert_eq(&run.transcript());
    assert_eq!(environment.read("masto.yaml"), "precious\n");
    assert_eq!(environment.masto(["init", "--yes", "--force"]).status, 0);
    assert_ne!(environment.read("masto.yaml"), "precious\n");
}

#[test]
fn defaults_make_a_server_to_try_out() {
    let environment = TestEnvironment::new();
    assert_eq!(environment.masto(["init", "--yes"]).status, 0);
    let text = environment.read("masto.yaml");
    assert!(text.contains("domain: social.localhost"), "{text}");
    assert_eq!(environment.masto(["validate"]).status, 0);
}

#[test]
fn nobody_is_asked_where_nobody_sits() {
    let run = TestEnvironment::new().masto(["init"]);
    expect![[r#"
        status: 1
        --- stderr ---
        error: the domain has no default, and there is nobody to ask
        hint: name it: `masto init --domain social.example.com`, or take every default: `masto init --yes`
    "#]].assert_eq(&run.transcript());
}

#[test]
fn a_domain_that_is_none_is_refused() {
    let run = TestEnvironment::new().masto(["init", "--domain", "no domain"]);
    assert_eq!(run.status, 2, "{}", run.transcript());
}

#[test]
fn a_name_is_made_of_any_domain() {
    for (domain, name) in [
        ("42.example.org", "mastodon"),
        ("a-very-long-first-label.example.org", "a-very-long-firs"),
        ("xn--bcher-kva.example.org", "mastodon"),
    ] {
        let environment = TestEnvironment::new();
        let run = environment.masto(["init", "--domain", domain]);
        assert_eq!(run.status, 0, "{}", run.transcript());
        let text = environment.read("masto.yaml");
        assert!(
            text.contains(&format!("\nname: {name} ")),
            "{domain}: {text}"
        );
    }
}
