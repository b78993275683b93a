//! Clients over a store in memory, on a clock that does not run by itself.

use std::future::pending;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use rand::rngs::StdRng;
use rand::{Rng as _, SeedableRng as _};
use tokio::time::timeout;

use super::*;

/// The store does not answer.
#[derive(Debug, thiserror::Error)]
#[error("no answer")]
struct NoAnswer;

/// One object, as S3 keeps it.
#[derive(Clone, Default)]
struct Memory(Arc<Mutex<Option<(u64, Lease)>>>);

/// One client's way to it: slow, losing answers, or cut.
#[derive(Clone)]
struct Way {
    memory: Memory,
    rng: Arc<Mutex<StdRng>>,
    slowest: u64,
    loses: f64,
    is_cut: Arc<AtomicBool>,
}

impl Memory {
    fn way(&self) -> Way {
        self.bad_way(0, 0, 0.0)
    }

    fn bad_way(&self, seed: u64, slowest: u64, loses: f64) -> Way {
        Way {
            memory: self.clone(),
            rng: Arc::new(Mutex::new(StdRng::seed_from_u64(seed))),
            slowest,
            loses,
            is_cut: Arc::default(),
        }
    }
}

impl Way {
    async fn travel(&self) -> Result<(), NoAnswer> {
        let milliseconds = self.rng.lock().unwrap().random_range(0..=self.slowest);
        pass(Duration::from_millis(milliseconds)).await;
        if self.is_cut.load(Ordering::Relaxed) || self.rng.lock().unwrap().random_bool(self.loses) {
            return Err(NoAnswer);
        }
        Ok(())
    }
}

impl LeaseStore for Way {
    type Error = NoAnswer;

    fn is_passing(_: &NoAnswer) -> bool {
        true
    }

    async fn read(&self) -> Result<Option<(String, Lease)>, NoAnswer> {
        self.travel().await?;
        let found = self.memory.0.lock().unwrap().clone();
        self.travel().await?;
        Ok(found.map(|(version, lease)| (version.to_string(), lease)))
    }

    async fn write(
        &self,
        version: Option<&str>,
        lease: &Lease,
    ) -> Result<Option<String>, NoAnswer> {
        self.travel().await?;
        let written = {
            let mut object = self.memory.0.lock().unwrap();
            let found = object.as_ref().map(|(version, _)| version.to_string());
            (found.as_deref() == version).then(|| {
                let next = object.as_ref().map_or(1, |(version, _)| version + 1);
                *object = Some((next, lease.clone()));
                next.to_string()
            })
        };
        // Done, and nobody may hear of it.
        self.travel().await?;
        Ok(written)
    }
}

async fn pass(time: Duration) {
    let _ = timeout(time, pending::<()>()).await;
}

fn claimant(operation: &str) -> Claimant {
    Claimant {
        who: "arn:aws:iam::123456789012:user/ada".to_owned(),
        host: "laptop".to_owned(),
        operation: operation.to_owned(),
    }
}

async fn take(
    way: &Way,
    operation: &str,
    patience: u64,
) -> Result<Held<NoAnswer>, LeaseError<NoAnswer>> {
    let patience = Duration::from_secs(patience);
    acquire(
        way.clone(),
        claimant(operation),
        patience,
        |_| {},
        Terms::default(),
    )
    .await
}

#[tokio::test(start_paused = true)]
async fn a_second_writer_is_told_who_is_at_work() {
    let memory = Memory::default();
    let held = take(&memory.way(), "up", 0).await.unwrap();
    // Beats go on for as long as the work takes.
    pass(Duration::from_secs(600)).await;
    assert!(held.fence().holds());
    let error = take(&memory.way(), "down", 0).await.unwrap_err();
    let told = error.to_string();
    assert!(
        told.starts_with("somebody else is at work: `masto up` by arn:aws:iam::123456789012:user/ada on laptop, since "),
        "{told}"
    );
    held.release().await.unwrap();
    let next = take(&memory.way(), "down", 0).await.unwrap();
    assert_eq!(next.generation(), 3, "a holder, its end, another holder");
}

