//! Trying a call again, a bounded number of times. The executor never does: only the backend
//! knows which of its errors pass.

use std::future::Future;
use std::time::Duration;

use crate::wait::{grow, pause};

/// How often a call is tried, with pauses that double.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Retry {
    /// Calls in all, the first one included; zero counts as one.
    pub attempts: u32,
    /// The pause after the first call.
    pub first: Duration,
    /// No pause is longer.
    pub max: Duration,
}

/// What to do about an error.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It would come again: give it to the caller.
    Final,
    /// It may pass: call again after the usual pause.
    Passing,
    /// It may pass, and the other side said when: call again after this time, even where it is
    /// more than [`Retry::max`].
    After(Duration),
}

impl Retry {
    /// Calls `attempt` until it succeeds, `judge` says the error is final, or the attempts are used
    /// up. Pauses are exact, so that two runs take the same time.
    ///
    /// # Errors
    ///
    /// The error of the last call.
    pub async fn run<T, E, F, Fut>(
        &self,
        judge: impl FnMut(&E) -> Verdict,
        attempt: F,
    ) -> Result<T, E>
    where
        F: FnMut() -> Fut,
        Fut: Future<Output = Result<T, E>>,
    {
        self.run_jittered(|| 1.0, judge, attempt).await
    }

    /// As [`Retry::run`], with pauses between half and the whole of the exact ones: `random` gives
    /// numbers from 0 to 1. For callers of one service that would otherwise come back together.
    ///
    /// # Errors
    ///
    /// The error of the last call.
    pub async fn run_jittered<T, E, F, Fut>(
        &self,
        mut random: impl FnMut() -> f64,
        mut judge: impl FnMut(&E) -> Verdict,
        mut attempt: F,
    ) -> Result<T, E>
    where
        F: FnMut() -> Fut,
        Fut: Future<Output = Result<T, E>>,
    {
        let mut usual = self.first.min(self.max);
        let mut left = self.attempts.max(1);
        loop {
            left -= 1;
            let error = match attempt().await {
                Ok(value) => return Ok(value),
                Err(error) if left == 0 => return Err(error),
                Err(error) => error,
            };
            match judge(&error) {
                Verdict::Final => return Err(error),
                Verdict::Passing => {
                    pause(usual.mul_f64(0.5 + random().clamp(0.0, 1.0) / 2.0)).await;
                }
                Verdict::After(time) => pause(time).await,
            }
            usual = grow(usual, 2.0, self.max);
        }
    }
}
