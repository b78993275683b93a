//! What the documentation tells to type does what it says, in its order.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

use crate::support::{Run, Scenario};

#[test]
fn the_commands_of_the_readme_work_one_after_the_other() {
    let scenario = Scenario::new("a reader types what stands below `Then` in README.md");
    // The first of them writes it.
    fs::remove_file(scenario.file()).unwrap();
    let script = script("README.md", "Then", 0);
    let mut seen = 0;
    for line in script.lines() {
        shell(&scenario, line).success();
        seen += 1;
        if line.starts_with("masto up ") {
            let again = shell(&scenario, "masto plan --detailed-exitcode").success();
            assert!(again.stdout.contains("Nothing to do"), "{again}");
        }
    }
    assert!(seen > 10, "{script}");
    assert!(scenario.home().join("compose/compose.yaml").exists());
    assert!(scenario.found().is_empty(), "{:?}", scenario.found());
}

#[test]
fn two_servers_of_the_readme_federate() {
    let scenario = Scenario::new("a reader types what stands below `Two servers` in README.md");
    fs::remove_file(scenario.file()).unwrap();
    let peer = scenario.guest("peer");
    for line in script("README.md", "Two servers that federate", 0).lines() {
        shell(&scenario, line).success();
    }
    assert!(scenario.found().is_empty(), "{:?}", scenario.found());
    assert!(peer.found().is_empty(), "{:?}", peer.found());
}

#[test]
fn a_backup_made_by_the_book_can_be_put_back_by_the_book() {
    let scenario =
        Scenario::new("what `Backup` in docs/local.md keeps makes the same server again");
    scenario.up();
    let create = format!(
        "masto tootctl accounts create alice --email alice@{} --confirmed",
        scenario.host()
    );
    shell(&scenario, &create).success();
    fs::write(scenario.home().join("picture"), "kept").unwrap();
    let minio = scenario.container("minio");
    shell(
        &scenario,
        &format!("docker cp picture {minio}:/data/picture"),
    )
    .success();
    let people = "masto psql -- -Atc 'select username, id from accounts order by 1'";
    let before = shell(&scenario, people).success().stdout;
    assert!(before.contains("alice|"), "{before}");

    shell(&scenario, &script("docs/local.md", "Backup", 0)).success();
    scenario
        .masto(&["down", "--local", "--data", "--yes"])
        .success();
    shell(&scenario, &script("docs/local.md", "Backup", 1)).success();

    assert_eq!(shell(&scenario, people).success().stdout, before);
    let picture = shell(
        &scenario,
        &format!("docker cp {minio}:/data/picture - | tar -xO"),
    );
    assert_eq!(picture.success().stdout, "kept");
    scenario.doctor();
}

/// A block of shell below a heading, counted from 0.
pub(crate) fn script(page: &str, heading: &str, at: usize) -> String {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join(page);
    let text = fs::read_to_string(page).unwrap();
    let (_, below) = text.split_once(&format!("\n## {heading}\n")).unwrap();
    let section = below.split("\n## ").next().unwrap();
    let block = section.split("```sh\n").nth(at + 1).unwrap();
    block.split("```").next().unwrap().to_owned()
}

/// Types `script` into a shell in the scenario's home directory, with the name of the
/// documentation's server replaced by the scenario's.
#[must_use]
pub(crate) fn shell(scenario: &Scenario, script: &str) -> Run {
    let mut shell = Command::new("bash");
    shell
        .args(["-euo", "pipefail", "-c"])
        .arg(script.replace("social", &scenario.name))
        .current_dir(scenario.home())
        .env_clear()
        .stdin(Stdio::null());
    let masto = scenario.command(&[]);
    for (name, value) in masto.get_envs() {
        if let Some(value) = value {
            shell.env(name, value);
        }
    }
    let folder = Path::new(masto.get_program()).parent().unwrap();
    shell.env(
        "PATH",
        format!("{}:/usr/local/bin:/usr/bin:/bin", folder.display()),
    );
    Run::of(shell)
}
