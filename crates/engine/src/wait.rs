//! Waiting for a named condition, with a bound.
//!
//! Level-triggered: the state is looked at, never inferred from an event. An event can only make
//! the next look come sooner.

use std::convert::Infallible;
use std::fmt;
use std::future::{Future, pending};
use std::time::Duration;

use tokio::sync::{Notify, watch};
use tokio::time::{Instant, timeout_at};

use crate::backend::Failure;
use crate::event::Progress;

/// Looks until the condition holds, `look` fails, or the bound is reached. The first look comes at
/// once; a look that is still under way at the bound is dropped.
///
/// `look` returns an error for a hopeless sign only (the container has exited): it ends the wait
/// at once. With a `progress`, each new state is reported.
///
/// # Errors
///
/// [`WaitError::Timeout`] at the bound, [`WaitError::Look`] when a look failed.
pub async fn until<T, E, F, Fut>(
    condition: &Condition,
    progress: Option<&Progress>,
    look: F,
) -> Result<T, WaitError<E>>
where
    F: FnMut() -> Fut,
    Fut: Future<Output = Result<Look<T>, E>>,
{
    until_with(condition, progress, Never, look).await
}

/// As [`until`], and whenever `wake` is woken the next look comes at once and polling is dense
/// again.
///
/// # Errors
///
/// As [`until`].
pub async fn until_with<T, E, F, Fut>(
    condition: &Condition,
    progress: Option<&Progress>,
    mut wake: impl Wake,
    mut look: F,
) -> Result<T, WaitError<E>>
where
    F: FnMut() -> Fut,
    Fut: Future<Output = Result<Look<T>, E>>,
{
    let began = Instant::now();
    let deadline = began + condition.bound;
    let mut pauses = condition.poll;
    let mut last = String::new();
    let report = |state: &str| {
        if let Some(progress) = progress {
            progress.waiting(&condition.name, state);
        }
    };
    let timeout = |state: String| WaitError::Timeout {
        condition: condition.name.clone(),
        bound: condition.bound,
        elapsed: began.elapsed(),
        state,
    };
    report("");
    loop {
        match timeout_at(deadline, look()).await {
            Ok(Ok(Look::Ready(found))) => return Ok(found),
            Ok(Ok(Look::NotYet(state))) if state != last => {
                report(&state);
                last = state;
            }
            Ok(Ok(Look::NotYet(_))) => {}
            Ok(Err(source)) => {
                return Err(WaitError::Look {
                    condition: condition.name.clone(),
                    source,
                });
            }
            Err(_) => return Err(timeout(last)),
        }
        let now = Instant::now();
        if now >= deadline {
            return Err(timeout(last));
        }
        tokio::select! {
            biased;
            () = wake.woken() => pauses = condition.poll,
            () = pause(pauses.first.min(deadline - now)) => pauses = pauses.next(),
        }
    }
}

/// What one look found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Look<T> {
    /// The condition holds.
    Ready(T),
    /// It does not hold yet; the state in words: `starting`, `502 Bad Gateway`.
    NotYet(String),
}

/// What is waited for.
#[derive(Clone, Debug, PartialEq)]
pub struct Condition {
    /// In words that end the sentence "waiting until …": `GET /health answers 200`.
    pub name: String,
    /// When to give up, counted from the start of the wait.
    pub bound: Duration,
    /// How often to look.
    pub poll: Poll,
}

impl Condition {
    /// A condition with the usual polling.
    #[must_use]
    pub fn new(name: impl Into<String>, bound: Duration) -> Self {
        Self {
            name: name.into(),
            bound,
            poll: Poll::default(),
        }
    }

    /// The same with other polling.
    #[must_use]
    pub fn poll(self, poll: Poll) -> Self {
        Self { poll, ..self }
    }
}

/// Pauses between looks: dense at first, when most things become ready, then sparser.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Poll {
    first: Duration,
    max: Duration,
    factor: f64,
}

