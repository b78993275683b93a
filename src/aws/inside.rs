//! A look from inside the network: one task asks the stores what the doctor wants to know of them,
//! because nobody else reaches them.

use std::time::Duration;

use aws::{Ended, LogLine, OneOff};
use doctor::{Answers, EvidenceError, Inquiry};
use engine::wait::{self, Condition, Look, Poll};
use jiff::Timestamp;
use tokio::time::timeout;

use crate::aws::session::Session;

/// For a task to be placed, pull its image, start Rails and answer: minutes where all goes well.
const BOUND: Duration = Duration::from_secs(6 * 60);
/// CloudWatch shows a line some seconds after it was printed.
const SHOWN: Duration = Duration::from_secs(30);

/// Starts the task and reads what it found, within `bound` where the person has set one. A task that
/// takes longer ends by itself.
pub(crate) async fn look(
    session: &Session,
    bound: Option<Duration>,
) -> Result<Answers, EvidenceError> {
    let bound = bound.map_or(BOUND, |bound| bound.min(BOUND));
    timeout(bound, ask(session))
        .await
        .unwrap_or(Err(EvidenceError::TimedOut(bound.as_secs())))
}

async fn ask(session: &Session) -> Result<Answers, EvidenceError> {
    let inquiry = Inquiry::new(Timestamp::now());
    let one_off = OneOff {
        command: inquiry.command(),
        env: inquiry.environment(),
    };
    let ended = aws::run_one_off(&session.account, &session.scope, &one_off)
        .await
        .map_err(|error| failed(error.to_string()))?;
    if ended.code != 0 {
        return Err(failed(complaint(&ended)));
    }
    shown(session, &inquiry, ended).await
}

/// Waits until the log has all of it.
async fn shown(
    session: &Session,
    inquiry: &Inquiry,
    ended: Ended,
) -> Result<Answers, EvidenceError> {
    let Ended {
        code: _,
        lines,
        task,
    } = ended;
    let read = |lines: &[LogLine]| inquiry.answers(lines.iter().map(|line| line.text.as_str()));
    if let Some(answers) = read(&lines) {
        return Ok(answers);
    }
    let poll = Poll::adaptive(Duration::from_millis(500), Duration::from_secs(3), 1.5);
    let condition =
        Condition::new("CloudWatch shows all of what the task answered", SHOWN).poll(poll);
    let look = || async {
        let lines = aws::printed(&session.account, &session.scope, &task).await?;
        let answers = read(&lines).map(Look::Ready);
        Ok::<_, aws::Error>(answers.unwrap_or_else(|| Look::NotYet("a part is missing".to_owned())))
    };
    wait::until(&condition, None, look)
        .await
        .map_err(|error| failed(error.to_string()))
}

/// What Ruby says of the exception that ended the program, else the last word.
fn complaint(ended: &Ended) -> String {
    let line = ended.lines.iter().find(|line| is_exception(&line.text));
    let line = line.or(ended.lines.last());
    let text = line.map_or("it printed nothing", |line| line.text.as_str());
    format!("exit status {}: {text}", ended.code)
}

/// ``connection.rb:1:in `open': no answer (PG::ConnectionBad)``: a class in brackets ends the line.
fn is_exception(line: &str) -> bool {
    let class = line
        .strip_suffix(')')
        .and_then(|line| line.rsplit_once(" ("))
        .map(|(_, class)| class);
    class.is_some_and(|class| {
        class.starts_with(|letter: char| letter.is_ascii_uppercase()) && !class.contains(' ')
    })
}

fn failed(why: String) -> EvidenceError {
    EvidenceError::Failed {
        what: "a task that looks from inside".to_owned(),
        why,
    }
}

#[cfg(test)]
mod tests {
    use expect_test::{Expect, expect};

    use super::*;

    fn check(lines: &[&str], expected: &Expect) {
        let lines = lines.iter().map(|text| LogLine {
            process: "one-off".to_owned(),
            task: "1".to_owned(),
            timestamp: Timestamp::UNIX_EPOCH,
            text: (*text).to_owned(),
        });
        let ended = Ended {
            code: 1,
            lines: lines.collect(),
            task: "arn".to_owned(),
        };
        expected.assert_eq(&complaint(&ended));
    }

    #[test]
    fn the_line_with_the_error_says_why_the_task_ended() {
        check(
            &[
                "Booting (production)",
                "pg/connection.rb:709:in `connect': connection to server at \"10.0.3.7\", port 5432 failed (PG::ConnectionBad)",
                "\tfrom boot.rb:1:in `<main>'",
            ],
            &expect![[
                r#"exit status 1: pg/connection.rb:709:in `connect': connection to server at "10.0.3.7", port 5432 failed (PG::ConnectionBad)"#
            ]],
        );
        check(&["a", "b"], &expect!["exit status 1: b"]);
        check(&[], &expect!["exit status 1: it printed nothing"]);
    }
}
