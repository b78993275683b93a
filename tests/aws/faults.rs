//! Bad days by the dozen: masto is killed between two calls, answers are lost after they did what
//! they should, and a fifth of the calls is throttled. Whatever happened, the next `up` makes it good.

use std::process::Stdio;
use std::sync::mpsc;
use std::time::{Duration, Instant};

use rand::rngs::StdRng;
use rand::{Rng as _, SeedableRng as _};

use crate::support::{Fault, Run, Scenario};

/// How many bad days; more of them by hand: `MASTO_TEST_BAD_DAYS=100`.
fn days() -> u64 {
    let asked = std::env::var("MASTO_TEST_BAD_DAYS").ok();
    asked.and_then(|text| text.parse().ok()).unwrap_or(2)
}

/// The first seed; `MASTO_TEST_SEED` plays a bad day again.
fn first_seed() -> u64 {
    let asked = std::env::var("MASTO_TEST_SEED").ok();
    asked
        .and_then(|text| text.parse().ok())
        .unwrap_or_else(|| rand::rng().random_range(0..1_000_000))
}

#[test]
fn the_next_up_makes_every_bad_day_good() {
    let scenario = Scenario::new();
    let first = first_seed();
    for seed in first..first + days() {
        eprintln!("MASTO_TEST_SEED={seed} MASTO_TEST_BAD_DAYS=1");
        bad_day(&scenario, seed);
        scenario.proxy.calm();
        // The killed one's lease ends by itself; nobody has to wait for that here.
        scenario.masto(&["lock", "release", "--aws"]).success();
        scenario.up();
        scenario.plan_is_empty();
        scenario.nothing_is_doubled();
        scenario.down();
        scenario.nothing_is_left();
    }
}

/// One `up` on which it rains.
fn bad_day(scenario: &Scenario, seed: u64) {
    let mut random = StdRng::seed_from_u64(seed);
    let (kill, killed) = mpsc::channel();
    // An `up` makes some 250 calls.
    let mut calls_to_live = random.random_range(1..300_u32);
    let throttled = random.random_bool(0.5);
    let forgetful = random.random_bool(0.7);
    scenario.proxy.plan(move |call| {
        calls_to_live = calls_to_live.saturating_sub(1);
        if calls_to_live == 0 {
            // Whoever waits may be gone already.
            let _ = kill.send(());
        }
        if throttled && random.random_bool(0.2) {
            Fault::Throttled
        } else if forgetful && call.is_creation() && random.random_bool(0.3) {
            Fault::Lost
        } else {
            Fault::None
        }
    });
    let began = Instant::now();
    let mut up = scenario
        .command(&["up", "--aws", "--yes"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // Where its days are longer than that, waiting out the throttling is all that it does.
    let _ = killed.recv_timeout(Duration::from_secs(10));
    // It may have ended by itself.
    let _ = up.kill();
    let output = up.wait_with_output().unwrap();
    let run = Run::new("masto up on a bad day".to_owned(), &output, began.elapsed());
    assert!(!run.stderr.contains("panicked"), "{run}");
}

#[test]
fn a_lost_answer_of_every_creation_makes_nothing_twice() {
    let scenario = Scenario::new();
    let mut lost = std::collections::BTreeSet::new();
    // The first answer to each creation is lost; every one that comes after arrives.
    scenario.proxy.plan(move |call| {
        if call.is_creation() && lost.insert((call.to_string(), call.body.clone())) {
            Fault::Lost
        } else {
            Fault::None
        }
    });
    scenario.up();
    scenario.proxy.calm();
    scenario.plan_is_empty();
    scenario.nothing_is_doubled();
    scenario.down();
    scenario.nothing_is_left();
}
