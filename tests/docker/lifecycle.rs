//! From nothing to a server, to no change, and back to nothing.

use crate::support::Scenario;

#[test]
fn up_gives_a_server_that_doctor_finds_nothing_wrong_with() {
    let scenario = Scenario::new("one `up` from an empty engine gives a whole server");
    let up = scenario.up();
    assert!(
        up.stdout.contains(&format!("https://{}", scenario.host())),
        "{up}"
    );
    assert!(up.stdout.contains("masto doctor"), "{up}");
    let report = scenario
        .masto(&["doctor", "--local", "--json"])
        .success()
        .json();
    assert_eq!(report["schema_version"], 1);
    for result in report["results"].as_array().unwrap() {
        assert_ne!(result["outcome"], "fail", "{result:#}");
        assert_ne!(result["outcome"], "not_run", "{result:#}");
    }
}

#[test]
fn a_second_up_touches_nothing() {
    let scenario = Scenario::new("`up` on what is already there is a look and nothing else");
    scenario.up();
    let before = scenario.found();
    let plan = scenario
        .masto(&["plan", "--local", "--detailed-exitcode"])
        .success();
    assert!(
        plan.stdout.contains("Nothing to do") || plan.stdout.contains("No changes"),
        "{plan}"
    );
    let again = scenario.up();
    assert!(again.stdout.contains("Nothing to do"), "{again}");
    // Ids and start times: no container was made again or started again, jobs included.
    assert_eq!(scenario.found(), before);
}

#[test]
fn down_keeps_data_and_up_finds_it_again() {
    let scenario =
        Scenario::new("`down` leaves volumes and secrets, and `up` brings the same server back");
    scenario.up();
    let count = [
        "psql",
        "--local",
        "--",
        "-Atc",
        "select count(*) from accounts",
    ];
    let accounts = scenario.masto(&count).success().stdout;
    let password = scenario
        .masto(&["outputs", "owner_password", "--reveal"])
        .success()
        .stdout;

    scenario.masto(&["down", "--local"]).success();
    let found = scenario.found();
    assert_eq!(
        (found.containers.as_slice(), found.networks.as_slice()),
        (&[][..], &[][..])
    );
    let volumes =
        ["media", "postgres", "redis"].map(|role| format!("masto-{}-{role}", scenario.name));
    assert_eq!(found.volumes, volumes);
    assert!(
        scenario
            .home()
            .join(format!(
                ".local/share/masto/deployments/{}/secrets.json",
                scenario.name
            ))
            .exists()
    );

    scenario.up();
    assert_eq!(scenario.masto(&count).success().stdout, accounts);
    assert_eq!(
        scenario
            .masto(&["outputs", "owner_password", "--reveal"])
            .success()
            .stdout,
        password
    );
    scenario.doctor();
}

#[test]
fn down_with_data_leaves_nothing_at_all() {
    let scenario = Scenario::new("`down --data` leaves nothing of the deployment");
    scenario.up();
    scenario
        .masto(&["down", "--local", "--data"])
        .exits(1)
        .says(&["--yes"]);
    assert_eq!(
        scenario.found().volumes.len(),
        3,
        "a refused removal removes nothing"
    );
    scenario
        .masto(&["down", "--local", "--data", "--yes"])
        .success();
    assert!(scenario.found().is_empty(), "{:?}", scenario.found());
    assert!(
        !scenario
            .home()
            .join(format!(".local/share/masto/deployments/{}", scenario.name))
            .exists()
    );
    let again = scenario
        .masto(&["down", "--local", "--data", "--yes"])
        .success();
    assert!(again.stdout.contains("Nothing to do"), "{again}");
}

#[test]
fn two_deployments_answer_side_by_side_and_leave_each_other_alone() {
    let scenario =
        Scenario::new("two servers share the ingress; removing one does not touch the other");
    let neighbour = scenario.neighbour();
    scenario.up();
    neighbour.masto(&["up", "--local"]).success();
    scenario.doctor();
    neighbour.masto(&["doctor", "--local"]).success();
    let before = scenario.found();
    neighbour
        .masto(&["down", "--local", "--data", "--yes"])
        .success();
    assert!(neighbour.found().is_empty(), "{:?}", neighbour.found());
    assert_eq!(scenario.found(), before);
    scenario.doctor();
}
