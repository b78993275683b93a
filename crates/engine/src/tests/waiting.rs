use std::cell::RefCell;
use std::future::pending;
use std::time::Duration;

use crate::event::{EventKind, Progress};
use crate::testing::{MemoryError, collector};
use crate::wait::{Condition, Look, Poll, WaitError, until, until_with};
use expect_test::expect;
use tokio::sync::{Notify, watch};
use tokio::time::Instant;

const MINUTE: Duration = Duration::from_secs(60);

fn ms(count: u64) -> Duration {
    Duration::from_millis(count)
}

/// Remembers when it was looked at, in milliseconds, and is ready at the `nth` look.
struct Looks {
    began: Instant,
    times: RefCell<Vec<u128>>,
    ready_at: usize,
}

impl Looks {
    fn ready_at(nth: usize) -> Self {
        Self {
            began: Instant::now(),
            times: RefCell::default(),
            ready_at: nth,
        }
    }

    fn look(&self) -> Result<Look<&'static str>, MemoryError> {
        let mut times = self.times.borrow_mut();
        times.push(self.began.elapsed().as_millis());
        Ok(match times.len() {
            count if count >= self.ready_at => Look::Ready("ready"),
            count => Look::NotYet(if count < 4 { "starting" } else { "almost" }.to_owned()),
        })
    }
}

fn healthy() -> Condition {
    Condition::new("GET /health answers 200", MINUTE).poll(Poll::adaptive(ms(20), ms(100), 2.0))
}

#[tokio::test(start_paused = true)]
async fn what_is_ready_is_not_waited_for() {
    let looks = Looks::ready_at(1);
    assert_eq!(
        until(&healthy(), None, async || looks.look()).await,
        Ok("ready")
    );
    assert_eq!(looks.times.into_inner(), [0]);
}

#[tokio::test(start_paused = true)]
async fn looks_are_dense_at_first_and_sparser_later() {
    let looks = Looks::ready_at(7);
    assert_eq!(
        until(&healthy(), None, async || looks.look()).await,
        Ok("ready")
    );
    assert_eq!(looks.times.into_inner(), [0, 20, 60, 140, 240, 340, 440]);
}

#[tokio::test(start_paused = true)]
async fn the_bound_ends_a_wait_with_the_last_state() {
    let condition = Condition {
        bound: ms(150),
        ..healthy()
    };
    let looks = Looks::ready_at(99);
    let error = until(&condition, None, async || looks.look())
        .await
        .unwrap_err();
    expect!["waited 150ms until GET /health answers 200; last seen: almost"]
        .assert_eq(&error.to_string());
    assert_eq!(
        error,
        WaitError::Timeout {
            condition: condition.name,
            bound: ms(150),
            elapsed: ms(150),
            state: "almost".to_owned(),
        }
    );
    // The last look comes at the bound itself.
    assert_eq!(looks.times.into_inner(), [0, 20, 60, 140, 150]);
}

#[tokio::test(start_paused = true)]
async fn a_look_that_hangs_ends_at_the_bound() {
    let began = Instant::now();
    let look = || pending::<Result<Look<()>, MemoryError>>();
    let error = until(&healthy(), None, look).await.unwrap_err();
    expect!["waited 60s until GET /health answers 200, and got no answer at all"]
        .assert_eq(&error.to_string());
    assert_eq!(began.elapsed(), MINUTE);
}

#[tokio::test(start_paused = true)]
async fn a_hopeless_sign_ends_a_wait_at_once() {
    let began = Instant::now();
    let look = async || Err::<Look<()>, _>(MemoryError::Injected);
    let error = until(&healthy(), None, look).await.unwrap_err();
    expect!["stopped waiting until GET /health answers 200"].assert_eq(&error.to_string());
    assert_eq!(
        std::error::Error::source(&error).unwrap().to_string(),
        "injected failure"
    );
    assert_eq!(began.elapsed(), Duration::ZERO);
}

#[tokio::test(start_paused = true)]
async fn each_new_state_is_reported_once() {
    let (sink, events) = collector();
    let progress = Progress::new("container `web`", sink);
    let looks = Looks::ready_at(6);
    until(&healthy(), Some(&progress), async || looks.look())
        .await
        .unwrap();
    let seen: Vec<_> = events
        .lock()
        .unwrap()
        .iter()
        .map(|event| match &event.kind {
            EventKind::Waiting { state, .. } => (event.elapsed_ms, state.clone()),
            other => panic!("{other:?}"),
        })
        .collect();
    assert_eq!(
        seen,
        [
            (0, String::new()),
            (0, "starting".to_owned()),
            (140, "almost".to_owned())
        ]
    );
}

#[tokio::test(start_paused = true)]
async fn a_wake_up_cuts_the_pause_short_and_makes_polling_dense_again() {
    let woken = Notify::new();
    let looks = Looks::ready_at(8);
    let condition = healthy();
    let wait = until_with(&condition, None, &woken, async || looks.look());
    let wake = async {
        crate::wait::pause(ms(250)).await;
        woken.notify_one();
    };
    let (found, ()) = tokio::join!(wait, wake);
    assert_eq!(found, Ok("ready"));
    assert_eq!(
        looks.times.into_inner(),
        [0, 20, 60, 140, 240, 250, 270, 310]
    );
}

#[tokio::test(start_paused = true)]
async fn a_wake_up_during_a_look_is_not_lost() {
    let woken = Notify::new();
    let looks = Looks::ready_at(2);
    let look = async || {
        woken.notify_one();
        looks.look()
    };
    until_with(&healthy(), None, &woken, look).await.unwrap();
    assert_eq!(looks.times.borrow()[..], [0, 0]);
}

#[tokio::test(start_paused = true)]
async fn one_source_wakes_many_waiters_and_may_end() {
    let (source, first) = watch::channel(0);
    let second = source.subscribe();
    let looks = [Looks::ready_at(4), Looks::ready_at(4)];
    let condition = healthy();
    let waits = async {
        tokio::join!(
            until_with(&condition, None, first, async || looks[0].look()),
            until_with(&condition, None, second, async || looks[1].look()),
        )
    };
    let wake = async {
        crate::wait::pause(ms(5)).await;
        source.send(1).unwrap();
        drop(source);
    };
    let (found, ()) = tokio::join!(waits, wake);
    assert_eq!(found, (Ok("ready"), Ok("ready")));
    for looks in looks {
        assert_eq!(looks.times.into_inner(), [0, 5, 25, 65]);
    }
}

#[tokio::test(start_paused = true)]
async fn senseless_polling_is_no_busy_loop() {
    let condition = healthy().poll(Poll::adaptive(Duration::ZERO, Duration::ZERO, f64::NAN));
    let looks = Looks::ready_at(4);
    until(&condition, None, async || looks.look())
        .await
        .unwrap();
    assert_eq!(looks.times.into_inner(), [0, 1, 2, 3]);
}
