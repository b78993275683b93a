//! Waiting for AWS: a named condition with a bound, sparse looks at first where it is known to
//! take long.

use std::future::Future;
use std::time::Duration;

use engine::Progress;
use engine::wait::{self, Condition, Look, WaitError};

use crate::ensure::{insist, nothing_else};
use crate::error::Error;
use crate::id::Id;
use crate::kind::Site;

/// How long interfaces of removed tasks, load balancers and stores hold on to what they used:
/// "retries of 10 to 20 minutes are usual" (terraform-provider-aws#1671).
const RELEASE: Duration = Duration::from_secs(20 * 60);

/// Looks until the condition holds. A look whose call was throttled or lost is made again.
pub(crate) async fn until<T, F, Fut>(
    id: &Id,
    condition: &Condition,
    progress: Option<&Progress>,
    look: F,
) -> Result<T, Error>
where
    F: Fn() -> Fut,
    Fut: Future<Output = Result<Look<T>, Error>>,
{
    let look = || insist(&look, nothing_else);
    wait::until(condition, progress, look)
        .await
        .map_err(|error| match error {
            WaitError::Look { source, .. } => source,
            WaitError::Timeout {
                condition,
                bound,
                state,
                ..
            } => Error::NotReady {
                id: id.clone(),
                condition,
                state,
                bound,
                tail: Vec::new(),
            },
        })
}

impl Site<'_> {
    /// As [`until`], in a step, with the usual pauses.
    pub(crate) async fn until<T, F, Fut>(
        &self,
        id: &Id,
        condition: &str,
        bound: Duration,
        look: F,
    ) -> Result<T, Error>
    where
        F: Fn() -> Fut,
        Fut: Future<Output = Result<Look<T>, Error>>,
    {
        let condition = Condition::new(condition, bound);
        until(id, &condition, Some(self.progress), look).await
    }

    /// Removes something, also where AWS refuses for a while with one of `held`: what used it is
    /// gone, and its interfaces go later. What is gone already is no error.
    pub(crate) async fn delete<F, Fut>(&self, id: &Id, held: &[&str], call: F) -> Result<(), Error>
    where
        F: Fn() -> Fut,
        Fut: Future<Output = Result<(), Error>>,
    {
        self.until(id, "AWS lets go of what used it", RELEASE, || async {
            match call().await {
                Ok(()) => Ok(Look::Ready(())),
                Err(error) if error.is_not_found() => Ok(Look::Ready(())),
                Err(error) if error.is(held) => {
                    Ok(Look::NotYet(error.code().unwrap_or_default().to_owned()))
                }
                Err(error) => Err(error),
            }
        })
        .await
    }
}