#[tokio::test(start_paused = true)]
async fn a_patient_writer_goes_on_when_the_lock_is_given_back() {
    let memory = Memory::default();
    let held = take(&memory.way(), "up", 0).await.unwrap();
    let way = memory.way();
    let told = AtomicU64::new(0);
    let waiting = acquire(
        way,
        claimant("down"),
        Duration::from_secs(300),
        |holder| {
            assert_eq!(holder.operation, "up");
            told.fetch_add(1, Ordering::Relaxed);
        },
        Terms::default(),
    );
    let working = async {
        pass(Duration::from_secs(100)).await;
        held.release().await.unwrap();
        Instant::now()
    };
    let (next, released) = tokio::join!(waiting, working);
    next.unwrap();
    assert!(released.elapsed() < Duration::from_secs(5));
    assert_eq!(told.load(Ordering::Relaxed), 1);
}

#[tokio::test(start_paused = true)]
async fn the_lock_of_a_killed_holder_is_free_within_a_minute() {
    let memory = Memory::default();
    drop(take(&memory.way(), "up", 0).await.unwrap());
    let killed = Instant::now();
    take(&memory.way(), "up", 60).await.unwrap();
    let took = killed.elapsed();
    assert!(took >= Terms::default().expiry, "{took:?}");
    assert!(took < Duration::from_secs(60), "{took:?}");
}

#[tokio::test(start_paused = true)]
async fn whoever_is_cut_off_stops_before_anybody_else_begins() {
    let memory = Memory::default();
    let way = memory.way();
    let held = take(&way, "up", 0).await.unwrap();
    let mut fence = held.fence();
    way.is_cut.store(true, Ordering::Relaxed);
    let other = memory.way();
    let (next, stopped) = tokio::join!(take(&other, "down", 120), async {
        fence.lost().await;
        Instant::now()
    });
    next.unwrap();
    assert!(stopped < Instant::now());
    assert!(!held.fence().holds());
}

#[tokio::test(start_paused = true)]
async fn a_lock_that_is_taken_away_is_lost_at_the_next_beat() {
    let memory = Memory::default();
    let held = take(&memory.way(), "up", 0).await.unwrap();
    let (version, lease) = memory.way().read().await.unwrap().unwrap();
    let freed = memory
        .way()
        .write(Some(&version), &lease.freed())
        .await
        .unwrap();
    assert!(freed.is_some());
    let mut fence = held.fence();
    timeout(Terms::default().beat * 2, fence.lost())
        .await
        .unwrap();
    assert!(!fence.holds());
}

/// Clients that work, die, are cut off and lose answers: no write ever comes from an earlier holder
/// than one before it, and somebody always gets on.
#[tokio::test(start_paused = true)]
async fn no_two_writers_at_any_moment() {
    let mut rounds = 0;
    for seed in 0..100 {
        let memory = Memory::default();
        let writes: Arc<Mutex<Vec<u64>>> = Arc::default();
        let clients = (0..3).map(|client| {
            let (memory, writes) = (memory.clone(), Arc::clone(&writes));
            tokio::spawn(work(memory, writes, seed * 10 + client))
        });
        for client in clients.collect::<Vec<_>>() {
            client.await.unwrap();
        }
        let writes = writes.lock().unwrap();
        assert!(writes.is_sorted(), "seed {seed}: {writes:?}");
        rounds += writes.len();
    }
    assert!(rounds > 1000, "the clients hardly worked: {rounds}");
}

async fn work(memory: Memory, writes: Arc<Mutex<Vec<u64>>>, seed: u64) {
    let mut rng = StdRng::seed_from_u64(seed ^ 0x5eed);
    for turn in 0..4 {
        let way = memory.bad_way(seed * 7 + turn, 3_000, 0.1);
        let Ok(held) = take(&way, "up", 900).await else {
            continue;
        };
        let fence = held.fence();
        let fate = rng.random_range(0..4);
        for _ in 0..rng.random_range(5..60) {
            if fence.holds() {
                writes.lock().unwrap().push(held.generation());
            }
            pass(Duration::from_millis(rng.random_range(100..2_500))).await;
            if fate == 1 && rng.random_bool(0.1) {
                way.is_cut.store(true, Ordering::Relaxed);
            }
        }
        match fate {
            0 | 1 => drop(held),
            _ => drop(held.release().await),
        }
    }
}
