//! Waiting for a condition, with a bound.

use std::time::Duration;

use tokio::time::{MissedTickBehavior, interval, timeout};

/// Looks at once and then every `pace` until a look gives something; `None` when nothing came
/// within `bound`.
pub(crate) async fn until<T, F, Fut>(bound: Duration, pace: Duration, mut look: F) -> Option<T>
where
    F: FnMut() -> Fut,
    Fut: Future<Output = Option<T>>,
{
    let mut ticks = interval(pace);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    timeout(bound, async {
        loop {
            ticks.tick().await;
            if let Some(found) = look().await {
                return found;
            }
        }
    })
    .await
    .ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_condition_that_comes_true_is_seen() {
        let mut looks = 0;
        let found = until(Duration::from_secs(1), Duration::from_millis(100), || {
            looks += 1;
            let now = looks;
            async move { (now == 3).then_some(now) }
        })
        .await;
        assert_eq!(found, Some(3));
    }

    #[tokio::test(start_paused = true)]
    async fn a_condition_that_never_comes_true_ends_at_the_bound() {
        let begin = tokio::time::Instant::now();
        let found: Option<()> = until(
            Duration::from_secs(1),
            Duration::from_millis(100),
            || async { None },
        )
        .await;
        assert_eq!(found, None);
        assert_eq!(begin.elapsed(), Duration::from_secs(1));
    }
}
