//! `masto rehearse`: the whole life of a server on emulated AWS, on this engine.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::Command;

use crate::readme::{script, shell};
use crate::support::{Run, Scenario};

/// Puts a topology into the scenario's home, under the scenario's name. MiniStack is where the next
/// run finds it again.
fn stage(scenario: &Scenario, topology: &str) {
    let tools = Path::new(env!("CARGO_TARGET_TMPDIR")).join("tools");
    let data = scenario.home().join(".local/share/masto");
    fs::create_dir_all(&tools).unwrap();
    fs::create_dir_all(&data).unwrap();
    symlink(&tools, data.join("tools")).unwrap();
    let topologies = Path::new(env!("CARGO_MANIFEST_DIR")).join("topologies");
    let own = scenario.home().join("topologies");
    fs::create_dir(&own).unwrap();
    let text = fs::read_to_string(topologies.join(topology)).unwrap();
    let named = text.replacen("name: social", &format!("name: {}", scenario.name), 1);
    assert_ne!(named, text);
    fs::write(own.join(topology), named).unwrap();
}

/// Types what README says about AWS, but for the build, and gives the last command's run.
fn rehearse_by_the_book(scenario: &Scenario) -> Run {
    stage(scenario, "small.yaml");
    let block = script("README.md", "The same file on AWS", 0);
    let commands = block.lines().filter(|line| line.starts_with("masto "));
    let runs: Vec<Run> = commands
        .map(|line| shell(scenario, line).success())
        .collect();
    runs.into_iter().last().unwrap()
}

/// What docker lists with these arguments.
fn docker(arguments: &[&str]) -> String {
    let output = Command::new("docker").args(arguments).output().unwrap();
    assert!(output.status.success(), "{output:?}");
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn the_whole_life_of_a_server_passes_on_emulated_aws() {
    let scenario = Scenario::new("up, a healthy server, an empty plan, down, and nothing left");
    let run = rehearse_by_the_book(&scenario);
    went_well(&run);
    nothing_is_left(&scenario);
}

#[test]
fn a_larger_server_with_private_subnets_passes_as_well() {
    let scenario = Scenario::new("topologies/medium.yaml on emulated AWS");
    stage(&scenario, "medium.yaml");
    went_well(&shell(&scenario, "masto rehearse -f topologies/medium.yaml").success());
    nothing_is_left(&scenario);
}

fn went_well(run: &Run) {
    for said in [
        "rehearsed: up, doctor, an empty plan, down, nothing left",
        "is healthy:",
        "Nothing to do",
    ] {
        assert!(run.stdout.contains(said), "{said:?} is not in\n{run}");
    }
    assert!(!run.stdout.contains(" warned"), "{run}");
    // What is only seen from inside the network was seen: all but these.
    let lines = run.stdout.lines();
    let not_run: Vec<&str> = lines
        .filter(|line| line.contains("not run: "))
        .filter_map(|line| line.split("  ").next())
        .map(|line| line.trim_start_matches(['-', ' ']))
        .collect();
    assert_eq!(
        not_run,
        [
            "there is space on the disks",
            "mail arrives",
            "the stores are not reachable from outside",
        ],
        "{run}"
    );
}

fn nothing_is_left(scenario: &Scenario) {
    let rehearsal = format!("rehearsal-{}", scenario.name);
    let label = format!("label=masto.rehearsal={rehearsal}");
    assert_eq!(docker(&["ps", "--all", "--quiet", "--filter", &label]), "");
    let images = docker(&["images", "--format", "{{.Repository}}"]);
    assert!(!images.contains(&rehearsal), "{images}");
    let containers = docker(&["ps", "--all", "--format", "{{.Names}} {{.Labels}}"]);
    assert!(!containers.contains(&rehearsal), "{containers}");
}