impl Poll {
    /// Pauses that begin with `first` and grow by `factor` up to `max`. A `first` of zero counts as
    /// a millisecond and a `factor` below one as one: neither may turn a wait into a busy loop.
    #[must_use]
    pub fn adaptive(first: Duration, max: Duration, factor: f64) -> Self {
        let first = first.max(Duration::from_millis(1));
        Self {
            first,
            max: max.max(first),
            factor: if factor > 1.0 { factor } else { 1.0 },
        }
    }

    fn next(self) -> Self {
        Self {
            first: grow(self.first, self.factor, self.max),
            ..self
        }
    }
}

impl Default for Poll {
    /// From 20 milliseconds by half as much again each time up to a second.
    fn default() -> Self {
        Self::adaptive(Duration::from_millis(20), Duration::from_secs(1), 1.5)
    }
}

/// Cuts pauses short.
pub trait Wake: Send {
    /// Resolves when something happened since the last time it resolved. Safe to drop and call
    /// again. Pending for ever once nothing can happen any more.
    fn woken(&mut self) -> impl Future<Output = ()> + Send;
}

/// Never wakes anybody.
#[derive(Clone, Copy, Debug)]
pub struct Never;

impl Wake for Never {
    fn woken(&mut self) -> impl Future<Output = ()> + Send {
        pending()
    }
}

/// For one waiter; use `notify_one`, whose permit is not lost while a look is under way.
impl Wake for &Notify {
    fn woken(&mut self) -> impl Future<Output = ()> + Send {
        self.notified()
    }
}

/// For any number of waiters.
impl<T: Send + Sync> Wake for watch::Receiver<T> {
    async fn woken(&mut self) {
        if self.changed().await.is_err() {
            pending::<Infallible>().await;
        }
    }
}

/// Why a wait ended without its condition.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum WaitError<E> {
    /// The bound was reached.
    Timeout {
        /// [`Condition::name`].
        condition: String,
        /// [`Condition::bound`].
        bound: Duration,
        /// How long it really took, which is more than the bound on a busy machine.
        elapsed: Duration,
        /// The last state seen; empty when no look ended in time.
        state: String,
    },
    /// A look failed.
    Look {
        /// [`Condition::name`].
        condition: String,
        /// Why.
        source: E,
    },
}

impl<E> fmt::Display for WaitError<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Timeout {
                condition,
                bound,
                elapsed: _,
                state,
            } if state.is_empty() => {
                write!(
                    f,
                    "waited {bound:?} until {condition}, and got no answer at all"
                )
            }
            Self::Timeout {
                condition,
                bound,
                elapsed: _,
                state,
            } => {
                write!(f, "waited {bound:?} until {condition}; last seen: {state}")
            }
            Self::Look {
                condition,
                source: _,
            } => write!(f, "stopped waiting until {condition}"),
        }
    }
}

impl<E: std::error::Error + 'static> std::error::Error for WaitError<E> {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Timeout { .. } => None,
            Self::Look { source, .. } => Some(source),
        }
    }
}

impl<E: Failure> Failure for WaitError<E> {
    fn hint(&self) -> Option<String> {
        match self {
            Self::Timeout { .. } => None,
            Self::Look { source, .. } => source.hint(),
        }
    }

    fn log_tail(&self) -> Vec<String> {
        match self {
            Self::Timeout { .. } => Vec::new(),
            Self::Look { source, .. } => source.log_tail(),
        }
    }
}

/// The pause after one of `pause`.
pub(crate) fn grow(pause: Duration, factor: f64, max: Duration) -> Duration {
    Duration::try_from_secs_f64(pause.as_secs_f64() * factor)
        .unwrap_or(max)
        .min(max)
}

/// Lets time pass, on tokio's clock.
#[expect(
    clippy::disallowed_methods,
    reason = "every other wait is built on this one"
)]
pub(crate) async fn pause(time: Duration) {
    tokio::time::sleep(time).await;
}
