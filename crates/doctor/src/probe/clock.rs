//! The clocks agree: signatures, certificates and two-factor codes depend on it.

use std::future::Future;

use futures_util::future::{BoxFuture, FutureExt, join_all};
use jiff::fmt::rfc2822;
use jiff::{SignedDuration, Timestamp};

use super::Finding;
use crate::diagnosis::Diagnosis;
use crate::evidence::Evidence;
use crate::examination::Examination;
use crate::problem::{Problem, Target};
use crate::redis::RedisValue;

/// One step of a two-factor code.
const NOTICED: SignedDuration = SignedDuration::from_secs(30);
/// S3 refuses requests that are older.
const REFUSED: SignedDuration = SignedDuration::from_mins(15);

pub(crate) async fn probe<E: Evidence>(examination: &Examination<'_, E>) -> Finding {
    let mut readings: Vec<BoxFuture<'_, Option<Skew>>> = vec![
        skew("the ingress".to_owned(), front(examination)).boxed(),
        skew("postgres".to_owned(), database(examination)).boxed(),
        skew("redis".to_owned(), redis(examination)).boxed(),
    ];
    for name in examination.mastodons() {
        readings.push(skew(name.to_owned(), process(examination, name)).boxed());
    }
    let skews: Vec<Skew> = join_all(readings).await.into_iter().flatten().collect();
    judge(&skews)
}

/// How far a clock is ahead of ours; negative: behind.
#[derive(Clone, Debug)]
struct Skew {
    whose: String,
    ahead: SignedDuration,
}

/// Reads a clock; whatever lies between the question and the answer is no difference.
async fn skew(whose: String, reading: impl Future<Output = Option<Timestamp>>) -> Option<Skew> {
    let before = Timestamp::now();
    let read = reading.await?;
    let after = Timestamp::now();
    // Clocks that show whole seconds may be behind by one.
    let earliest = before - SignedDuration::from_secs(1);
    let ahead = if read < earliest {
        read.duration_since(before)
    } else if read > after {
        read.duration_since(after)
    } else {
        SignedDuration::ZERO
    };
    Some(Skew { whose, ahead })
}

async fn front<E: Evidence>(examination: &Examination<'_, E>) -> Option<Timestamp> {
    let answer = examination.client.get(Target::Web, "/health").await.ok()?;
    let date = rfc2822::parse(answer.header("date")?).ok()?;
    Some(date.timestamp())
}

async fn database<E: Evidence>(examination: &Examination<'_, E>) -> Option<Timestamp> {
    let rows = examination
        .sql("select extract(epoch from clock_timestamp())::bigint")
        .await
        .ok()?;
    seconds(rows.first()?.first()?)
}

async fn redis<E: Evidence>(examination: &Examination<'_, E>) -> Option<Timestamp> {
    match examination.redis(&["TIME"]).await.ok()? {
        RedisValue::List(parts) => Timestamp::from_second(parts.first()?.as_integer()?).ok(),
        _ => None,
    }
}

async fn process<E: Evidence>(examination: &Examination<'_, E>, name: &str) -> Option<Timestamp> {
    seconds(&examination.exec(name, &["date", "+%s"]).await.ok()?)
}

fn seconds(text: &str) -> Option<Timestamp> {
    Timestamp::from_second(text.trim().parse().ok()?).ok()
}

fn judge(skews: &[Skew]) -> Finding {
    let Some(worst) = skews.iter().max_by_key(|skew| skew.ahead.abs()) else {
        return Err(Problem::not_run("no clock of the server can be read"));
    };
    if worst.ahead.abs() <= NOTICED {
        return Ok(match skews {
            [skew] => format!("that of {} is with ours", skew.whose),
            skews => format!("{} clocks are with ours", skews.len()),
        });
    }
    let sentence = |skew: &Skew| {
        let seconds = skew.ahead.as_secs();
        let side = if seconds < 0 { "behind" } else { "ahead of" };
        format!("{} is {} s {side} this machine", skew.whose, seconds.abs())
    };
    let same = |skew: &&Skew| (skew.ahead - worst.ahead).abs() <= NOTICED;
    let ours = skews.len() > 1 && skews.iter().filter(same).count() == skews.len();
    let (cause, fix) = if ours {
        (
            "the clock of this machine and that of the server differ".to_owned(),
            "set whichever is wrong (`timedatectl set-ntp true`), then run `masto doctor` again",
        )
    } else {
        (
            format!(
                "the clock of `{}` is wrong: signatures to and from other servers are refused",
                worst.whose
            ),
            "set the clock of the machine it runs on (`timedatectl set-ntp true`), and take anything that shifts time out of its environment",
        )
    };
    let mut diagnosis = Diagnosis::new(cause, fix);
    for skew in skews.iter().filter(|skew| skew.ahead.abs() > NOTICED) {
        diagnosis = diagnosis.because(sentence(skew));
    }
    let problem = Problem::known(sentence(worst), diagnosis);
    Err(if worst.ahead.abs() > REFUSED {
        problem
    } else {
        problem.into_warning()
    })
}

#[cfg(test)]
mod tests {
    use expect_test::{Expect, expect};

    use super::*;
    use crate::diagnosis::testing::shown;

    fn check(skews: &[(&str, i64)], expected: &Expect) {
        let skews: Vec<Skew> = skews
            .iter()
            .map(|(whose, seconds)| Skew {
                whose: (*whose).to_owned(),
                ahead: SignedDuration::from_secs(*seconds),
            })
            .collect();
        expected.assert_eq(&shown(judge(&skews)));
    }

    #[test]
    fn the_clock_that_differs_is_named() {
        check(
            &[("redis", 0), ("web", -2)],
            &expect!["pass: 2 clocks are with ours"],
        );
        check(
            &[("redis", 0), ("web", 0), ("sidekiq-all", 7_200)],
            &expect![[r#"
                fail: sidekiq-all is 7200 s ahead of this machine
                  cause: the clock of `sidekiq-all` is wrong: signatures to and from other servers are refused
                  - sidekiq-all is 7200 s ahead of this machine
                  fix: set the clock of the machine it runs on (`timedatectl set-ntp true`), and take anything that shifts time out of its environment"#]],
        );
        check(
            &[("redis", -45), ("web", 0)],
            &expect![[r#"
                warn: redis is 45 s behind this machine
                  cause: the clock of `redis` is wrong: signatures to and from other servers are refused
                  - redis is 45 s behind this machine
                  fix: set the clock of the machine it runs on (`timedatectl set-ntp true`), and take anything that shifts time out of its environment"#]],
        );
    }

    #[test]
    fn one_alone_is_named() {
        check(
            &[("the ingress", 0)],
            &expect!["pass: that of the ingress is with ours"],
        );
    }

    #[test]
    fn when_all_differ_alike_it_may_be_ours() {
        check(
            &[("redis", 3_600), ("web", 3_601)],
            &expect![[r#"
                fail: web is 3601 s ahead of this machine
                  cause: the clock of this machine and that of the server differ
                  - redis is 3600 s ahead of this machine
                  - web is 3601 s ahead of this machine
                  fix: set whichever is wrong (`timedatectl set-ntp true`), then run `masto doctor` again"#]],
        );
    }

    #[tokio::test]
    async fn the_time_between_question_and_answer_is_no_difference() {
        let now = Timestamp::now();
        let skew = skew("x".to_owned(), async move { Some(now) })
            .await
            .unwrap();
        assert_eq!(skew.ahead, SignedDuration::ZERO);
    }
}
