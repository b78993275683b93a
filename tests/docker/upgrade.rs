//! From one release to the next, in Mastodon's two migration phases.

use crate::support::Scenario;

const MIGRATIONS: &str = "select count(*) from schema_migrations";

fn version(version: &str) -> String {
    format!("mastodon: {{ version: {version} }}\n")
}

#[test]
fn an_upgrade_migrates_in_two_phases_and_is_recorded() {
    let scenario = Scenario::new(
        "4.6 becomes 4.7: migrated before, between and after, and then nothing to do",
    );
    scenario.write(&version("v4.6.9"));
    scenario.up();
    let count = ["psql", "--local", "--", "-Atc", MIGRATIONS];
    let before: u32 = scenario
        .masto(&count)
        .success()
        .stdout
        .trim()
        .parse()
        .unwrap();
    scenario.write(&version("v4.7.5"));
    scenario.up();
    let after: u32 = scenario
        .masto(&count)
        .success()
        .stdout
        .trim()
        .parse()
        .unwrap();
    assert!(after > before, "{before} migrations before, {after} after");
    let names: Vec<String> = scenario
        .found()
        .containers
        .into_iter()
        .map(|found| found.name)
        .collect();
    assert!(
        names.contains(&scenario.container("post-migrate")),
        "{names:?}"
    );
    let settled = scenario.found();
    scenario
        .masto(&["plan", "--local", "--detailed-exitcode"])
        .success();
    scenario.up();
    assert_eq!(scenario.found(), settled);
    scenario.doctor();
}

#[test]
fn a_crashed_migration_shows_its_output_and_leaves_the_old_release_serving() {
    let scenario =
        Scenario::new("a migration that fails stops the upgrade before any process is touched");
    scenario.write(&version("v4.6.9"));
    scenario.up();
    let before = scenario.found();
    // The table that the next release's migration is about to make.
    scenario
        .masto(&[
            "psql",
            "--local",
            "--",
            "-c",
            "create table keypairs (id int)",
        ])
        .success();
    scenario.write(&version("v4.7.5"));
    scenario.masto(&["up", "--local"]).exits(5).says(&[
        "job `schema`",
        "keypairs",
        "masto logs schema",
    ]);
    let after = scenario.found();
    for process in ["web-1", "streaming-1", "sidekiq-all-1"] {
        let name = scenario.container(process);
        assert_eq!(
            before.ids()[name.as_str()],
            after.ids()[name.as_str()],
            "{process} was touched"
        );
    }
    scenario
        .masto(&["psql", "--local", "--", "-c", "drop table keypairs"])
        .success();
    scenario.up();
    scenario.doctor();
}

#[test]
fn an_older_release_than_the_database_is_refused() {
    let scenario = Scenario::new("a downgrade is refused before anything is touched");
    scenario.up();
    let before = scenario.found();
    scenario.write(&version("v4.6.9"));
    scenario.masto(&["up", "--local"]).exits(5).says(&["4.6.9"]);
    assert_eq!(scenario.found(), before);
}
