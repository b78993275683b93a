//! Waiting for what comes by itself: what one server sends, another has a moment later.

use std::time::Duration;

use engine::wait::{Condition, Look, WaitError, until};

use crate::error::Error;

/// Looks until `look` gives something, at most for `bound`. `what` is for the message: `"the post is
/// in the home timeline"`.
///
/// # Errors
/// [`Error::Never`] when the time is over, and whatever `look` fails with.
pub async fn eventually<T, E, F>(
    what: &str,
    bound: Duration,
    mut look: impl FnMut() -> F,
) -> Result<T, E>
where
    F: Future<Output = Result<Option<T>, E>>,
    E: From<Error>,
{
    let condition = Condition::new(what, bound);
    let found = until(&condition, None, || {
        let looked = look();
        async {
            let found = looked.await?;
            Ok::<_, E>(found.map_or_else(|| Look::NotYet(String::new()), Look::Ready))
        }
    });
    found.await.map_err(|error| match error {
        WaitError::Look { source, .. } => source,
        WaitError::Timeout {
            condition, bound, ..
        } => E::from(Error::Never {
            what: condition,
            bound,
        }),
    })
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn it_ends_with_what_was_found_with_a_failure_or_with_time() {
        let bound = Duration::from_secs(1);
        let looks = Cell::new(0);
        let found = eventually("it is there", bound, async || {
            looks.set(looks.get() + 1);
            Ok::<_, Error>((looks.get() == 3).then_some(()))
        });
        found.await.unwrap();
        assert_eq!(looks.get(), 3);
        let never = eventually("it is there", bound, async || Ok::<Option<()>, Error>(None));
        assert_eq!(
            never.await.unwrap_err().to_string(),
            "after 1 s still not: it is there"
        );
        let broken = eventually("it is there", bound, async || {
            Err::<Option<()>, _>(Error::NoHome)
        });
        assert!(matches!(broken.await, Err(Error::NoHome)));
    }
}
