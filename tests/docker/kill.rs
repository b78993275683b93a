//! SIGKILL at random moments: the next `up` converges, nothing is doubled, nothing is orphaned and
//! no volume is lost.

use std::process::Stdio;
use std::sync::mpsc;
use std::time::Duration;

use rand::rngs::StdRng;
use rand::{Rng as _, SeedableRng as _};

use crate::support::Scenario;

/// Moments at which `up` is killed.
const KILLS: u32 = 50;

/// Topologies that take turns, so that every `up` has something to create, replace and remove.
const WORLDS: [&str; 3] = [
    "",
    "web: { replicas: 2, threads: 4 }\nstreaming: { memory: 384MiB }\n",
    "sidekiq:
  - { name: scheduler, queues: [scheduler, mailers], threads: 2 }
  - { name: rest, queues: [default, push, ingress, pull, fasp], threads: 5 }
",
];

#[test]
fn a_killed_up_is_finished_by_the_next() {
    let scenario = Scenario::new("`up` killed at any moment is finished by the next `up`");
    let seed = std::env::var("MASTO_TEST_SEED").ok().map_or_else(
        || rand::rng().random(),
        |text| text.parse().expect("MASTO_TEST_SEED is a number"),
    );
    eprintln!("replay with MASTO_TEST_SEED={seed}");
    let mut rng = StdRng::seed_from_u64(seed);

    // How long a whole first run takes here bounds the moments worth killing at.
    let whole = scenario.up().took;
    scenario
        .masto(&["down", "--local", "--data", "--yes"])
        .success();
    let mut volumes = Vec::new();
    for kill in 0..KILLS {
        if kill % 10 == 0 && kill > 0 {
            scenario
                .masto(&["down", "--local", "--data", "--yes"])
                .success();
            volumes.clear();
        }
        scenario.write(WORLDS[kill as usize % WORLDS.len()]);
        let moment = Duration::from_secs_f64(whole.as_secs_f64() * rng.random_range(0.0..1.0));
        kill_after(&scenario, moment);
        let found = scenario.found().volumes;
        assert!(
            volumes.iter().all(|volume| found.contains(volume)),
            "{volumes:?} became {found:?}"
        );
        if kill % 5 == 4 {
            // Not after every kill: the next `up` must also cope with what several left behind.
            scenario.up();
            scenario
                .masto(&["plan", "--local", "--detailed-exitcode"])
                .success();
            volumes = scenario.found().volumes;
            assert_eq!(volumes.len(), 3, "{volumes:?}");
        }
    }
    scenario.up();
    scenario.doctor();
    scenario
        .masto(&["down", "--local", "--data", "--yes"])
        .success();
    assert!(scenario.found().is_empty(), "{:?}", scenario.found());
}

/// Starts `up` and kills it at `moment`.
fn kill_after(scenario: &Scenario, moment: Duration) {
    let mut command = scenario.command(&["up", "--local", "--progress", "plain"]);
    let mut up = command
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    // The random moment is the point of the test: nothing is waited for.
    let (_never_sends, moment_over) = mpsc::channel::<()>();
    let _ = moment_over.recv_timeout(moment);
    // It may have ended before.
    let _ = up.kill();
    up.wait().unwrap();
}
