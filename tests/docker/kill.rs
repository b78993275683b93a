//! SIGKILL at random moments: the next `up` converges, nothing is doubled, nothing is orphaned and
//! no volume is lost.

use std::collections::{BTreeMap, BTreeSet};
use std::process::Stdio;
use std::sync::mpsc;
use std::time::Duration;

use rand::rngs::StdRng;
use rand::{Rng as _, SeedableRng as _};

use crate::support::Scenario;

/// Moments at which the very first `up` is killed, on its way from nothing.
const OF_THE_FIRST: u32 = 14;
/// Moments at which an `up` that changes a server is killed.
const OF_CHANGES: u32 = 36;

/// A topology with the processes that it asks for.
type World = (&'static str, &'static [&'static str]);

/// They take turns, so that every `up` has something to make, replace and remove.
const WORLDS: [World; 3] = [
    ("", &["web-1", "streaming-1", "sidekiq-all-1"]),
    (
        "web: { replicas: 2, threads: 4 }\nstreaming: { memory: 384MiB }\n",
        &["web-1", "web-2", "streaming-1", "sidekiq-all-1"],
    ),
    (
        "sidekiq:
  - { name: scheduler, queues: [scheduler, mailers], threads: 2 }
  - { name: rest, queues: [default, push, ingress, pull, fasp], threads: 5 }
",
        &[
            "web-1",
            "streaming-1",
            "sidekiq-scheduler-1",
            "sidekiq-rest-1",
        ],
    ),
];

/// What every one of them has besides.
const ALWAYS: [&str; 7] = [
    "postgres", "redis", "minio", "mailpit", "bucket", "schema", "owner",
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

    // How long it takes here bounds the moments worth killing at.
    let whole = scenario.up().took;
    let volumes = settled(&scenario, WORLDS[0], None);
    down_with_data(&scenario);
    let mut rest = OF_THE_FIRST;
    while rest > 0 {
        // Every one of these begins where the one before was cut off.
        let of_one_first = rest.min(OF_THE_FIRST / 2);
        for _ in 0..of_one_first {
            kill_after(&scenario, moment(&mut rng, whole / 2));
        }
        rest -= of_one_first;
        scenario.up();
        let others = settled(&scenario, WORLDS[0], None);
        assert!(
            others
                .values()
                .all(|incarnation| !volumes.values().any(|old| old == incarnation)),
            "what `down --data` removed came back"
        );
        if rest > 0 {
            down_with_data(&scenario);
        }
    }
    scenario.doctor();

    let volumes = settled(&scenario, WORLDS[0], None);
    scenario.write(WORLDS[1].0);
    let change = scenario.up().took;
    let mut kills = 0;
    for round in 2.. {
        if kills >= OF_CHANGES {
            break;
        }
        let world = WORLDS[round % WORLDS.len()];
        scenario.write(world.0);
        // The next `up` must also cope with what several left behind.
        for _ in 0..rng.random_range(1..=3) {
            kill_after(&scenario, moment(&mut rng, change));
            kills += 1;
        }
        scenario.up();
        settled(&scenario, world, Some(&volumes));
    }
    scenario.doctor();
    down_with_data(&scenario);
    assert!(scenario.found().is_empty(), "{:?}", scenario.found());
}

fn moment(rng: &mut StdRng, within: Duration) -> Duration {
    within.mul_f64(rng.random_range(0.0..1.0))
}

fn down_with_data(scenario: &Scenario) {
    scenario
        .masto(&["down", "--local", "--data", "--yes"])
        .success();
}

/// Everything that `world` asks for is there once, nothing else is, and `up` has nothing left to
/// do. Gives what tells each volume from another of its name, which must be as in `volumes`.
fn settled(
    scenario: &Scenario,
    (_, processes): World,
    volumes: Option<&BTreeMap<String, String>>,
) -> BTreeMap<String, String> {
    let plan = scenario.masto(&["plan", "--local", "--detailed-exitcode"]);
    assert_eq!(plan.code, Some(0), "{plan}");
    let found = scenario.found();
    let expected: BTreeSet<String> = ALWAYS
        .iter()
        .chain(processes)
        .map(|name| scenario.container(name))
        .collect();
    let names: Vec<&str> = found
        .containers
        .iter()
        .map(|one| one.name.as_str())
        .collect();
    assert_eq!(
        names,
        Vec::from_iter(&expected),
        "doubled, orphaned or lost"
    );
    let networks = ["processes", "stores"].map(|role| scenario.container(role));
    assert_eq!(found.networks, networks);
    let now = scenario.engine.incarnations(&found.volumes);
    assert_eq!(now.len(), 3, "{now:?}");
    if let Some(volumes) = volumes {
        assert_eq!(&now, volumes, "a volume was lost");
    }
    now
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
