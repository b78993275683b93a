use std::cell::RefCell;
use std::time::Duration;

use crate::retry::{Retry, Verdict};
use tokio::time::Instant;

const RETRY: Retry = Retry {
    attempts: 5,
    first: Duration::from_millis(100),
    max: Duration::from_millis(300),
};

/// Fails with these errors in turn, then succeeds; gives the result and when it was called.
async fn call(
    retry: Retry,
    jitter: f64,
    errors: &[&'static str],
) -> (Result<(), &'static str>, Vec<u128>) {
    let began = Instant::now();
    let times = RefCell::new(Vec::new());
    let judge = |error: &&str| match *error {
        "denied" => Verdict::Final,
        "slow down" => Verdict::After(Duration::from_secs(2)),
        _ => Verdict::Passing,
    };
    let attempt = async || {
        times.borrow_mut().push(began.elapsed().as_millis());
        errors
            .get(times.borrow().len() - 1)
            .map_or(Ok(()), |error| Err(*error))
    };
    let result = retry.run_jittered(|| jitter, judge, attempt).await;
    (result, times.into_inner())
}

#[tokio::test(start_paused = true)]
async fn success_is_not_repeated() {
    assert_eq!(call(RETRY, 1.0, &[]).await, (Ok(()), vec![0]));
}

#[tokio::test(start_paused = true)]
async fn pauses_double_up_to_the_longest_and_attempts_are_bounded() {
    let (result, times) = call(RETRY, 1.0, &["busy"; 9]).await;
    assert_eq!(result, Err("busy"));
    assert_eq!(times, [0, 100, 300, 600, 900]);
}

#[tokio::test(start_paused = true)]
async fn jitter_at_most_halves_a_pause() {
    let (result, times) = call(RETRY, 0.0, &["busy"; 3]).await;
    assert_eq!(result, Ok(()));
    assert_eq!(times, [0, 50, 150, 300]);
}

#[tokio::test(start_paused = true)]
async fn a_final_error_is_not_repeated() {
    assert_eq!(
        call(RETRY, 1.0, &["busy", "denied"]).await,
        (Err("denied"), vec![0, 100])
    );
}

#[tokio::test(start_paused = true)]
async fn a_time_that_was_told_is_kept() {
    assert_eq!(
        call(RETRY, 0.0, &["slow down"]).await,
        (Ok(()), vec![0, 2000])
    );
}

#[tokio::test(start_paused = true)]
async fn no_attempts_are_one() {
    let retry = Retry {
        attempts: 0,
        ..RETRY
    };
    assert_eq!(call(retry, 1.0, &["busy"]).await, (Err("busy"), vec![0]));
}

#[tokio::test(start_paused = true)]
async fn pauses_are_exact_without_jitter() {
    let began = Instant::now();
    let result = RETRY
        .run(|()| Verdict::Passing, async || Err::<(), ()>(()))
        .await;
    assert_eq!((result, began.elapsed().as_millis()), (Err(()), 900));
}
