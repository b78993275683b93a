use crate::environment::{TestEnvironment, VALID};

#[test]
fn every_shell_gets_a_script() {
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        let script = TestEnvironment::new().masto(["completion", shell]).answer();
        assert!(
            script.contains("COMPLETE") && script.contains("masto"),
            "{shell}: {script}"
        );
    }
}

/// What bash is offered for the last of `words`.
fn offered(environment: TestEnvironment, words: &[&str]) -> Vec<String> {
    let index = (words.len() - 1).to_string();
    let environment = environment
        .set("COMPLETE", "bash")
        .set("_CLAP_IFS", "\n")
        .set("_CLAP_COMPLETE_INDEX", &index)
        .set("_CLAP_COMPLETE_COMP_TYPE", "9")
        .set("_CLAP_COMPLETE_SPACE", "true");
    let run = environment.masto(std::iter::once("--").chain(words.iter().copied()));
    run.answer().lines().map(str::to_owned).collect()
}

#[test]
fn commands_are_completed() {
    let offered = offered(TestEnvironment::new(), &["masto", "valid"]);
    assert_eq!(offered, ["validate"]);
}

#[test]
fn processes_of_the_topology_are_completed() {
    let environment = TestEnvironment::with_topology(
        "name: social\ndomain: social.example.org\nsidekiq:\n  - name: everything\n    queues: [default, push, ingress, mailers, pull, fasp, scheduler]\n",
    );
    assert_eq!(
        offered(environment, &["masto", "logs", "side"]),
        ["sidekiq-everything"]
    );
    let environment = TestEnvironment::with_topology(VALID);
    assert_eq!(
        offered(environment, &["masto", "exec", "post"]),
        ["postgres"]
    );
}
