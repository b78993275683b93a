//! What the doctor learns from the engine itself.

use crate::support::Scenario;

#[test]
fn a_schema_that_is_behind_the_release_is_said() {
    let scenario = Scenario::new("doctor finds a migration that the database lacks");
    scenario.up();
    let forget = "delete from schema_migrations where version = '20260623081517'";
    scenario
        .masto(&["psql", "--local", "--", "-c", forget])
        .success();
    let doctor = scenario.masto(&["doctor", "--local"]).exits(1);
    for text in ["20260623081517", "schema is older than the release"] {
        assert!(doctor.stdout.contains(text), "{text:?} is not in\n{doctor}");
    }
}
