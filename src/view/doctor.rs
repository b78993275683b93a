//! What an examination found.

use std::fmt::Write as _;
use std::time::Duration;

use doctor::{Diagnosis, Outcome, ProbeResult, Report};

use crate::view::style::{BOLD, DIM, ERROR, GOOD, HINT, Signs, WARNING, paint};
use crate::view::text;

/// Columns of the longest title.
const TITLE: usize = 44;

/// One probe, as soon as it is known.
pub(crate) fn line(result: &ProbeResult, signs: Signs) -> String {
    // Behind the sign, the title and the spaces between them.
    let shown = |detail: &str| text::below_itself(detail, TITLE + 3, signs.columns);
    let (sign, detail) = match &result.outcome {
        Outcome::Pass => (paint(GOOD, signs.good), paint(DIM, &shown(&result.detail))),
        Outcome::Warn => (paint(WARNING, signs.warning), shown(&result.detail)),
        Outcome::Fail => (paint(ERROR, signs.bad), shown(&result.detail)),
        Outcome::NotRun { why } => (
            paint(DIM, signs.skipped),
            paint(DIM, &shown(&format!("not run: {why}"))),
        ),
    };
    format!("{sign} {} {detail}\n", text::pad(result.title, TITLE))
}

/// Why processes are not up, or do not do their work.
pub(crate) fn explanation(name: &str, found: &[(String, Vec<Diagnosis>)], signs: Signs) -> String {
    if found.is_empty() {
        return format!("{} {name}: all is well\n", paint(GOOD, signs.good));
    }
    let mut text = String::new();
    for (process, diagnoses) in found {
        if diagnoses.is_empty() {
            let _ = writeln!(
                text,
                "{} {process}: nothing speaks against it",
                paint(GOOD, signs.good)
            );
        }
        for diagnosis in diagnoses {
            let Diagnosis {
                cause,
                evidence,
                fix,
            } = diagnosis;
            let _ = writeln!(
                text,
                "{} {process}: {}",
                paint(ERROR, signs.bad),
                paint(BOLD, cause)
            );
            write_reasons(&mut text, evidence, fix);
        }
    }
    text
}

/// The facts behind a cause, and what to do about it.
pub(crate) fn write_reasons(text: &mut String, evidence: &[String], fix: &str) {
    for fact in evidence {
        let _ = writeln!(text, "   {} {fact}", paint(DIM, "|"));
    }
    let _ = writeln!(
        text,
        "   {} {}",
        paint(HINT, "fix:"),
        fix.replace('\n', "\n        ")
    );
}

/// The causes of what failed, each with its evidence and its fix, and how it ended.
pub(crate) fn verdict(report: &Report, signs: Signs) -> String {
    let mut text = String::from("\n");
    for (place, cause) in report.causes.iter().enumerate() {
        let _ = writeln!(
            text,
            "{} {}",
            paint(BOLD, &format!("{}.", place + 1)),
            paint(BOLD, &cause.cause)
        );
        write_reasons(&mut text, &cause.evidence, &cause.fix);
        let explains: Vec<&str> = cause.explains.iter().map(|id| id.as_str()).collect();
        let _ = writeln!(
            text,
            "   {}\n",
            paint(DIM, &format!("explains: {}", explains.join(", ")))
        );
    }
    let of = |wanted: fn(&Outcome) -> bool| {
        report
            .results
            .iter()
            .filter(|result| wanted(&result.outcome))
            .count()
    };
    let failed = of(|outcome| matches!(outcome, Outcome::Fail));
    let warned = of(|outcome| matches!(outcome, Outcome::Warn));
    let not_run = of(|outcome| matches!(outcome, Outcome::NotRun { .. }));
    let passed = report.results.len() - failed - warned - not_run;
    let took = text::duration(Duration::from_millis(report.took_ms));
    let sign = if report.is_healthy() {
        paint(GOOD, signs.good)
    } else {
        paint(ERROR, signs.bad)
    };
    let word = if report.is_healthy() {
        "healthy"
    } else {
        "not healthy"
    };
    let _ = write!(
        text,
        "{sign} {} is {word}: {passed} passed",
        report.url.trim_end_matches('/')
    );
    for (count, what) in [(failed, "failed"), (warned, "warned"), (not_run, "not run")] {
        if count > 0 {
            let _ = write!(text, ", {count} {what}");
        }
    }
    let _ = writeln!(text, ", in {took}");
    text
}

#[cfg(test)]
mod tests {
    use doctor::{Cause, ProbeId};
    use expect_test::expect;

    use super::*;

    fn result(id: ProbeId, outcome: Outcome, detail: &str) -> ProbeResult {
        ProbeResult {
            id,
            title: id.title(),
            outcome,
            took_ms: 12,
            detail: detail.to_owned(),
            cause: None,
            evidence: Vec::new(),
            fix: None,
        }
    }

    #[test]
    fn every_probe_has_a_line_and_every_failure_a_cause_and_a_fix() {
        let results = vec![
            result(ProbeId::Web, Outcome::Pass, "200 in 12 ms"),
            result(ProbeId::Queues, Outcome::Fail, "nobody consumes `ingress`"),
            result(ProbeId::Disk, Outcome::Warn, "91 % full"),
            result(
                ProbeId::Mail,
                Outcome::NotRun {
                    why: "mail goes to real mailboxes".to_owned(),
                },
                "",
            ),
        ];
        let report = Report {
            schema_version: doctor::SCHEMA_VERSION,
            url: "https://social.localhost/".to_owned(),
            healthy: false,
            took_ms: 2345,
            causes: vec![Cause {
                cause: "Sidekiq is not running".to_owned(),
                evidence: vec!["`sidekiq-all` ended with exit status 137".to_owned()],
                fix: "give it more memory and run `masto up`".to_owned(),
                explains: vec![ProbeId::Queues],
            }],
            results: results.clone(),
        };
        let mut text: String = results
            .iter()
            .map(|result| line(result, Signs::UNICODE))
            .collect();
        text.push_str(&verdict(&report, Signs::UNICODE));
        expect![[r#"
            ✔ web answers                                  200 in 12 ms
            ✘ every queue is consumed                      nobody consumes `ingress`
            ⚠ there is space on the disks                  91 % full
            ◌ mail arrives                                 not run: mail goes to real mailboxes

            1. Sidekiq is not running
               | `sidekiq-all` ended with exit status 137
               fix: give it more memory and run `masto up`
               explains: queues

            ✘ https://social.localhost is not healthy: 1 passed, 1 failed, 1 warned, 1 not run, in 2.3s
        "#]].assert_eq(&anstream::adapter::strip_str(&text).to_string());
    }
}
