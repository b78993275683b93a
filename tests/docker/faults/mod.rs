//! What goes wrong on servers, done to one, and the cause that the doctor names for each.
//!
//! One deployment serves the whole table: each fault is seeded the way a person or a bad day does
//! it, looked at, and undone. `MASTO_TEST_FAULT=<part of a name>` tries those alone.

mod processes;
mod proxy;
mod stores;
mod surgery;
mod variables;

use std::time::Duration;

use crate::support::{Run, Scenario};

/// A row of the table.
#[derive(Clone, Copy)]
struct Fault {
    /// What is wrong.
    name: &'static str,
    /// Does it.
    seed: fn(&Scenario) -> Undo,
    /// Words of the cause, within the first five lines of what the doctor concludes.
    cause: &'static str,
}

/// Takes a fault back.
type Undo = Box<dyn FnOnce(&Scenario)>;

/// How long the doctor may look for a cause.
const SOON: Duration = Duration::from_secs(15);
/// As many lines as a tired operator reads.
const LINES: usize = 5;

#[test]
fn the_doctor_names_the_cause_of_what_goes_wrong() {
    let scenario = Scenario::new("a table of faults, and the cause that is named for each");
    scenario.up();
    let asked = std::env::var("MASTO_TEST_FAULT").unwrap_or_default();
    let table = [
        processes::TABLE,
        stores::TABLE,
        variables::TABLE,
        proxy::TABLE,
    ]
    .concat();
    assert!(table.len() >= 25, "{} faults", table.len());
    let mut missed = Vec::new();
    for fault in table.iter().filter(|fault| fault.name.contains(&asked)) {
        let undo = (fault.seed)(&scenario);
        let run = scenario.masto(&["doctor", "--local"]);
        undo(&scenario);
        // Waits until everything is ready again.
        scenario.up();
        let concluded = conclusion(&run);
        eprintln!("{} ({:.1?}):\n{concluded}", fault.name, run.took);
        if !concluded.contains(fault.cause) || run.took > SOON {
            missed.push(format!("{}: not {:?} in\n{run}", fault.name, fault.cause));
        }
    }
    assert!(missed.is_empty(), "{}", missed.join("\n\n"));
    scenario.doctor();
}

#[test]
fn the_page_has_every_fault() {
    let page = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/doctor.md");
    let page = std::fs::read_to_string(page).unwrap();
    let told: Vec<&str> = page
        .lines()
        .filter_map(|line| line.strip_prefix("| ")?.split(" | ").next())
        .filter(|cell| *cell != "What is wrong")
        .collect();
    let tables = [
        processes::TABLE,
        stores::TABLE,
        variables::TABLE,
        proxy::TABLE,
    ]
    .concat();
    let tried: Vec<&str> = tables.iter().map(|fault| fault.name).collect();
    assert_eq!(told, tried);
}

/// The first lines below the list of probes.
fn conclusion(run: &Run) -> String {
    let below = run.stdout.split_once("\n\n").map_or("", |(_, below)| below);
    let lines: Vec<&str> = below.lines().take(LINES).collect();
    lines.join("\n")
}
