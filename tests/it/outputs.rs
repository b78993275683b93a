use expect_test::expect;

use crate::environment::{TestEnvironment, VALID};

/// A deployment whose secrets exist: an export makes them.
fn exported() -> TestEnvironment {
    let environment = TestEnvironment::with_topology(VALID);
    let run = environment.masto(["export", "compose", "-o", "project"]);
    assert_eq!(run.status, 0, "{}", run.transcript());
    environment
}

#[test]
fn a_server_that_was_never_up_has_no_outputs() {
    let run = TestEnvironment::with_topology(VALID).masto(["outputs"]);
    expect![[r#"
        status: 2
        --- stderr ---
        error: `social` is not up
        hint: bring it up: `masto up --local`
    "#]]
    .assert_eq(&run.transcript());
}

#[test]
fn outputs_name_addresses_and_login_but_no_password() {
    let run = exported().masto(["outputs"]);
    expect![[r#"
        status: 0
        --- stdout ---
          Server          https://social.localhost
          Media           https://media.social.localhost
          Mail            https://mail.social.localhost
          Owner           owner
          Login           owner@social.example.org
          Certificates    [ROOT]/home/.local/share/masto/ca/ca.pem
    "#]]
    .assert_eq(&run.transcript());
}

#[test]
fn one_value_is_printed_alone() {
    let environment = exported();
    assert_eq!(
        environment.masto(["outputs", "url"]).answer(),
        "https://social.localhost\n"
    );
    let refused = environment.masto(["outputs", "owner_password"]);
    assert_eq!(refused.status, 2);
    assert!(
        refused.stderr.contains("--reveal"),
        "{}",
        refused.transcript()
    );
    let password = environment
        .masto(["outputs", "owner_password", "--reveal"])
        .answer();
    assert_eq!(password.trim().len(), 32, "{password}");
}

#[test]
fn another_port_and_name_show_in_every_address() {
    let environment = exported();
    let run = environment.masto(["export", "compose", "-p", "second", "-o", "second"]);
    assert_eq!(run.status, 0, "{}", run.transcript());
    let answer = environment
        .masto(["outputs", "-p", "second", "--https-port", "8443", "url"])
        .answer();
    assert_eq!(answer, "https://second.localhost:8443\n");
}

#[test]
fn how_to_trust_the_certificates_is_told_and_the_file_is_there() {
    let environment = TestEnvironment::new();
    let told = environment.masto(["trust"]).answer();
    assert!(told.contains("update-ca-certificates"), "{told}");
    let path = environment.masto(["trust", "--path"]).answer();
    let path = path
        .trim()
        .replace("[ROOT]/home", &environment.home().display().to_string());
    let certificate = std::fs::read_to_string(path).unwrap();
    assert!(
        certificate.starts_with("-----BEGIN CERTIFICATE-----"),
        "{certificate}"
    );
}
