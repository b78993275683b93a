//! Making something once, although answers get lost and calls are refused for a while.

use std::future::Future;
use std::time::Duration;

use engine::retry::{Retry, Verdict};

use crate::error::Error;

/// For calls that may be refused for some minutes: throttling, IAM roles that are not there yet.
const PATIENT: Retry = Retry {
    attempts: 12,
    first: Duration::from_millis(500),
    max: Duration::from_secs(20),
};

/// Gives what `find` finds, or what `create` makes. After an answer that may have been lost, and
/// before every further try, it looks again: nothing is ever made twice.
///
/// `passes` says which refusals of `create` pass by themselves, besides throttling and silence:
/// a role that IAM does not know everywhere yet.
pub(crate) async fn ensure<T, F, C>(
    find: impl Fn() -> F,
    create: impl Fn() -> C,
    passes: impl Fn(&Error) -> bool,
) -> Result<T, Error>
where
    F: Future<Output = Result<Option<T>, Error>>,
    C: Future<Output = Result<T, Error>>,
{
    let attempt = || {
        let found = find();
        let create = &create;
        async move {
            match found.await? {
                Some(found) => Ok(found),
                None => create().await,
            }
        }
    };
    PATIENT
        .run(
            |error: &Error| match error.is_passing() || passes(error) {
                true => Verdict::Passing,
                false => Verdict::Final,
            },
            attempt,
        )
        .await
}

/// Makes an idempotent call again while it is refused for a while: throttled, unanswered, or as
/// `passes` says.
pub(crate) async fn insist<T, C>(
    call: impl FnMut() -> C,
    passes: impl Fn(&Error) -> bool,
) -> Result<T, Error>
where
    C: Future<Output = Result<T, Error>>,
{
    PATIENT
        .run(
            |error: &Error| match error.is_passing() || passes(error) {
                true => Verdict::Passing,
                false => Verdict::Final,
            },
            call,
        )
        .await
}

/// For [`ensure`] and [`insist`] where no other refusal passes.
pub(crate) fn nothing_else(_: &Error) -> bool {
    false
}
